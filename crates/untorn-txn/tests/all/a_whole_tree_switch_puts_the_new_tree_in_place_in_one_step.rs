//! The everyday behaviour of a whole-tree switch, on the real file system.

#![cfg(target_os = "linux")]

use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    sync::Arc,
};

use untorn_fs::{Fs, OsFs};
use untorn_sim::{SimFs, SimOptions, write};
use untorn_txn::{Cause, Meanwhile, ReadGuard, Switch, SwitchOptions, SwitchRecovery, Tree, TreeState};

struct Game {
    _above: tempfile::TempDir,
    dir: PathBuf,
}

impl Game {
    /// `None` where the file system of temporary files cannot do it.
    fn new(files: &[(&str, &str)]) -> Option<Self> {
        let above = tempfile::tempdir().unwrap();
        if !OsFs::open(above.path()).unwrap().capabilities().exchange {
            eprintln!("skipped: temporary files lie on a file system that cannot exchange two names");
            return None;
        }
        let dir = above.path().join("game");
        fs::create_dir(&dir).unwrap();
        for (path, content) in files {
            let path = dir.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        Some(Self { _above: above, dir })
    }

    fn read(&self, path: &str) -> String {
        read(&self.dir, path)
    }

    fn write(&self, path: &str, content: &str) {
        let path = self.dir.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        // As a careful program saves: beside, then over.
        let beside = path.with_extension("tmp");
        fs::write(&beside, content).unwrap();
        fs::rename(beside, path).unwrap();
    }

    /// What stands beside the tree.
    fn beside(&self) -> BTreeSet<String> {
        let entries = fs::read_dir(self.dir.parent().unwrap()).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).filter(|name| name != "game").collect()
    }

    fn begin(&self, keep: bool) -> Switch {
        Switch::begin(&self.dir, options(keep)).unwrap()
    }

    fn is_tidy(&self) -> bool {
        self.beside().is_empty() && !self.dir.join(".untorn/switch").exists()
    }
}

fn options(keep: bool) -> SwitchOptions {
    let mut options = SwitchOptions::default();
    options.keep_previous = keep;
    options
}

fn read(dir: &Path, path: &str) -> String {
    fs::read_to_string(dir.join(path)).unwrap_or_else(|error| format!("<{:?}>", error.kind()))
}

fn write_a(switch: &mut Switch) {
    let mut tx = switch.transaction().unwrap();
    tx.write_at("a", 0, b"NEW").unwrap();
    tx.commit().unwrap();
}

#[test]
fn nothing_is_visible_until_commit_and_everything_after() {
    let Some(game) = Game::new(&[("a", "old a"), ("d/b", "old b"), ("gone", "bye"), ("run", "code")]) else { return };
    std::os::unix::fs::symlink("d/b", game.dir.join("link")).unwrap();
    let mut switch = game.begin(false);
    let mut tx = switch.transaction().unwrap();
    tx.write_at("a", 4, b"AAA").unwrap();
    tx.rename("d", "e").unwrap();
    tx.remove("gone").unwrap();
    tx.set_executable("run", true).unwrap();
    tx.write_at("n/new", 0, b"fresh").unwrap();
    tx.set_head(Some(b"two".to_vec()));
    tx.commit().unwrap();
    assert_eq!(["a", "d/b", "gone", "n/new"].map(|path| game.read(path)), ["old a", "old b", "bye", "<NotFound>"]);
    assert_eq!(fs::metadata(game.dir.join("run")).unwrap().permissions().mode() & 0o111, 0, "the old tree shares the file");
    let report = switch.commit().unwrap();
    assert!(!report.leftovers && !report.previous_kept && report.carried_over.is_empty(), "{report:?}");
    assert_eq!(report.files_cloned + report.files_linked + report.files_copied, 4);
    assert_eq!(
        ["a", "e/b", "d/b", "gone", "n/new"].map(|path| game.read(path)),
        ["old AAA", "old b", "<NotFound>", "<NotFound>", "fresh"]
    );
    assert_ne!(fs::metadata(game.dir.join("run")).unwrap().permissions().mode() & 0o100, 0);
    assert_eq!(fs::read_link(game.dir.join("link")).unwrap().to_str(), Some("d/b"));
    assert_eq!(fs::metadata(game.dir.join("run")).unwrap().nlink(), 1, "the old tree is gone");
    assert!(game.is_tidy());
    let tree = Tree::open(&game.dir).unwrap();
    assert_eq!(*tree.switch_recovery(), SwitchRecovery::Clean);
    assert_eq!(tree.head().unwrap().as_deref(), Some(b"two".as_slice()));
}

