//! Windows lets programs keep each other out of a file: that is told by its own error, after a while of trying, and what can still be done is done. And what else only
//! Windows has: the read-only attribute, names without case, paths that are too long for most.
#![cfg(windows)]

use std::{
    fs::{self, OpenOptions},
    io::{self, Read, Write},
    os::windows::fs::OpenOptionsExt,
    path::Path,
    process::{Child, Command, Stdio},
};

use crate::util::{kind, put, skipped_under_wine};
use untorn_fs::{File, Fs, OpenMode, OsFs, Right, is_in_use};

const SHARE_READ: u32 = 1;
const SHARE_ALL: u32 = 7;

fn open() -> (tempfile::TempDir, OsFs) {
    let dir = tempfile::tempdir().unwrap();
    let fs = OsFs::open(dir.path()).unwrap();
    (dir, fs)
}

fn held(dir: &Path, path: &str, share: u32) -> fs::File {
    OpenOptions::new().read(true).share_mode(share).open(dir.join(path)).unwrap()
}

fn in_use<T>(result: io::Result<T>) -> bool {
    result.is_err_and(|error| is_in_use(&error))
}

fn write(fs: &OsFs, path: &str, bytes: &[u8]) {
    put(fs, path, bytes);
}

#[test]
fn a_file_that_nobody_else_may_change_is_told_as_in_use() {
    let (dir, fs) = open();
    write(&fs, "a", b"old");
    write(&fs, "new", b"new");
    let holder = held(dir.path(), "a", SHARE_READ);
    assert!(in_use(fs.may(Right::Name, "a")));
    assert!(in_use(fs.open("a", OpenMode::Write).map(drop)));
    assert!(in_use(fs.rename("a", "b")) && in_use(fs.rename("new", "a")) && in_use(fs.remove_file("a")));
    assert_eq!(fs.metadata("a").unwrap().len, 3);
    fs.open("a", OpenMode::Read).unwrap();
    drop(holder);
    fs.may(Right::Name, "a").unwrap();
    fs.rename("new", "a").unwrap();
    assert_eq!(fs::read(dir.path().join("a")).unwrap(), b"new");
}

#[test]
fn who_is_in_the_way_for_a_moment_is_waited_for() {
    let (dir, fs) = open();
    write(&fs, "a", b"old");
    let holder = held(dir.path(), "a", SHARE_READ);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(std::time::Duration::from_millis(100));
            drop(holder);
        });
        fs.remove_file("a").unwrap();
    });
}

#[test]
fn what_others_read_can_be_renamed_and_they_keep_it() {
    let (dir, fs) = open();
    write(&fs, "a", b"old");
    let mut reader = held(dir.path(), "a", SHARE_ALL);
    fs.rename("a", "b").unwrap();
    write(&fs, "a", b"new");
    let mut bytes = Vec::new();
    reader.read_to_end(&mut bytes).unwrap();
    assert_eq!((bytes, fs::read(dir.path().join("a")).unwrap()), (b"old".to_vec(), b"new".to_vec()));
}

/// With POSIX semantics it is replaced; wine has them not.
#[test]
fn what_others_read_is_replaced_or_told_as_in_use() {
    let (dir, fs) = open();
    write(&fs, "a", b"old");
    write(&fs, "new", b"new");
    let reader = held(dir.path(), "a", SHARE_ALL);
    let answer = fs.rename("new", "a");
    assert!(answer.is_ok() || in_use(answer));
    drop(reader);
    if skipped_under_wine("what others have open is replaced: no POSIX semantics of renames") {
        return;
    }
    assert_eq!(fs::read(dir.path().join("a")).unwrap(), b"new");
}

#[test]
fn the_name_of_a_removed_file_is_free_although_others_have_it_open() {
    let (dir, fs) = open();
    write(&fs, "a", b"old");
    let reader = held(dir.path(), "a", SHARE_ALL);
    fs.remove_file("a").unwrap();
    write(&fs, "a", b"new");
    assert_eq!(fs::read(dir.path().join("a")).unwrap(), b"new");
    drop(reader);
}

#[test]
fn a_program_that_runs_is_neither_replaced_nor_removed_but_renamed() {
    let (dir, fs) = open();
    fs::copy(std::env::current_exe().unwrap(), dir.path().join("game.exe")).unwrap();
    write(&fs, "new", b"new");
    let mut game = run(&dir.path().join("game.exe"));
    fs.may(Right::Name, "game.exe").unwrap();
    assert!(in_use(fs.open("game.exe", OpenMode::Write).map(drop)));
    assert!(in_use(fs.remove_file("game.exe")));
    fs.rename("game.exe", "old.exe").unwrap();
    fs.rename("new", "game.exe").unwrap();
    assert!(in_use(fs.remove_file("old.exe")));
    game.kill().unwrap();
    game.wait().unwrap();
    fs.remove_file("old.exe").unwrap();
    assert_eq!(fs::read(dir.path().join("game.exe")).unwrap(), b"new");
}

