//! Power cuts inside recoveries, and inside the recoveries after those.

use untorn_crash::{Depth, Workload, World};
use untorn_txn::WayChoice;

use crate::support::{Tally, changes_bytes, is_void, quick_ops, tree_before};

fn on(disk: &'static str, states_min: u64) {
    let (mut tally, before) = (Tally::new(), tree_before());
    let depth = Depth::of(3, 6, 1).then(2, 3, 1, 4).then(1, 1, 1, 17);
    for (number, op) in quick_ops().enumerate() {
        let way = if changes_bytes(op) && number % 2 == 0 { WayChoice::Put } else { WayChoice::Auto };
        let workload = Workload::new(World { disk, way, keep_undo: number % 3 == 0 }, &[op]);
        if !is_void(&workload, &before) {
            tally.explore(&workload, &depth);
        }
    }
    tally.finish(&format!("recoveries on {disk}"), states_min);
}

#[test]
fn with_one_sync_of_everything() {
    on("plain", 150_000);
}

#[test]
fn with_a_sync_for_each_file() {
    on("nfs", 210_000);
}

#[test]
fn without_links() {
    on("barepool", 190_000);
}

#[test]
fn three_crashes_deep() {
    let mut tally = Tally::new();
    let depth = Depth::of(2, 4, 2).then(2, 2, 1, 29).then(1, 2, 1, 19).then(1, 1, 1, 13);
    for ops in [["write-a", "move-d-f"], ["swap-a-x", "extend-a"], ["rmtree-d", "write-d"], ["remove-b", "mkdir-bk"]] {
        for disk in ["strict", "pool", "exfat"] {
            tally.explore(&Workload::new(World { disk, ..World::strict() }, &ops), &depth);
        }
    }
    tally.finish("three crashes deep", 210_000);
}
