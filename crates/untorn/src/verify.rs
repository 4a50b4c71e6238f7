//! Whether a directory is what it should be.

use std::{
    fmt, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use untorn_format::{
    Hash, TreePath,
    manifest::{Entry, Kind, Manifest},
};
use untorn_fs::{FileKind, Fs, Metadata, OpenMode, OsFs};
use untorn_store::Error as StoreError;
use untorn_txn::{Condition, Fetched, Observer, ReadGuard, Status, TreeState, head_of};

use crate::{
    DamagedRanges, Difference, Error, Result, What,
    content::{Content, for_each, read_all},
    damage::damaged_ranges,
    difference::kind_name,
    error::shown,
    index_at_hand::{IndexAtHand, index_name},
    open,
    record::Record,
    verified::Noted,
    walk::{Found, walk},
};

/// How a directory is verified.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct VerifyOptions {
    /// How many threads read; 0 means as many as keep the disk busy.
    pub jobs: usize,
    /// Skip files that a verification has found intact and that nobody has touched since, as far as their times tell. What times do not tell, such as bits that rot, is not
    /// found then. Every verification of a tree notes what it found intact.
    pub quick: bool,
    /// An index of the build, as `untorn manifest --index` writes it: tells which parts of files are damaged. Where there is none, one that an update has left in the tree is used.
    pub index: Option<PathBuf>,
    /// Is told about progress, in bytes.
    pub observer: Option<Arc<dyn Observer>>,
}

impl fmt::Debug for VerifyOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("VerifyOptions");
        shown.field("jobs", &self.jobs).field("quick", &self.quick).field("index", &self.index).finish_non_exhaustive()
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
    /// Which parts of damaged files are damaged, sorted by path, where an index tells.
    pub ranges: Vec<DamagedRanges>,
    /// How many files were skipped.
    pub skipped: usize,
    /// How many bytes these have.
    pub skipped_bytes: u64,
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
    verify_in(&open::build(dir)?, dir, true, manifest, options)
}

/// Verifies the directory `dir`, be it a tree or not, against `manifest`. A tree whose journal cannot be understood is looked at without being held: that is when
/// the answer is needed most.
///
/// # Errors
/// As [`verify`].
pub fn verify_against(dir: &Path, manifest: &Manifest, options: &VerifyOptions) -> Result<VerifyReport> {
    let fs: OsFs = open::build(dir)?;
    let guard = match hold(dir) {
        Err(Error::Tree(error)) if error.state() == TreeState::NotUnderstood => None,
        other => other?,
    };
    verify_in(&fs, dir, guard.is_some(), manifest, options)
}

/// Keeps a tree from changing; a plain directory is not put under care for being looked at.
fn hold(dir: &Path) -> Result<Option<ReadGuard>> {
    match Status::of(dir)?.condition {
        Condition::Unmanaged => Ok(None),
        _ => Ok(Some(ReadGuard::acquire(dir)?)),
    }
}

/// As [`verify_on`], with what a tree remembers of the last time, and an index where there is one.
fn verify_in(fs: &OsFs, dir: &Path, is_tree: bool, manifest: &Manifest, options: &VerifyOptions) -> Result<VerifyReport> {
    let index = index(fs, is_tree, manifest, options)?;
    let mut noted = Noted::of(fs, is_tree);
    let entries: Vec<_> = manifest.entries().iter().collect();
    let found = look_and_read(fs, dir, &entries, options, &mut noted)?;
    noted.finish();
    let mut report = report(fs, dir, manifest, found, options.jobs)?;
    if let Some(index) = index {
        report.ranges = ranges(fs, manifest, &report.damage, &index);
    }
    Ok(report)
}

pub(crate) fn verify_on(fs: &dyn Fs, dir: &Path, manifest: &Manifest, options: &VerifyOptions) -> Result<VerifyReport> {
    let entries: Vec<_> = manifest.entries().iter().collect();
    let found = look_and_read(fs, dir, &entries, options, &mut Noted::of(fs, false))?;
    report(fs, dir, manifest, found, options.jobs)
}

fn report(fs: &dyn Fs, dir: &Path, manifest: &Manifest, found: Looked, jobs: usize) -> Result<VerifyReport> {
    Ok(VerifyReport {
        build: manifest.hash(),
        paths: manifest.entries().len(),
        bytes: manifest.total_bytes(),
        damage: found.damage,
        extra: extra(fs, dir, manifest, jobs)?,
        ranges: Vec::new(),
        skipped: found.skipped,
        skipped_bytes: found.skipped_bytes,
    })
}

