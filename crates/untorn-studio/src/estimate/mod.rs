//! The report of a patch that was not made: both builds are read, cut into small chunks, and what is new is compressed, or a part of it.

mod changes;
mod chunks;
mod costs;
mod frames;
mod stretches;
mod zips;

use std::{
    fmt,
    path::Path,
    sync::{Arc, atomic::AtomicU64, atomic::Ordering::Relaxed},
};

use untorn::{Error, Observer, Phase, Result, ScanOptions};

use crate::{Report, builds::Builds, parallel, report::Subject};
use changes::{Change, Content};
use chunks::Pool;

/// How builds are compared.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct EstimateOptions {
    /// How many threads work; 0 means one for each core, and more for reading. The report is the same.
    pub jobs: usize,
    /// Is told about progress, in bytes.
    pub observer: Option<Arc<dyn Observer>>,
}

impl fmt::Debug for EstimateOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EstimateOptions").field("jobs", &self.jobs).finish_non_exhaustive()
    }
}

/// Says about what a patch from the directory `old` to the directory `new` would cost, and where, without making it. Both are read; of what changed, both are read twice.
///
/// Memory: about 30 bytes for each 2 KiB of old files that change (for more than 1 GiB of them, coarser), and some 10 MiB for each thread.
///
/// # Errors
/// As [`untorn::scan`] for both directories; [`Error::Stopped`] when the observer asked for it.
pub fn estimate(old: &Path, new: &Path, options: &EstimateOptions) -> Result<Report> {
    let mut scan = ScanOptions::default();
    (scan.jobs, scan.observer) = (options.jobs, options.observer.clone());
    let (from, to) = (untorn::scan(old, &scan)?, untorn::scan(new, &scan)?);
    let builds = Builds::open(old, new)?;
    let changes = changes::between(&from, &to);
    let work = Work::new(options, &changes);
    let pool = Pool::read(&builds, &changes, &work)?;
    let mut found = stretches::find(&builds, &changes, &pool, &work)?;
    let notes = zips::refine(&builds, &changes, &mut found, &work);
    let estimate = costs::fill(&builds, &changes, &pool, &mut found, &work)?;
    let bytes_index = costs::index(&changes);
    let subjects: Vec<_> = changes.into_iter().zip(found).map(|(change, found)| Subject::new(change.item, found.spans)).collect();
    let bytes = subjects.iter().map(|subject| subject.item.bytes).fold(bytes_index, u64::saturating_add);
    let report = Report {
        from: from.hash(),
        to: to.hash(),
        estimate: Some(estimate),
        bytes,
        bytes_preface: 0,
        bytes_index,
        bytes_memory: None,
        signed: None,
        items: Vec::new(),
        advice: Vec::new(),
        notes,
        has_builds: false,
    };
    Ok(report.complete(subjects, Some(&builds)))
}

/// What all that are at work share.
struct Work<'o> {
    jobs: usize,
    observer: Option<&'o dyn Observer>,
    done: AtomicU64,
    total: u64,
}

impl<'o> Work<'o> {
    fn new(options: &'o EstimateOptions, changes: &[Change]) -> Self {
        let lens = |change: &Change| {
            if change.content == Content::Read {
                change.item.old_len.saturating_add(change.item.new_len)
            } else {
                change.pool_len()
            }
        };
        let total = changes.iter().map(lens).fold(0, u64::saturating_add);
        Self { jobs: parallel::threads(options.jobs), observer: options.observer.as_deref(), done: AtomicU64::new(0), total }
    }

    /// Bytes were read. Fails when the observer asks to stop.
    fn tell(&self, len: u64) -> Result<()> {
        let done = self.done.fetch_add(len, Relaxed).saturating_add(len);
        let Some(observer) = self.observer else { return Ok(()) };
        observer.progress(Phase::Search, done.min(self.total), self.total);
        if observer.should_stop() { Err(Error::Stopped) } else { Ok(()) }
    }
}
