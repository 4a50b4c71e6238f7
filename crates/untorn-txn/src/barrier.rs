//! The barriers: every sync the protocol relies on, by name.
//!
//! | barrier | makes durable | without it |
//! |---|---|---|
//! | B0 | the state directory and its slots, once | a decision could be written to a file that a crash takes away |
//! | B1 | everything staged: data, plan, names | a decided transaction could find its own material missing |
//! | B2 | the record that decides | success could be reported for a tree that a crash makes the old one |
//! | B3 | the changed tree | the journal could be cleared while the tree is half changed |
//! | B4 | the record that clears | the stage could be deleted while a decided record still rules |
//!
//! A barrier that fails is final: it is never tried again, and nothing is written after it except the record that gives the transaction up.

use std::collections::BTreeSet;
use std::fmt;

use untorn_fs::{Fs, OpenMode, SyncAll};

use crate::{
    error::{Context, Result},
    layout::SLOTS,
    pool,
};

/// A barrier, by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Barrier {
    /// The state directory is laid out.
    B0,
    /// Everything is staged.
    B1,
    /// The transaction is decided: the commit point.
    B2,
    /// The tree is changed.
    B3,
    /// The journal is cleared.
    B4,
}

impl fmt::Display for Barrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// What B1 and B3 have to make durable, for systems that cannot sync everything at once.
#[derive(Debug, Default)]
pub(crate) struct Unsynced {
    files: BTreeSet<String>,
    dirs: BTreeSet<String>,
}

impl Unsynced {
    /// A file whose bytes, length or permissions changed.
    pub(crate) fn file(&mut self, path: impl Into<String>) {
        self.files.insert(path.into());
    }

    /// A directory in which names changed.
    pub(crate) fn dir(&mut self, path: impl Into<String>) {
        self.dirs.insert(path.into());
    }

    /// A directory that is gone, and was not to be synced any more; the name it had is noted by itself.
    pub(crate) fn gone_dir(&mut self, path: &str) {
        self.dirs.remove(path);
    }

    /// A directory, or a file, that has another name from now on.
    pub(crate) fn moved(&mut self, path: &str, to: &str) {
        for paths in [&mut self.files, &mut self.dirs] {
            let below = |at: &String| at.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
            let moved: Vec<String> = paths.iter().filter(|at| below(at)).cloned().collect();
            for at in moved {
                paths.remove(&at);
                paths.insert(format!("{to}{}", &at[path.len()..]));
            }
        }
    }

    /// A name that changed: its directory.
    pub(crate) fn name(&mut self, path: &str) {
        self.dir(path.rsplit_once('/').map_or("", |(parent, _)| parent));
    }
}

/// Makes things durable: all at once where the system does that honestly, one by one elsewhere.
pub(crate) struct Syncer {
    all: Option<Box<dyn SyncAll>>,
    jobs: usize,
}

impl fmt::Debug for Syncer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Syncer").field("all", &self.all.is_some()).field("jobs", &self.jobs).finish()
    }
}

impl Syncer {
    /// Must be made before the first write it is to vouch for.
    pub(crate) fn new(fs: &dyn Fs, jobs: usize) -> Result<Self> {
        let all = if fs.capabilities().sync_all { Some(fs.sync_handle().context("open for syncing", "")?) } else { None };
        Ok(Self { all, jobs: jobs.max(1) })
    }

    /// Whether a sync makes everything durable, listed or not.
    pub(crate) fn syncs_all(&self) -> bool {
        self.all.is_some()
    }

    /// After this returns, everything in `unsynced` is durable. Says how many syncs, each a flush of the device, it took.
    pub(crate) fn sync(&self, fs: &dyn Fs, unsynced: &Unsynced) -> Result<u64> {
        if let Some(all) = &self.all {
            all.sync_all().context("sync", "")?;
            return Ok(1);
        }
        if fs.capabilities().write_out {
            return self.write_out(fs, unsynced);
        }
        // Files before directories: on most systems syncing a directory then finds its files clean.
        self.each(&unsynced.files, |path| fs.open(path, OpenMode::Write).context("open", path)?.sync().context("sync", path))?;
        self.each(&unsynced.dirs, |path| fs.sync_dir(path).context("sync", path))?;
        Ok((unsynced.files.len() + unsynced.dirs.len()) as u64)
    }

    /// Everything leaves for the device, which then is flushed once, through a file that is always there.
    fn write_out(&self, fs: &dyn Fs, unsynced: &Unsynced) -> Result<u64> {
        self.each(&unsynced.files, |path| {
            fs.open(path, OpenMode::Write).context("open", path)?.write_out().context("sync", path)
        })?;
        self.each(&unsynced.dirs, |path| fs.write_out_dir(path).context("sync", path))?;
        let flushed = SLOTS[0];
        fs.open(flushed, OpenMode::Write).context("open", flushed)?.sync().context("sync", flushed)?;
        Ok(1)
    }

    /// A bounded pool: many syncs at once share the device's flushes.
    fn each(&self, paths: &BTreeSet<String>, sync: impl Fn(&str) -> Result<()> + Sync) -> Result<()> {
        let paths: Vec<&String> = paths.iter().collect();
        pool::each(self.jobs, pool::LONG, &paths, |path| sync(path))
    }
}
