//! The first opening: crashed, killed and failed everywhere; then a first transaction, crashed in turn.

use std::sync::Arc;

use untorn_crash::{Allowed, Depth, Must, Oracle, Workload, World, fault};
use untorn_fs::Fs;
use untorn_sim::{Fault, Faults, Sampling, SimFs};
use untorn_txn::{Recovery, Tree};

use crate::support::{Tally, crash_next};

/// The tree that nobody has named yet, in both roles.
fn untouched(world: &World) -> (SimFs, Oracle) {
    let fs = world.unmanaged().unwrap();
    let old = Allowed { tree: fs.image(), head: None, can_roll_back: false };
    (fs, Oracle { old: old.clone(), new: old })
}

fn opened(fs: &SimFs, fault: Option<Fault>) -> SimFs {
    let fs = fs.fork();
    drop(Tree::open_on(Arc::new(Faults::new(fault).on_sim(&fs))));
    fs
}

/// Opens what a crash left, then makes a first transaction and crashes it.
fn go_on(fs: &SimFs, oracle: &Oracle, workload: &Workload, depth: &Depth, tally: &mut Tally) {
    let tree = Tree::open_on(Arc::new(fs.clone())).unwrap_or_else(|error| panic!("{workload}: {error}"));
    assert!(matches!(tree.recovery(), Recovery::Initialised | Recovery::Clean), "{:?}", tree.recovery());
    oracle.check(fs, tree, Must::BeEither).unwrap_or_else(|what| panic!("{workload}: {what}"));
    tally.add(crash_next(fs, workload, depth).map_err(Into::into));
}

const DISKS: [&str; 4] = ["strict", "pool", "barepool", "ext4"];

fn crashes(disk: &'static str, states_min: u64) {
    let mut tally = Tally::new();
    let world = World { disk, ..World::strict() };
    let (fs, oracle) = untouched(&world);
    let recording = opened(&fs, None).recording();
    let workload = Workload::new(world, &["write-a", "remove-b"]);
    let sampling = Sampling { exhaustive_max: 6, samples: 12, samples_between: 2, torn: 8, seed: 2 };
    for state in recording.crashes(&sampling) {
        go_on(&state.fs(), &oracle, &workload, &Depth::of(1, 2, 1), &mut tally);
    }
    tally.finish(&format!("first opening on {disk}"), states_min);
}

#[test]
fn crashed_with_a_sync_of_everything() {
    crashes(DISKS[0], 42_000);
}

#[test]
fn crashed_with_a_sync_for_each_file() {
    crashes(DISKS[1], 42_000);
}

/// The page cache of the killed process holds names that are not durable: the next one must not build on them.
#[test]
fn killed_or_failed_with_the_page_cache_kept() {
    let mut tally = Tally::new();
    for disk in DISKS {
        let world = World { disk, ..World::strict() };
        let (fs, oracle) = untouched(&world);
        let workload = Workload::new(world, &["write-a", "remove-b"]);
        let faults = Faults::new(None);
        drop(Tree::open_on(Arc::new(faults.on_sim(&fs.fork()))));
        for call in 1..=faults.calls() {
            for kind in ["kill", "eio", "full", "lost-answer"] {
                let fault = Fault { call, ..fault(kind, kind == "full").unwrap() };
                let left = opened(&fs, Some(fault)).restart();
                assert!(left.same_tree(&oracle.old.tree, ".untorn"), "{disk}: {fault:?}");
                go_on(&left, &oracle, &workload, &Depth::of(1, 2, 1), &mut tally);
            }
        }
    }
    tally.finish("first opening killed or failed", 77_000);
}

/// Crashed twice before it gets anywhere.
#[test]
fn crashed_twice() {
    let mut tally = Tally::new();
    let sampling = Sampling { exhaustive_max: 4, samples: 6, samples_between: 2, torn: 4, seed: 3 };
    let world = World { disk: "pool", ..World::strict() };
    let (fs, oracle) = untouched(&world);
    let workload = Workload::new(world, &["write-n"]);
    let first = opened(&fs, None).recording();
    for state in first.crashes(&sampling).step_by(7) {
        let second = opened(&state.fs(), None).recording();
        for state in second.crashes(&sampling).step_by(5) {
            go_on(&state.fs(), &oracle, &workload, &Depth::of(0, 1, 1), &mut tally);
        }
    }
    tally.finish("first opening crashed twice", 120_000);
}

/// Where only the state directory is gone, the tree is taken under care anew.
#[test]
fn a_tree_whose_state_directory_was_deleted_is_new() {
    let fs = World::strict().managed().unwrap();
    let tree = fs.image();
    remove_all(&fs, ".untorn");
    let opened = Tree::open_on(Arc::new(fs.clone())).unwrap();
    assert_eq!(*opened.recovery(), Recovery::Initialised);
    assert!(fs.same_tree(&tree, ".untorn"));
}

fn remove_all(fs: &SimFs, dir: &str) {
    for entry in fs.read_dir(dir).unwrap() {
        let path = format!("{dir}/{}", entry.name.unwrap());
        if fs.metadata(&path).unwrap().is_dir() { remove_all(fs, &path) } else { fs.remove_file(&path).unwrap() }
    }
    fs.remove_dir(dir).unwrap();
}