#[test]
fn the_tree_keeps_its_number_its_head_and_its_journal() {
    let Some(game) = Game::new(&[("a", "old")]) else { return };
    let (id, installed) = {
        let mut tree = Tree::open(&game.dir).unwrap();
        let mut tx = tree.begin().unwrap();
        tx.set_head(Some(b"one".to_vec()));
        tx.write_at("a", 0, b"one").unwrap();
        tx.commit().unwrap();
        (tree.id(), tree.installed())
    };
    let mut switch = game.begin(false);
    write_a(&mut switch);
    switch.commit().unwrap();
    let mut tree = Tree::open(&game.dir).unwrap();
    assert_eq!((tree.id(), tree.installed()), (id, installed));
    assert_eq!(tree.head().unwrap().as_deref(), Some(b"one".as_slice()));
    let mut tx = tree.begin().unwrap();
    tx.write_at("a", 0, b"ONE").unwrap();
    assert_eq!(tx.commit().unwrap().txid, 3);
}

#[test]
fn a_switch_dropped_leaves_nothing() {
    let Some(game) = Game::new(&[("a", "old")]) else { return };
    let mut switch = game.begin(true);
    write_a(&mut switch);
    drop(switch);
    assert_eq!(game.read("a"), "old");
    assert!(game.is_tidy());
}

#[test]
fn what_others_changed_meanwhile_is_carried_over() {
    let Some(game) = Game::new(&[("a", "old"), ("save/1", "level 1"), ("save/2", "level 2"), ("log", "x")]) else { return };
    let mut switch = game.begin(false);
    write_a(&mut switch);
    game.write("save/1", "level 9");
    game.write("save/3", "level 3");
    game.write("more/deep/file", "hi");
    fs::remove_file(game.dir.join("save/2")).unwrap();
    fs::write(game.dir.join("log"), "written in place").unwrap();
    let report = switch.commit().unwrap();
    assert!(report.carried_over.iter().all(|path| path != "a"), "{report:?}");
    let paths = ["a", "save/1", "save/2", "save/3", "more/deep/file", "log"];
    let expected = ["NEW", "level 9", "<NotFound>", "level 3", "hi", "written in place"];
    assert_eq!(paths.map(|path| game.read(path)), expected);
}

#[test]
fn what_others_changed_meanwhile_can_be_refused_with_its_names() {
    let Some(game) = Game::new(&[("a", "old"), ("save/1", "level 1")]) else { return };
    let mut refusing = options(false);
    refusing.meanwhile = Meanwhile::Refuse;
    let mut switch = Switch::begin(&game.dir, refusing).unwrap();
    write_a(&mut switch);
    game.write("save/1", "level 9");
    let error = switch.commit().unwrap_err();
    assert!(matches!(error.cause(), Cause::Conflict { paths } if paths == &["save/1"]), "{error}");
    assert_eq!(error.state(), TreeState::Unchanged);
    assert_eq!([game.read("a"), game.read("save/1")], ["old", "level 9"]);
    assert!(game.is_tidy());
}

#[test]
fn a_file_changed_by_both_the_update_and_somebody_else_is_refused() {
    let Some(game) = Game::new(&[("a", "old"), ("d/b", "b")]) else { return };
    let mut switch = game.begin(false);
    let mut tx = switch.transaction().unwrap();
    tx.write_at("a", 0, b"NEW").unwrap();
    tx.remove_dir_all("d").unwrap();
    tx.commit().unwrap();
    game.write("a", "mine");
    game.write("d/save", "mine, too");
    let error = switch.commit().unwrap_err();
    assert!(matches!(error.cause(), Cause::Conflict { paths } if paths == &["a", "d/save"]), "{error}");
    assert_eq!([game.read("a"), game.read("d/save")], ["mine", "mine, too"]);
    assert!(game.is_tidy());
}

