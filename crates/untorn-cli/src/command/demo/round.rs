//! One kill and what came of it.

use std::{path::Path, time::Duration};

use serde_json::{Value, json};
use untorn::{Condition, Difference, Manifest, Options, Recovery, Status, Tree, VerifyOptions, verify_against};

use super::child;
use crate::failure::{Failure, difference_json};

/// Which build the tree is, checked byte by byte.
#[derive(Debug)]
pub(super) enum Verdict {
    Old,
    New,
    /// Neither: what differs from the new build.
    Torn(Vec<Difference>),
}

/// The builds between which the tree must be one.
pub(super) struct Builds {
    pub(super) old: Manifest,
    pub(super) new: Manifest,
}

impl Builds {
    /// Reads every byte of the tree. Nothing but `save` may stand beside the build.
    pub(super) fn judge(&self, tree: &Path, save: &str) -> Result<Verdict, Failure> {
        let mut differences = Vec::new();
        for (build, verdict) in [(&self.old, Verdict::Old), (&self.new, Verdict::New)] {
            let report = verify_against(tree, build, &VerifyOptions::default())?;
            if report.is_intact() && report.extra.iter().all(|extra| extra.path == save) && report.extra.len() == 1 {
                return Ok(verdict);
            }
            differences = report.damage;
        }
        Ok(Verdict::Torn(differences))
    }
}

/// One kill and what came of it.
pub(super) struct Round {
    delay: Duration,
    /// Whether the update had ended by itself before.
    pub(super) was_late: bool,
    found: &'static str,
    recovery: Recovery,
    pub(super) verdict: Verdict,
}

impl Round {
    /// Updates the tree, which must be the old build, and kills that after `delay`; recovers; checks every byte.
    pub(super) fn play(
        patch: (&Path, &Path),
        tree: &Path,
        delay: Duration,
        builds: &Builds,
        save: &str,
    ) -> Result<Self, Failure> {
        let was_late = child::killed(patch, tree, delay)?;
        let found = found(&Status::of(tree)?, was_late);
        let recovery = Tree::open(tree)?.recovery().clone();
        let verdict = builds.judge(tree, save)?;
        Ok(Self { delay, was_late, found, recovery, verdict })
    }

    /// Makes the tree the old build for the next round, if it is not.
    pub(super) fn clear(&self, tree: &Path) -> Result<(), Failure> {
        if matches!(self.verdict, Verdict::New) {
            untorn::roll_back(&mut Tree::open(tree)?, tree, Options::default(), false)?;
        }
        Ok(())
    }

    pub(super) fn row(&self) -> String {
        let recovered = match self.recovery {
            Recovery::Discarded { .. } | Recovery::SetAside { .. } => "discarded",
            Recovery::Completed { .. } => "completed",
            _ => "nothing to do",
        };
        let verdict = match self.verdict {
            Verdict::Old => "old build, every byte",
            Verdict::New => "new build, every byte",
            Verdict::Torn(_) => "TORN",
        };
        format!("  {:>6} ms   {:<24} {recovered:<15} {verdict}\n", self.delay.as_millis(), self.found)
    }

    pub(super) fn json(&self) -> Value {
        let (verdict, differences) = match &self.verdict {
            Verdict::Old => ("old", &[][..]),
            Verdict::New => ("new", &[][..]),
            Verdict::Torn(differences) => ("torn", differences.as_slice()),
        };
        json!({
            "killed_after_seconds": self.delay.as_secs_f64(),
            "found": self.found,
            "tree": verdict,
            "differences": differences.iter().map(difference_json).collect::<Vec<_>>(),
        })
    }
}

pub(super) const HEADING: &str = "  killed at   left behind              recovery        the tree is then\n";

fn found(status: &Status, was_late: bool) -> &'static str {
    match status.condition {
        _ if was_late => "it was done already",
        Condition::Clean if status.can_roll_back => "a finished update",
        Condition::Clean | Condition::Unmanaged => "nothing yet",
        Condition::Unfinished => "a half-made update",
        Condition::Pending { .. } => "a half-written tree",
        _ => "a damaged journal",
    }
}
