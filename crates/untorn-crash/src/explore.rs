//! Every crash of a workload, and every crash of the recoveries after it.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use untorn_fs::Fs;
use untorn_sim::{CrashState, Fault, HookFs, Sampling, SimFs, Verdict};

use crate::{
    BoxError,
    boot::Boot,
    oracle::{Must, Oracle, Side},
    replay::{Story, Turn},
    workload::{Run, Workload},
};

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

/// One new tree in so many is rolled back, where its undo was to be kept.
const GO_BACK_STRIDE: u64 = 8;

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
    /// Runs with a fault.
    pub faults: u64,
}

impl Count {
    /// Adds another count.
    pub fn add(&mut self, other: Self) {
        self.states += other.states;
        self.old += other.old;
        self.new += other.new;
        self.nested += other.nested;
        self.faults += other.faults;
    }
}

/// A broken promise: how it came to it, and what was found.
#[derive(Debug)]
pub struct Violation {
    /// What was done, and where it crashed.
    pub story: Story,
    /// What was found.
    pub what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n  again with UNTORN_REPLAY='{}'", self.what, self.story)
    }
}

impl std::error::Error for Violation {}

/// Crashes `workload` at every effect.
///
/// # Errors
/// A [`Violation`], or an error of the run without crashes.
pub fn explore(workload: &Workload, depth: &Depth) -> Result<Count, BoxError> {
    let run = workload.run()?;
    let mut explorer = Explorer::new(workload, &run.oracle);
    explorer.workload(&run, workload, depth)?;
    Ok(explorer.count)
}

/// Makes every call of `workload` fail in turn in the ways of `kinds`, starts the program again, and crashes all of that.
///
/// # Errors
/// As [`explore`].
pub fn explore_faults(workload: &Workload, kinds: &[Fault], depth: &Depth) -> Result<Count, BoxError> {
    let run = workload.run()?;
    let mut explorer = Explorer::new(workload, &run.oracle);
    for (call, events) in calls_of(&run.before.fork(), |fs| drop(workload.perform(fs))) {
        for kind in kinds {
            let boot = explorer.boot_workload(&run, workload, Some(Fault { call, ..*kind }))?;
            explorer.crash(&boot, events, &depth.first, &depth.nested)?;
        }
    }
    Ok(explorer.count)
}

/// Crashes `workload`, and in one of `stride` recoveries makes every call fail in turn; then as [`explore_faults`].
///
/// # Errors
/// As [`explore`].
pub fn explore_faults_of_recovery(
    workload: &Workload,
    kinds: &[Fault],
    crashes: &Sampling,
    stride: usize,
    depth: &Depth,
) -> Result<Count, BoxError> {
    let run = workload.run()?;
    let mut explorer = Explorer::new(workload, &run.oracle);
    let boot = explorer.boot_workload(&run, workload, None)?;
    let deeper = [(depth.first.clone(), 1)];
    for state in boot.recording.crashes(crashes).step_by(stride) {
        let must = boot.must(&state);
        for (call, events) in calls_of(&state.fs(), |fs| drop(untorn_txn::Tree::open_on(fs))) {
            for kind in kinds {
                explorer.open(&state, Some(Fault { call, ..*kind }), must, events, &deeper)?;
            }
        }
    }
    Ok(explorer.count)
}

/// The calls that `act` makes by number, and how much had happened before each: a run in which one of them fails is the same up to there.
fn calls_of(fs: &SimFs, act: impl FnOnce(Arc<dyn Fs>)) -> Vec<(u64, usize)> {
    let calls = Arc::new(Mutex::new(Vec::new()));
    let (noted, disk) = (calls.clone(), fs.clone());
    act(Arc::new(HookFs::on_sim(fs, move |call| {
        noted.lock().unwrap_or_else(PoisonError::into_inner).push((call.number, disk.event_count()));
        Verdict::Pass
    })));
    std::mem::take(&mut *calls.lock().unwrap_or_else(PoisonError::into_inner))
}

pub(crate) struct Explorer<'a> {
    story: Story,
    oracle: &'a Oracle,
    pub(crate) count: Count,
}

impl<'a> Explorer<'a> {
    pub(crate) fn new(workload: &Workload, oracle: &'a Oracle) -> Self {
        Self { story: Story::of(workload), oracle, count: Count::default() }
    }

    fn violation(&self, what: String) -> Violation {
        Violation { story: self.story.clone(), what }
    }

    fn boot_workload(&mut self, run: &Run, workload: &Workload, fault: Option<Fault>) -> Result<Boot, Violation> {
        self.story.fault = fault;
        self.count.faults += u64::from(fault.is_some());
        Boot::perform(&run.before.fork(), &|fs| workload.perform(fs), fault, self.oracle).map_err(|what| self.violation(what))
    }

    fn workload(&mut self, run: &Run, workload: &Workload, depth: &Depth) -> Result<(), Violation> {
        let boot = self.boot_workload(run, workload, None)?;
        self.crash(&boot, 0, &depth.first, &depth.nested)
    }

    fn crash(&mut self, boot: &Boot, events: usize, sampling: &Sampling, deeper: &[(Sampling, u64)]) -> Result<(), Violation> {
        for state in boot.recording.crashes_after(events, sampling) {
            self.open(&state, None, boot.must(&state), 0, deeper)?;
        }
        Ok(())
    }

    /// Recovers from a crash, and crashes that.
    fn open(
        &mut self,
        state: &CrashState,
        fault: Option<Fault>,
        must: Must,
        events: usize,
        deeper: &[(Sampling, u64)],
    ) -> Result<(), Violation> {
        self.count.states += 1;
        self.count.nested += u64::from(!self.story.turns.is_empty());
        self.count.faults += u64::from(fault.is_some());
        let next = deeper.first().filter(|(_, stride)| self.count.states.is_multiple_of(*stride));
        self.story.turns.push(Turn { crash: state.id().clone(), fault });
        let fs: SimFs = state.fs();
        let boot = Boot::open(&fs, fault, self.oracle, must, next.is_some()).map_err(|what| self.violation(what))?;
        if boot.found() == Some(Side::New) && self.count.new.is_multiple_of(GO_BACK_STRIDE) {
            self.oracle.go_back(&fs).map_err(|what| self.violation(what))?;
        }
        match boot.found() {
            Some(Side::Old) => self.count.old += 1,
            Some(Side::New) => self.count.new += 1,
            None => {}
        }
        if let Some((sampling, _)) = next
            && boot.changed_something()
        {
            self.crash(&boot, events, sampling, &deeper[1..])?;
        }
        self.story.turns.pop();
        Ok(())
    }
}
