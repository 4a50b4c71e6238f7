//! Archives of which the next update writes what changed.

mod content;
mod guide;
mod list;
mod places;
mod plain;
mod zip_write;

use std::{
    fmt,
    io::{BufWriter, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use untorn::{Error, Observer, PartFile, Phase, Result};

use crate::builds::Build;
use guide::Guide;

/// What is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// A zip archive.
    #[default]
    Zip,
    /// The files one behind the other, and beside them a list that says where each lies.
    Plain,
}

/// How new and changed members of a zip archive are stored. Those that are as they were stay as they were stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Method {
    /// A changed one as before; a new one as most of the bytes in the old archive; where there is none, uncompressed.
    #[default]
    Auto,
    /// Uncompressed.
    Store,
    /// Deflated, where that is shorter.
    Deflate,
}

/// How an archive is made.
#[derive(Clone)]
#[non_exhaustive]
pub struct PackOptions {
    /// The archive before: what did not change stays where it is there.
    pub like: Option<PathBuf>,
    /// What is made.
    pub format: Format,
    /// How members are stored.
    pub method: Method,
    /// Where the content of members may begin: at multiples of this many bytes, where it is as long itself. 1 means anywhere.
    pub align: u64,
    /// The time of new and changed members, in seconds since 1970; what is before 1980 counts as that.
    pub time: u64,
    /// How many threads read and compress; 0 means one for each core. The archive is the same.
    pub jobs: usize,
    /// Is told about progress, in bytes.
    pub observer: Option<Arc<dyn Observer>>,
}

impl Default for PackOptions {
    fn default() -> Self {
        Self { like: None, format: Format::Zip, method: Method::Auto, align: 4096, time: 0, jobs: 0, observer: None }
    }
}

impl fmt::Debug for PackOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PackOptions")
            .field("like", &self.like)
            .field("format", &self.format)
            .field("method", &self.method)
            .field("align", &self.align)
            .field("time", &self.time)
            .field("jobs", &self.jobs)
            .finish_non_exhaustive()
    }
}

/// What an archive came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PackReport {
    /// Its length in bytes.
    pub len: u64,
    /// How many members it has.
    pub members: u64,
    /// How many of them are as they were, and where they were.
    pub kept: u64,
    /// Length of these in bytes, headers included.
    pub kept_len: u64,
    /// How many changed, and begin where they began.
    pub replaced: u64,
    /// How many were put into holes that were left.
    pub filled: u64,
    /// How many were put behind all others.
    pub appended: u64,
    /// Bytes that belong to no member: holes that the next archive may fill.
    pub hole_len: u64,
    /// Why the old archive was no guide, where it was none.
    pub no_guide: Option<String>,
}

/// Packs the directory `dir` into the archive `out`, replacing it. The directory and the old archive are only read; `out` may be the old archive.
///
/// With a guide ([`PackOptions::like`]), members whose content is as it was keep their bytes, also compressed ones, and their place; changed ones keep their place where they
/// fit; the others go into holes or to the end. What was removed leaves a hole of zeros. An archive that cannot be relied on is no guide, and the report says why.
///
/// After this returns `Ok`, the whole archive is there and durable; after an error, or a crash, whatever was at `out` before.
///
/// # Errors
/// [`Error::OutputInside`]; [`Error::Name`] and [`Error::Special`] for what no build can hold; [`Error::Io`]; [`Error::ChangedMeanwhile`] when a file changes while it is read;
/// [`Error::Stopped`] when the observer asked for it.
pub fn pack(dir: &Path, out: &Path, options: &PackOptions) -> Result<PackReport> {
    refuse_inside(out, dir)?;
    let build = Build::open(dir)?;
    let entries = list::list(&build)?;
    let guide = Guide::open(options)?;
    let job = Job { build: &build, options, guide: &guide };
    let (report, output) = match options.format {
        Format::Zip => zip_write::write(&job, &entries, out)?,
        Format::Plain => plain::write(&job, &entries, out)?,
    };
    // It may be the old archive that is replaced, and not every system replaces what is open.
    drop(guide);
    output.publish()?;
    Ok(report)
}

/// What all parts of the work share.
struct Job<'j> {
    build: &'j Build,
    options: &'j PackOptions,
    guide: &'j Guide,
}

impl Job<'_> {
    /// Bytes were read or written. Fails when the observer asks to stop.
    fn tell(&self, done: u64, total: u64) -> Result<()> {
        let Some(observer) = &self.options.observer else { return Ok(()) };
        observer.progress(Phase::Compress, done.min(total), total);
        if observer.should_stop() { Err(Error::Stopped) } else { Ok(()) }
    }
}

/// An archive inside the directory would be part of it the next time.
fn refuse_inside(out: &Path, dir: &Path) -> Result<()> {
    let parent = out.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match (parent.canonicalize(), dir.canonicalize()) {
        (Ok(parent), Ok(dir)) if parent.starts_with(&dir) => Err(Error::OutputInside { path: shown(out) }),
        _ => Ok(()),
    }
}

fn shown(path: &Path) -> String {
    untorn::escape(path.as_os_str().as_encoded_bytes())
}

/// Writes what has places, in their order, with zeros between.
struct Output<'o> {
    part: BufWriter<PartFile>,
    target: &'o Path,
    at: u64,
    hole_len: u64,
}

impl<'o> Output<'o> {
    fn new(target: &'o Path) -> Result<Self> {
        Ok(Self { part: BufWriter::with_capacity(1 << 20, PartFile::new(target, "part")?), target, at: 0, hole_len: 0 })
    }

    /// Fills with zeros up to `at`.
    fn hole(&mut self, at: u64) -> Result<()> {
        const ZEROS: [u8; 4096] = [0; 4096];
        while self.at < at {
            let len = (at - self.at).min(ZEROS.len() as u64);
            self.hole_len += len;
            self.put(&ZEROS[..usize::try_from(len).unwrap_or(0)])?;
        }
        Ok(())
    }

    fn put(&mut self, bytes: &[u8]) -> Result<()> {
        let target = self.target;
        self.part.write_all(bytes).map_err(|source| Error::Io { doing: "write", path: shown(target), source })?;
        self.at += bytes.len() as u64;
        Ok(())
    }

    /// After this returns, the whole file is there and durable.
    fn publish(self) -> Result<()> {
        let target = self.target;
        let failed = |source| Error::Io { doing: "write", path: shown(target), source };
        self.part.into_inner().map_err(|error| failed(error.into_error()))?.publish()
    }
}