/// The index that was named, or else one that lies in the tree. Nobody relies on the latter.
fn index(fs: &OsFs, is_tree: bool, manifest: &Manifest, options: &VerifyOptions) -> Result<Option<IndexAtHand>> {
    if let Some(path) = &options.index {
        let (place, name) = open::beside(path)?;
        let opened = place.open(&name, OpenMode::Read).and_then(|file| IndexAtHand::open(file, manifest));
        let index = opened.map_err(|source| Error::io("read", path, source))?;
        return index.map(Some).map_err(|source| match source {
            StoreError::Decode(source) => Error::Document { path: shown(path), source },
            source => Error::Store { what: shown(path), source },
        });
    }
    let file = is_tree.then(|| Fetched::look(fs, &index_name(manifest.hash()))).flatten();
    Ok(file.and_then(|file| IndexAtHand::open(file, manifest).ok()?.ok()))
}

fn ranges(fs: &dyn Fs, manifest: &Manifest, damage: &[Difference], index: &IndexAtHand) -> Vec<DamagedRanges> {
    let of = |difference: &Difference| {
        let is_partly = matches!(difference.what, What::Content | What::Length { .. });
        let place = manifest.entries().binary_search_by(|entry| entry.path.as_str().cmp(&difference.path)).ok();
        let entry = place.filter(|_| is_partly)?;
        let (path, kind) = (&manifest.entries()[entry].path, &manifest.entries()[entry].kind);
        let ranges = damaged_ranges(fs, path, entry, file_len(kind), index);
        Some(DamagedRanges { path: difference.path.clone(), ranges })
    };
    damage.iter().filter_map(of).collect()
}

/// Every one of `entries` that is not there as it should be, sorted.
pub(crate) fn damage(fs: &dyn Fs, dir: &Path, entries: &[&Entry], options: &VerifyOptions) -> Result<Vec<Difference>> {
    Ok(look_and_read(fs, dir, entries, options, &mut Noted::of(fs, false))?.damage)
}

/// What looking at entries and reading files came to.
struct Looked {
    damage: Vec<Difference>,
    skipped: usize,
    skipped_bytes: u64,
}

fn look_and_read(fs: &dyn Fs, dir: &Path, entries: &[&Entry], options: &VerifyOptions, noted: &mut Noted<'_>) -> Result<Looked> {
    let (mut found, mut same_len) = (Looked { damage: Vec::new(), skipped: 0, skipped_bytes: 0 }, Vec::new());
    let looks = for_each(options.jobs, entries.len(), &|number| by_metadata(fs, dir, entries[number]));
    for (entry, look) in entries.iter().zip(looks) {
        match look? {
            Look::Differs(what) => found.damage.push(Difference { path: entry.path.to_string(), what }),
            Look::SameLen(meta) if options.quick && noted.is_untouched(entry, &meta) => {
                (found.skipped, found.skipped_bytes) = (found.skipped + 1, found.skipped_bytes + meta.len);
                noted.add(entry, &meta);
            }
            Look::SameLen(meta) => same_len.push((*entry, meta)),
            Look::Same => {}
        }
    }
    found.damage.extend(by_content(fs, dir, &same_len, options, noted)?);
    found.damage.sort();
    Ok(found)
}

/// What can be told of an entry without reading files.
enum Look {
    /// It is another one.
    Differs(What),
    /// It is a file that may have the right bytes.
    SameLen(Metadata),
    /// It is the same.
    Same,
}

fn by_metadata(fs: &dyn Fs, dir: &Path, entry: &Entry) -> Result<Look> {
    let Some(meta) = look(fs, dir, &entry.path)? else { return Ok(Look::Differs(What::Missing)) };
    let differs = match (&entry.kind, meta.kind) {
        (Kind::Dir, FileKind::Dir) => None,
        (Kind::File { len, executable, .. }, FileKind::File) => match file_by_metadata(*len, *executable, &meta) {
            None => return Ok(Look::SameLen(meta)),
            differs => differs,
        },
        (Kind::Symlink { target }, FileKind::Symlink) => {
            let found = read_link(fs, dir, &entry.path)?;
            (found != *target).then(|| What::Target { expected: target.clone(), found })
        }
        (kind, found) => Some(What::Kind { expected: expected_name(kind), found: kind_name(found) }),
    };
    Ok(differs.map_or(Look::Same, Look::Differs))
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

fn by_content(
    fs: &dyn Fs,
    dir: &Path,
    entries: &[(&Entry, Metadata)],
    options: &VerifyOptions,
    noted: &mut Noted<'_>,
) -> Result<Vec<Difference>> {
    let files: Vec<_> = entries.iter().map(|(entry, meta)| (&entry.path, meta.len)).collect();
    let contents = read_all(fs, &files, options.jobs, options.observer.as_deref());
    let mut damage = Vec::new();
    for ((entry, meta), content) in entries.iter().zip(contents) {
        let content = content.map_err(|source| Error::io("read", &dir.join(entry.path.as_str()), source))?;
        let Kind::File { len, hash, .. } = entry.kind else { continue };
        if content == (Content { len, hash }) {
            noted.add(entry, meta);
        } else {
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
