//! Whether a directory is what it should be.

use std::{fmt, io, path::Path, sync::Arc};

use untorn_format::{
    Hash, TreePath,
    manifest::{Entry, Kind, Manifest},
};
use untorn_fs::{FileKind, Fs, Metadata, OsFs};
use untorn_txn::{Condition, Observer, ReadGuard, Status, TreeState, head_of};

use crate::{
    Difference, Error, Result, What,
    content::{Content, for_each, read_all},
    difference::kind_name,
    error::shown,
    open,
    record::Record,
    walk::{Found, walk},
};

/// How a directory is verified.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct VerifyOptions {
    /// How many threads read; 0 means as many as keep the disk busy.
    pub jobs: usize,
    /// Is told about progress, in bytes.
    pub observer: Option<Arc<dyn Observer>>,
}

impl fmt::Debug for VerifyOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifyOptions").field("jobs", &self.jobs).finish_non_exhaustive()
    }
}

/// What verifying found.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct VerifyReport {
    /// The build it was compared with.
    pub build: Hash,
    /// How many paths the build has.
    pub paths: usize,
    /// How many bytes the build has.
    pub bytes: u64,
    /// What is missing or damaged, sorted by path.
    pub damage: Vec<Difference>,
    /// What is there beside the build, such as saves and logs, sorted by path; of a directory only its own name.
    pub extra: Vec<Difference>,
}

impl VerifyReport {
    /// Whether the whole build is there as it should be; what is there beside it does not matter.
    #[must_use]
    pub fn is_intact(&self) -> bool {
        self.damage.is_empty()
    }
}

/// Verifies the tree in `dir` against what is installed according to its head document, after completing or discarding what an earlier process left. The tree
/// cannot change meanwhile.
///
/// # Errors
/// [`Error::NotRecorded`] when nothing says what is installed; else as [`ReadGuard::acquire`] and [`crate::scan`]. Damage is an answer, not an error.
pub fn verify(dir: &Path, options: &VerifyOptions) -> Result<VerifyReport> {
    let _guard = hold(dir)?;
    let head = head_of(dir)?.ok_or_else(|| Error::NotRecorded { dir: shown(dir) })?;
    let record = Record::decode(&head, dir)?;
    let manifest = record.manifest().ok_or_else(|| Error::NotRecorded { dir: shown(dir) })?;
    verify_on(&open::build(dir)?, dir, manifest, options)
}

/// Verifies the directory `dir`, be it a tree or not, against `manifest`. A tree whose journal cannot be understood is looked at without being held: that is when
/// the answer is needed most.
///
/// # Errors
/// As [`verify`].
pub fn verify_against(dir: &Path, manifest: &Manifest, options: &VerifyOptions) -> Result<VerifyReport> {
    let fs: OsFs = open::build(dir)?;
    let _guard = match hold(dir) {
        Err(Error::Tree(error)) if error.state() == TreeState::NotUnderstood => None,
        other => other?,
    };
    verify_on(&fs, dir, manifest, options)
}

/// Keeps a tree from changing; a plain directory is not put under care for being looked at.
fn hold(dir: &Path) -> Result<Option<ReadGuard>> {
    match Status::of(dir)?.condition {
        Condition::Unmanaged => Ok(None),
        _ => Ok(Some(ReadGuard::acquire(dir)?)),
    }
}

pub(crate) fn verify_on(fs: &dyn Fs, dir: &Path, manifest: &Manifest, options: &VerifyOptions) -> Result<VerifyReport> {
    let entries: Vec<_> = manifest.entries().iter().collect();
    Ok(VerifyReport {
        build: manifest.hash(),
        paths: entries.len(),
        bytes: manifest.total_bytes(),
        damage: damage(fs, dir, &entries, options)?,
        extra: extra(fs, dir, manifest, options.jobs)?,
    })
}

/// Every one of `entries` that is not there as it should be, sorted.
pub(crate) fn damage(fs: &dyn Fs, dir: &Path, entries: &[&Entry], options: &VerifyOptions) -> Result<Vec<Difference>> {
    let (mut damage, mut same_len) = (Vec::new(), Vec::new());
    let looks = for_each(options.jobs, entries.len(), &|number| by_metadata(fs, dir, entries[number]));
    for (entry, what) in entries.iter().zip(looks) {
        match what? {
            Some(what) => damage.push(Difference { path: entry.path.to_string(), what }),
            None if matches!(entry.kind, Kind::File { .. }) => same_len.push(*entry),
            None => {}
        }
    }
    damage.extend(by_content(fs, dir, &same_len, options)?);
    damage.sort();
    Ok(damage)
}

