//! What repairing a tree came to.

use std::time::Duration;

use untorn_format::Hash;
use untorn_txn::{Error as TreeError, Report};

use crate::{Difference, VerifyReport};

/// How repairing a tree ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RepairOutcome {
    /// Nothing was damaged.
    Intact,
    /// What was damaged is whole again.
    Repaired,
    /// What is damaged can be repaired; nothing was changed, as asked.
    DryRun,
}

/// What repairing a tree came to.
#[derive(Debug)]
#[non_exhaustive]
pub struct RepairReport {
    /// How it ended.
    pub outcome: RepairOutcome,
    /// The build that the tree should be.
    pub build: Hash,
    /// How many paths the build has.
    pub paths: usize,
    /// How many bytes the build has.
    pub bytes: u64,
    /// What was missing or damaged, sorted by path.
    pub damage: Vec<Difference>,
    /// What is there beside the build, sorted by path; untouched.
    pub extra: Vec<Difference>,
    /// Why the journal could not be understood, if it could not: then it was given up.
    pub journal: Option<TreeError>,
    /// Bytes that were taken, or would be taken, from the source.
    pub bytes_fetched: u64,
    /// Bytes that a store need not give, because they were found in other places of the tree.
    pub bytes_found: u64,
    /// What the transaction did.
    pub transaction: Report,
    /// How long it took.
    pub elapsed: Duration,
}

impl RepairReport {
    pub(super) fn new(verified: VerifyReport, journal: Option<TreeError>) -> Self {
        Self {
            outcome: RepairOutcome::Intact,
            build: verified.build,
            paths: verified.paths,
            bytes: verified.bytes,
            damage: verified.damage,
            extra: verified.extra,
            journal,
            bytes_fetched: 0,
            bytes_found: 0,
            transaction: Report::default(),
            elapsed: Duration::ZERO,
        }
    }
}
