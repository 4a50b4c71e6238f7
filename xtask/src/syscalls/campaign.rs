//! One call after the other.

use std::{collections::BTreeMap, process::Output, time::Instant};

use serde_json::Value;
use untorn_strace::{self as strace, ERRORS, Injection};

use super::arena::{Arena, Which};

/// Interferes with each call of a task, once a run.
pub(super) struct Campaign<'a> {
    arena: &'a Arena,
    counts: BTreeMap<String, usize>,
    stride: usize,
    started: Instant,
    kills: usize,
    failures: usize,
    /// How the interfered runs ended: exit codes.
    exits: BTreeMap<i32, usize>,
    /// What was not true.
    pub(super) findings: Vec<String>,
}

impl<'a> Campaign<'a> {
    pub(super) fn new(arena: &'a Arena, stride: usize) -> Result<Self, String> {
        let counts = strace::count(&arena.program, arena.task.args, arena.dir())?;
        let (exits, findings) = (BTreeMap::new(), Vec::new());
        Ok(Self { arena, counts, stride, started: Instant::now(), kills: 0, failures: 0, exits, findings })
    }

    /// Kills the program at each of its calls.
    pub(super) fn kill_each_call(&mut self) -> Result<(), String> {
        for injection in self.injections("signal=KILL", false) {
            let output = self.interfere(&injection)?;
            let before_recovery = self.arena.which()?;
            self.kills += usize::from(output.status.code().is_none());
            if output.status.success() && before_recovery != Which::After {
                self.find(&injection, "reported success, and the tree is not the new one");
            }
            let sure = self.arena.is_decided() || output.status.success();
            self.recover(&injection, if sure { &[Which::After] } else { &[Which::Before, Which::After] })?;
        }
        // A signal that does not arrive shows nothing.
        if self.kills == 0 {
            self.findings.push(format!("{}: strace killed nothing", self.arena.task.name));
        }
        Ok(())
    }

    /// Fails each of its calls, with every error, once and from then on.
    pub(super) fn fail_each_call(&mut self) -> Result<(), String> {
        for error in ERRORS {
            for sticky in [false, true] {
                if sticky && *error == "EINTR" {
                    // No signal interrupts a call for ever, and calls that are interrupted are repeated.
                    continue;
                }
                for injection in self.injections(&format!("error={error}"), sticky) {
                    let output = self.interfere(&injection)?;
                    self.failures += 1;
                    self.judge(&injection, &output)?;
                }
            }
        }
        Ok(())
    }

    fn injections(&self, what: &str, sticky: bool) -> Vec<Injection> {
        let each = strace::each(&self.counts);
        each.step_by(self.stride).map(|(call, number)| Injection { call, number, what: what.to_owned(), sticky }).collect()
    }

    fn interfere(&mut self, injection: &Injection) -> Result<Output, String> {
        self.arena.reset()?;
        let output = strace::inject(&self.arena.program, self.arena.task.args, self.arena.dir(), injection)?;
        *self.exits.entry(output.status.code().unwrap_or(-1)).or_default() += 1;
        Ok(output)
    }

    /// Compares what the program said with what the tree is.
    fn judge(&mut self, injection: &Injection, output: &Output) -> Result<(), String> {
        let found = self.arena.which()?;
        let document: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        let said = document["error"]["tree"].as_str().unwrap_or("");
        let before = if self.arena.is_decided() { Which::Neither } else { Which::Before };
        let (now, later): (&[Which], &[Which]) = match (output.status.code(), said) {
            (Some(0), _) | (_, "new") => (&[Which::After], &[Which::After]),
            (_, "unchanged") if self.arena.is_decided() => (&[Which::Before, Which::After, Which::Neither], &[Which::After]),
            (_, "unchanged") => (&[Which::Before], &[Which::Before]),
            (_, "will-complete") => (&[Which::Before, Which::After, Which::Neither], &[Which::After]),
            // What it was to complete is half done already, and its record is durable whatever became of this try.
            (_, "in-doubt") if self.arena.is_decided() => (&[Which::Before, Which::After, Which::Neither], &[Which::After]),
            (_, "in-doubt") => (&[Which::Before], &[Which::Before, Which::After]),
            (_, "not-understood") => (&[Which::Before, Which::After, Which::Neither], &[Which::Before, Which::After]),
            // It never came so far as to say anything: the loader of programs failed, or the runtime.
            (Some(127) | None, "") => (&[before, Which::Before], &[Which::Before, Which::After]),
            (code, said) => {
                self.find(injection, &format!("ended with {code:?} and said {said:?} of the tree"));
                return Ok(());
            }
        };
        if !now.contains(&found) {
            self.find(injection, &format!("exit {:?}, said {said:?}, and the tree is {found:?}", output.status.code()));
        }
        self.recover(injection, later)
    }

    /// Opens the tree twice without interference.
    fn recover(&mut self, injection: &Injection, wanted: &[Which]) -> Result<(), String> {
        let first = self.arena.untorn(&["recover", "tree", "--json"])?;
        if !first.status.success() {
            self.find(injection, &format!("recovery failed: {}", String::from_utf8_lossy(&first.stdout)));
            return Ok(());
        }
        let found = self.arena.which()?;
        if !wanted.contains(&found) {
            self.find(injection, &format!("after recovery the tree is {found:?}, not one of {wanted:?}"));
        }
        let second = self.arena.untorn(&["recover", "tree", "--json"])?;
        let document: Value = serde_json::from_slice(&second.stdout).unwrap_or_default();
        if document["result"]["recovery"] != "clean" {
            self.find(injection, &format!("a second recovery found something to do: {document}"));
        }
        Ok(())
    }

    fn find(&mut self, injection: &Injection, what: &str) {
        self.findings.push(format!("{}: {injection:?}: {what}", self.arena.task.name));
    }

    pub(super) fn summary(&self) -> String {
        let calls: usize = self.counts.values().sum();
        let exits: Vec<_> = self.exits.iter().map(|(code, count)| format!("{count} x {code}")).collect();
        format!(
            "{}: {calls} calls of {} kinds, every {} of them: {} kills and {} failures in {} s; exit codes {}; {} findings",
            self.arena.task.name,
            self.counts.len(),
            self.stride,
            self.kills,
            self.failures,
            self.started.elapsed().as_secs(),
            exits.join(", "),
            self.findings.len()
        )
    }
}
