//! Making a file what another tool describes.

use std::{
    fs::File,
    io::{BufReader, ErrorKind},
    ops::Range,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use sha1::{Digest, Sha1};
use untorn::{Hash, Observer, Options, Phase, Report, Tree};
use untorn_fs::{Fs, OpenMode};

use crate::{
    caibx::Caibx,
    error::{Error, Result},
    foreign::{Fault, Foreign, Kind},
    old::Old,
    source::Source,
    target::Target,
    vcdiff::Vcdiff,
    zsync::Zsync,
};

/// How a file is to be made.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct ImportOptions {
    /// Where bytes come from that the old file does not have: the new file or, for a list of chunks, their store; a path, or an address.
    pub from: Option<String>,
    /// An index of the file as it is, by which chunks are found that moved.
    pub seed: Option<PathBuf>,
    /// BLAKE3 of the file as it must be before anything is made of it.
    pub old_hash: Option<Hash>,
    /// BLAKE3 of what must come out.
    pub new_hash: Option<Hash>,
    /// Make and check everything, but change nothing.
    pub dry_run: bool,
    /// Whether what is needed to go back is kept.
    pub keep_undo: bool,
    /// Who is told how far it is.
    pub observer: Option<Arc<dyn Observer>>,
}

impl std::fmt::Debug for ImportOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { from, seed, old_hash, new_hash, dry_run, keep_undo, .. } = self;
        let mut shown = f.debug_struct("ImportOptions");
        shown
            .field("from", from)
            .field("seed", seed)
            .field("old_hash", old_hash)
            .field("new_hash", new_hash)
            .field("dry_run", dry_run)
            .field("keep_undo", keep_undo);
        shown.finish_non_exhaustive()
    }
}

/// What importing came to.
#[derive(Debug)]
#[non_exhaustive]
pub struct ImportReport {
    /// Which tool's description it was.
    pub kind: Kind,
    /// How long the file is now.
    pub bytes: u64,
    /// How many of its bytes came from somewhere else than the old file and the description.
    pub bytes_fetched: u64,
    /// How many of its bytes were not there already.
    pub bytes_changed: u64,
    /// What the transaction did; `None` when nothing was to be changed, or should be.
    pub transaction: Option<Report>,
    /// How long it took.
    pub elapsed: Duration,
}

/// Makes the file `path` of the tree in `dir` what `description` says. After this returns, it is, also after a power cut; after an error it is as it was.
///
/// # Errors
/// [`Error::Description`], [`Error::Mismatch`], [`Error::Unchecked`], [`Error::NoSource`], [`Error::Installed`], [`Error::Io`]; those of opening and changing a tree.
pub fn import(description: &Path, dir: &Path, path: &str, options: &ImportOptions) -> Result<ImportReport> {
    let begun = Instant::now();
    let foreign = Foreign::open(description)?;
    let kind = foreign.kind();
    let source = options.from.as_deref().map(Source::open).transpose()?;
    refuse_installed(dir, path)?;
    let mut tree = Tree::open(dir)?;
    let old = old(&**tree.fs(), path)?;
    let mut settings = Options::default();
    (settings.keep_undo, settings.observer) = (options.keep_undo, options.observer.clone());
    let mut tx = tree.begin_with(settings)?;
    let mut making = Making {
        path,
        old: &old,
        source: source.as_ref(),
        observer: options.observer.as_deref(),
        target: Target::new(&mut tx, path, &old),
        has_hash: options.old_hash.is_some() || options.new_hash.is_some(),
        fetched: 0,
    };
    if let Some(hash) = options.old_hash {
        making.check_old(hash)?;
    }
    match foreign {
        Foreign::Vcdiff(file) => making.vcdiff(file, description)?,
        Foreign::Zsync(list) => making.zsync(&list)?,
        Foreign::Caibx(index) => making.caibx(&index, seed(options)?.as_ref())?,
    }
    let bytes_fetched = making.fetched;
    if options.new_hash.is_some_and(|hash| making.target.hash() != hash) {
        return Err(making.mismatch("what came out is not what --new-hash names"));
    }
    let (bytes, bytes_changed) = making.target.finish()?;
    let is_idle = options.dry_run || (old.exists() && bytes_changed == 0 && bytes == old.len);
    let transaction = if is_idle { None } else { Some(tx.commit()?) };
    Ok(ImportReport { kind, bytes, bytes_fetched, bytes_changed, transaction, elapsed: begun.elapsed() })
}

