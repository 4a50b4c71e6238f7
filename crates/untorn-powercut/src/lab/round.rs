//! One recording, and the states that are made of it.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

use untorn_sim::Rng;

use super::{
    finding::Finding,
    ground::Ground,
    look,
    media_errors::Tally,
    oracle::{Oracle, Verdict},
    state::{Event, State, states},
    workload::{Step, Workload, arguments},
};

/// How much is tried.
#[derive(Clone, Debug)]
pub(super) struct Limits {
    /// States of a recording, at most.
    pub(super) states_max: usize,
    /// States of a recording of a recovery, at most.
    pub(super) nested_max: usize,
    /// When to stop.
    pub(super) deadline: Option<Instant>,
}

/// What came of a round, or of many.
#[derive(Clone, Debug, Default)]
pub(super) struct Count {
    pub(super) recordings: u64,
    /// States that were mounted and judged, those inside recovery included.
    pub(super) states: u64,
    /// Those inside recovery.
    pub(super) nested: u64,
    /// How many were the first of the allowed trees, and a later one.
    pub(super) old: u64,
    pub(super) new: u64,
    /// Those that the file system refused to mount.
    pub(super) unmountable: u64,
    /// Those in which a promise was broken.
    pub(super) broken: u64,
    /// Writes and flushes of the recordings.
    pub(super) writes: u64,
    pub(super) flushes: u64,
}

impl Count {
    pub(super) fn add(&mut self, other: &Self) {
        let Self { recordings, states, nested, old, new, unmountable, broken, writes, flushes } = other;
        self.recordings += recordings;
        self.states += states;
        self.nested += nested;
        self.old += old;
        self.new += new;
        self.unmountable += unmountable;
        self.broken += broken;
        self.writes += writes;
        self.flushes += flushes;
    }
}

/// A round.
pub(super) struct Round<'a> {
    pub(super) ground: Ground,
    pub(super) workload: &'a Workload,
    pub(super) program: &'a Path,
    pub(super) seed: u64,
    pub(super) limits: &'a Limits,
    /// Where disks with broken promises are kept; `None` keeps none.
    pub(super) keep: Option<&'a Path>,
    pub(super) count: Count,
    pub(super) findings: Vec<Finding>,
    /// What errors of the disk came to.
    pub(super) tally: Tally,
}

/// So many findings of one round say it all.
const FINDINGS_MAX: usize = 3;

