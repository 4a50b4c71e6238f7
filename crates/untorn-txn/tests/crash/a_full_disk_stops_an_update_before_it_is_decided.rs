//! Every amount of free space from none to enough: either the error comes before the commit point and the tree is the old one, or the update goes through, also
//! when the power fails in between and recovery finds the disk as full.

use std::sync::Arc;

use untorn_crash::{Allowed, Boot, Count, Depth, Must, Oracle, Side, Workload, World, disk};
use untorn_fs::{Fs, OpenMode};
use untorn_sim::{SimFs, SimOptions};
use untorn_txn::{Cause, Tree, TreeState};

use crate::support::Tally;

const CAPACITY: u64 = 1 << 20;

/// The disk of the workload with `free` bytes left, and what the workload should lead to.
fn nearly_full(workload: &Workload, free: u64) -> SimFs {
    let options = SimOptions { capacity: Some(CAPACITY), bytes_per_name: 64, ..disk(workload.world.disk).unwrap() };
    let fs = workload.world.managed_on(options).unwrap();
    let filler = fs.open("filler", OpenMode::CreateNew { executable: false }).unwrap();
    let available = fs.space().unwrap().available;
    filler.allocate(0, available - free).unwrap();
    SimFs::from_image(fs.image())
}

fn oracle(workload: &Workload) -> Oracle {
    let fs = nearly_full(workload, CAPACITY / 2);
    let old = Allowed::now(&fs, &Tree::open_on(Arc::new(fs.clone())).unwrap()).unwrap();
    workload.perform(Arc::new(fs.clone())).unwrap();
    let new = Allowed::now(&fs, &Tree::open_on(Arc::new(fs.clone())).unwrap()).unwrap();
    Oracle { old, new }
}

/// Whether it fits; everything that must hold is checked.
fn attempt(workload: &Workload, oracle: &Oracle, free: u64, crash: bool) -> Result<(bool, Count), String> {
    let fs = nearly_full(workload, free);
    let answer = workload.perform(Arc::new(fs.clone()));
    fs.mark(1);
    if let Err(error) = &answer {
        if error.state() != TreeState::Unchanged || !matches!(error.cause(), Cause::NoSpace { .. }) {
            return Err(format!("with {free} bytes free: {error}"));
        }
        oracle.side(&fs, Must::Be(Side::Old))?;
    }
    let must = if answer.is_ok() { Side::New } else { Side::Old };
    let mut count = Count::default();
    for state in fs.recording().crashes(&Depth::of(1, 1, 1).first).filter(|_| crash) {
        let must = if state.marks().is_empty() { Must::BeEither } else { Must::Be(must) };
        let found = Boot::open(&state.fs(), None, oracle, must, false)
            .map_err(|what| format!("{workload} with {free} bytes free, crashed at {}: {what}", state.id()))?;
        count.states += 1;
        *if found.found() == Some(Side::Old) { &mut count.old } else { &mut count.new } += 1;
    }
    Ok((answer.is_ok(), count))
}

fn on(disk: &'static str, states_min: u64) {
    let mut tally = Tally::new();
    for ops in [&["write-n", "extend-a", "link-s"][..], &["replace-b", "mkdir-gh", "move-x-x", "head-2"], &["write-x", "grow-a"]]
    {
        for keep_undo in [false, true] {
            let workload = Workload::new(World { disk, keep_undo, ..World::strict() }, ops);
            let oracle = oracle(&workload);
            let (mut free, mut refused) = (0, 0);
            loop {
                match attempt(&workload, &oracle, free, (free / STEP).is_multiple_of(CRASH_STRIDE)) {
                    Ok((fits, count)) => {
                        tally.add(Ok(count));
                        refused += u64::from(!fits);
                        if fits && free >= ENOUGH {
                            break;
                        }
                    }
                    Err(what) => tally.add(Err(what.into())),
                }
                free += STEP;
                assert!(free < CAPACITY / 2, "{workload} never fits");
            }
            assert!(refused > 10, "{workload}: it never was too full");
        }
    }
    tally.finish(&format!("a full disk, {disk}"), states_min);
}

/// Bytes between two attempts: less than a sector, and no divisor of any size that plays a role.
const STEP: u64 = 61;

/// One attempt in so many is crashed, too.
const CRASH_STRIDE: u64 = 9;

/// Where attempts end, in bytes; the largest workload needs less.
const ENOUGH: u64 = 40 << 10;

#[test]
fn in_place_and_by_links() {
    on("strict", 68_000);
}

#[test]
fn with_a_sync_for_each_file() {
    on("nfs", 75_000);
}

#[test]
fn by_renames() {
    on("bare", 70_000);
}

#[test]
fn by_copies() {
    on("exfat", 78_000);
}

#[test]
fn f8_where_overwriting_needs_space() {
    on("btrfs", 60_000);
}

/// Some file systems have room for so many files, and no more.
#[test]
fn where_files_run_out() {
    let (mut refused, mut done) = (0, 0);
    for disk_name in ["strict", "nfs", "bare", "exfat", "ntfs"] {
        for ops in
            [&["write-n", "extend-a", "link-s"][..], &["replace-b", "mkdir-gh", "move-x-x", "head-2"], &["write-dnq", "swap-a-b"]]
        {
            for keep_undo in [false, true] {
                let workload = Workload::new(World { disk: disk_name, keep_undo, ..World::strict() }, ops);
                for files in 0..24 {
                    let names = |fs: &SimFs| u64::MAX - fs.space().unwrap().files.unwrap();
                    let unlimited = SimOptions { names_max: Some(u64::MAX), ..disk(disk_name).unwrap() };
                    let used = names(&workload.world.managed_on(unlimited.clone()).unwrap());
                    // The tree comes under care with room to spare.
                    let image = workload.world.managed_on(unlimited.clone()).unwrap().image();
                    let fs = SimFs::from_image(image.with_options(SimOptions { names_max: Some(used + files), ..unlimited }));
                    let before = fs.image();
                    match workload.perform(Arc::new(fs.clone())) {
                        Ok(()) => done += 1,
                        Err(error) => {
                            assert_eq!(error.state(), TreeState::Unchanged, "{workload} with {files} files to go: {error}");
                            assert!(matches!(error.cause(), Cause::NoSpace { .. }), "{workload}: {error}");
                            assert!(fs.image().same_tree(&before, ".untorn"), "{workload} with {files} files to go");
                            refused += 1;
                        }
                    }
                }
            }
        }
    }
    println!("files ran out: {refused} times refused, {done} times done");
    assert!(refused > 100 && done > 100);
}
