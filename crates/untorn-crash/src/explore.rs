//! Every crash of a workload, and every crash of the recoveries after it.

use std::{fmt, sync::Arc};

use untorn_sim::{CrashId, CrashState, Recording, Sampling, SimFs};
use untorn_txn::Tree;

use crate::{
    BoxError,
    oracle::{Must, Oracle, Side},
    workload::{COMMITTED, Run, Workload},
};

/// The mark of a recovery that has returned.
const RECOVERED: u32 = 2;

/// How many crash states to look at, and how deep.
#[derive(Clone, Debug)]
pub struct Depth {
    /// Crashes of the workload.
    pub first: Sampling,
    /// Crashes of every recovery that changes something, one level per element, outermost first; each time for one state in `stride`.
    pub nested: Vec<(Sampling, u64)>,
}

impl Depth {
    /// All subsets of up to `exhaustive_max` pending effects, `samples` of more, `torn` states with torn writes at each point.
    #[must_use]
    pub fn of(exhaustive_max: usize, samples: usize, torn: usize) -> Self {
        Self { first: sampling(exhaustive_max, samples, torn), nested: Vec::new() }
    }

    /// And the same inside every `stride`-th recovery.
    #[must_use]
    pub fn then(mut self, exhaustive_max: usize, samples: usize, torn: usize, stride: u64) -> Self {
        self.nested.push((sampling(exhaustive_max, samples, torn), stride));
        self
    }
}

fn sampling(exhaustive_max: usize, samples: usize, torn: usize) -> Sampling {
    Sampling { exhaustive_max, samples, samples_between: samples / 8, torn, seed: 1 }
}

/// How many states were recovered and checked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// All.
    pub states: u64,
    /// Those that ended old.
    pub old: u64,
    /// Those that ended new.
    pub new: u64,
    /// Those that were crashed inside a recovery.
    pub nested: u64,
}

impl Count {
    /// Adds another count.
    pub fn add(&mut self, other: Self) {
        self.states += other.states;
        self.old += other.old;
        self.new += other.new;
        self.nested += other.nested;
    }
}

/// A broken promise: what was done, where it crashed, and what was found.
#[derive(Debug)]
pub struct Violation {
    /// The name of what was done.
    pub scenario: String,
    /// The crashes, outermost first.
    pub crashes: Vec<CrashId>,
    /// What was found.
    pub what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let crashes: Vec<String> = self.crashes.iter().map(ToString::to_string).collect();
        write!(f, "{}\n  again with UNTORN_REPLAY='{} @ {}'", self.what, self.scenario, crashes.join(" @ "))
    }
}

impl std::error::Error for Violation {}

/// Crashes `workload` at every effect.
///
/// # Errors
/// A [`Violation`], or an error of the run without crashes.
pub fn explore(workload: &Workload, depth: &Depth) -> Result<Count, BoxError> {
    let run = workload.run()?;
    let mut explorer = Explorer { scenario: workload.to_string(), oracle: &run.oracle, count: Count::default() };
    explorer.crash(&run.recording, depth, committed)?;
    Ok(explorer.count)
}

/// Crashes whatever a recording holds; `must` says from the marks what has to come out.
///
/// # Errors
/// A [`Violation`].
pub fn explore_recording(
    scenario: &str,
    oracle: &Oracle,
    recording: &Recording,
    depth: &Depth,
    must: fn(&CrashState) -> Must,
) -> Result<Count, Violation> {
    let mut explorer = Explorer { scenario: scenario.to_owned(), oracle, count: Count::default() };
    explorer.crash(recording, depth, must)?;
    Ok(explorer.count)
}

/// The new tree once `commit` has returned; before that either.
#[must_use]
pub fn committed(state: &CrashState) -> Must {
    if state.marks().contains(&COMMITTED) { Must::Be(Side::New) } else { Must::BeEither }
}

/// Runs the one state that `text` names: a workload and the crashes that follow, as a [`Violation`] prints them.
///
/// # Errors
/// The violation, once more; or why the text names nothing.
pub fn replay(text: &str) -> Result<Side, BoxError> {
    let mut parts = text.split(" @ ");
    let workload: Workload = parts.next().unwrap_or_default().parse()?;
    let Run { recording, oracle, .. } = workload.run()?;
    let (mut recording, mut must, mut side) = (recording, Must::BeEither, Side::New);
    for part in parts {
        let id: CrashId = part.parse()?;
        let state = recording.replay(&id).ok_or("no such crash")?;
        must = match (committed(&state), state.marks().contains(&RECOVERED)) {
            (Must::BeEither, false) => must,
            (Must::BeEither, true) => Must::Be(side),
            (be, _) => be,
        };
        let fs = state.fs();
        let tree = open(&fs)?;
        fs.mark(RECOVERED);
        recording = fs.recording();
        side = oracle.check(&fs, tree, must)?;
    }
    Ok(side)
}

fn open(fs: &SimFs) -> Result<Tree, String> {
    Tree::open_on(Arc::new(fs.clone())).map_err(|error| format!("the tree cannot be opened: {error}"))
}

struct Explorer<'a> {
    scenario: String,
    oracle: &'a Oracle,
    count: Count,
}

impl Explorer<'_> {
    fn crash(&mut self, recording: &Recording, depth: &Depth, must: fn(&CrashState) -> Must) -> Result<(), Violation> {
        for state in recording.crashes(&depth.first) {
            let must = must(&state);
            self.recover(&state, must, &depth.nested, &mut Vec::new())?;
        }
        Ok(())
    }

    fn recover(
        &mut self,
        state: &CrashState,
        must: Must,
        nested: &[(Sampling, u64)],
        before: &mut Vec<CrashId>,
    ) -> Result<(), Violation> {
        let fs = state.fs();
        let outcome = open(&fs).and_then(|tree| {
            fs.mark(RECOVERED);
            let recording = (!nested.is_empty()).then(|| fs.recording());
            Ok((self.oracle.check(&fs, tree, must)?, recording))
        });
        self.count.states += 1;
        self.count.nested += u64::from(!before.is_empty());
        before.push(state.id().clone());
        let (side, recording) =
            outcome.map_err(|what| Violation { scenario: self.scenario.clone(), crashes: before.clone(), what })?;
        *if side == Side::Old { &mut self.count.old } else { &mut self.count.new } += 1;
        // One event is the mark: recovery had nothing to do.
        if let (Some(recording), Some(((sampling, stride), deeper))) = (recording, nested.split_first())
            && recording.len() > 1
            && self.count.states.is_multiple_of(*stride)
        {
            for state in recording.crashes(sampling) {
                let must = if state.marks().contains(&RECOVERED) { Must::Be(side) } else { must };
                self.recover(&state, must, deeper, before)?;
            }
        }
        before.pop();
        Ok(())
    }
}
