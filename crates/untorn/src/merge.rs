//! From two patches to one.

use std::{
    io::{self, BufWriter, Read, Seek, SeekFrom, Write},
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use untorn_delta::{MergeError, MergeReport as Joined, PatchError};
use untorn_format::{
    Hash,
    patch::{HEADER_LEN, Header},
    release::Release,
};
use untorn_txn::{Observer, Phase};

use crate::{
    Error, Result,
    part_file::{PartFile, Seekable, seekable},
    signed::Intake,
};

/// What two patches joined came to.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct MergeReport {
    /// What the joined patch consists of.
    pub patch: Joined,
    /// The release that the second patch was signed as. It does not speak for the joined one, but says of the new build what a new one needs.
    pub second: Option<Release>,
    /// How long it took.
    pub elapsed: Duration,
}

/// Writes the patch that does what the patch `first` and then the patch `second` do to the file `patch`, replacing it, without any file of the builds. It is not signed: no release
/// lists it.
///
/// It is applied only to a tree whose build is known ([`PatchError::Joined`]), from its first byte to its last: not in steps.
///
/// After this returns `Ok`, the whole patch is there and durable; after an error, or a crash, whatever was at `patch` before.
///
/// # Errors
/// [`Error::Merge`]; [`Error::Products`]; [`Error::OtherPatch`] when one of them is not the one that was signed; [`Error::Patch`]; [`Error::Io`]; [`Error::Stopped`] when the observer asked for it.
pub fn merge(first: &Path, second: &Path, patch: &Path, observer: Option<Arc<dyn Observer>>) -> Result<MergeReport> {
    Merging::open(first, second)?.write(patch, observer)
}

/// Two patches that are open to be joined: what they say of themselves is known before any work.
pub struct Merging {
    one: Input<Seekable>,
    two: Input<Seekable>,
}

impl Merging {
    /// Opens them.
    ///
    /// # Errors
    /// As [`merge`].
    pub fn open(first: &Path, second: &Path) -> Result<Self> {
        let one = Input::new(seekable(first)?).map_err(|error| of_patch(error, MergeError::First))?;
        let two = Input::new(seekable(second)?).map_err(|error| of_patch(error, MergeError::Second))?;
        Ok(Self { one, two })
    }

    /// The build that the second one leads to.
    #[must_use]
    pub fn to(&self) -> Hash {
        self.two.to
    }

    /// What the second one was signed as. See [`MergeReport::second`].
    #[must_use]
    pub fn second(&self) -> Option<&Release> {
        self.two.release.as_ref()
    }

    /// Joins them. See [`merge`].
    ///
    /// # Errors
    /// As [`merge`].
    pub fn write(self, patch: &Path, observer: Option<Arc<dyn Observer>>) -> Result<MergeReport> {
        join(self, patch, observer.as_deref()).map_err(|error| error.or_stopped(observer.as_deref()))
    }
}

impl std::fmt::Debug for Merging {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Merging").field("to", &self.two.to).finish_non_exhaustive()
    }
}

fn join(Merging { one, two }: Merging, patch: &Path, observer: Option<&dyn Observer>) -> Result<MergeReport> {
    let started = Instant::now();
    if let (Some(one), Some(two)) = (&one.release, &two.release)
        && (&one.product, &one.platform) != (&two.product, &two.platform)
    {
        let named = |release: &Release| format!("{} for {}", release.product, release.platform);
        return Err(Error::Products { first: named(one), second: named(two) });
    }
    let second = two.release;
    let mut part = PartFile::new(patch, "part")?;
    let mut out = BufWriter::new(Stoppable { part: &mut part, observer });
    let mut tell = |done, total| {
        if let Some(observer) = observer {
            observer.progress(Phase::Compress, done, total);
        }
    };
    let report = untorn_delta::merge(one.file, two.file, &mut out, &mut tell)?;
    out.flush().map_err(untorn_delta::DiffError::Write)?;
    drop(out);
    part.publish()?;
    Ok(MergeReport { patch: report, second, elapsed: started.elapsed() })
}

/// Says which of the two cannot be used.
fn of_patch(error: Error, which: fn(PatchError) -> MergeError) -> Error {
    if let Error::Patch(error) = error { which(error).into() } else { error }
}

/// A patch file that stands at the first byte of the bare patch.
struct Input<R> {
    file: R,
    /// What it was signed as. Who signed it is not looked at: it is not applied.
    release: Option<Release>,
    /// The build it leads to.
    to: Hash,
}

impl<R: Read + Seek> Input<R> {
    fn new(mut file: R) -> Result<Self> {
        let Intake { preface, header, .. } = Intake::read(&mut file)?;
        let at = file.stream_position().map_err(PatchError::Input)?.saturating_sub(HEADER_LEN as u64);
        file.seek(SeekFrom::Start(at)).map_err(PatchError::Input)?;
        let release = preface.map(|preface| Release::decode(&preface.release.document)).transpose().map_err(PatchError::from)?;
        if release.as_ref().is_some_and(|release| !lists(release, &header)) {
            return Err(Error::OtherPatch);
        }
        Ok(Self { file, release, to: header.to })
    }
}

fn lists(release: &Release, header: &Header) -> bool {
    let hash = Hash::of(&header.encode());
    release.patches.iter().any(|patch| patch.header_hash == hash)
}

/// A file that is written until somebody asks to stop.
struct Stoppable<'s> {
    part: &'s mut PartFile,
    observer: Option<&'s dyn Observer>,
}

impl Write for Stoppable<'_> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        if self.observer.is_some_and(Observer::should_stop) {
            return Err(io::ErrorKind::Other.into());
        }
        self.part.write(buf)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.part.flush()
    }
}
