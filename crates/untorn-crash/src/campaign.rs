//! Random workloads, one for each seed: what the suites enumerate for one and two operations is sampled here for up to four, as long as anybody likes.

use std::fmt;

use untorn_sim::{Fault, Rng, Sampling, Snapshot};
use untorn_txn::WayChoice;

use crate::{
    BoxError, Count, DISKS, Depth, Kind, OPS, Workload, World, explore, explore_faults, explore_faults_of_recovery, fault,
};

/// One random workload, and how it is crashed. All of it follows from the seed.
#[derive(Clone, Debug)]
pub struct Round {
    seed: u64,
    workload: Workload,
    trouble: Trouble,
}

/// What goes wrong.
#[derive(Clone, Debug)]
enum Trouble {
    /// Power cuts, also of recoveries.
    Crashes,
    /// A fault at every call, then power cuts.
    Fault(Fault),
    /// A power cut, a fault at every call of the recovery, then power cuts.
    FaultInRecovery(Fault),
}

const FAULTS: [&str; 8] = ["eio", "full", "denied", "readonly", "lost-answer", "lost-answer-full", "short", "kill"];

impl Round {
    /// The round of that seed; `None` where it makes a workload that the library refuses, or that changes nothing.
    ///
    /// # Errors
    /// Those of the simulated file system: a mistake in this crate.
    pub fn of(seed: u64) -> Result<Option<Self>, BoxError> {
        let mut dice = Dice(Rng::new(seed));
        let disk = DISKS[dice.below(DISKS.len())];
        let way = [WayChoice::Auto, WayChoice::Put, WayChoice::Patch, WayChoice::Clone][dice.below(4)];
        let world = World { disk, way, keep_undo: dice.below(2) == 1 };
        let kind = if dice.below(5) == 0 { Kind::RollBack } else { Kind::Commit };
        let ops: Vec<&str> = (0..[1, 2, 3, 3, 4, 4, 4, 4][dice.below(8)]).map(|_| OPS[dice.below(OPS.len())].0).collect();
        let trouble = match (dice.below(6), fault(FAULTS[dice.below(FAULTS.len())], dice.below(2) == 1)) {
            // A file system without a journal may forget names whose sync failed: nothing after it can know.
            (0, Some(fault)) if disk != "fat" => Trouble::Fault(fault),
            (1, Some(fault)) if disk != "fat" => Trouble::FaultInRecovery(fault),
            _ => Trouble::Crashes,
        };
        let workload = Workload { kind, ..Workload::new(world, &ops) };
        Ok(is_sensible(&workload)?.then_some(Self { seed, workload, trouble }))
    }

    /// Plays it.
    ///
    /// # Errors
    /// As [`explore`].
    pub fn play(&self) -> Result<Count, BoxError> {
        let sampling = |exhaustive_max, samples, torn| Sampling {
            exhaustive_max,
            samples,
            samples_between: samples / 8,
            torn,
            seed: self.seed,
        };
        let shallow = Depth { first: sampling(1, 2, 1), nested: Vec::new() };
        match self.trouble {
            Trouble::Crashes => {
                let nested = vec![(sampling(2, 8, 2), 61), (sampling(1, 2, 1), 211)];
                explore(&self.workload, &Depth { first: sampling(7, 48, 16), nested })
            }
            Trouble::Fault(fault) => explore_faults(&self.workload, &[fault], &shallow),
            Trouble::FaultInRecovery(fault) => {
                explore_faults_of_recovery(&self.workload, &[fault], &sampling(1, 1, 1), 97, &shallow)
            }
        }
    }
}

/// Of names that differ only in case one must come last: what follows would have to know whether the disk tells them apart. Large files are for the suites.
fn is_sensible(workload: &Workload) -> Result<bool, BoxError> {
    let (last, others) = workload.ops.split_last().ok_or("no operation")?;
    if others.iter().any(|op| op.starts_with("case-")) || workload.ops.contains(&"large-b") || *last == "large-b" {
        return Ok(false);
    }
    let before = Snapshot::of_image(&workload.world.managed()?.image(), ".untorn");
    let heads = workload.ops.iter().any(|op| op.starts_with("head"));
    Ok(workload.expected(&before).is_some_and(|after| workload.kind == Kind::Commit || after != before || heads))
}

impl fmt::Display for Round {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "seed {}: {}, {:?}", self.seed, self.workload, self.trouble)
    }
}

struct Dice(Rng);

impl Dice {
    fn below(&mut self, sides: usize) -> usize {
        usize::try_from(self.0.below(sides as u64)).unwrap_or_default()
    }
}
