//! The program interfered with, and then the recovery from that, too.
//!
//! Which call of recovery is hit, and how, is drawn from the seed: all pairs would be some million runs.

use std::{collections::BTreeMap, time::Instant};

use serde_json::Value;
use untorn_strace::{self as strace, ERRORS, Injection};

use super::arena::{Arena, RECOVER, Which};
use crate::fuzz::rng::Rng;

/// Kills a task at its calls, each time again in recovery, or fails recovery there.
pub(super) struct Nested<'a> {
    arena: &'a Arena,
    /// The calls of the task, and those of a recovery that has something to complete.
    outer: BTreeMap<String, usize>,
    inner: BTreeMap<String, usize>,
    rng: Rng,
    started: Instant,
    kills: usize,
    kills_in_recovery: usize,
    /// Asked for: a recovery that has less to do may not come to that call.
    failures_in_recovery: usize,
    /// What was not true.
    pub(super) findings: Vec<String>,
}

impl<'a> Nested<'a> {
    pub(super) fn new(arena: &'a Arena, seed: u64) -> Result<Self, String> {
        arena.decide()?;
        let inner = strace::count(&arena.program, RECOVER, arena.dir())?;
        arena.reset()?;
        let outer = strace::count(&arena.program, arena.task.args, arena.dir())?;
        let (rng, started, findings) = (Rng::new(seed), Instant::now(), Vec::new());
        Ok(Self { arena, outer, inner, rng, started, kills: 0, kills_in_recovery: 0, failures_in_recovery: 0, findings })
    }

    /// Kills the task at every `stride`th call, then interferes with two recoveries, one after the other.
    pub(super) fn run(&mut self, stride: usize) -> Result<(), String> {
        let calls: Vec<_> = strace::each(&self.outer).step_by(stride).collect();
        for (call, number) in calls {
            self.once(Injection { call, number, what: "signal=KILL".to_owned(), sticky: false })?;
        }
        if self.kills == 0 || self.kills_in_recovery == 0 {
            self.findings.push(format!("{}: nested: strace killed nothing", self.arena.task.name));
        }
        Ok(())
    }

    fn once(&mut self, injection: Injection) -> Result<(), String> {
        self.arena.reset()?;
        let output = strace::inject(&self.arena.program, self.arena.task.args, self.arena.dir(), &injection)?;
        self.kills += usize::from(output.status.code().is_none());
        let only_after: &[Which] = &[Which::After];
        let mut wanted: &[Which] = &[Which::Before, Which::After];
        if self.arena.is_decided() || output.status.success() {
            wanted = only_after;
        }
        let mut history = vec![injection];
        for is_kill in [true, false] {
            let injection = self.draw(is_kill);
            history.push(injection.clone());
            let output = strace::inject(&self.arena.program, RECOVER, self.arena.dir(), &injection)?;
            match output.status.code() {
                None => self.kills_in_recovery += 1,
                Some(0) => {
                    // It said that the tree is whole: so it is, and it stays that one.
                    match self.arena.which()? {
                        Which::After if wanted.contains(&Which::After) => wanted = &[Which::After],
                        Which::Before if wanted.contains(&Which::Before) => wanted = &[Which::Before],
                        found => self.find(&history, &format!("recovery succeeded, and the tree is {found:?}")),
                    }
                }
                Some(_) => {}
            }
            self.failures_in_recovery += usize::from(!is_kill);
        }
        self.recover(&history, wanted)
    }

    /// One call of recovery and what is done to it.
    fn draw(&mut self, is_kill: bool) -> Injection {
        let calls: Vec<_> = strace::each(&self.inner).collect();
        let (call, number) = calls[self.rng.below(calls.len())].clone();
        if is_kill {
            return Injection { call, number, what: "signal=KILL".to_owned(), sticky: false };
        }
        let error = ERRORS[self.rng.below(ERRORS.len())];
        // No signal interrupts for ever: see `Campaign::fail_each_call`.
        let sticky = error != "EINTR" && self.rng.below(2) == 1;
        Injection { call, number, what: format!("error={error}"), sticky }
    }

    /// Opens the tree twice without interference.
    fn recover(&mut self, history: &[Injection], wanted: &[Which]) -> Result<(), String> {
        let first = self.arena.untorn(RECOVER)?;
        if !first.status.success() {
            self.find(history, &format!("recovery failed: {}", String::from_utf8_lossy(&first.stdout)));
            return Ok(());
        }
        let found = self.arena.which()?;
        if !wanted.contains(&found) {
            self.find(history, &format!("after recovery the tree is {found:?}, not one of {wanted:?}"));
        }
        let second = self.arena.untorn(RECOVER)?;
        let document: Value = serde_json::from_slice(&second.stdout).unwrap_or_default();
        if document["result"]["recovery"] != "clean" {
            self.find(history, &format!("a second recovery found something to do: {document}"));
        }
        Ok(())
    }

    fn find(&mut self, history: &[Injection], what: &str) {
        self.findings.push(format!("{}: {history:?}: {what}", self.arena.task.name));
    }

    pub(super) fn summary(&self) -> String {
        format!(
            "{}, nested: {} kills, then {} kills of recovery and {} failures asked for in it, in {} s; {} findings",
            self.arena.task.name,
            self.kills,
            self.kills_in_recovery,
            self.failures_in_recovery,
            self.started.elapsed().as_secs(),
            self.findings.len()
        )
    }
}
