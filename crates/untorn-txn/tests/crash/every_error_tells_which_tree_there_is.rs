//! Every call fails in turn, in every way, once and for good; the error says which tree there is, and neither starting again nor a power cut proves it wrong.

use untorn_crash::{Depth, Workload, World, explore_faults, explore_faults_of_recovery, fault};
use untorn_sim::{Fault, Sampling};
use untorn_txn::WayChoice;

use crate::support::Tally;

/// Every error of the medium and of the system, once and for good; answers that are lost; short reads and writes. The short list leaves out what differs from another one only
/// in name.
fn faults(short: bool) -> Vec<Fault> {
    let errors = ["eio", "full", "quota", "denied", "readonly", "stale"];
    let both = errors.into_iter().flat_map(|name| [fault(name, false), fault(name, true)]);
    both.chain([fault("lost-answer", false), fault("lost-answer-full", false), fault("short", false), fault("short", true)])
        .map(Option::unwrap)
        .enumerate()
        .filter(|(at, _)| !short || ![4, 5, 6, 7, 8, 9, 10, 11].contains(at))
        .map(|(_, fault)| fault)
        .collect()
}

const WORKLOADS: [(&str, WayChoice, bool, &[&str]); 5] = [
    ("strict", WayChoice::Auto, false, &["write-a", "move-x-x", "head-2"]),
    ("plain", WayChoice::Put, true, &["extend-a", "remove-b", "link-s"]),
    ("nfs", WayChoice::Patch, true, &["write-dnq", "swap-a-b", "exec-a"]),
    ("barepool", WayChoice::Auto, false, &["replace-b", "rmtree-d", "mkdir-gh"]),
    ("ntfs", WayChoice::Patch, true, &["extend-a", "exec-a", "replace-b"]),
];

fn workload(at: usize) -> Workload {
    let (disk, way, keep_undo, ops) = WORKLOADS[at];
    Workload::new(World { disk, way, keep_undo }, ops)
}

fn in_commit(at: usize, states_min: u64) {
    let (mut tally, workload) = (Tally::new(), workload(at));
    tally.add(explore_faults(&workload, &faults(!at.is_multiple_of(2)), &Depth::of(1, 0, 1)));
    tally.finish(&format!("faults in {workload}"), states_min);
}

fn in_recovery(at: usize, states_min: u64) {
    let (mut tally, workload) = (Tally::new(), workload(at));
    let crashes = Sampling { exhaustive_max: 1, samples: 1, samples_between: 0, torn: 1, seed: 5 };
    tally.add(explore_faults_of_recovery(
        &workload,
        &faults(at.is_multiple_of(2)),
        &crashes,
        if at == 2 { 47 } else { 23 },
        &Depth::of(0, 0, 1),
    ));
    tally.finish(&format!("faults in recoveries of {workload}"), states_min);
}

#[test]
fn in_commit_with_a_sync_of_everything() {
    in_commit(0, 88_000);
}

#[test]
fn in_commit_without_clones() {
    in_commit(1, 63_000);
}

#[test]
fn in_commit_with_a_sync_for_each_file() {
    in_commit(2, 190_000);
}

#[test]
fn in_commit_without_links() {
    in_commit(3, 51_000);
}

#[test]
fn in_commit_with_one_flush_for_many_files() {
    in_commit(4, 171_000);
}

#[test]
fn in_recovery_with_a_sync_of_everything() {
    in_recovery(0, 130_000);
}

#[test]
fn in_recovery_without_clones() {
    in_recovery(1, 150_000);
}

#[test]
fn in_recovery_with_a_sync_for_each_file() {
    in_recovery(2, 120_000);
}

#[test]
fn in_recovery_without_links() {
    in_recovery(3, 160_000);
}

#[test]
fn in_a_roll_back() {
    let mut tally = Tally::new();
    let world = World { keep_undo: true, ..World::strict() };
    let workload = Workload::roll_back(world, &["write-a", "remove-b", "head-2"]);
    tally.add(explore_faults(&workload, &faults(true), &Depth::of(0, 0, 1)));
    tally.finish("faults in a roll-back", 130_000);
}

#[test]
fn in_recovery_with_one_flush_for_many_files() {
    in_recovery(4, 133_000);
}
