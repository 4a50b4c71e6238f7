//! From two builds to a patch.

use std::{
    fmt,
    io::{BufWriter, Write},
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use untorn_delta::{Build, Progress, Search};
use untorn_format::{Hash, manifest::Manifest};
use untorn_fs::OsFs;
use untorn_txn::{Observer, Phase};

use crate::{Error, Result, ScanOptions, error::shown, open, part_file::PartFile, scan::scan_on, tree_files::TreeFiles};

/// How a patch is made.
#[derive(Clone)]
#[non_exhaustive]
pub struct DiffOptions {
    /// How much is tried to make the patch small, 1 (fast) to 9 (small).
    pub level: i32,
    /// Which old bytes are searched for the new ones.
    pub search: Search,
    /// Whether members of archives and pictures that were deflated are diffed as what they hold, where that makes the patch smaller: see
    /// [`untorn_delta::Options::recompress`].
    pub recompress: bool,
    /// How many threads read and compress; 0 means as many as keep disk and cores busy. The patch is the same.
    pub jobs: usize,
    /// How many bytes of memory compressing may take: fewer threads then, but always one. A sixteenth of it, beside, holds what short files are made of.
    pub memory_len: u64,
    /// Is told about progress, in bytes.
    pub observer: Option<Arc<dyn Observer>>,
}

impl Default for DiffOptions {
    fn default() -> Self {
        let defaults = untorn_delta::Options::default();
        let untorn_delta::Options { level, search, recompress, memory_len, .. } = defaults;
        Self { level, search, recompress, jobs: 0, memory_len, observer: None }
    }
}

impl fmt::Debug for DiffOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DiffOptions")
            .field("level", &self.level)
            .field("search", &self.search)
            .field("recompress", &self.recompress)
            .field("jobs", &self.jobs)
            .field("memory_len", &self.memory_len)
            .finish_non_exhaustive()
    }
}

/// What a patch came to.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct DiffReport {
    /// The build it starts from.
    pub from: Hash,
    /// The build it leads to.
    pub to: Hash,
    /// Length in bytes of the manifest of the new build.
    pub manifest_len: u64,
    /// Length in bytes of all files of the old build.
    pub old_len: u64,
    /// Length in bytes of all files of the new build.
    pub new_len: u64,
    /// What the patch consists of.
    pub patch: untorn_delta::Report,
    /// How long it took.
    pub elapsed: Duration,
}

/// Writes the patch from the directory `old` to the directory `new` to the file `patch`, replacing it. Both directories are only read.
///
/// After this returns `Ok`, the whole patch is there and durable; after an error, or a crash, whatever was at `patch` before.
///
/// # Errors
/// As [`crate::scan`] for both directories; [`Error::OutputInside`]; [`Error::Diff`]; [`Error::Stopped`] when the observer asked for it.
pub fn diff(old: &Path, new: &Path, patch: &Path, options: &DiffOptions) -> Result<DiffReport> {
    stoppable(options, || {
        let started = Instant::now();
        let (old, new) = read_both(old, new, &[patch], options)?;
        let made = Made::write(&old, &new, patch, options)?;
        made.publish(started)
    })
}

/// Writes two patches: from `old` to `new` to the file `patch`, and the way back to the file `reverse`. Each has the bytes that [`diff`] would give it; both directories are listed and hashed
/// once. Gives what they came to, in this order.
///
/// After this returns `Ok`, both are there and durable. Neither is put in its place before both are made: only an error, or a crash, while they are put there can leave `patch` new and `reverse`
/// as it was.
///
/// # Errors
/// As [`diff`].
pub fn diff_both(
    old: &Path,
    new: &Path,
    patch: &Path,
    reverse: &Path,
    options: &DiffOptions,
) -> Result<(DiffReport, DiffReport)> {
    stoppable(options, || {
        let started = Instant::now();
        let (old, new) = read_both(old, new, &[patch, reverse], options)?;
        let there = Made::write(&old, &new, patch, options)?;
        let there_time = started.elapsed();
        let back_started = Instant::now();
        let back = Made::write(&new, &old, reverse, options)?;
        let there = there.publish(started)?;
        Ok((DiffReport { elapsed: there_time, ..there }, back.publish(back_started)?))
    })
}

