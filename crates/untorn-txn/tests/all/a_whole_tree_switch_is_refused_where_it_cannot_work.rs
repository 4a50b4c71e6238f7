//! Where a whole-tree switch cannot work it says why, before anything is staged.

use std::{io, path::Path, sync::Arc};

use untorn_fs::Fs;
use untorn_sim::{HookFs, Method, SimFs, SimOptions, Snapshot, Verdict, write};
use untorn_txn::{Cause, Error, Switch, SwitchOptions, SwitchRecovery, TreeState};

fn disk(options: SimOptions) -> SimFs {
    let fs = SimFs::new(options);
    fs.create_dir("game", None).unwrap();
    write(&fs, "game/a", b"old").unwrap();
    fs.settle();
    fs
}

fn begin(fs: impl Fs + 'static) -> Result<Switch, Error> {
    Switch::begin_on(Arc::new(fs), "game", SwitchOptions::default())
}

/// Refused for `why`, with nothing left.
fn assert_refused(fs: &SimFs, refused: Result<Switch, Error>, why: &str) {
    let error = refused.unwrap_err();
    assert!(matches!(error.cause(), Cause::Unsupported { what } if what.contains(why)), "{error}");
    assert_eq!(error.state(), TreeState::Unchanged);
    assert!(Snapshot::of(fs, "").unwrap().0.keys().all(|path| !path.contains("switch")), "{error}");
}

#[test]
fn a_file_system_that_cannot_exchange_is_refused() {
    for options in [SimOptions::ntfs_like(), SimOptions::nfs_like(), SimOptions::fat_like()] {
        let fs = disk(options);
        assert_refused(&fs, begin(fs.clone()), "exchange two directories");
        assert!(fs.metadata("game/.untorn").is_err(), "nothing was written");
    }
}

#[test]
fn a_system_that_only_claims_to_exchange_is_found_out_before_anything_is_staged() {
    let fs = disk(SimOptions::strict());
    for (kind, why) in [(io::ErrorKind::Unsupported, "exchange two names"), (io::ErrorKind::CrossesDevices, "another device")] {
        let hooked = HookFs::on_sim(&fs, move |call| match call.method {
            Method::Exchange => Verdict::Refuse(kind),
            _ => Verdict::Pass,
        });
        assert_refused(&fs, begin(hooked), why);
    }
}

#[test]
fn a_parent_that_may_not_be_written_is_refused() {
    for kind in [io::ErrorKind::PermissionDenied, io::ErrorKind::ReadOnlyFilesystem] {
        let fs = disk(SimOptions::strict());
        let hooked = HookFs::on_sim(&fs, move |call| match call.method {
            Method::Symlink if call.path.starts_with(".game") => Verdict::Refuse(kind),
            _ => Verdict::Pass,
        });
        assert_refused(&fs, begin(hooked), "may not be written");
    }
}

#[test]
fn the_root_of_the_disk_and_a_mount_point_are_refused() {
    let error = Switch::begin(Path::new("/"), SwitchOptions::default()).unwrap_err();
    assert!(matches!(error.cause(), Cause::DangerousRoot), "{error}");
    if !Path::new("/proc/self").exists() {
        eprintln!("skipped: /proc is not mounted");
        return;
    }
    let error = Switch::begin(Path::new("/proc"), SwitchOptions::default()).unwrap_err();
    let Cause::Unsupported { what } = error.cause() else { unreachable!("{error}") };
    assert!(what.contains("mount point") || what.contains("exchange two directories"), "{error}");
}

#[test]
fn a_tree_that_is_not_there_is_not_made() {
    let fs = disk(SimOptions::strict());
    assert!(Switch::begin_on(Arc::new(fs.clone()), "missing", SwitchOptions::default()).is_err());
    assert!(Switch::begin_on(Arc::new(fs.clone()), "game/a", SwitchOptions::default()).is_err());
    assert!(fs.metadata("missing").is_err());
}

