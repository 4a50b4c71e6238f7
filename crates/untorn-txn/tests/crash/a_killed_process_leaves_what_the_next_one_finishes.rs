//! Kills at every call, the machine staying up: the next process sees the page cache of the dead one, and then the power fails.

use untorn_crash::{Depth, Workload, World, explore_faults, explore_faults_of_recovery, fault};
use untorn_sim::Sampling;

use crate::support::{Tally, is_void, quick_ops, tree_before};

fn kill(disk: &'static str, states_min: u64) {
    let (mut tally, before, kill) = (Tally::new(), tree_before(), fault("kill", false).unwrap());
    for (number, op) in quick_ops().enumerate() {
        let workload = Workload::new(World { disk, keep_undo: number % 2 == 0, ..World::strict() }, &[op]);
        if !is_void(&workload, &before) {
            tally.add(explore_faults(&workload, &[kill], &Depth::of(1, 1, 1)));
        }
    }
    tally.finish(&format!("kills on {disk}"), states_min);
}

#[test]
fn with_one_sync_of_everything() {
    kill("plain", 61_000);
}

#[test]
fn with_a_sync_for_each_file() {
    kill("poolnolinks", 98_000);
}

#[test]
fn in_recovery() {
    let (mut tally, kill) = (Tally::new(), fault("kill", false).unwrap());
    let crashes = Sampling { exhaustive_max: 1, samples: 2, samples_between: 1, torn: 1, seed: 7 };
    for disk in ["strict", "nfs"] {
        for ops in [["write-a", "remove-b"], ["move-d-f", "head-2"], ["replace-x", "exec-a"]] {
            let workload = Workload::new(World { disk, ..World::strict() }, &ops);
            tally.add(explore_faults_of_recovery(&workload, &[kill], &crashes, 5, &Depth::of(1, 1, 1)));
        }
    }
    tally.finish("kills in recovery", 210_000);
}
