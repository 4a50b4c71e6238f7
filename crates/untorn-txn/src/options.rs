//! What a caller may choose.

use std::{fmt, sync::Arc};

use untorn_format::journal::UndoKept;

use crate::error::{Cause, Error, Result};

/// How changed files shall be changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum WayChoice {
    /// The cheapest safe way for each file.
    #[default]
    Auto,
    /// Always a whole staged file, renamed in.
    Put,
    /// In place wherever that is safe, else a whole file.
    Patch,
    /// Clone and change the clone wherever the file system shares blocks, else a whole file.
    Clone,
}

/// What to do when a reader (the running game) holds the tree at the moment of applying.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Readers {
    /// Refuse to commit.
    #[default]
    Refuse,
    /// Wait until the last reader is gone.
    Wait,
}

/// What a long operation is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Phase {
    /// Reading and hashing what is there (layers above transactions).
    Read,
    /// Fetching from elsewhere (layers above transactions).
    Fetch,
    /// Comparing two builds (layers above transactions).
    Compare,
    /// Looking for new bytes among old ones (layers above transactions).
    Search,
    /// Compressing a patch (layers above transactions).
    Compress,
    /// Preparing, invisibly.
    Stage,
    /// Making durable.
    Sync,
    /// Changing the tree, after the commit point.
    Apply,
}

/// Is told how far things are. Calls come from the thread that works; they must return quickly.
pub trait Observer: Send + Sync {
    /// `done` of `total` units are finished (bytes or steps, according to the phase).
    fn progress(&self, phase: Phase, done: u64, total: u64);

    /// Whether to give up at the next safe point, with [`Cause::Stopped`]: then nothing was changed. Asked often, up to the commit point; what is decided is
    /// completed whatever this says.
    fn should_stop(&self) -> bool {
        false
    }
}

/// How a transaction is to be made.
#[derive(Clone)]
#[non_exhaustive]
pub struct Options {
    /// How changed files shall be changed.
    pub way: WayChoice,
    /// Whether what is needed to go back is kept after the commit.
    pub keep_undo: bool,
    /// Whether the undo that an earlier transaction kept stays where this one keeps none: for transactions that make no other build of the tree, such as repairs.
    /// Going back then undoes the earlier one; what this one changed, and that one had not, stays.
    pub leave_undo: bool,
    /// What to do when a reader holds the tree.
    pub readers: Readers,
    /// Whether programs that do not take the reader's lock may have files of the tree open: then nothing is written in place, so that an open file stays
    /// what it was.
    pub unlocked_readers: bool,
    /// Whether this is a step of an update that is half way, or ends it: see [`Cause::HalfWay`]. Else such a tree is refused.
    pub half_way: bool,
    /// After how many staged bytes what is staged is made durable, and noted, so that it can be taken up again should the staging be interrupted: see
    /// [`crate::Transaction::resume`], without which nothing is noted. At most so much is staged anew; each time costs a sync. 0 means never.
    pub progress_len: u64,
    /// How many threads may work; 1 means none besides the caller's, 0 as many as there are processors, up to four.
    pub jobs: usize,
    /// Is told about progress.
    pub observer: Option<Arc<dyn Observer>>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            way: WayChoice::Auto,
            keep_undo: false,
            leave_undo: false,
            readers: Readers::Refuse,
            unlocked_readers: false,
            half_way: false,
            progress_len: PROGRESS_LEN,
            jobs: 0,
            observer: None,
        }
    }
}

/// Staged in a second or two by most disks.
const PROGRESS_LEN: u64 = 128 << 20;

/// More threads than this only wait for the disk.
const JOBS_MAX: usize = 4;

impl Options {
    /// What the plan says of undo.
    pub(crate) fn undo_kept(&self) -> UndoKept {
        match (self.keep_undo, self.leave_undo) {
            (true, _) => UndoKept::Own,
            (false, true) => UndoKept::Earlier,
            (false, false) => UndoKept::Nothing,
        }
    }

    /// The same with a number of threads; on a simulated file system, where runs must be repeatable, none besides the caller's.
    pub(crate) fn with_jobs(mut self, repeatable: bool) -> Self {
        if repeatable {
            self.jobs = 1;
        } else if self.jobs == 0 {
            self.jobs = std::thread::available_parallelism().map_or(1, |cores| cores.get().min(JOBS_MAX));
        }
        self
    }

    /// A safe point: nothing is decided yet.
    pub(crate) fn stop_if_asked(&self) -> Result<()> {
        if self.observer.as_ref().is_some_and(|observer| observer.should_stop()) {
            Err(Error::new(Cause::Stopped))
        } else {
            Ok(())
        }
    }

    pub(crate) fn tell(&self, phase: Phase, done: u64, total: u64) {
        if let Some(observer) = &self.observer {
            observer.progress(phase, done, total);
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("way", &self.way)
            .field("keep_undo", &self.keep_undo)
            .field("leave_undo", &self.leave_undo)
            .field("readers", &self.readers)
            .field("unlocked_readers", &self.unlocked_readers)
            .field("half_way", &self.half_way)
            .field("jobs", &self.jobs)
            .finish_non_exhaustive()
    }
}