/// What can be told without reading files.
fn by_metadata(fs: &dyn Fs, dir: &Path, entry: &Entry) -> Result<Option<What>> {
    let Some(meta) = look(fs, dir, &entry.path)? else { return Ok(Some(What::Missing)) };
    Ok(match (&entry.kind, meta.kind) {
        (Kind::Dir, FileKind::Dir) => None,
        (Kind::File { len, executable, .. }, FileKind::File) => file_by_metadata(*len, *executable, &meta),
        (Kind::Symlink { target }, FileKind::Symlink) => {
            let found = read_link(fs, dir, &entry.path)?;
            (found != *target).then(|| What::Target { expected: target.clone(), found })
        }
        (kind, found) => Some(What::Kind { expected: expected_name(kind), found: kind_name(found) }),
    })
}

pub(crate) fn file_by_metadata(len: u64, executable: bool, meta: &Metadata) -> Option<What> {
    if meta.len != len {
        Some(What::Length { expected: len, found: meta.len })
    } else if meta.permissions.executable() != executable && cfg!(unix) {
        Some(What::Executable { expected: executable })
    } else {
        None
    }
}

fn by_content(fs: &dyn Fs, dir: &Path, entries: &[&Entry], options: &VerifyOptions) -> Result<Vec<Difference>> {
    let total = entries.iter().map(|entry| file_len(&entry.kind)).fold(0, u64::saturating_add);
    let paths: Vec<_> = entries.iter().map(|entry| &entry.path).collect();
    let contents = read_all(fs, &paths, options.jobs, total, options.observer.as_deref());
    let mut damage = Vec::new();
    for (entry, content) in entries.iter().zip(contents) {
        let content = content.map_err(|source| Error::io("read", &dir.join(entry.path.as_str()), source))?;
        if let Kind::File { len, hash, .. } = entry.kind
            && content != (Content { len, hash })
        {
            damage.push(Difference { path: entry.path.to_string(), what: What::Content });
        }
    }
    Ok(damage)
}

fn extra(fs: &dyn Fs, dir: &Path, manifest: &Manifest, jobs: usize) -> Result<Vec<Difference>> {
    let mut extra = Vec::new();
    walk(fs, dir, jobs, &mut |found| {
        let (path, found) = match found {
            Found::Entry(path, meta) if manifest.get(&path).is_some() => return Ok(meta.is_dir()),
            Found::Entry(path, meta) => (path.to_string(), kind_name(meta.kind)),
            Found::Refused(error) => (error.path, "a name that not every system can hold"),
        };
        extra.push(Difference { path, what: What::Extra { found } });
        Ok(false)
    })?;
    extra.sort();
    Ok(extra)
}

/// What stands at a path, if anything does. A path that leads through a link or a mount point has nothing that belongs to the tree.
pub(crate) fn look(fs: &dyn Fs, dir: &Path, path: &TreePath) -> Result<Option<Metadata>> {
    match fs.metadata(path.as_str()) {
        Ok(meta) => Ok(Some(meta)),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
        Err(source) => Err(Error::io("look at", &dir.join(path.as_str()), source)),
    }
}

/// What a symlink says; text that is not UTF-8 is shown by a mark that no manifest holds.
pub(crate) fn read_link(fs: &dyn Fs, dir: &Path, path: &TreePath) -> Result<String> {
    match fs.read_link(path.as_str()) {
        Err(error) if error.kind() == io::ErrorKind::InvalidData => Ok("\u{fffd}".to_owned()),
        other => other.map_err(|source| Error::io("read the symlink", &dir.join(path.as_str()), source)),
    }
}

fn expected_name(kind: &Kind) -> &'static str {
    match kind {
        Kind::Dir => kind_name(FileKind::Dir),
        Kind::File { .. } => kind_name(FileKind::File),
        Kind::Symlink { .. } => kind_name(FileKind::Symlink),
    }
}

fn file_len(kind: &Kind) -> u64 {
    if let Kind::File { len, .. } = kind { *len } else { 0 }
}
