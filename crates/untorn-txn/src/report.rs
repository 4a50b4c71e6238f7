//! What a transaction did.

use std::time::Duration;

use crate::{
    barrier::Barrier,
    warning::Warning,
    way::{Way, Why},
};

/// What became of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Change {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// Its content, kind or attributes changed.
    Changed,
    /// It came from another path.
    Moved {
        /// From where.
        from: String,
    },
}

/// One path of a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileReport {
    /// Where.
    pub path: String,
    /// What became of it.
    pub change: Change,
    /// How.
    pub way: Way,
    /// Why so.
    pub why: Why,
    /// Bytes written for it, journal included.
    pub bytes: u64,
}

/// What a transaction did. Bytes are those handed to the file system; names and the file system's own bookkeeping come on top.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Report {
    /// The transaction's number; 0 when there was nothing to do.
    pub txid: u64,
    /// Every touched path that changed, sorted.
    pub files: Vec<FileReport>,
    /// Bytes written to staged files.
    pub bytes_staged: u64,
    /// Bytes written to the redo file.
    pub bytes_redo: u64,
    /// Bytes written in place.
    pub bytes_in_place: u64,
    /// Bytes kept for going back.
    pub bytes_undo: u64,
    /// The barriers in order, and how many syncs each took.
    pub barriers: Vec<(Barrier, u64)>,
    /// Directories that should have gone but hold files untorn does not know.
    pub dirs_kept: Vec<String>,
    /// What others did after the commit point, sorted; empty but for a race that was lost.
    pub warnings: Vec<Warning>,
    /// How long the commit took, from sealing to the cleared journal.
    pub elapsed: Duration,
}

impl Report {
    /// All bytes written.
    #[must_use]
    pub fn bytes_written(&self) -> u64 {
        self.bytes_staged + self.bytes_redo + self.bytes_in_place + self.bytes_undo
    }
}

/// What opening a tree found and did.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Recovery {
    /// Nothing was left to do.
    Clean,
    /// The directory was put under care just now.
    Initialised,
    /// A transaction that had not been decided was discarded: the tree is the old one.
    Discarded {
        /// Its number.
        txid: u64,
    },
    /// A transaction that had not been decided was discarded, but for what it had staged, which the next one for the same purpose may take up: the tree is the old one.
    SetAside {
        /// Its number.
        txid: u64,
    },
    /// A decided transaction was completed: the tree is the new one.
    Completed {
        /// Its number.
        txid: u64,
    },
}