/// A file of a build would be called damaged afterwards.
fn refuse_installed(dir: &Path, path: &str) -> Result<()> {
    let installed = untorn::installed(dir)?;
    let is_listed =
        installed.is_some_and(|installed| installed.manifest.entries().iter().any(|entry| entry.path.as_str() == path));
    if is_listed { Err(Error::Installed { path: path.to_owned() }) } else { Ok(()) }
}

fn old(fs: &dyn Fs, path: &str) -> Result<Old> {
    let unreadable = |source| Error::Io { path: path.to_owned(), source };
    match fs.open(path, OpenMode::Read) {
        Ok(file) => Old::new(Some(file)).map_err(unreadable),
        Err(error) if error.kind() == ErrorKind::NotFound => Old::new(None).map_err(unreadable),
        Err(error) => Err(unreadable(error)),
    }
}

fn seed(options: &ImportOptions) -> Result<Option<Caibx>> {
    let Some(path) = &options.seed else { return Ok(None) };
    match Foreign::open(path)? {
        Foreign::Caibx(index) => Ok(Some(index)),
        _ => Err(Fault::Wrong("this is no index of chunks").of(path)),
    }
}

struct Making<'a, 't> {
    path: &'a str,
    old: &'a Old,
    source: Option<&'a Source>,
    observer: Option<&'a dyn Observer>,
    target: Target<'a, 't>,
    /// Whether somebody named what the file is, or becomes.
    has_hash: bool,
    fetched: u64,
}

/// How much is read at once to hash it.
const HASHED_LEN: u64 = 1 << 20;
/// How much is fetched at once.
const FETCHED_LEN_MAX: u64 = 4 << 20;

impl Making<'_, '_> {
    fn check_old(&self, hash: Hash) -> Result<()> {
        let (mut hasher, mut at) = (blake3::Hasher::new(), 0);
        while at < self.old.len {
            let end = self.old.len.min(at + HASHED_LEN);
            hasher.update(&self.read(&(at..end))?);
            at = end;
        }
        let is_right = self.old.exists() && *hasher.finalize().as_bytes() == hash.0;
        if is_right { Ok(()) } else { Err(self.mismatch("it is not the file that --old-hash names")) }
    }

    fn vcdiff(&mut self, file: BufReader<File>, description: &Path) -> Result<()> {
        let wrong = |fault: Fault| fault.of(description);
        let mut delta = Vcdiff::new(file).map_err(wrong)?;
        let from = delta.from.take();
        while let Some(window) = delta.next().map_err(wrong)? {
            if !window.has_sum() && !self.has_hash {
                return Err(Error::Unchecked { path: self.path.to_owned() });
            }
            if !self.old.has(&window.source) {
                return Err(self.mismatch_from("it is shorter than the file that the delta starts from", from));
            }
            if window.source.end - window.source.start > SOURCE_LEN_MAX {
                return Err(wrong(Fault::Wrong("a window of it needs more than 512 MiB of the old file")));
            }
            let source = self.read(&window.source)?;
            match window.make(&source).map_err(wrong)? {
                Some(made) => self.put(&made, 0)?,
                None => return Err(self.mismatch_from("it is not the file that the delta starts from", from)),
            }
        }
        Ok(())
    }