#[test]
fn a_name_beside_the_tree_that_is_not_ours_is_never_touched() {
    let fs = disk(SimOptions::strict());
    fs.create_dir(".game.untorn-switch", None).unwrap();
    write(&fs, ".game.untorn-switch/mine", b"mine").unwrap();
    let error = begin(fs.clone()).unwrap_err();
    assert!(matches!(error.cause(), Cause::Exists), "{error}");
    assert_eq!(untorn_sim::read(&fs, ".game.untorn-switch/mine").unwrap(), b"mine");
    assert!(fs.metadata("game/.untorn/switch").is_err());
}

/// Somebody puts a tree of their own, with a ticket of their own, where the claim stood.
#[test]
fn a_tree_with_another_ticket_is_left_alone_and_reported() {
    let fs = disk(SimOptions::strict());
    let theirs = disk(SimOptions { seed: 99, ..SimOptions::strict() });
    let other_ticket = {
        let _switch = begin(theirs.clone()).unwrap();
        untorn_sim::read(&theirs, "game/.untorn/switch/next/.untorn/switch/ticket").unwrap()
    };
    let switch = begin(fs.clone()).unwrap();
    let dead = fs.restart();
    drop(switch);
    dead.remove_file(".game.untorn-switch").unwrap();
    for dir in ["", "/.untorn", "/.untorn/switch"] {
        dead.create_dir(&format!(".game.untorn-switch{dir}"), None).unwrap();
    }
    write(&dead, ".game.untorn-switch/.untorn/switch/ticket", &other_ticket).unwrap();
    let recovery = Switch::recover_on(Arc::new(dead.clone()), "game").unwrap();
    assert_eq!(recovery, SwitchRecovery::Left { name: ".game.untorn-switch".into() });
    assert_eq!(untorn_sim::read(&dead, ".game.untorn-switch/.untorn/switch/ticket").unwrap(), other_ticket);
    assert!(dead.metadata("game/.untorn/switch").is_err());
}

#[test]
fn a_failed_sync_of_the_new_tree_leaves_the_old_one() {
    let fs = disk(SimOptions::strict());
    let hooked = HookFs::on_sim(&fs, |call| match call.method {
        Method::SyncAll => Verdict::Fail(io::ErrorKind::Other),
        _ => Verdict::Pass,
    });
    let mut switch = begin(hooked).unwrap();
    let mut tx = switch.transaction().unwrap();
    tx.write_at("a", 0, b"NEW").unwrap();
    tx.commit().unwrap();
    let error = switch.commit().unwrap_err();
    assert!(matches!(error.cause(), Cause::Io { .. }) && error.state() == TreeState::Unchanged, "{error}");
    assert_eq!(untorn_sim::read(&fs, "game/a").unwrap(), b"old");
    assert!(fs.metadata(".game.untorn-switch").is_err() && fs.metadata("game/.untorn/switch").is_err());
}

#[test]
fn a_failed_sync_of_the_exchange_is_in_doubt_and_nothing_is_put_away() {
    let fs = disk(SimOptions::strict());
    let exchanges = std::sync::atomic::AtomicU32::new(0);
    let hooked = HookFs::on_sim(&fs, move |call| {
        let count = &exchanges;
        if call.method == Method::Exchange {
            count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        }
        let switched = count.load(std::sync::atomic::Ordering::Relaxed) == 2;
        if switched && call.method == Method::SyncDir { Verdict::Fail(io::ErrorKind::Other) } else { Verdict::Pass }
    });
    let mut switch = begin(hooked).unwrap();
    let mut tx = switch.transaction().unwrap();
    tx.write_at("a", 0, b"NEW").unwrap();
    tx.commit().unwrap();
    let error = switch.commit().unwrap_err();
    assert_eq!(error.state(), TreeState::InDoubt, "{error}");
    assert!(fs.metadata(".game.untorn-switch").unwrap().is_dir());
    for state in fs.recording().crashes(&untorn_sim::Sampling::default()) {
        let fs = state.fs();
        Switch::recover_on(Arc::new(fs.clone()), "game").unwrap();
        let a = untorn_sim::read(&fs, "game/a").unwrap();
        assert!(a == b"old" || a == b"NEW", "{:?}", state.id());
        assert!(fs.metadata(".game.untorn-switch").is_err(), "{:?}", state.id());
    }
}
