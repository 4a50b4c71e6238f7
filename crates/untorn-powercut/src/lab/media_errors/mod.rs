//! A disk that fails instead of a power cut: errors at each barrier of an update, and rot in what untorn keeps.

mod fault;
mod rot;
mod tally;

use std::{ops::RangeInclusive, path::Path, process::Command};

use serde_json::Value;
use untorn_sim::Rng;

pub(super) use tally::Tally;

use super::{
    look,
    oracle::Verdict,
    round::Round,
    state::{State, states},
    workload::{Step, arguments},
};

/// Workloads of one command each, which say what became of the tree when they fail.
pub(super) const WORKLOADS: &[&str] = &["apply-put", "apply-patch", "apply-signed", "rollback", "update", "write", "repair"];

/// Those whose state rots: one stages whole files, which are checked whole, the other has all kinds of things, and a way back.
const ROTTEN: &[&str] = &["apply-put", "apply-patch"];

/// So many states of each of them rot.
const ROTTEN_MAX: usize = 80;

impl Round<'_> {
    /// Fails the disk at each barrier of the workload, then lets it rot.
    ///
    /// # Errors
    /// As [`Round::play`].
    pub(super) fn play_media(&mut self, image: &Path) -> Result<(), String> {
        let before = self.prepare(image)?;
        let (events, _) = self.record(before)?;
        self.count.recordings += 1;
        let mut rng = Rng::new(self.seed);
        for fault in fault::faults(self.ground.disk.phases()?, &mut rng) {
            if self.is_over() {
                return Ok(());
            }
            self.fail(fault)?;
        }
        if ROTTEN.contains(&self.workload.name.as_str()) {
            for state in states(&events, self.seed, ROTTEN_MAX) {
                if self.is_over() {
                    return Ok(());
                }
                self.rot(&state, &mut rng)?;
            }
        }
        Ok(())
    }

    /// The step, with its answer as a document.
    fn command(&mut self) -> Result<Answer, String> {
        let Some(Step::Untorn(words)) = self.workload.steps.first() else { return Err("no command to fail".into()) };
        let words = arguments(words, &self.ground.tree());
        self.answer(&words.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// What the program says to this.
    fn answer(&mut self, words: &[&str]) -> Result<Answer, String> {
        let mut command = Command::new(self.program);
        command.args(words).arg("--json").current_dir(&self.workload.dir);
        let ended = self.ground.run(&mut command)?;
        Ok(Answer { code: ended.code, said: ended.said.trim().to_owned() })
    }

    /// What it says to `words` and the tree.
    fn answer_about_tree(&mut self, words: &[&str]) -> Result<Answer, String> {
        let tree = self.ground.tree();
        self.answer(&[words, &[&*tree.to_string_lossy()]].concat())
    }

    /// Which of these trees stands there.
    fn found(&self, mut allowed: RangeInclusive<usize>) -> Result<Option<usize>, String> {
        let now = look::snapshot(&self.ground.tree()).map_err(|error| format!("the tree: {error}"))?;
        Ok(allowed.find(|number| self.workload.trees.get(*number) == Some(&now)))
    }

    /// Counts what came of it.
    fn note_media(&mut self, verdict: &Verdict, moment: &str) -> Result<(), String> {
        let start = State { flushed: 0, kept: Vec::new(), torn: None, done: 0 };
        if matches!(verdict, Verdict::Broken(_)) {
            println!("{}, {}: {moment}", self.ground.file_system.name, self.workload.name);
        }
        self.note(verdict, &[&start])
    }
}

/// What a command said.
struct Answer {
    code: Option<i32>,
    said: String,
}

impl Answer {
    fn is_success(&self) -> bool {
        self.code == Some(0)
    }

    fn error(&self, key: &str) -> String {
        let document: Value = serde_json::from_str(&self.said).unwrap_or_default();
        document["error"][key].as_str().unwrap_or_default().to_owned()
    }

    /// Which trees it leaves open, for a command that makes the second of the first.
    fn allowed(&self) -> Result<RangeInclusive<usize>, String> {
        match (self.code, self.error("tree").as_str()) {
            (Some(0), _) | (Some(_), "will-complete" | "new") => Ok(1..=1),
            (Some(_), "unchanged") => Ok(0..=0),
            (Some(_), "in-doubt" | "not-understood") => Ok(0..=1),
            // Killed by a fault while it was loaded.
            (None | Some(127), _) => Ok(0..=1),
            (code, _) => Err(format!("it ended with {code:?} and did not say what became of the tree")),
        }
    }
}