impl Round<'_> {
    /// Records the workload, and judges the states.
    ///
    /// # Errors
    /// What keeps it from being tried at all; a hanging file system, too.
    pub(super) fn play(&mut self, image: &Path) -> Result<(), String> {
        let before = self.prepare(image)?;
        let (events, used_max) = self.record(before)?;
        let workload = self.workload;
        let oracle = Oracle { workload, program: self.program, used_max, goes_on: true };
        self.count.recordings += 1;
        self.count.writes += events.iter().filter(|event| matches!(event, Event::Write { .. })).count() as u64;
        self.count.flushes += events.iter().filter(|event| **event == Event::Flush).count() as u64;
        let mut rng = Rng::new(self.seed ^ 0x6e65_7374);
        for state in states(&events, self.seed, self.limits.states_max) {
            if self.is_over() {
                break;
            }
            if rng.eighths(1) && self.limits.nested_max > 0 {
                self.nested(&oracle, &state, rng.next_u64())?;
            } else {
                self.ground.disk.cut(&state)?;
                let verdict = oracle.for_state(&state).judge(&mut self.ground, workload.allowed(state.done), |_| Ok(()))?;
                self.note(&verdict, &[&state])?;
            }
        }
        Ok(())
    }

    pub(super) fn is_over(&self) -> bool {
        let is_late = self.limits.deadline.is_some_and(|deadline| Instant::now() >= deadline);
        let is_caught = self.workload.is_control && self.count.broken > 0;
        is_late || is_caught || self.findings.len() >= FINDINGS_MAX
    }

    /// The tree as it is before the recording. Gives how much of the disk is in use then.
    pub(super) fn prepare(&mut self, image: &Path) -> Result<u64, String> {
        self.ground.disk.load(image)?;
        self.ground.mount()?;
        look::make(&self.ground.tree(), &self.workload.start).map_err(|error| format!("the tree: {error}"))?;
        fs::write(self.bystander(), b"0").map_err(|error| format!("the bystander: {error}"))?;
        for step in &self.workload.prepare {
            self.perform(step)?;
        }
        self.ground.unmount()?;
        self.ground.mount()?;
        let used = look::used(self.ground.root()).map_err(|error| format!("statvfs: {error}"))?;
        self.ground.unmount()?;
        Ok(used)
    }

    /// Records the steps, each marked when it was reported done; afterwards somebody else syncs a file of theirs.
    pub(super) fn record(&mut self, used_before: u64) -> Result<(Vec<Event>, u64), String> {
        self.ground.disk.record()?;
        self.ground.mount()?;
        self.ground.disk.mark()?;
        let mut used = used_before;
        for step in &self.workload.steps {
            self.perform(step)?;
            self.ground.disk.mark()?;
            used = used.max(look::used(self.ground.root()).map_err(|error| format!("statvfs: {error}"))?);
        }
        let now = look::snapshot(&self.ground.tree()).map_err(|error| format!("the tree: {error}"))?;
        let wanted = self.workload.trees.last();
        if wanted != Some(&now) {
            let difference = wanted.map(|wanted| wanted.difference(&now).join("; "));
            return Err(format!("without a power cut the tree is not what it should be: {}", difference.unwrap_or_default()));
        }
        fs::File::create(self.bystander())
            .and_then(|mut file| {
                file.write_all(b"1")?;
                file.sync_all()
            })
            .map_err(|error| format!("the bystander: {error}"))?;
        self.ground.unmount()?;
        let events = self.ground.disk.halt()?;
        Ok((events, used + self.ground.file_system.slack))
    }

    /// A file of somebody else on the same file system.
    fn bystander(&self) -> PathBuf {
        self.ground.root().join("bystander")
    }

    fn perform(&mut self, step: &Step) -> Result<(), String> {
        let tree = self.ground.tree();
        let (program, words) = match step {
            Step::Untorn(words) => (self.program.to_owned(), arguments(words, &tree)),
            Step::Act(words) => {
                let program = std::env::current_exe().map_err(|error| format!("this program: {error}"))?;
                (program, [vec!["act".into()], arguments(words, &tree)].concat())
            }
            Step::Damage { path, at, bytes } => {
                let file = fs::OpenOptions::new().write(true).open(tree.join(path));
                let written = file.and_then(|file| std::os::unix::fs::FileExt::write_all_at(&file, bytes, *at));
                return written.map_err(|error| format!("{path}: {error}"));
            }
            Step::Fill { leave } => {
                let leave = leave + 2 * self.ground.file_system.slack + self.ground.file_system.kept_when_overwritten;
                return look::fill(self.ground.root(), leave).map_err(|error| format!("filling the disk: {error}"));
            }
        };
        let ended = self.ground.run(Command::new(program).args(&words).current_dir(&self.workload.dir))?;
        match ended.code {
            Some(0) => Ok(()),
            code => Err(format!("{step:?} ends with {code:?}: {}", ended.said.trim())),
        }
    }

    /// Records the recovery of a state, and cuts that off, too.
    fn nested(&mut self, oracle: &Oracle<'_>, outer: &State, seed: u64) -> Result<(), String> {
        self.ground.disk.cut(outer)?;
        self.ground.disk.record()?;
        self.ground.disk.mark()?;
        let allowed = self.workload.allowed(outer.done);
        // Going on would be one more update: what is recorded is the recovery.
        let recovery = Oracle { goes_on: false, ..oracle.for_state(outer) };
        let verdict = recovery.judge(&mut self.ground, allowed.clone(), |ground| ground.disk.mark())?;
        let events = self.ground.disk.halt()?;
        if let Verdict::Tree(found) = verdict {
            for inner in states(&events, seed, self.limits.nested_max) {
                if self.is_over() {
                    break;
                }
                // Once recovery has said that it is this tree, it is.
                let allowed = if inner.done > 0 { found..=found } else { allowed.clone() };
                self.ground.disk.cut(&inner)?;
                let verdict = oracle.for_state(&inner).judge(&mut self.ground, allowed, |_| Ok(()))?;
                self.count.nested += u64::from(!matches!(verdict, Verdict::Unmountable(_)));
                self.note(&verdict, &[outer, &inner])?;
            }
        }
        self.ground.disk.forget()?;
        self.note(&verdict, &[outer])
    }

    /// Counts what was found; keeps the disk where a promise was broken.
    pub(super) fn note(&mut self, verdict: &Verdict, path: &[&State]) -> Result<(), String> {
        let what = match verdict {
            Verdict::Unmountable(_) => {
                self.count.unmountable += 1;
                return Ok(());
            }
            Verdict::Tree(found) => {
                self.count.states += 1;
                let is_new = *found > path[0].done;
                self.count.new += u64::from(is_new);
                self.count.old += u64::from(!is_new);
                return Ok(());
            }
            Verdict::Broken(what) => what,
        };
        self.count.states += 1;
        self.count.broken += 1;
        if self.findings.len() >= FINDINGS_MAX || self.workload.is_control || !self.ground.file_system.is_atomic {
            return Ok(());
        }
        let names: Vec<String> = path.iter().map(|state| state.to_string()).collect();
        let done = path[0].done;
        let fs = self.ground.file_system.name;
        let finding = Finding {
            fs: fs.into(),
            workload: self.workload.name.clone(),
            seed: self.seed,
            done,
            states: names.join(" "),
            what: what.clone(),
            image: None,
        };
        let innermost = path[path.len() - 1];
        self.findings.push(match self.keep {
            Some(dir) => {
                self.ground.disk.cut(innermost)?;
                finding.kept(dir, &mut self.ground.disk)?
            }
            None => finding,
        });
        Ok(())
    }
}
