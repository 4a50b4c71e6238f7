//! Locks, space, identities of chance.

use std::io::ErrorKind::{IsADirectory, NotFound};

use untorn_fs::{Fs, LockKind, OpenMode};

use super::{kind, named_checks, put, same};

named_checks![
    an_exclusive_lock_excludes_all_others,
    shared_locks_exclude_only_an_exclusive_one,
    a_dropped_lock_is_free,
    locks_of_two_files_are_independent,
    a_lock_binds_only_those_who_ask,
    only_a_file_that_is_there_is_locked,
    space_is_told_in_bytes,
    a_random_id_is_new_each_time,
];

fn an_exclusive_lock_excludes_all_others(fs: &dyn Fs) {
    put(fs, "lock", b"");
    let held = fs.lock("lock", LockKind::Exclusive, false).unwrap();
    assert!(held.is_some());
    assert!(fs.lock("lock", LockKind::Exclusive, false).unwrap().is_none());
    assert!(fs.lock("lock", LockKind::Shared, false).unwrap().is_none());
}

fn shared_locks_exclude_only_an_exclusive_one(fs: &dyn Fs) {
    put(fs, "lock", b"");
    let one = fs.lock("lock", LockKind::Shared, false).unwrap();
    let two = fs.lock("lock", LockKind::Shared, true).unwrap();
    assert!(one.is_some() && two.is_some());
    assert!(fs.lock("lock", LockKind::Exclusive, false).unwrap().is_none());
    drop(one);
    assert!(fs.lock("lock", LockKind::Exclusive, false).unwrap().is_none());
}

fn a_dropped_lock_is_free(fs: &dyn Fs) {
    put(fs, "lock", b"");
    for kind in [LockKind::Exclusive, LockKind::Shared, LockKind::Exclusive] {
        assert!(fs.lock("lock", kind, true).unwrap().is_some());
    }
}

fn locks_of_two_files_are_independent(fs: &dyn Fs) {
    put(fs, "a", b"");
    put(fs, "b", b"");
    let a = fs.lock("a", LockKind::Exclusive, false).unwrap();
    let b = fs.lock("b", LockKind::Exclusive, false).unwrap();
    assert!(a.is_some() && b.is_some());
}

fn a_lock_binds_only_those_who_ask(fs: &dyn Fs) {
    let file = put(fs, "lock", b"");
    let held = fs.lock("lock", LockKind::Shared, false).unwrap();
    assert!(held.is_some());
    if cfg!(unix) {
        file.write_all_at(b"x", 0).unwrap();
        same(fs.open("lock", OpenMode::Read).unwrap().metadata().unwrap().len, 1);
    }
}

fn only_a_file_that_is_there_is_locked(fs: &dyn Fs) {
    fs.create_dir("dir", None).unwrap();
    same(kind(fs.lock("none", LockKind::Shared, false).map(drop)), NotFound);
    same(kind(fs.lock("dir", LockKind::Exclusive, false).map(drop)), IsADirectory);
}

fn space_is_told_in_bytes(fs: &dyn Fs) {
    let space = fs.space().unwrap();
    assert!(space.available <= space.total);
}

fn a_random_id_is_new_each_time(fs: &dyn Fs) {
    let ids: std::collections::BTreeSet<_> = (0..100).map(|_| fs.random_id().unwrap()).collect();
    same(ids.len(), 100);
}
