//! Restarts, second processes, copies, seeds.

use std::{thread, time::Duration};

use untorn_fs::{Fs, LockKind, OpenMode};
use untorn_sim::{Sampling, SimFs, SimOptions, read, write};

#[test]
fn a_restart_keeps_what_was_written_and_what_still_waits() {
    let fs = SimFs::new(SimOptions::strict());
    write(&fs, "f", b"x").unwrap();
    let next = fs.restart();
    assert_eq!(read(&next, "f").unwrap(), b"x");
    assert!(read(&fs, "f").is_err(), "the old process is dead");
    let left = |fs: &SimFs| fs.recording().crashes(&Sampling::default()).filter(|state| read(&state.fs(), "f").is_err()).count();
    assert!(left(&next) > 0);
}

#[test]
fn two_processes_see_one_disk_and_exclude_each_other() {
    let one = SimFs::new(SimOptions::strict());
    let two = one.another_process();
    write(&one, "lock", b"").unwrap();
    let held = two.lock("lock", LockKind::Exclusive, true).unwrap();
    assert!(held.is_some() && one.lock("lock", LockKind::Shared, false).unwrap().is_none());
}

#[test]
fn a_lock_that_is_waited_for_comes_when_it_is_released() {
    let fs = SimFs::new(SimOptions::strict());
    write(&fs, "lock", b"").unwrap();
    let held = fs.lock("lock", LockKind::Exclusive, true).unwrap();
    thread::scope(|scope| {
        let waiting = scope.spawn(|| fs.lock("lock", LockKind::Shared, true).unwrap().is_some());
        thread::sleep(Duration::from_millis(20));
        assert!(!waiting.is_finished());
        drop(held);
        assert!(waiting.join().unwrap());
    });
}

#[test]
fn a_fork_goes_its_own_way() {
    let fs = SimFs::new(SimOptions::strict());
    write(&fs, "f", b"one").unwrap();
    let fork = fs.fork();
    write(&fork, "f", b"two").unwrap();
    assert_eq!((read(&fs, "f").unwrap(), read(&fork, "f").unwrap()), (b"one".to_vec(), b"two".to_vec()));
    assert!(fork.event_count() > fs.event_count());
}

#[test]
fn ids_replay_but_never_repeat_after_a_crash() {
    let ids = || {
        let fs = SimFs::new(SimOptions::strict());
        let before = fs.random_id().unwrap();
        fs.create_dir("d", None).unwrap();
        let after: Vec<_> = fs.recording().crashes(&Sampling::default()).map(|state| state.fs().random_id().unwrap()).collect();
        let again = fs.recording().crashes(&Sampling::default()).next().unwrap().fs();
        let deeper = again.recording().crashes(&Sampling::default()).next().unwrap().fs().random_id().unwrap();
        (before, after, deeper)
    };
    assert_eq!(ids(), ids());
    let (before, after, deeper) = ids();
    assert!(!after.contains(&before) && deeper != before && !after.contains(&deeper));
}

#[test]
fn a_subtree_stays_the_same_directory_when_it_is_exchanged() {
    let fs = SimFs::new(SimOptions::strict());
    fs.create_dir("game", None).unwrap();
    fs.create_dir("next", None).unwrap();
    write(&fs, "game/f", b"old").unwrap();
    write(&fs, "next/f", b"new").unwrap();
    let game = fs.subtree("game").unwrap();
    fs.exchange("game", "next").unwrap();
    assert_eq!((read(&game, "f").unwrap(), read(&fs, "game/f").unwrap()), (b"old".to_vec(), b"new".to_vec()));
    assert!(fs.subtree("game/f").is_err());
}

#[test]
fn names_that_differ_in_case_can_be_one_and_be_respelled() {
    let fs = SimFs::new(SimOptions::ntfs_like());
    write(&fs, "ReadMe", b"x").unwrap();
    assert_eq!(read(&fs, "README").unwrap(), b"x");
    assert!(fs.open("readme", OpenMode::CreateNew { executable: false }).is_err());
    fs.settle();
    fs.rename("readme", "README").unwrap();
    let spelling = |fs: &SimFs| fs.read_dir("").unwrap().into_iter().map(|entry| entry.name.unwrap()).collect::<Vec<_>>();
    assert_eq!((spelling(&fs), fs.metadata("readme").unwrap().links), (vec!["README".to_owned()], 1));
    for state in fs.recording().crashes(&Sampling::default()) {
        assert!([["ReadMe"], ["README"]].iter().any(|names| spelling(&state.fs()) == names), "{}", state.id());
    }
}

#[test]
fn an_identity_may_come_back_for_another_object_after_a_crash_only() {
    let fs = SimFs::new(SimOptions::strict());
    write(&fs, "old", b"").unwrap();
    let old = fs.metadata("old").unwrap().id;
    fs.remove_file("old").unwrap();
    write(&fs, "new", b"").unwrap();
    assert_ne!(fs.metadata("new").unwrap().id, old);
    fs.remove_file("new").unwrap();
    fs.settle();
    let state = fs.recording().crashes(&Sampling::default()).next().unwrap();
    let after = state.fs();
    write(&after, "new", b"").unwrap();
    assert_eq!(after.metadata("new").unwrap().id, old);
}
