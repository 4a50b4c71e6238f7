//! What the tests of this folder share.

use std::{sync::Arc, time::Instant};

use untorn_crash::{Allowed, Boot, BoxError, Count, Depth, Kind, OPS, Oracle, Side, Workload, World, explore};
use untorn_sim::{SimFs, Snapshot};
use untorn_txn::{Tree, WayChoice};

pub(crate) const WAYS: [WayChoice; 4] = [WayChoice::Auto, WayChoice::Put, WayChoice::Patch, WayChoice::Clone];

/// Operations that change bytes, for which the ways differ.
pub(crate) fn changes_bytes(op: &str) -> bool {
    ["write", "extend", "replace", "large", "cut", "grow"].iter().any(|start| op.starts_with(start))
}

/// The names of all operations that are not slow.
pub(crate) fn quick_ops() -> impl Iterator<Item = &'static str> {
    OPS.iter().map(|(name, _)| *name).filter(|name| *name != "large-b")
}

/// The tree that every workload starts from, as a plain map.
pub(crate) fn tree_before() -> Snapshot {
    Snapshot::of_image(&World::strict().managed().unwrap().image(), ".untorn")
}

/// Whether the workload must be refused, or has nothing to do and therefore nothing to undo.
pub(crate) fn is_void(workload: &Workload, before: &Snapshot) -> bool {
    let heads = workload.ops.iter().any(|op| op.starts_with("head"));
    workload.expected(before).is_none_or(|after| workload.kind == Kind::RollBack && after == *before && !heads)
}

/// The mark of the moment when the next transaction begins: what a crash before it leaves is not in question.
const BEGUN: u32 = 9;

/// Makes a transaction on what stands on `fs`, whatever waits there for the disk, and crashes it everywhere.
pub(crate) fn crash_next(fs: &SimFs, workload: &Workload, depth: &Depth) -> Result<Count, String> {
    let now = |fs: &SimFs| {
        let tree = Tree::open_on(Arc::new(fs.clone())).map_err(|error| error.to_string())?;
        Allowed::now(fs, &tree).map_err(|error| error.to_string())
    };
    let (old, done) = (now(fs)?, fs.fork());
    workload.perform(Arc::new(done.clone())).map_err(|error| error.to_string())?;
    let oracle = Oracle { old, new: now(&done)? };
    let fs = fs.fork();
    fs.mark(BEGUN);
    let boot = Boot::perform(&fs, &|fs| workload.perform(fs), None, &oracle)?;
    let mut count = Count::default();
    for state in boot.recording.crashes(&depth.first).filter(|state| state.marks().contains(&BEGUN)) {
        let found = Boot::open(&state.fs(), None, &oracle, boot.must(&state), false)
            .map_err(|what| format!("{what}\n  {workload}, crashed at {}", state.id()))?;
        count.states += 1;
        *if found.found() == Some(Side::Old) { &mut count.old } else { &mut count.new } += 1;
    }
    Ok(count)
}

/// Adds up what many explorations find.
pub(crate) struct Tally {
    start: Instant,
    count: Count,
    failures: Vec<String>,
}

impl Tally {
    pub(crate) fn new() -> Self {
        Self { start: Instant::now(), count: Count::default(), failures: Vec::new() }
    }

    pub(crate) fn add(&mut self, result: Result<Count, BoxError>) {
        match result {
            Ok(count) => self.count.add(count),
            Err(error) => self.failures.push(error.to_string()),
        }
    }

    pub(crate) fn explore(&mut self, workload: &Workload, depth: &Depth) {
        self.add(explore(workload, depth));
    }

    /// Prints the count and fails if anything was found, or if there were fewer states than `states_min`.
    #[track_caller]
    pub(crate) fn finish(self, name: &str, states_min: u64) {
        let Count { states, old, new, nested, faults } = self.count;
        let seconds = self.start.elapsed().as_secs_f64();
        println!(
            "{name}: {states} states in {seconds:.1} s: {old} old, {new} new; {nested} of them in recovery, {faults} runs with a fault"
        );
        let shown = &self.failures[..self.failures.len().min(8)];
        assert!(shown.is_empty(), "{} found:\n{}", self.failures.len(), shown.join("\n"));
        assert!(old > 0 && new > 0, "{name}: only one of the two trees was ever found");
        assert!(states >= states_min, "{name}: only {states} states, there used to be at least {states_min}");
    }
}
