//! What applying a patch came to.

use std::time::Duration;

use untorn_format::Hash;
use untorn_txn::{Recovery, Report, Tree, Warning};

use super::Forecast;
use crate::{Difference, Provenance};

/// How applying a patch ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// The tree is the new build.
    Applied,
    /// The tree was the new build already; nothing was changed.
    UpToDate,
    /// The patch can be applied; nothing was changed, as asked.
    DryRun,
}

/// What applying a patch came to.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ApplyReport {
    /// How it ended.
    pub outcome: Outcome,
    /// What was believed about the patch; none where signatures were not looked at.
    pub provenance: Option<Provenance>,
    /// The build the patch starts from.
    pub from: Hash,
    /// The build it leads to.
    pub to: Hash,
    /// What opening the tree found and did.
    pub recovery: Recovery,
    /// Whether the tree says from now on that this build is installed, so that it can be verified by itself.
    pub is_recorded: bool,
    /// What was to be written, known before anything was.
    pub forecast: Forecast,
    /// Bytes that an interrupted run had staged, and that were on the disk already.
    pub bytes_at_hand: u64,
    /// What the transaction did.
    pub transaction: Report,
    /// Directories that should be gone but hold files the patch does not know.
    pub dirs_kept: Vec<String>,
    /// Files that somebody modified and that stay as they are, as asked, sorted by path.
    pub kept_modified: Vec<Difference>,
    /// What others did to the tree that opening it, or applying, could not undo; and what was lost of the journal.
    pub warnings: Vec<Warning>,
    /// How long it took.
    pub elapsed: Duration,
}

impl ApplyReport {
    pub(super) fn new(header: &untorn_format::patch::Header, tree: &Tree) -> Self {
        Self {
            outcome: Outcome::UpToDate,
            provenance: None,
            from: header.from,
            to: header.to,
            recovery: tree.recovery().clone(),
            is_recorded: false,
            forecast: Forecast::default(),
            bytes_at_hand: 0,
            transaction: Report::default(),
            dirs_kept: Vec::new(),
            kept_modified: Vec::new(),
            warnings: tree.warnings().to_vec(),
            elapsed: Duration::ZERO,
        }
    }
}