    fn zsync(&mut self, list: &Zsync) -> Result<()> {
        let places = list.find(self.old).map_err(|source| self.unreadable(source))?;
        let missing = places.iter().enumerate().filter(|(_, place)| place.is_none()).map(|(number, _)| list.len_of(number)).sum();
        self.need_source(missing)?;
        let (mut number, mut sum) = (0, Sha1::new());
        while number < places.len() {
            let bytes = match places[number] {
                Some(place) => {
                    let len = list.len_of(number);
                    number += 1;
                    self.read_padded(place, len)?
                }
                None => {
                    let most = usize::try_from(FETCHED_LEN_MAX / u64::from(list.block_len)).unwrap_or(1).max(1);
                    let run = places[number..].iter().take(most).take_while(|place| place.is_none()).count();
                    let start = number as u64 * u64::from(list.block_len);
                    number += run;
                    let end = (number as u64 * u64::from(list.block_len)).min(list.len);
                    self.fetch(start..end)?
                }
            };
            sum.update(&bytes);
            self.put(&bytes, list.len)?;
        }
        if sum.finalize()[..] == list.sha1 { Ok(()) } else { Err(self.mismatch("what came out is not what the list describes")) }
    }

    fn caibx(&mut self, index: &Caibx, seed: Option<&Caibx>) -> Result<()> {
        let moved = seed.map(Caibx::places).unwrap_or_default();
        let len = index.chunks.last().map_or(0, |chunk| chunk.range.end);
        for chunk in &index.chunks {
            let chunk_len = chunk.range.end - chunk.range.start;
            let is_right = |bytes: &[u8]| bytes.len() as u64 == chunk_len && index.is(&chunk.id, bytes);
            let places = [Some(&chunk.range), moved.get(&chunk.id)].into_iter().flatten();
            let mut found = None;
            for place in places.filter(|place| self.old.has(place) && place.end - place.start == chunk_len) {
                let bytes = self.read(place)?;
                if is_right(&bytes) {
                    found = Some(bytes);
                    break;
                }
            }
            let bytes = match (found, self.source) {
                (Some(bytes), _) => bytes,
                (None, Some(source)) => {
                    self.fetched += chunk_len;
                    source.chunk(&chunk.id, &is_right)?
                }
                (None, None) => return Err(Error::NoSource { bytes: chunk_len }),
            };
            self.put(&bytes, len)?;
        }
        Ok(())
    }

    fn put(&mut self, bytes: &[u8], total: u64) -> Result<()> {
        self.target.put(bytes)?;
        if let Some(observer) = self.observer {
            observer.progress(Phase::Stage, self.target.len, total.max(self.target.len));
        }
        Ok(())
    }

    fn fetch(&mut self, range: Range<u64>) -> Result<Vec<u8>> {
        let source = self.source.ok_or(Error::NoSource { bytes: range.end - range.start })?;
        self.fetched += range.end - range.start;
        source.range(range)
    }

    fn need_source(&self, bytes: u64) -> Result<()> {
        if bytes > 0 && self.source.is_none() { Err(Error::NoSource { bytes }) } else { Ok(()) }
    }

    /// A part of the old file, which has it.
    fn read(&self, range: &Range<u64>) -> Result<Vec<u8>> {
        let mut bytes = self.zeros(range.end - range.start)?;
        self.old.read(&mut bytes, range.start).map_err(|source| self.unreadable(source))?;
        Ok(bytes)
    }

    fn zeros(&self, len: u64) -> Result<Vec<u8>> {
        let len = usize::try_from(len).map_err(|_| self.unreadable(ErrorKind::OutOfMemory.into()))?;
        Ok(vec![0; len])
    }

    /// What is beyond the end of the old file is zero, as it was when the block was found.
    fn read_padded(&self, offset: u64, len: u64) -> Result<Vec<u8>> {
        let there = self.old.len.saturating_sub(offset).min(len);
        let mut bytes = self.read(&(offset..offset + there))?;
        bytes.extend(self.zeros(len - there)?);
        Ok(bytes)
    }

    fn mismatch(&self, why: &'static str) -> Error {
        self.mismatch_from(why, None)
    }

    fn mismatch_from(&self, why: &'static str, from: Option<String>) -> Error {
        Error::Mismatch { path: self.path.to_owned(), why, from }
    }

    fn unreadable(&self, source: std::io::Error) -> Error {
        Error::Io { path: self.path.to_owned(), source }
    }
}

/// How much of the old file a window may need at once; 64 MiB is what xdelta3 takes unless asked for more.
const SOURCE_LEN_MAX: u64 = 512 << 20;
