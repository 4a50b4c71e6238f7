//! What a caller of `update` may choose.

use std::{fmt, sync::Arc};

use untorn_format::release::Signed;
use untorn_trust::ExpiryPolicy;
use untorn_txn::{Observer, Options, Readers};

use super::{Policies, UpdatePlan};
use crate::{ApplyOptions, LowDiskOptions, SourceOptions, content};

/// How far an update goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Extent {
    /// To the end.
    #[default]
    Commit,
    /// Only what it would take is found out. For that, small parts of the release are fetched, and kept for later.
    Plan,
    /// Everything is fetched, and kept for later; the tree is not changed.
    Fetch,
    /// To the end with what was fetched before, without any network.
    CommitFetched,
}

/// Is told what an update takes.
pub type Announce = Arc<dyn Fn(&UpdatePlan) + Send + Sync>;

/// How a tree is updated.
#[derive(Clone)]
#[non_exhaustive]
pub struct UpdateOptions {
    /// Where releases come from: addresses of mirrors, or directories. By default what the tree remembers.
    pub sources: Vec<String>,
    /// The channel; by default the one that the tree follows, or `stable`.
    pub channel: Option<String>,
    /// The platform; by default that of the tree, or of this machine.
    pub platform: Option<String>,
    /// The root to believe, for a tree that follows no releases yet.
    pub trust: Option<Signed>,
    /// How far to go.
    pub extent: Extent,
    /// What to do when the word of the channel is old.
    pub expiry: ExpiryPolicy,
    /// What time it is, in seconds since 1970; by default what the system says.
    pub clock: Option<u64>,
    /// Whether to take a release that a rollout does not mean this tree to have yet, or that the player went back from.
    pub regardless: bool,
    /// Never use patches.
    pub no_patches: bool,
    /// What to do with files that somebody changed. By default they become what the release says; what stands in the way without belonging to any build is not touched, and
    /// nothing is updated then.
    pub policies: Policies,
    /// Whether patches are applied in steps, for a disk that has no room for all of it at once: see [`apply_low_disk`](crate::apply_low_disk). Such an update that is half way is taken up
    /// again. Where there is no patch that fits, the update needs what it needs.
    pub low_disk: Option<LowDiskOptions>,
    /// Whether what is needed to go back is kept.
    pub keep_undo: bool,
    /// Whether to wait for another updater, and, once everything is ready, for programs that use the tree, to end.
    pub wait: bool,
    /// How many threads read; 0 means as many as keep the disk busy.
    pub jobs: usize,
    /// How things are fetched.
    pub source: SourceOptions,
    /// Is told about progress.
    pub observer: Option<Arc<dyn Observer>>,
    /// Is told what the update takes, before anything large is fetched.
    pub announce: Option<Announce>,
}

impl Default for UpdateOptions {
    fn default() -> Self {
        Self {
            sources: Vec::new(),
            channel: None,
            platform: None,
            trust: None,
            extent: Extent::Commit,
            expiry: ExpiryPolicy::default(),
            clock: None,
            regardless: false,
            no_patches: false,
            policies: Policies::default(),
            low_disk: None,
            keep_undo: true,
            wait: false,
            jobs: 0,
            source: SourceOptions::default(),
            observer: None,
            announce: None,
        }
    }
}

impl UpdateOptions {
    /// Those of the transaction underneath.
    pub(super) fn transaction(&self) -> Options {
        let mut options = Options::default();
        options.keep_undo = self.keep_undo;
        options.readers = if self.wait { Readers::Wait } else { Readers::Refuse };
        options.jobs = content::threads(self.jobs);
        options.observer.clone_from(&self.observer);
        options
    }

    /// Those for a patch.
    pub(super) fn patching(&self) -> ApplyOptions {
        ApplyOptions {
            keep_undo: self.keep_undo,
            wait: self.wait,
            jobs: self.jobs,
            observer: self.observer.clone(),
            ..ApplyOptions::default()
        }
    }

    pub(super) fn observer(&self) -> Option<&dyn Observer> {
        self.observer.as_deref()
    }

    pub(super) fn announce(&self, plan: &UpdatePlan) {
        if let Some(announce) = &self.announce {
            announce(plan);
        }
    }

    pub(super) fn is_patient(&self) -> bool {
        self.wait
    }
}

impl fmt::Debug for UpdateOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UpdateOptions")
            .field("sources", &self.sources.len())
            .field("channel", &self.channel)
            .field("extent", &self.extent)
            .field("wait", &self.wait)
            .finish_non_exhaustive()
    }
}
