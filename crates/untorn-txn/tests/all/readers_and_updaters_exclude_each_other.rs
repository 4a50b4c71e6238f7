//! Locks: one updater, many readers, and no lock outlives its process.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use untorn_txn::{Cause, Condition, Options, ReadGuard, Readers, Status, Tree, TreeState};

/// The environment variable that turns the test `child_process` into a process that holds a lock.
const HOLD: &str = "UNTORN_TEST_HOLD";

fn tree() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("a"), "old").unwrap();
    dir
}

/// Starts a process that holds the tree as `what`, and waits until it does.
fn hold(what: &str, dir: &Path) -> Child {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "readers_and_updaters_exclude_each_other::child_process", "--nocapture"])
        .env(HOLD, format!("{what}:{}", dir.display()))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains("held")), "the child never got its lock");
    child
}

#[test]
fn child_process() {
    let Ok(task) = std::env::var(HOLD) else { return };
    let (what, dir) = task.split_once(':').unwrap();
    let (mut tree, mut guard) = (None, None);
    match what {
        "updater" => tree = Some(Tree::open(Path::new(dir)).unwrap()),
        _ => guard = Some(ReadGuard::acquire(Path::new(dir)).unwrap()),
    }
    println!("held");
    std::io::stdout().flush().unwrap();
    // Until the parent lets go, or kills.
    std::io::stdin().lines().next();
    drop((tree.take(), guard.take()));
}

#[test]
fn f9_a_second_updater_is_told_who_holds_the_tree_and_death_lets_go() {
    let dir = tree();
    let mut child = hold("updater", dir.path());
    let error = Tree::open(dir.path()).unwrap_err();
    assert!(matches!(error.cause(), Cause::Busy { holder: Some(holder) } if holder.contains(&child.id().to_string())), "{error}");
    assert_eq!((error.state(), error.code()), (TreeState::Unchanged, "UNT-BUSY"));
    assert!(Status::of(dir.path()).unwrap().updater.unwrap().contains(&child.id().to_string()));
    child.kill().unwrap();
    child.wait().unwrap();
    Tree::open(dir.path()).unwrap();
    let status = Status::of(dir.path()).unwrap();
    assert_eq!((status.condition, status.updater, status.in_use), (Condition::Clean, None, false));
}

#[test]
fn staging_goes_on_beside_a_reader_and_applying_does_not() {
    let dir = tree();
    let mut child = hold("reader", dir.path());
    let mut tree = Tree::open(dir.path()).unwrap();
    assert!(Status::of(dir.path()).unwrap().in_use);
    let mut tx = tree.begin().unwrap();
    tx.write_at("a", 0, b"new").unwrap();
    let error = tx.commit().unwrap_err();
    assert!(matches!(error.cause(), Cause::InUse), "{error}");
    assert_eq!(error.state(), TreeState::Unchanged);
    assert_eq!(fs::read(dir.path().join("a")).unwrap(), b"old");
    // Nothing happened, so the same handle goes on; and a dead reader holds nothing.
    child.kill().unwrap();
    child.wait().unwrap();
    let mut tx = tree.begin().unwrap();
    tx.write_at("a", 0, b"new").unwrap();
    tx.commit().unwrap();
    assert_eq!(fs::read(dir.path().join("a")).unwrap(), b"new");
}

#[test]
fn a_commit_that_waits_begins_when_the_last_reader_leaves() {
    let dir = tree();
    let guards = [ReadGuard::acquire(dir.path()).unwrap(), ReadGuard::acquire(dir.path()).unwrap()];
    let mut tree = Tree::open(dir.path()).unwrap();
    let mut options = Options::default();
    options.readers = Readers::Wait;
    thread::scope(|scope| {
        let commit = scope.spawn(move || {
            let mut tx = tree.begin_with(options).unwrap();
            tx.write_at("a", 0, b"new").unwrap();
            tx.commit().unwrap()
        });
        for guard in guards {
            thread::sleep(Duration::from_millis(50));
            assert_eq!(fs::read(dir.path().join("a")).unwrap(), b"old", "a reader still holds the tree");
            drop(guard);
        }
        commit.join().unwrap();
    });
    assert_eq!(fs::read(dir.path().join("a")).unwrap(), b"new");
}

#[test]
fn a_reader_puts_a_new_directory_under_care_and_changes_no_file() {
    let dir = tree();
    drop(ReadGuard::acquire(dir.path()).unwrap());
    assert_eq!(Status::of(dir.path()).unwrap().condition, Condition::Clean);
    assert_eq!(fs::read(dir.path().join("a")).unwrap(), b"old");
}

/// A launcher may die before the game it started: the game holds the tree on.
#[test]
#[cfg(unix)]
fn a_lock_that_was_handed_on_is_held_by_the_programs_started_since() {
    let dir = tree();
    let start = || Command::new("sleep").arg("60").stdin(Stdio::null()).spawn().unwrap();
    for is_handed_on in [false, true] {
        let guard = ReadGuard::acquire(dir.path()).unwrap();
        if is_handed_on {
            guard.hand_on().unwrap();
        }
        let mut game = start();
        drop(guard);
        assert_eq!(Status::of(dir.path()).unwrap().in_use, is_handed_on);
        game.kill().unwrap();
        game.wait().unwrap();
        assert!(!Status::of(dir.path()).unwrap().in_use);
    }
}
