//! What a switch did.

use std::time::Duration;

/// What a switch did.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct SwitchReport {
    /// Files whose clone shares their blocks.
    pub files_cloned: u64,
    /// Files that are in both trees under one more name.
    pub files_linked: u64,
    /// Files that had to be copied.
    pub files_copied: u64,
    /// Bytes copied for them.
    pub bytes_copied: u64,
    /// Paths that others changed meanwhile, and that were carried over, sorted.
    pub carried_over: Vec<String>,
    /// How many syncs the two barriers took.
    pub syncs: u64,
    /// Whether the old tree is kept for going back.
    pub previous_kept: bool,
    /// Whether something could not be removed after the exchange; opening the tree tries again.
    pub leftovers: bool,
    /// How long it took, from the beginning of the commit.
    pub elapsed: Duration,
}

/// What was found of an earlier switch when a tree was opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum SwitchRecovery {
    /// Nothing was left to do.
    #[default]
    Clean,
    /// A switch that had not happened was discarded: the tree is the old one.
    Discarded,
    /// A switch had happened, and was finished: the tree is the new one.
    Completed,
    /// Something of an earlier switch may stand beside the tree and was left alone: it cannot be proven to be ours, or the directory it is in cannot be
    /// opened. The tree itself is whole.
    Left {
        /// Its name, in the directory that holds the tree.
        name: String,
    },
}