fn run(program: &Path) -> Child {
    let mut command = Command::new(program);
    let test = "what_a_program_has_open_is_told_and_can_be_moved::a_game_that_runs_until_it_is_ended";
    command
        .args(["--ignored", "--exact", "--nocapture", test])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let mut game = command.spawn().unwrap();
    // It says something before it waits.
    let mut started = [0];
    game.stdout.as_mut().unwrap().read_exact(&mut started).unwrap();
    game
}

#[test]
#[ignore = "a program for the test above"]
fn a_game_that_runs_until_it_is_ended() {
    io::stdout().write_all(b"started\n").unwrap();
    io::stdout().flush().unwrap();
    io::stdin().read_to_end(&mut Vec::new()).unwrap();
}

#[test]
fn a_read_only_file_is_changed_replaced_and_removed() {
    let (dir, fs) = open();
    for path in ["changed", "replaced", "removed"] {
        write(&fs, path, b"old");
        let mut permissions = fs::metadata(dir.path().join(path)).unwrap().permissions();
        permissions.set_readonly(true);
        fs::set_permissions(dir.path().join(path), permissions).unwrap();
    }
    let before = fs.metadata("changed").unwrap();
    assert!(before.permissions.bits() & 0o200 == 0);
    let file = fs.open("changed", OpenMode::Write).unwrap();
    assert_eq!(file.metadata().unwrap().changed, before.changed, "that we may write is no change");
    file.write_all_at(b"new", 0).unwrap();
    write(&fs, "new", b"new");
    fs.rename("new", "replaced").unwrap();
    fs.remove_file("removed").unwrap();
    assert_eq!(fs::read(dir.path().join("replaced")).unwrap(), b"new");
    assert_eq!(kind(fs.metadata("removed").map(drop)), io::ErrorKind::NotFound);
}

#[test]
fn names_ignore_case_and_change_it_in_two_steps() {
    let (dir, fs) = open();
    write(&fs, "Data.PAK", b"x");
    assert_eq!(fs.metadata("data.pak").unwrap().len, 1);
    assert_eq!(kind(fs.open("DATA.pak", OpenMode::CreateNew { executable: false }).map(drop)), io::ErrorKind::AlreadyExists);
    fs.rename("Data.PAK", "passing").unwrap();
    fs.rename("passing", "data.pak").unwrap();
    let names: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["data.pak"]);
}

#[test]
fn paths_may_be_longer_than_260_characters() {
    let (_dir, fs) = open();
    let mut path = String::new();
    for depth in 0..6 {
        path = if path.is_empty() { "d".repeat(100) } else { format!("{path}/{}", depth.to_string().repeat(100)) };
        fs.create_dir(&path, None).unwrap();
    }
    let file = format!("{path}/file");
    write(&fs, &file, b"deep");
    fs.rename(&file, &format!("{path}/other")).unwrap();
    fs.sync_dir(&path).unwrap();
    assert_eq!(fs.metadata(&format!("{path}/other")).unwrap().len, 4);
    assert_eq!(fs.read_dir(&path).unwrap().len(), 1);
}

#[test]
fn names_that_windows_cannot_hold_are_refused() {
    let (_dir, fs) = open();
    for name in ["a:b", "a\\b", "a?", "a*", "<", ">", "|", "\"", "a.", "a ", "a\u{1}", "a/b:c"] {
        let made = fs.open(name, OpenMode::CreateNew { executable: false }).map(drop);
        assert_eq!(kind(made), io::ErrorKind::InvalidInput, "{name:?}");
    }
    assert!(fs.read_dir("").unwrap().is_empty());
}

#[test]
fn a_junction_leads_outside_and_is_only_read_and_removed() {
    let (dir, fs) = open();
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("theirs"), "theirs").unwrap();
    let made = Command::new("cmd").args(["/c", "mklink", "/J"]).arg(dir.path().join("way")).arg(outside.path()).output();
    if skipped_under_wine("a junction is not followed: none can be made there") {
        return;
    }
    assert!(made.unwrap().status.success());
    assert!(crate::util::refused(fs.metadata("way/theirs").map(drop)));
    assert!(crate::util::refused(fs.open("way/theirs", OpenMode::Write).map(drop)));
    assert!(fs.read_dir("way").is_err());
    assert!(!fs.read_link("way").unwrap().is_empty());
    fs.remove_file("way").unwrap();
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 1);
}

/// One handle writes, another one may flush.
#[test]
fn what_one_handle_wrote_any_other_makes_durable() {
    let (_dir, fs) = open();
    let file: Box<dyn File> = put(&fs, "a", b"bytes");
    file.write_out().unwrap();
    fs.write_out_dir("").unwrap();
    fs.open("a", OpenMode::Read).unwrap().sync().unwrap();
}
