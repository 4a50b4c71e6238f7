//! What a caller of `apply` may choose.

use std::{fmt, sync::Arc};

use untorn_trust::Downgrade;
use untorn_txn::{Observer, Options, Readers, WayChoice};

use crate::Trusting;

/// How sure to be, before anything is changed, that the tree is the build the patch starts from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum BaseCheck {
    /// As [`BaseCheck::Changed`], but reads the whole tree once where nothing says yet what is installed, so that from then on something does.
    #[default]
    Auto,
    /// Everything the patch replaces, removes, moves or copies from is checked, and nothing else is read: the cost follows the change.
    Changed,
    /// All of the tree is checked, before the commit point: what the patch does not touch against the manifest of what is installed, the rest against the
    /// patch. A tree that is the new build already is checked, too. Where nothing says yet what is installed, this needs a tree that holds nothing but the build.
    Full,
}

/// How a patch is applied.
#[derive(Clone)]
#[non_exhaustive]
pub struct ApplyOptions {
    /// Check everything and say what would be written, but change nothing. (A directory seen for the first time gets its state directory all the same.)
    pub dry_run: bool,
    /// Whose patches are applied.
    pub trusting: Trusting,
    /// Whether a signed patch may lead to a release that is older than what is installed. Never below the least build that may be installed.
    pub downgrade: Downgrade,
    /// Whether what is needed to go back is kept.
    pub keep_undo: bool,
    /// How sure to be about the tree.
    pub base: BaseCheck,
    /// Leave the files that somebody modified since they were installed as they are, and report them, instead of refusing the patch. The build is recorded as
    /// installed all the same: verifying names the files that differ. Only where the tree says that it is the build the patch starts from, and not where
    /// something else is made from what was modified, or compressed against it, as changed files of up to 64 KiB mostly are.
    pub keep_modified: bool,
    /// How changed files shall be changed.
    pub way: WayChoice,
    /// Whether programs that do not take the reader's lock may have files of the tree open: see [`Options::unlocked_readers`].
    pub unlocked_readers: bool,
    /// Whether to wait for another updater, and for programs that use the tree, to end.
    pub wait: bool,
    /// After how many staged bytes what is staged is made durable, so that applying the same patch again goes on from there should it be interrupted: see
    /// [`Options::progress_len`].
    pub progress_len: u64,
    /// How many bytes of memory reading the patch may take; 256 MiB at first. A patch that takes more is refused before it is taken. With less than 64 MiB for each
    /// thread there are fewer threads.
    pub memory_len_max: u64,
    /// How many threads may work; 0 means one for each core, and as many for reading as keep the disk busy.
    pub jobs: usize,
    /// Is told about progress.
    pub observer: Option<Arc<dyn Observer>>,
}

impl Default for ApplyOptions {
    fn default() -> Self {
        Self {
            dry_run: false,
            trusting: Trusting::Tree,
            downgrade: Downgrade::Refuse,
            keep_undo: true,
            base: BaseCheck::Auto,
            keep_modified: false,
            way: WayChoice::Auto,
            unlocked_readers: false,
            wait: false,
            progress_len: Options::default().progress_len,
            memory_len_max: 256 << 20,
            jobs: 0,
            observer: None,
        }
    }
}

impl ApplyOptions {
    /// Those of the transaction underneath.
    pub(super) fn transaction(&self) -> Options {
        let mut options = Options::default();
        options.way = self.way;
        options.keep_undo = self.keep_undo;
        options.readers = if self.wait { Readers::Wait } else { Readers::Refuse };
        options.unlocked_readers = self.unlocked_readers;
        options.progress_len = self.progress_len;
        options.jobs = crate::content::threads(self.jobs);
        options.observer.clone_from(&self.observer);
        options
    }
}

impl fmt::Debug for ApplyOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApplyOptions")
            .field("dry_run", &self.dry_run)
            .field("trusting", &self.trusting)
            .field("downgrade", &self.downgrade)
            .field("keep_undo", &self.keep_undo)
            .field("base", &self.base)
            .field("keep_modified", &self.keep_modified)
            .field("way", &self.way)
            .field("wait", &self.wait)
            .finish_non_exhaustive()
    }
}
