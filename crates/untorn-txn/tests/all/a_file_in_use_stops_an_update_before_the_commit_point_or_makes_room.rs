//! What a program has open on Windows: where it cannot be changed, the update is refused before the commit point, with its name; where it can be moved, it makes room for the
//! new file, and goes when nobody has it open any more.
#![cfg(windows)]

use std::{
    fs::{self, OpenOptions},
    io::{self, Read, Write},
    os::windows::fs::OpenOptionsExt,
    path::Path,
    process::{Child, Command, Stdio},
};

use untorn_txn::{Options, Tree, TreeState, WayChoice};

const TEST: &str = "a_file_in_use_stops_an_update_before_the_commit_point_or_makes_room::a_game_that_runs_until_it_is_ended";

fn tree_with(files: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    files.iter().for_each(|(path, bytes)| fs::write(dir.path().join(path), bytes).unwrap());
    dir
}

fn options(way: WayChoice) -> Options {
    let mut options = Options::default();
    options.way = way;
    options
}

#[test]
fn f7_nothing_is_changed_when_a_file_cannot_be() {
    let dir = tree_with(&[("a", "old a"), ("held", "old held"), ("gone", "here")]);
    for way in [WayChoice::Patch, WayChoice::Put, WayChoice::Auto] {
        let mut tree = Tree::open(dir.path()).unwrap();
        let holder = OpenOptions::new().read(true).share_mode(1).open(dir.path().join("held")).unwrap();
        let mut tx = tree.begin_with(options(way)).unwrap();
        tx.write_at("a", 0, b"NEW").unwrap();
        tx.write_at("held", 0, b"NEW").unwrap();
        tx.remove("gone").unwrap();
        let error = tx.commit().unwrap_err();
        assert_eq!((error.code(), error.state(), error.path()), ("UNT-IN-USE", TreeState::Unchanged, Some("held")), "{error}");
        assert!(error.to_string().contains("open"), "{error}");
        drop(holder);
        let read = |path: &str| fs::read_to_string(dir.path().join(path)).unwrap();
        assert_eq!((read("a"), read("held"), read("gone")), ("old a".into(), "old held".into(), "here".into()));
        assert_eq!(fs::read_dir(dir.path().join(".untorn/tx")).unwrap().count(), 0);
    }
}

#[test]
fn f7_a_program_that_runs_makes_room_and_goes_when_it_has_ended() {
    let dir = tree_with(&[("data", "old")]);
    for name in ["game.exe", "tool.exe"] {
        fs::copy(std::env::current_exe().unwrap(), dir.path().join(name)).unwrap();
    }
    let mut games = ["game.exe", "tool.exe"].map(|name| run(&dir.path().join(name)));
    let mut tree = Tree::open(dir.path()).unwrap();
    let mut tx = tree.begin_with(options(WayChoice::Put)).unwrap();
    tx.replace("game.exe", &mut &b"the new game"[..]).unwrap();
    tx.remove("tool.exe").unwrap();
    tx.write_at("data", 0, b"new").unwrap();
    tx.commit().unwrap();
    assert_eq!(fs::read(dir.path().join("game.exe")).unwrap(), b"the new game");
    assert!(!dir.path().join("tool.exe").exists());
    drop(tree);

    // While they run, they are in the way of nothing.
    let mut tree = Tree::open(dir.path()).unwrap();
    let mut tx = tree.begin().unwrap();
    tx.write_at("data", 0, b"two").unwrap();
    tx.commit().unwrap();
    drop(tree);
    assert!(fs::read_dir(dir.path().join(".untorn/tx")).unwrap().count() > 0);

    for game in &mut games {
        game.kill().unwrap();
        game.wait().unwrap();
    }
    drop(Tree::open(dir.path()).unwrap());
    assert_eq!(fs::read_dir(dir.path().join(".untorn/tx")).unwrap().count(), 0);
}

fn run(program: &Path) -> Child {
    let mut command = Command::new(program);
    command
        .args(["--ignored", "--exact", "--nocapture", TEST])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let mut game = command.spawn().unwrap();
    game.stdout.as_mut().unwrap().read_exact(&mut [0]).unwrap();
    game
}

#[test]
#[ignore = "a program for the test above"]
fn a_game_that_runs_until_it_is_ended() {
    io::stdout().write_all(b"started\n").unwrap();
    io::stdout().flush().unwrap();
    io::stdin().read_to_end(&mut Vec::new()).unwrap();
}