#[test]
fn going_back_gives_the_previous_tree_with_what_others_saved_since() {
    let Some(game) = Game::new(&[("a", "old"), ("same", "same"), ("save/1", "level 1")]) else { return };
    let mut switch = game.begin(true);
    write_a(&mut switch);
    assert!(switch.commit().unwrap().previous_kept);
    assert!(game.beside().is_empty());
    assert!(Switch::can_go_back(&OsFs::open(&game.dir).unwrap()));
    game.write("save/1", "level 2");
    let report = Switch::back(&game.dir, &options(true)).unwrap();
    assert_eq!(report.carried_over, ["save/1"]);
    assert_eq!(["a", "same", "save/1"].map(|path| game.read(path)), ["old", "same", "level 2"]);
    game.write("save/1", "level 3");
    Switch::back(&game.dir, &options(false)).unwrap();
    assert_eq!(["a", "same", "save/1"].map(|path| game.read(path)), ["NEW", "same", "level 3"]);
    assert!(game.is_tidy());
    let error = Switch::back(&game.dir, &options(false)).unwrap_err();
    assert!(matches!(error.cause(), Cause::NoUndo), "{error}");
}

#[test]
fn going_back_is_refused_where_somebody_changed_what_the_update_changed() {
    let Some(game) = Game::new(&[("a", "old")]) else { return };
    let mut switch = game.begin(true);
    write_a(&mut switch);
    switch.commit().unwrap();
    game.write("a", "mine");
    let error = Switch::back(&game.dir, &options(true)).unwrap_err();
    assert!(matches!(error.cause(), Cause::Conflict { paths } if paths == &["a"]), "{error}");
    assert_eq!(game.read("a"), "mine");
    game.write("a", "NEW");
    assert!(Switch::back(&game.dir, &options(true)).is_err(), "the same bytes in another file may be anything");
    assert!(game.beside().is_empty() && game.dir.join(".untorn/switch/previous/a").exists());
}

#[test]
fn one_step_back_is_kept() {
    let Some(game) = Game::new(&[("a", "one")]) else { return };
    for version in ["two", "six"] {
        let mut switch = game.begin(true);
        let mut tx = switch.transaction().unwrap();
        tx.write_at("a", 0, version.as_bytes()).unwrap();
        tx.commit().unwrap();
        switch.commit().unwrap();
    }
    assert_eq!(game.read(".untorn/switch/previous/a"), "two");
    assert!(!game.dir.join(".untorn/switch/previous/.untorn/switch").exists());
    Switch::back(&game.dir, &options(false)).unwrap();
    assert_eq!(game.read("a"), "two");
}

#[test]
fn a_process_that_holds_the_old_directory_open_keeps_seeing_the_old_tree() {
    let Some(game) = Game::new(&[("a", "old"), ("d/b", "old b")]) else { return };
    let held = OsFs::open(&game.dir).unwrap();
    let mut switch = game.begin(true);
    let mut tx = switch.transaction().unwrap();
    tx.write_at("a", 0, b"NEW").unwrap();
    tx.remove_dir_all("d").unwrap();
    tx.commit().unwrap();
    switch.commit().unwrap();
    assert_eq!(game.read("a"), "NEW");
    let old = |path: &str| untorn_sim::read(&held, path).unwrap();
    assert_eq!((old("a"), old("d/b")), (b"old".to_vec(), b"old b".to_vec()));
    assert!(held.metadata("d").unwrap().is_dir());
}

#[test]
fn a_reader_is_not_switched_away_from_under() {
    let Some(game) = Game::new(&[("a", "old")]) else { return };
    let mut switch = game.begin(false);
    write_a(&mut switch);
    let reading = ReadGuard::acquire(&game.dir).unwrap();
    let error = switch.commit().unwrap_err();
    assert!(matches!(error.cause(), Cause::InUse), "{error}");
    assert_eq!(game.read("a"), "old");
    drop(reading);
    assert!(game.is_tidy());
}

