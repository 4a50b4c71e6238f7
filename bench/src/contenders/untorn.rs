//! untorn, in the three roles it plays here.

use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

use rustix::process::{Signal, getpid, kill_process};

use super::Contender;
use crate::files;
use crate::sample::Outcome;
use crate::untorn::{self, Way};
use crate::workload::Workload;

const OPEN_ITERATIONS: u64 = 2_000;
const LOOK_EVERY: Duration = Duration::from_micros(20);

/// One transaction.
pub struct Commit {
    /// How each file is changed.
    pub way: Way,
}

/// Opening a tree that is clean.
pub struct Open;

/// Opening a tree whose last commit was cut after its commit point.
pub struct Recover;

impl Contender for Commit {
    fn about(&self) -> &'static str {
        match self.way {
            Way::Auto => "untorn as it comes: atomic as a whole, either tree after any crash",
            Way::Put => "untorn, told to stage whole files and rename them in",
            Way::InPlace => "untorn, told to overwrite in place from its redo journal",
        }
    }

    fn missing(&self) -> Option<&'static str> {
        untorn::MISSING
    }

    fn prepare(&self, workload: &Workload, dir: &Path) -> anyhow::Result<()> {
        prepare(workload, dir)
    }

    fn run(&self, workload: &Workload, dir: &Path) -> anyhow::Result<Outcome> {
        Ok(Outcome { details: untorn::commit(workload, dir, self.way)?, ..Outcome::default() })
    }
}

impl Contender for Open {
    fn about(&self) -> &'static str {
        "untorn: open a clean tree (lock, look for work to finish), drop it"
    }

    fn missing(&self) -> Option<&'static str> {
        untorn::MISSING
    }

    fn prepare(&self, workload: &Workload, dir: &Path) -> anyhow::Result<()> {
        prepare(workload, dir)
    }

    fn run(&self, _workload: &Workload, dir: &Path) -> anyhow::Result<Outcome> {
        (0..OPEN_ITERATIONS).try_for_each(|_| untorn::open(dir))?;
        Ok(Outcome { iterations: OPEN_ITERATIONS, ..Outcome::default() })
    }

    fn verify(&self, _workload: &Workload, _dir: &Path) -> anyhow::Result<()> {
        Ok(())
    }
}

impl Contender for Recover {
    fn about(&self) -> &'static str {
        "untorn: open the tree after the process died past the commit point; the redo is applied"
    }

    fn missing(&self) -> Option<&'static str> {
        untorn::MISSING
    }

    fn prepare(&self, workload: &Workload, dir: &Path) -> anyhow::Result<()> {
        prepare(workload, dir)
    }

    fn starts_cut(&self) -> bool {
        true
    }

    fn cut(&self, workload: &Workload, dir: &Path) -> anyhow::Result<()> {
        let file = dir.join(workload.path(0));
        let before = stamp(&file)?;
        std::thread::spawn(move || die_when_changed(&file, before));
        untorn::commit(workload, dir, Way::InPlace)?;
        anyhow::bail!("the commit was over before it could be cut; try more bytes")
    }

    fn run(&self, _workload: &Workload, dir: &Path) -> anyhow::Result<Outcome> {
        untorn::open(dir)?;
        Ok(Outcome::default())
    }
}

/// The state directory exists before the clock runs, as on any tree that was ever updated.
fn prepare(workload: &Workload, dir: &Path) -> anyhow::Result<()> {
    files::write_old(workload, dir)?;
    untorn::open(dir)
}

/// The first byte that changes in the tree proves that the commit point is passed, whatever the journal looks like.
fn die_when_changed(file: &Path, before: Stamp) {
    while stamp(file).is_ok_and(|now| now == before) {
        std::thread::sleep(LOOK_EVERY);
    }
    // If even this fails, the commit comes to its end and says that it was not cut.
    kill_process(getpid(), Signal::KILL).ok();
}

type Stamp = (u64, i64, i64);

/// Inode and time of the last write.
fn stamp(file: &Path) -> anyhow::Result<Stamp> {
    let metadata = std::fs::metadata(file)?;
    Ok((metadata.ino(), metadata.mtime(), metadata.mtime_nsec()))
}
