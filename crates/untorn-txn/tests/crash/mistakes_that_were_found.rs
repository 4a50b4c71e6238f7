//! Bugs that the tests of this folder found, each as a small test of its own: what happened, why, what would have been lost.

use std::{io::ErrorKind, sync::Arc};

use untorn_crash::{Boot, Depth, Must, Side, Workload, World, explore, explore_faults, fault};
use untorn_fs::{Fs, OpenMode};
use untorn_sim::{Call, Fault, Faults, HookFs, Method, Sampling, SimFs, Verdict, read, write};
use untorn_txn::{Cause, ReadGuard, Recovery, Tree, TreeState, WayChoice};

use crate::{
    no_failed_sync_is_tried_again::decided,
    support::{Tally, crash_next},
};

fn on(disk: &'static str) -> World {
    World { disk, ..World::strict() }
}

#[track_caller]
fn assert_survives(workload: &Workload) {
    explore(workload, &Depth::of(6, 24, 24)).unwrap_or_else(|error| panic!("{error}"));
}

/// `fs` through a hook that lets the first call that `hits` fail.
fn failing(fs: &SimFs, kind: ErrorKind, hits: impl Fn(&Call<'_>) -> bool + Send + Sync + 'static) -> Arc<dyn Fs> {
    let done = std::sync::atomic::AtomicBool::new(false);
    Arc::new(HookFs::on_sim(fs, move |call| {
        let hit = hits(call) && !done.swap(true, std::sync::atomic::Ordering::Relaxed);
        if hit { Verdict::Fail(kind) } else { Verdict::Pass }
    }))
}

fn is_record(call: &Call<'_>, method: Method) -> bool {
    call.method == method && call.path.starts_with(".untorn/slot")
}

/// What: a power cut during apply destroyed bytes beside those that changed. Why: the redo file held only what changed, but a disk writes, and loses, whole
/// sectors. Lost: up to a sector of a file at each end of every change, in either tree.
#[test]
fn a_torn_sector_takes_its_neighbours_along() {
    for op in ["write-a", "extend-a", "cut-a", "write-n", "write-dnq"] {
        assert_survives(&Workload::new(World { way: WayChoice::Patch, ..on("plain") }, &[op]));
    }
}

/// What: after a failed B4, opening again deleted the stage, and after a power cut the tree could not be opened. Why: the clearing record was in the page
/// cache, not on the disk. Lost: the way to either tree, had anything else been wrong.
#[test]
fn a_record_in_the_page_cache_clears_nothing() {
    let workload = Workload::new(on("plain"), &["write-a", "remove-b"]);
    let run = workload.run().unwrap();
    let fs = run.before.fork();
    let seen = std::sync::atomic::AtomicU32::new(0);
    let hooked = HookFs::on_sim(&fs, move |call| {
        let b4 = is_record(call, Method::SyncData) && seen.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 1;
        if b4 { Verdict::Fail(ErrorKind::Other) } else { Verdict::Pass }
    });
    assert_eq!(workload.perform(Arc::new(hooked)).unwrap_err().state(), TreeState::WillComplete);
    let fs = fs.restart();
    drop(Tree::open_on(Arc::new(fs.clone())).unwrap());
    for state in fs.recording().crashes(&Sampling::default()) {
        Boot::open(&state.fs(), None, &run.oracle, Must::BeEither, false).unwrap_or_else(|what| panic!("{}: {what}", state.id()));
    }
}

/// What: a game started after a failed B4 and saved into a changed file; a power cut later the update was applied over it. Why: readers took the cached
/// record's word. Lost: whatever was written to changed files since.
#[test]
fn a_reader_waits_for_a_cleared_journal() {
    let workload = Workload::new(on("plain"), &["write-a"]);
    let fs = workload.before().unwrap();
    let seen = std::sync::atomic::AtomicU32::new(0);
    let hooked = HookFs::on_sim(&fs, move |call| {
        let b4 = is_record(call, Method::SyncData) && seen.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 1;
        if b4 { Verdict::Fail(ErrorKind::Other) } else { Verdict::Pass }
    });
    workload.perform(Arc::new(hooked)).unwrap_err();
    let fs = fs.restart();
    let guard = ReadGuard::acquire_on(&(Arc::new(fs.clone()) as Arc<dyn Fs>)).unwrap();
    let file = fs.open("a", OpenMode::Write).unwrap();
    file.write_all_at(b"saved", 0).unwrap();
    file.sync_data().unwrap();
    fs.mark(1);
    drop(guard);
    for state in fs.recording().crashes(&Sampling::default()).filter(|state| !state.marks().is_empty()) {
        let fs = state.fs();
        drop(Tree::open_on(Arc::new(fs.clone())).unwrap());
        assert!(read(&fs, "a").unwrap().starts_with(b"saved"), "{}", state.id());
    }
}

/// What: a decided transaction could never be completed. Why: where directories are synced one by one, B3 synced those it had removed. Lost: the tree stayed
/// half changed for good.
#[test]
fn a_removed_directory_is_not_synced() {
    for op in ["rmtree-d", "move-d-f", "swap-d-b"] {
        assert_survives(&Workload::new(on("nfs"), &[op]));
    }
    assert_survives(&Workload::new(on("nfs"), &["rmtree-d", "write-d"]));
}

/// What: a file was under neither of its names. Why: the only name of a staged file was renamed where the halves of a rename are independent. Lost: the file, old
/// and new.
#[test]
fn a_rename_that_may_lose_a_file_is_not_used() {
    for op in ["replace-x", "move-a-b", "head-2"] {
        assert_survives(&Workload::new(World { way: WayChoice::Put, ..on("fat") }, &[op]));
    }
}

/// What: recovery removed a file it had put in place. Why: without links and case, the repeated removal of the old spelling hits the new one. Lost: the file.
#[test]
fn n13_n14_a_case_only_rename_is_not_removed_again() {
    for disk in ["exfat", "ntfs", "fat"] {
        assert_survives(&Workload::new(on(disk), &["case-a"]));
        assert_survives(&Workload::roll_back(World { keep_undo: true, ..on(disk) }, &["case-a"]));
    }
}

/// What: a name of which only the case changes was taken for a file that is replaced. Why: it was still found on the disk under its new spelling, when patches had moved it out of the
/// way. Lost: the update, which no player on Windows or macOS could get; what recovery would have made of it is tried here.
#[test]
fn n13_n14_a_name_is_respelled_by_way_of_another() {
    for disk in ["exfat", "ntfs", "fat", "strict"] {
        for op in ["case-a-by-way", "case-d-by-way"] {
            assert_survives(&Workload::new(on(disk), &[op]));
            assert_survives(&Workload::roll_back(World { keep_undo: true, ..on(disk) }, &[op]));
        }
    }
}

/// What: a roll-back was refused as damaged. Why: the head document was looked for among what is kept, also where it had not changed. Lost: the way back.
#[test]
fn a_roll_back_leaves_an_unchanged_head_alone() {
    assert_survives(&Workload::roll_back(World::strict(), &["write-a"]));
}

/// What: a roll-back was refused. Why: files of a directory that had become a symlink were looked for through it. Lost: the way back.
#[test]
fn a_roll_back_does_not_look_through_symlinks() {
    assert_survives(&Workload::roll_back(World::strict(), &["move-d-f", "link-d"]));
}

/// What: what a crash had left beside a kept undo was never deleted. Why: only folders without undo were looked into. Lost: the space, until the next transaction.
#[test]
fn leftovers_beside_a_kept_undo_are_deleted() {
    assert_survives(&Workload::new(World { keep_undo: true, ..on("plain") }, &["move-a-c"]));
}

/// What: after a kill and a power cut the tree could not be opened. Why: the ruling record was written anew while a half-staged, undecided plan was there; torn,
/// it left a doubt nobody could resolve. Lost: the use of an untouched tree.
#[test]
fn an_undecided_plan_goes_before_records_are_written_anew() {
    let workload = Workload::new(World { way: WayChoice::Put, ..on("strict") }, &["extend-a"]);
    explore_faults(&workload, &[fault("kill", false).unwrap()], &Depth::of(2, 6, 6)).unwrap_or_else(|error| panic!("{error}"));
}

/// What: a transaction was decided without its plan on the disk. Why: B1 asked whether the plan was there, and took an error of the disk for a no. Lost: the way to
/// either tree.
#[test]
fn a_look_that_fails_leaves_nothing_out_of_b1() {
    let workload = Workload::new(World { keep_undo: true, ..on("nfs") }, &["write-dnq", "head-2"]);
    explore_faults(&workload, &[fault("eio", false).unwrap()], &Depth::of(2, 4, 2)).unwrap_or_else(|error| panic!("{error}"));
}

/// What: a damaged journal was laid out anew over a half-changed tree. Why: a directory that could not be listed counted as empty. Lost: the way to either tree.
#[test]
fn a_directory_that_cannot_be_listed_is_not_empty() {
    let workload = Workload::new(on("plain"), &["write-a"]);
    let fs = decided(&workload);
    for slot in [".untorn/slot.0", ".untorn/slot.1", ".untorn/slot.2"] {
        fs.open(slot, OpenMode::Write).unwrap().write_all_at(&[1; 512], 0).unwrap();
    }
    let before = fs.image();
    let error = Tree::open_on(failing(&fs, ErrorKind::Other, |call| call.method == Method::ReadDir)).map(drop).unwrap_err();
    assert!(matches!(error.cause(), Cause::Io { .. }) && error.state() == TreeState::NotUnderstood, "{error}");
    assert!(fs.same_tree(&before, ""));
}

/// What: a completed transaction was decided again and could never be completed. Why: a slot that could not be read once counted as empty; it was the one that
/// had cleared the journal. Lost: the use of the tree; with other timing, what was written to it since.
#[test]
fn a_slot_that_cannot_be_read_is_not_empty() {
    let workload = Workload::new(on("plain"), &["write-a", "move-x-x"]);
    let run = workload.run().unwrap();
    for slot in [".untorn/slot.0", ".untorn/slot.1", ".untorn/slot.2"] {
        let fs = run.before.fork();
        workload.perform(Arc::new(fs.clone())).unwrap();
        fs.mark(1);
        for state in fs.recording().crashes(&Sampling { exhaustive_max: 4, ..Sampling::default() }) {
            let fs = state.fs();
            let before = fs.image();
            let hits = move |call: &Call<'_>| call.method == Method::ReadAt && call.path == slot;
            let error = Tree::open_on(failing(&fs, ErrorKind::Other, hits)).map(drop).unwrap_err();
            assert!(fs.same_tree(&before, ""), "{error}");
            let must = if state.marks().is_empty() { Must::BeEither } else { Must::Be(Side::New) };
            Boot::open(&fs, None, &run.oracle, must, false).unwrap_or_else(|what| panic!("{slot}, {}: {what}", state.id()));
        }
    }
}

/// What: a half-changed tree was declared the old one. Why: the slot that decided was all zeros, which counted as never written. Lost: the way to either tree.
#[test]
fn a_zeroed_slot_may_have_decided() {
    let workload = Workload::new(on("plain"), &["write-a", "write-x", "remove-b"]);
    let oracle = workload.run().unwrap().oracle;
    for gone in [Vec::new(), vec![0; 4096]] {
        let mut completed = 0;
        for slot in [".untorn/slot.0", ".untorn/slot.1", ".untorn/slot.2"] {
            let fs = decided(&workload);
            fs.remove_file("b").unwrap(); // apply had begun
            if gone.is_empty() {
                fs.remove_file(slot).unwrap();
            } else {
                write(&fs, slot, &gone).unwrap();
            }
            let tree = Tree::open_on(Arc::new(fs.clone())).unwrap();
            completed += u32::from(matches!(tree.recovery(), Recovery::Completed { .. }));
            oracle.check(&fs, tree, Must::Be(Side::New)).unwrap_or_else(|what| panic!("{slot}: {what}"));
        }
        assert_eq!(completed, 3);
    }
}

/// What: nothing could be committed any more. Why: a power cut while a directory came under care left one lock without the other. Lost: the use of the tree.
#[test]
fn either_lock_may_be_missing() {
    for lock in [".untorn/lock", ".untorn/readers"] {
        let workload = Workload::new(on("plain"), &["write-a"]);
        let fs = workload.before().unwrap();
        fs.remove_file(lock).unwrap();
        workload.perform(Arc::new(fs)).unwrap();
    }
}

/// What: the journal's names could vanish under a half-changed tree. Why: the process died in B0 before they were synced, and the next one took them for durable. Lost: the
/// way to either tree.
#[test]
fn names_left_by_a_killed_first_opening_are_made_durable() {
    let mut tally = Tally::new();
    let workload = Workload::new(on("pool"), &["write-a", "write-x"]);
    for call in 1..60 {
        let fs = workload.world.unmanaged().unwrap();
        let kill = untorn_sim::Fault { call, ..fault("kill", false).unwrap() };
        drop(Tree::open_on(Arc::new(untorn_sim::Faults::new(Some(kill)).on_sim(&fs))));
        tally.add(crash_next(&fs.restart(), &workload, &Depth::of(1, 4, 1)).map_err(Into::into));
    }
    tally.finish("names left by a killed first opening", 6_800);
}

/// The lengths that are set and the writes of `path` while a tree on `fs` is opened, with where.
fn calls_of_opening(fs: &SimFs, path: &'static str) -> Vec<(Method, u64)> {
    let seen = Arc::new(std::sync::Mutex::new(Vec::new()));
    let calls = seen.clone();
    let hooked = HookFs::on_sim(fs, move |call| {
        if call.path == path && matches!(call.method, Method::SetLen | Method::WriteAt) {
            calls.lock().unwrap().push((call.method, call.offset));
        }
        Verdict::Pass
    });
    drop(Tree::open_on(Arc::new(hooked)).unwrap());
    seen.lock().unwrap().clone()
}

/// What: an update whose B3 failed was completed by the next opening, and after the next mount a file that had grown was full of zeros. Why: recovery wrote the same
/// bytes to the same blocks, but ext4 takes a block whose first writing failed for one never written, whatever is written to it later. Lost: what was appended, though
/// untorn had said that the new tree is whole.
#[test]
fn what_is_appended_once_more_gets_new_blocks() {
    let fs = decided(&Workload::new(World { way: WayChoice::Patch, ..on("plain") }, &["extend-a"]));
    let calls = calls_of_opening(&fs, "a");
    assert_eq!(calls.first(), Some(&(Method::SetLen, 0)), "{calls:?}");
    assert_eq!(calls.last().map(|(method, _)| *method), Some(Method::WriteAt), "{calls:?}");
}

/// A disk that could not be read just before the commit point was reported as "somebody changed it": nobody had, and whoever believed it looked for a culprit instead of
/// saving what the disk still gave. And a path that could not be looked at was taken for one where nothing stands.
#[test]
fn a_disk_that_refuses_to_say_is_not_taken_for_a_change() {
    let workload = Workload::new(World::strict(), &["remove-l", "move-a-c", "replace-b", "write-n", "link-s"]);
    let before = workload.before().unwrap();
    let faults = Faults::new(None);
    workload.perform(Arc::new(faults.on_sim(&before.fork()))).unwrap();
    let mut refused = 0;
    for call in 1..=faults.calls() {
        let fault = Fault { call, ..fault("eio", false).unwrap() };
        if let Err(error) = workload.perform(Arc::new(Faults::new(Some(fault)).on_sim(&before.fork()))) {
            refused += 1;
            assert!(matches!(error.cause(), Cause::Io { .. }), "call {call}: {error}");
        }
    }
    assert!(refused > 20, "{refused}");
}

/// What: after a roll-back that had reported success, a power cut brought back a directory that it had removed, beside a tree that was otherwise the old one. Why: a
/// directory that the system once refused to look at, with no permission, was taken for one that is gone, and its names were never synced. Lost: the promise that success
/// means the new tree; the next update would have found a tree that no build has.
#[test]
fn a_directory_that_cannot_be_looked_at_is_synced_all_the_same() {
    let mut tally = Tally::new();
    for disk in ["pool", "poolnolinks"] {
        let workload = Workload::roll_back(World { way: WayChoice::Patch, ..on(disk) }, &["move-d-ed", "write-x"]);
        tally.add(explore_faults(&workload, &[fault("denied", false).unwrap()], &Depth::of(4, 16, 4)));
    }
    tally.finish("directories that cannot be looked at", 24_000);
}

/// What: no record was left that could be read. Why: after a B2 whose sync failed the two newest records stood in the page cache only, and recovery wrote over the third.
/// Lost: the way to open a tree that nothing had happened to. Found by the model of the protocol.
#[test]
fn the_last_durable_record_is_not_written_over() {
    let workload = Workload::new(on("plain"), &["write-a", "remove-b"]);
    let run = workload.run().unwrap();
    let fs = run.before.fork();
    let (disk, syncs) = (fs.clone(), std::sync::atomic::AtomicU32::new(0));
    let hooked = HookFs::on_sim(&fs, move |call| {
        let number = u32::from(is_record(call, Method::SyncData));
        match syncs.fetch_add(number, std::sync::atomic::Ordering::Relaxed) + number {
            0 => Verdict::Pass,
            1 if number == 1 => {
                // The sector is not what it was, nor what it should be.
                let (bytes, slot) = (read(&disk, call.path).unwrap(), disk.open(call.path, OpenMode::Write).unwrap());
                slot.write_all_at(&[0x55; 512], 0).unwrap();
                slot.sync_data().unwrap();
                slot.write_all_at(&bytes[..512], 0).unwrap();
                Verdict::Fail(ErrorKind::Other)
            }
            1 => Verdict::Pass,
            // The process dies when the record that takes it back is written, and before it is durable.
            _ => Verdict::Refuse(ErrorKind::Other),
        }
    });
    workload.perform(Arc::new(hooked)).unwrap_err();
    let fs = fs.restart();
    drop(Tree::open_on(Arc::new(fs.clone())).unwrap());
    for state in fs.recording().crashes(&Sampling::default()) {
        Boot::open(&state.fs(), None, &run.oracle, Must::BeEither, false).unwrap_or_else(|what| panic!("{}: {what}", state.id()));
    }
}

/// What: a tree could not be opened, or was half changed. Why: a slot rotted while an update was staged, and the updater was killed; recovery found the stage whole, in the page
/// cache, decided it, and the power failed before it was on the disk. Lost: both trees. Found by the model of the protocol.
#[test]
fn a_stage_in_doubt_is_made_durable_before_it_is_decided() {
    for disk in ["plain", "pool", "ntfs"] {
        let workload = Workload::new(World { keep_undo: true, ..on(disk) }, &["write-a", "replace-x", "move-a-dz", "head-2"]);
        let run = workload.run().unwrap();
        let fs = run.before.fork();
        let dead = std::sync::atomic::AtomicBool::new(false);
        let hooked = HookFs::on_sim(&fs, move |call| {
            let is_b1 = call.method.is_sync() && !is_record(call, Method::SyncData);
            let is_dead = dead.fetch_or(is_b1, std::sync::atomic::Ordering::Relaxed) || is_b1;
            if is_dead { Verdict::Refuse(ErrorKind::Other) } else { Verdict::Pass }
        });
        workload.perform(Arc::new(hooked)).unwrap_err();
        // The oldest: the one that rules must stay.
        let seq = |path: &&str| u64::from_le_bytes(read(&fs, path).unwrap()[16..24].try_into().unwrap());
        let oldest = [".untorn/slot.0", ".untorn/slot.1", ".untorn/slot.2"].into_iter().min_by_key(seq).unwrap();
        let slot = fs.open(oldest, OpenMode::Write).unwrap();
        slot.write_all_at(&[0x55; 512], 0).unwrap();
        slot.sync_data().unwrap();
        let fs = fs.restart();
        drop(Tree::open_on(Arc::new(fs.clone())).unwrap());
        for state in fs.recording().crashes(&Sampling::default()) {
            let fs = state.fs();
            // A cut before anything was decided may be refused, since a slot has rotted: then the tree is untouched.
            if let Err(what) = Boot::open(&fs, None, &run.oracle, Must::BeEither, false) {
                let is_untouched = run.oracle.side(&fs, Must::Be(Side::Old)).is_ok();
                assert!(is_untouched, "{disk}, {}: {what}", state.id());
            }
        }
    }
}