#[test]
fn another_updater_finds_the_tree_busy_until_the_switch_is_over() {
    let Some(game) = Game::new(&[("a", "old")]) else { return };
    let mut switch = game.begin(false);
    write_a(&mut switch);
    assert!(matches!(Tree::open(&game.dir).unwrap_err().cause(), Cause::Busy { .. }));
    assert!(matches!(Switch::begin(&game.dir, options(false)).unwrap_err().cause(), Cause::Busy { .. }));
    switch.commit().unwrap();
    Tree::open(&game.dir).unwrap();
}

#[test]
fn empty_directories_deep_ones_and_names_that_no_transaction_may_use_are_cloned() {
    let Some(game) = Game::new(&[("CON", "untracked"), ("a:b", "untracked"), ("x/y/z/file", "deep")]) else { return };
    fs::create_dir_all(game.dir.join("empty/er")).unwrap();
    let mut switch = game.begin(false);
    write_a(&mut switch);
    switch.commit().unwrap();
    assert_eq!(["CON", "a:b", "x/y/z/file", "a"].map(|path| game.read(path)), ["untracked", "untracked", "deep", "NEW"]);
    assert!(game.dir.join("empty/er").is_dir());
}

#[test]
fn where_files_share_blocks_a_file_written_in_place_is_carried_over_and_the_previous_tree_keeps_its_own() {
    let fs = SimFs::new(SimOptions::strict());
    fs.create_dir("game", None).unwrap();
    write(&fs, "game/a", b"old").unwrap();
    write(&fs, "game/save", b"level 1").unwrap();
    let parent: Arc<dyn Fs> = Arc::new(fs.clone());
    let mut switch = Switch::begin_on(parent.clone(), "game", options(true)).unwrap();
    write_a(&mut switch);
    write(&fs, "game/save", b"level 2").unwrap();
    let report = switch.commit().unwrap();
    assert_eq!(report.carried_over, ["save"]);
    assert_eq!(report.files_linked + report.files_copied, 0);
    let read = |path: &str| String::from_utf8(untorn_sim::read(&fs, path).unwrap()).unwrap();
    assert_eq!((read("game/a"), read("game/save")), ("NEW".into(), "level 2".into()));
    write(&fs, "game/save", b"level 3").unwrap();
    assert_eq!(read("game/.untorn/switch/previous/save"), "level 2");
    assert_eq!(Switch::back_on(parent, "game", &options(false)).unwrap().carried_over, ["save"]);
    assert_eq!((read("game/a"), read("game/save")), ("old".into(), "level 3".into()));
}

/// Whoever found the old directory, and locks it only after the switch, must not work on a tree that stands nowhere any more. Chance decides how often that
/// happens here.
#[test]
fn updaters_and_readers_that_come_during_switches_get_the_tree_that_stands_there() {
    let Some(game) = Game::new(&[("n", "0")]) else { return };
    let dir = game.dir.as_path();
    let added: u32 = std::thread::scope(|scope| {
        let updater = || {
            let added = (0..40).filter(|_| {
                let Ok(mut tree) = Tree::open(dir) else { return false };
                let n: u32 = read(dir, "n").parse().unwrap();
                let mut tx = tree.begin().unwrap();
                tx.replace("n", &mut (n + 1).to_string().as_bytes()).unwrap();
                tx.commit().is_ok()
            });
            u32::try_from(added.count()).unwrap()
        };
        let switcher = || {
            let added = (0..20).filter(|_| {
                let Ok(mut switch) = Switch::begin(dir, options(false)) else { return false };
                let n: u32 = read(dir, "n").parse().unwrap();
                let mut tx = switch.transaction().unwrap();
                tx.replace("n", &mut (n + 1).to_string().as_bytes()).unwrap();
                tx.commit().unwrap();
                switch.commit().is_ok()
            });
            u32::try_from(added.count()).unwrap()
        };
        let workers = [scope.spawn(updater), scope.spawn(updater)];
        let switchers = [scope.spawn(switcher), scope.spawn(switcher)];
        workers.into_iter().chain(switchers).map(|worker| worker.join().unwrap()).sum()
    });
    assert_eq!(game.read("n"), added.to_string(), "an update was lost");
    assert!(added > 10);
    assert!(game.is_tidy());
}
