//! Locks bind handles of one process and of several, and end with whoever holds them.

use std::{
    env,
    io::{self, BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use crate::util::{both, kind, put};
use untorn_fs::{Fs, LockKind, OsFs};

#[test]
fn an_exclusive_lock_keeps_everybody_else_out_until_it_is_dropped() {
    both(|fs, _| {
        put(fs, "lock", b"");
        let held = fs.lock("lock", LockKind::Exclusive, false).unwrap().unwrap();
        assert!(fs.lock("lock", LockKind::Exclusive, false).unwrap().is_none());
        assert!(fs.lock("lock", LockKind::Shared, false).unwrap().is_none());
        drop(held);
        assert!(fs.lock("lock", LockKind::Exclusive, false).unwrap().is_some());
    });
}

#[test]
fn a_shared_lock_admits_others_of_its_kind_only() {
    both(|fs, _| {
        put(fs, "lock", b"");
        let first = fs.lock("lock", LockKind::Shared, false).unwrap().unwrap();
        let second = fs.lock("lock", LockKind::Shared, true).unwrap().unwrap();
        assert!(fs.lock("lock", LockKind::Exclusive, false).unwrap().is_none());
        drop(first);
        assert!(fs.lock("lock", LockKind::Exclusive, false).unwrap().is_none());
        drop(second);
        assert!(fs.lock("lock", LockKind::Exclusive, false).unwrap().is_some());
    });
}

#[test]
fn waiting_ends_when_the_lock_is_released() {
    both(|fs, _| {
        put(fs, "lock", b"");
        let held = fs.lock("lock", LockKind::Exclusive, true).unwrap();
        thread::scope(|scope| {
            let waiter = scope.spawn(|| fs.lock("lock", LockKind::Exclusive, true).unwrap().is_some());
            thread::sleep(Duration::from_millis(50));
            assert!(!waiter.is_finished(), "did not wait");
            drop(held);
            assert!(waiter.join().unwrap());
        });
    });
}

#[test]
fn only_an_existing_file_is_locked() {
    both(|fs, _| {
        fs.create_dir("dir", None).unwrap();
        let lock = |path| fs.lock(path, LockKind::Exclusive, false).map(drop);
        assert_eq!(kind(lock("none")), io::ErrorKind::NotFound);
        assert_eq!(kind(lock("dir")), io::ErrorKind::IsADirectory);
    });
}

#[test]
fn a_killed_process_holds_nothing() {
    both(|fs, root| {
        put(fs, "lock", b"");
        let mut child = holder(root);
        assert!(fs.lock("lock", LockKind::Exclusive, false).unwrap().is_none(), "the other process has it");
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(fs.lock("lock", LockKind::Exclusive, false).unwrap().is_some(), "nobody has it");
    });
}

const ROOT: &str = "UNTORN_TEST_LOCK_ROOT";

/// This test program again, as the process that holds the lock.
fn holder(root: &Path) -> Child {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", "a_lock_excludes_and_dies_with_its_holder::the_other_process", "--nocapture"]).env(ROOT, root);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    lines.map(Result::unwrap).find(|line| line.contains("holding")).expect("the other process locks");
    child
}

/// Does nothing in an ordinary run of the tests.
#[test]
fn the_other_process() {
    let Some(root) = env::var_os(ROOT) else { return };
    let fs = OsFs::open(Path::new(&root)).unwrap();
    let _held = fs.lock("lock", LockKind::Exclusive, true).unwrap();
    println!("holding");
    thread::sleep(Duration::from_secs(60));
}
