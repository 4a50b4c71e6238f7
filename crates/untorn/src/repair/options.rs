//! What a caller of `repair` may choose.

use std::{fmt, sync::Arc};

use untorn_format::manifest::Manifest;
use untorn_txn::{Observer, Options, Readers};

/// How a tree is repaired.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct RepairOptions {
    /// What the tree should be; by default what it says is installed, or else what the source holds.
    pub manifest: Option<Manifest>,
    /// The channel of a store in which the build is looked for, where the tree does not know its release; by default the one it follows, or else `stable`.
    pub channel: Option<String>,
    /// Is told, before anything is fetched from a store, how many bytes that will be in all.
    pub announce: Option<Arc<dyn Fn(u64) + Send + Sync>>,
    /// Say what is damaged and how much would be fetched, but change nothing.
    pub dry_run: bool,
    /// Whether to wait for another updater, and for programs that use the tree, to end.
    pub wait: bool,
    /// How many threads read; 0 means one for each core.
    pub jobs: usize,
    /// Is told about progress.
    pub observer: Option<Arc<dyn Observer>>,
}

impl RepairOptions {
    /// Those of the transaction underneath. Damage is nothing to go back to.
    pub(super) fn transaction(&self) -> Options {
        let mut options = Options::default();
        options.readers = if self.wait { Readers::Wait } else { Readers::Refuse };
        options.half_way = true;
        (options.jobs, options.observer) = (self.jobs, self.observer.clone());
        options
    }
}

impl fmt::Debug for RepairOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RepairOptions").field("dry_run", &self.dry_run).field("wait", &self.wait).finish_non_exhaustive()
    }
}
