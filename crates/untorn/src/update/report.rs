//! What updating a tree came to.

use std::time::Duration;

use untorn_format::Hash;
use untorn_txn::{Recovery, Report, Warning};

use crate::Difference;

/// How an update ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum UpdateOutcome {
    /// The tree is what the channel offers.
    Updated,
    /// It was already.
    #[default]
    UpToDate,
    /// The plan is known, as asked; nothing was changed.
    Planned,
    /// Everything has been fetched, as asked; nothing was changed.
    Fetched,
    /// The channel rolls the release out to some trees first, and this is none of them yet.
    NotYet,
    /// The player went back from this very release.
    WasLeft,
}

/// The way from the build that is installed to the one that is wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Route {
    /// None is needed.
    #[default]
    None,
    /// So many patches: several are joined, and applied as one.
    Patches(usize),
    /// So many patches, and chunks for files that somebody changed or lost, and for what would have been made from these.
    Mixed(usize),
    /// Chunks: what of the new build is nowhere in the tree.
    Chunks,
}

/// What an update takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct UpdatePlan {
    /// The way.
    pub route: Route,
    /// Bytes still to be fetched, from hosts that give out parts.
    pub bytes_to_fetch: u64,
    /// The same from a host that gives out whole objects only.
    pub bytes_to_fetch_without_ranges: u64,
    /// Of the bytes still to be fetched, those that come by chunks beside patches.
    pub bytes_by_chunks: u64,
    /// Bytes that were fetched before, and need not be fetched again.
    pub bytes_at_hand: u64,
    /// Bytes of files that change: no more are written, besides the journal. Unknown until a patch has come.
    pub bytes_to_write: Option<u64>,
    /// Bytes on the disk at the peak, at most. Unknown until a patch has come.
    pub bytes_at_peak: Option<u64>,
    /// How many files come by chunks beside patches.
    pub files_by_chunks: usize,
    /// How many files change. Unknown until a patch has come.
    pub files: Option<usize>,
}

/// What updating a tree came to.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct UpdateReport {
    /// How it ended.
    pub outcome: UpdateOutcome,
    /// What opening the tree found and did.
    pub recovery: Recovery,
    /// The product.
    pub product: String,
    /// The channel.
    pub channel: String,
    /// The number and the label of the release that the channel offers.
    pub build: u64,
    /// What people call it.
    pub label: String,
    /// The build that was installed; [`Hash::NONE`] when nothing said so.
    pub from: Hash,
    /// The build that the release is.
    pub to: Hash,
    /// What it takes.
    pub plan: UpdatePlan,
    /// Bytes that came over the network, or out of a store, documents among them.
    pub bytes_received: u64,
    /// Since when the word of the channel has been old, in seconds since 1970, if it is.
    pub expired: Option<u64>,
    /// What somebody had changed, and was replaced.
    pub replaced: Vec<Difference>,
    /// What somebody had changed, and stays as it is.
    pub kept: Vec<Difference>,
    /// Directories that should be gone but hold what belongs to no build.
    pub dirs_kept: Vec<String>,
    /// What the last transaction did.
    pub transaction: Report,
    /// What others did to the tree.
    pub warnings: Vec<Warning>,
    /// How long it took.
    pub elapsed: Duration,
}