fn stoppable<T>(options: &DiffOptions, make: impl FnOnce() -> Result<T>) -> Result<T> {
    make().map_err(|error| error.or_stopped(options.observer.as_deref()))
}

fn read_both(old: &Path, new: &Path, patches: &[&Path], options: &DiffOptions) -> Result<(Source, Source)> {
    for patch in patches {
        [old, new].into_iter().try_for_each(|dir| refuse_inside(patch, dir))?;
    }
    Ok((Source::read(old, options)?, Source::read(new, options)?))
}

/// A patch that is made and not in its place yet.
struct Made {
    out: PartFile,
    report: DiffReport,
}

impl Made {
    fn write(old: &Source, new: &Source, patch: &Path, options: &DiffOptions) -> Result<Self> {
        let mut out = PartFile::new(patch, "part")?;
        let report = write(old, new, &mut out, &mut PartFile::new(patch, "spool")?, options)?;
        let report = DiffReport {
            from: old.manifest.hash(),
            to: new.manifest.hash(),
            manifest_len: new.manifest.encode().len() as u64,
            old_len: old.manifest.total_bytes(),
            new_len: new.manifest.total_bytes(),
            patch: report,
            elapsed: Duration::ZERO,
        };
        Ok(Self { out, report })
    }

    fn publish(self, started: Instant) -> Result<DiffReport> {
        self.out.publish()?;
        Ok(DiffReport { elapsed: started.elapsed(), ..self.report })
    }
}

/// A build and what it consists of.
struct Source {
    fs: OsFs,
    manifest: Manifest,
}

impl Source {
    fn read(dir: &Path, options: &DiffOptions) -> Result<Self> {
        let fs = open::build(dir)?;
        let scan = ScanOptions { jobs: options.jobs, observer: options.observer.clone() };
        let manifest = scan_on(&fs, dir, &scan)?;
        Ok(Self { fs, manifest })
    }
}

/// Which part of the memory holds the short files of a build: one in this many bytes.
const SHORT_FILES: u64 = 32;

fn write(
    old: &Source,
    new: &Source,
    out: &mut PartFile,
    spool: &mut PartFile,
    options: &DiffOptions,
) -> Result<untorn_delta::Report> {
    let (old_files, new_files) = {
        let (observer, short_len) = (options.observer.as_deref(), usize::try_from(options.memory_len / SHORT_FILES).unwrap_or(0));
        (TreeFiles::new(&old.fs, observer).holding(short_len), TreeFiles::new(&new.fs, observer).holding(short_len))
    };
    let mut delta_options = untorn_delta::Options::default();
    (delta_options.level, delta_options.search) = (options.level, options.search);
    delta_options.recompress = options.recompress;
    (delta_options.jobs, delta_options.memory_len) = (options.jobs, options.memory_len);
    let mut writer = BufWriter::new(out);
    let report = untorn_delta::diff(
        Build { manifest: &old.manifest, files: &old_files },
        Build { manifest: &new.manifest, files: &new_files },
        &delta_options,
        spool,
        &mut writer,
        &mut |progress| tell(options, progress),
    )?;
    writer.flush().map_err(untorn_delta::DiffError::Write)?;
    Ok(report)
}

fn tell(options: &DiffOptions, progress: Progress) {
    let Some(observer) = &options.observer else { return };
    match progress {
        Progress::Compared { done, total } => observer.progress(Phase::Compare, done, total),
        Progress::Recompressed { done, total } | Progress::Searched { done, total } | Progress::Adapted { done, total } => {
            observer.progress(Phase::Search, done, total);
        }
        Progress::Compressed { done, total } => observer.progress(Phase::Compress, done, total),
        _ => {}
    }
}

/// A patch inside a build would be part of it the next time.
fn refuse_inside(patch: &Path, dir: &Path) -> Result<()> {
    match (open::parent(patch).canonicalize(), dir.canonicalize()) {
        (Ok(parent), Ok(dir)) if parent.starts_with(&dir) => Err(Error::OutputInside { path: shown(patch) }),
        _ => Ok(()),
    }
}
