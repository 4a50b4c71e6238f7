//! From a directory to its manifest.

use std::{fmt, io, path::Path, sync::Arc};

use untorn_format::{
    TreePath,
    manifest::{Entry, Kind, Manifest},
};
use untorn_fs::{FileKind, Fs, Metadata, OpenMode};
use untorn_store::{Error as StoreError, IndexFile};
use untorn_txn::Observer;

use crate::{
    Error, Result,
    content::{FrontToBack, counted, read_all, readers},
    error::shown,
    open,
    walk::{Found, walk},
};

/// How a directory is scanned.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct ScanOptions {
    /// How many threads read; 0 means as many as keep the disk busy.
    pub jobs: usize,
    /// Is told about progress, in bytes.
    pub observer: Option<Arc<dyn Observer>>,
}

impl fmt::Debug for ScanOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScanOptions").field("jobs", &self.jobs).finish_non_exhaustive()
    }
}

/// Reads the directory `dir` and says what it consists of. Only reads: the directory is not put under care. Untorn's own state in it is left out.
///
/// Memory: 1 MiB for each thread and about 100 bytes for each path.
///
/// # Errors
/// [`Error::Name`] for a name that not every system can hold; [`Error::Special`] for devices and the like; [`Error::Manifest`] when two names clash or a symlink
/// leads nowhere; [`Error::Io`].
pub fn scan(dir: &Path, options: &ScanOptions) -> Result<Manifest> {
    scan_on(&open::build(dir)?, dir, options)
}

/// As [`scan`]; cuts the files into chunks while reading them, and gives an index that says which these are, though not where any store has them: [`verify`](crate::verify) can
/// tell by it which parts of a file are damaged.
///
/// Memory: as [`scan`], and about 60 bytes for each chunk.
///
/// # Errors
/// As [`scan`]; [`Error::Store`] when there are more chunks than an index can hold.
pub fn scan_with_index(dir: &Path, options: &ScanOptions) -> Result<(Manifest, IndexFile)> {
    let fs = open::build(dir)?;
    let mut entries = list(&fs, dir, options.jobs, &mut |_, _| ())?;
    let files: Vec<_> = entries.iter().filter(|entry| is_file(&entry.kind)).map(|entry| entry.path.clone()).collect();
    let lens: Vec<_> = entries.iter().filter(|entry| is_file(&entry.kind)).map(|entry| file_len(&entry.kind)).collect();
    let tell = counted(options.observer.as_deref(), lens.iter().copied().fold(0, u64::saturating_add));
    let open = |file: usize| -> io::Result<Box<dyn io::Read + '_>> {
        Ok(Box::new(FrontToBack { file: fs.open(files[file].as_str(), OpenMode::Read)?, at: 0, tell: &tell }))
    };
    let built = untorn_store::cut(&lens, &open, readers(options.jobs)).map_err(|error| match error {
        StoreError::Read { file, source } => {
            Error::io("read", &dir.join(files[file].as_str()), source).or_stopped(options.observer.as_deref())
        }
        error => Error::Store { what: shown(dir), source: error },
    })?;
    let mut contents = built.contents().iter();
    for entry in &mut entries {
        let Kind::File { len, hash, .. } = &mut entry.kind else { continue };
        let Some(content) = contents.next() else { continue };
        (*len, *hash) = (content.len, content.hash);
    }
    let manifest = Manifest::new(entries).map_err(|source| Error::Manifest { dir: shown(dir), source })?;
    let index = built.index(&manifest).map_err(|source| Error::Store { what: shown(dir), source })?;
    Ok((manifest, index))
}

/// As [`scan`]; `dir` is what the root of `fs` is called in messages.
pub(crate) fn scan_on(fs: &dyn Fs, dir: &Path, options: &ScanOptions) -> Result<Manifest> {
    scan_seeing(fs, dir, options, &mut |_, _| ())
}

/// The same; `see` is called for everything that is there, before any file is read.
pub(crate) fn scan_seeing(
    fs: &dyn Fs,
    dir: &Path,
    options: &ScanOptions,
    see: &mut dyn FnMut(&TreePath, &Metadata),
) -> Result<Manifest> {
    let mut entries = list(fs, dir, options.jobs, see)?;
    let files = entries.iter().filter(|entry| is_file(&entry.kind));
    let files: Vec<_> = files.map(|entry| (&entry.path, file_len(&entry.kind))).collect();
    let mut contents = read_all(fs, &files, options.jobs, options.observer.as_deref()).into_iter();
    for entry in &mut entries {
        let Kind::File { len, hash, .. } = &mut entry.kind else { continue };
        let Some(content) = contents.next() else { continue };
        let content = content.map_err(|source| Error::io("read", &dir.join(entry.path.as_str()), source))?;
        (*len, *hash) = (content.len, content.hash);
    }
    Manifest::new(entries).map_err(|source| Error::Manifest { dir: shown(dir), source })
}

/// Every path with what stands there; files without their hashes.
fn list(fs: &dyn Fs, dir: &Path, jobs: usize, see: &mut dyn FnMut(&TreePath, &Metadata)) -> Result<Vec<Entry>> {
    let mut entries = Vec::new();
    walk(fs, dir, jobs, &mut |found| match found {
        Found::Refused(source) => Err(Error::Name { dir: shown(dir), source }),
        Found::Entry(path, meta) => {
            see(&path, &meta);
            let kind = kind(fs, dir, path.as_str(), &meta)?;
            entries.push(Entry { path, kind });
            Ok(true)
        }
    })?;
    entries.sort_by(|left, right| left.path.cmp(&right.path));
    Ok(entries)
}

fn kind(fs: &dyn Fs, dir: &Path, path: &str, meta: &Metadata) -> Result<Kind> {
    Ok(match meta.kind {
        FileKind::Dir => Kind::Dir,
        FileKind::File => {
            Kind::File { len: meta.len, hash: untorn_format::Hash::NONE, executable: meta.permissions.executable() }
        }
        FileKind::Symlink => {
            Kind::Symlink { target: fs.read_link(path).map_err(|source| Error::io("read the symlink", &dir.join(path), source))? }
        }
        FileKind::Other => return Err(Error::Special { path: shown(&dir.join(path)) }),
    })
}

fn is_file(kind: &Kind) -> bool {
    matches!(kind, Kind::File { .. })
}

fn file_len(kind: &Kind) -> u64 {
    if let Kind::File { len, .. } = kind { *len } else { 0 }
}
