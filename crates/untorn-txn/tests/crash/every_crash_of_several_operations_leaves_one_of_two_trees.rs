//! All sequences of two operations, and a sample of those of three: each on some disk, in some way, such that every disk and way meets many of them.

use untorn_crash::{DISKS, Depth, Kind, Workload, World};
use untorn_sim::Rng;

use crate::support::{Tally, WAYS, is_void, quick_ops, tree_before};

const SHARDS: u64 = 4;

/// A world for the `number`-th workload.
fn world(number: u64) -> (World, Kind) {
    let mut rng = Rng::new(number);
    let mut choose = |count: usize| usize::try_from(rng.below(count as u64)).unwrap();
    let world = World { disk: DISKS[choose(DISKS.len())], way: WAYS[choose(WAYS.len())], keep_undo: choose(2) == 1 };
    (world, if choose(4) == 0 { Kind::RollBack } else { Kind::Commit })
}

/// Of names that differ only in case one must come last: what follows would have to know whether the disk tells them apart.
fn is_sensible(ops: &[&str]) -> bool {
    !ops[..ops.len() - 1].iter().any(|op| op.starts_with("case-"))
}

fn pairs(shard: u64, states_min: u64) {
    let (mut tally, before) = (Tally::new(), tree_before());
    let pairs = quick_ops().flat_map(|one| quick_ops().map(move |two| [one, two])).filter(|ops| is_sensible(ops));
    for (number, ops) in (0..).zip(pairs).filter(|(number, _)| number % SHARDS == shard) {
        for round in 0..3 {
            let (world, kind) = world(number * 3 + round);
            let workload = Workload { kind, ..Workload::new(world, &ops) };
            if !is_void(&workload, &before) {
                tally.explore(&workload, &Depth::of(4, 10, 3));
            }
        }
    }
    tally.finish(&format!("two operations, part {shard}"), states_min);
}

#[test]
fn two_operations_first_part() {
    pairs(0, 120_000);
}

#[test]
fn two_operations_second_part() {
    pairs(1, 120_000);
}

#[test]
fn two_operations_third_part() {
    pairs(2, 120_000);
}

#[test]
fn two_operations_fourth_part() {
    pairs(3, 120_000);
}

#[test]
fn three_operations() {
    let (mut tally, before, ops) = (Tally::new(), tree_before(), quick_ops().collect::<Vec<_>>());
    let mut rng = Rng::new(3);
    let mut done = 0;
    while done < 500 {
        let chosen = [0; 3].map(|_| ops[usize::try_from(rng.below(ops.len() as u64)).unwrap()]);
        let (world, kind) = world(rng.next_u64());
        let workload = Workload { kind, ..Workload::new(world, &chosen) };
        if is_sensible(&chosen) && !is_void(&workload, &before) {
            tally.explore(&workload, &Depth::of(3, 10, 3));
            done += 1;
        }
    }
    tally.finish("three operations", 120_000);
}
