//! What an update in steps came to.

use std::time::Duration;

use untorn_format::{
    Hash,
    patch::{Header, Index},
    release::HalfWay,
};
use untorn_txn::{Recovery, Report, Tree, Warning};

use super::{Believed, forecast::bytes_needed, schedule::Schedule};
use crate::Outcome;

/// What an update in steps came to.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct LowDiskReport {
    /// How it ended.
    pub outcome: Outcome,
    /// What was believed about the patch; none where signatures were not looked at, or the update had begun before.
    pub provenance: Believed,
    /// The build the patch starts from.
    pub from: Hash,
    /// The build it leads to.
    pub to: Hash,
    /// What opening the tree found and did.
    pub recovery: Recovery,
    /// How many steps there are; 0 when there was nothing to do.
    pub steps: u32,
    /// How many of them were done before.
    pub steps_before: u32,
    /// The most bytes that one step writes.
    pub bytes_step: u64,
    /// The most bytes that are put aside at once, since files wait for each other's old bytes in a circle.
    pub bytes_stash: u64,
    /// The most space that is needed at once for the steps that are left, beyond what the tree takes now.
    pub bytes_needed: u64,
    /// Bytes that are made for the new build, in all steps.
    pub bytes_made: u64,
    /// Bytes that were written, journal included.
    pub bytes_written: u64,
    /// Directories that should be gone but hold files the patch does not know.
    pub dirs_kept: Vec<String>,
    /// What others did to the tree that opening it could not undo; and what was lost of the journal.
    pub warnings: Vec<Warning>,
    /// How long it took.
    pub elapsed: Duration,
}

impl LowDiskReport {
    pub(super) fn new(header: &Header, tree: &Tree, provenance: Believed) -> Self {
        Self {
            outcome: Outcome::UpToDate,
            provenance,
            from: header.from,
            to: header.to,
            recovery: tree.recovery().clone(),
            steps: 0,
            steps_before: 0,
            bytes_step: 0,
            bytes_stash: 0,
            bytes_needed: 0,
            bytes_made: 0,
            bytes_written: 0,
            dirs_kept: Vec::new(),
            warnings: tree.warnings().to_vec(),
            elapsed: Duration::ZERO,
        }
    }

    pub(super) fn plan(&mut self, schedule: &Schedule, index: &Index, half_way: &HalfWay) {
        (self.steps, self.steps_before) = (half_way.steps.count, half_way.steps.done);
        (self.bytes_step, self.bytes_stash) = (schedule.step_len_max, schedule.stash_len_max);
        self.bytes_made = schedule.made_len;
        let first = usize::try_from(half_way.steps.done).unwrap_or(usize::MAX);
        self.bytes_needed = bytes_needed(index, schedule, first, half_way.encode().len() as u64);
    }

    pub(super) fn add(&mut self, done: &Report) {
        self.bytes_written = self.bytes_written.saturating_add(done.bytes_written());
        self.warnings.extend_from_slice(&done.warnings);
    }
}
