//! One operation, in every way, on every kind of disk, with and without the way back, and the roll-back of it: crashed at every effect, with every subset of
//! up to ten pending ones (eight on disks that differ little from others).

use untorn_crash::{Depth, Kind, OPS, Workload, World, disk};
use untorn_txn::WayChoice;

use crate::support::{Tally, WAYS, changes_bytes, is_void, tree_before};

fn on(name: &'static str, states_min: u64) {
    let exhaustive_max = if ["strict", "nfs", "bare", "fat"].contains(&name) { 10 } else { 8 };
    let (mut tally, before, depth) = (Tally::new(), tree_before(), Depth::of(exhaustive_max, 24, 5));
    for (op, _) in OPS.iter().filter(|(op, _)| *op != "large-b") {
        for keep_undo in [false, true] {
            for way in WAYS.into_iter().filter(|way| is_worthwhile(name, op, *way)) {
                tally.explore_unless_void(&Workload::new(World { disk: name, way, keep_undo }, &[op]), &before, &depth);
            }
            let world = World { disk: name, way: WayChoice::Auto, keep_undo };
            tally.explore_unless_void(&Workload::roll_back(world, &[op]), &before, &depth);
        }
    }
    tally.finish(&format!("one operation on {name}"), states_min);
}

fn is_worthwhile(name: &str, op: &str, way: WayChoice) -> bool {
    way == WayChoice::Auto || (changes_bytes(op) && (way != WayChoice::Clone || disk(name).unwrap().reflink))
}

impl Tally {
    fn explore_unless_void(&mut self, workload: &Workload, before: &untorn_sim::Snapshot, depth: &Depth) {
        if !is_void(workload, before) {
            self.explore(workload, depth);
        }
    }
}

macro_rules! disks {
    ($($disk:ident $states_min:literal),+ $(,)?) => {
        $(#[test] fn $disk() { on(stringify!($disk), $states_min); })+

        #[test]
        fn no_disk_is_forgotten() {
            assert_eq!(untorn_crash::DISKS, [$(stringify!($disk)),+]);
        }
    };
}

disks! {
    strict 110_000, plain 48_000, nolinks 60_000, bare 110_000, pool 56_000, nfs 100_000, poolnolinks 63_000, barepool 56_000,
    ext4 20_000, btrfs 57_000, ntfs 49_000, exfat 56_000, fat 110_000,
}

#[test]
fn a_large_file() {
    let mut tally = Tally::new();
    for disk in ["strict", "nfs", "bare", "fat"] {
        for kind in [Kind::Commit, Kind::RollBack] {
            let workload = Workload { kind, ..Workload::new(World { disk, ..World::strict() }, &["large-b"]) };
            tally.explore(&workload, &Depth::of(3, 8, 4));
        }
    }
    tally.finish("a large file", 1_300);
}
