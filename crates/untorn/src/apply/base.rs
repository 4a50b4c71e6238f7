//! Whether the tree is the build a patch starts from. Only reads.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::{
        LazyLock,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use untorn_delta::{Cost, PatchError, check_replaced};
use untorn_format::{
    Hash, TreePath, fold_key,
    manifest::{Kind, Manifest},
    patch::{After, Before, Change, Header, Hint, Index, Replaced, Sums},
};
use untorn_fs::{FileKind, Fs, Metadata};
use untorn_txn::{Phase, Tree};

use super::{ApplyOptions, BaseCheck, left_out::LeftOut};
use crate::{
    Difference, Error, Result, ScanOptions, VerifyOptions, What, WrongBase,
    content::for_each,
    difference::kind_name,
    record::Record,
    scan::scan_seeing,
    tree_files::TreeFiles,
    verify::{damage, look, read_link, verify_on},
};

/// What is known about the tree.
pub(super) enum Base {
    /// It is the build the patch leads to.
    UpToDate,
    /// It is the build the patch starts from, as far as its head document can tell.
    Known(Manifest),
    /// It is, as reading all of it a moment ago told. So stood the files that the patch changes before.
    Read(Manifest, BTreeMap<TreePath, Metadata>),
    /// Nothing says what it is.
    Unknown,
}

impl Base {
    /// The manifest of the build that the tree is, where that is known.
    pub(super) fn manifest(&self) -> Option<&Manifest> {
        match self {
            Self::Known(manifest) | Self::Read(manifest, _) => Some(manifest),
            Self::UpToDate | Self::Unknown => None,
        }
    }

    /// The hash of a file of which all was read, and which nobody has changed since.
    fn read_hash(&self, path: &TreePath, now: &Metadata) -> Option<Hash> {
        let Self::Read(manifest, stood) = self else { return None };
        match &manifest.get(path)?.kind {
            Kind::File { hash, .. } if stood.get(path) == Some(now) => Some(*hash),
            _ => None,
        }
    }
}

/// Finds out what is known about the tree, from which a patch with this index leads on.
pub(super) fn identify(
    tree: &Tree,
    dir: &Path,
    record: &Record,
    (header, index): (&Header, &Index),
    options: &ApplyOptions,
) -> Result<Base> {
    let installed = record.build();
    let changes_nothing = header.from == header.to && installed.is_none();
    if let (true, BaseCheck::Full, Some(manifest)) = (installed == header.to, options.base, record.manifest()) {
        require_intact(tree, dir, header, manifest, options)?;
    }
    if installed == header.to || changes_nothing {
        return Ok(Base::UpToDate);
    }
    if let (true, Some(manifest)) = (installed == header.from, record.manifest()) {
        // What somebody modified is told apart when the changes are checked.
        if options.base == BaseCheck::Full && !options.keep_modified {
            require_intact(tree, dir, header, manifest, options)?;
        }
        return Ok(Base::Known(manifest.clone()));
    }
    // What a joined patch does not say of the old files, their manifest must.
    let is_read = options.base != BaseCheck::Changed || header.joined;
    if !installed.is_none() || !is_read {
        return Ok(Base::Unknown);
    }
    let mut stood = BTreeMap::new();
    let mut see = |path: &TreePath, meta: &Metadata| {
        if index.changes().number(path).is_some() {
            stood.insert(path.clone(), *meta);
        }
    };
    let scan = ScanOptions { jobs: options.jobs, observer: options.observer.clone() };
    match scan_seeing(&**tree.fs(), dir, &scan, &mut see) {
        Ok(manifest) if manifest.hash() == header.to => Ok(Base::UpToDate),
        Ok(manifest) if manifest.hash() == header.from => Ok(Base::Read(manifest, stood)),
        Err(error) if options.base == BaseCheck::Full => Err(error),
        // Players have saves and mods beside the build: then the whole tells nothing, and the parts must do.
        _ => Ok(Base::Unknown),
    }
}

fn require_intact(tree: &Tree, dir: &Path, header: &Header, manifest: &Manifest, options: &ApplyOptions) -> Result<()> {
    let verify = VerifyOptions { jobs: options.jobs, observer: options.observer.clone(), ..VerifyOptions::default() };
    let report = verify_on(&**tree.fs(), dir, manifest, &verify)?;
    if report.is_intact() { Ok(()) } else { Err(wrong_base(manifest.hash(), header, report.damage)) }
}

/// What differs from `manifest` of what the patch does not change.
pub(super) fn damage_beside(
    fs: &dyn Fs,
    dir: &Path,
    index: &Index,
    manifest: &Manifest,
    options: &ApplyOptions,
) -> Result<Vec<Difference>> {
    let entries: Vec<_> = manifest.entries().iter().filter(|entry| index.changes().number(&entry.path).is_none()).collect();
    damage(
        fs,
        dir,
        &entries,
        &VerifyOptions { jobs: options.jobs, observer: options.observer.clone(), ..VerifyOptions::default() },
    )
}

/// The error that lists what differs.
pub(super) fn wrong_base(installed: Hash, header: &Header, mut differences: Vec<Difference>) -> Error {
    differences.sort();
    differences.dedup();
    Error::WrongBase(WrongBase { from: header.from, installed, differences })
}

/// What was seen of the files that a patch changes, to see later whether they are still the same.
#[derive(Default)]
pub(super) struct Seen {
    files: BTreeMap<TreePath, Metadata>,
    /// Everything that is not as the patch says.
    pub(super) differences: Vec<Difference>,
    /// What somebody modified, and what depends on it.
    pub(super) left_out: LeftOut,
}

impl Seen {
    /// A file that is not the one that was checked any more.
    pub(super) fn changed(&self, fs: &dyn Fs, jobs: usize) -> Option<&TreePath> {
        let files: Vec<_> = self.files.iter().collect();
        let is_same = |number: usize| fs.metadata(files[number].0.as_str()).ok().as_ref() == Some(files[number].1);
        let same = for_each(jobs, files.len(), &is_same);
        files.iter().zip(same).find(|(_, same)| !same).map(|((path, _), _)| *path)
    }
}

/// How a tree whose head document says that it is the build `old` differs from it, of all the patch replaces, removes, moves or copies from.
///
/// # Errors
/// [`Error::Io`]; [`Error::Stopped`].
pub(crate) fn differences(
    fs: &dyn Fs,
    dir: &Path,
    index: &Index,
    old: &Manifest,
    options: &ApplyOptions,
) -> Result<Vec<Difference>> {
    Ok(check(fs, dir, index, &Base::Known(old.clone()), options)?.differences)
}

/// Checks everything the patch replaces, removes, moves or copies from.
pub(super) fn check(fs: &dyn Fs, dir: &Path, index: &Index, base: &Base, options: &ApplyOptions) -> Result<Seen> {
    let changes = index.changes().as_slice();
    let total = changes.iter().map(read_len).fold(0, u64::saturating_add);
    let done = AtomicU64::new(0);
    let gone = LazyLock::new(|| taken_away(changes));
    let results = for_each(options.jobs, changes.len(), &|number| {
        let (change, len) = (&changes[number], read_len(&changes[number]));
        if options.observer.as_ref().is_some_and(|observer| observer.should_stop()) {
            return Err(Error::Stopped);
        }
        let result = check_change(fs, dir, (index, base), change, &gone);
        let done = done.fetch_add(len, Relaxed).saturating_add(len);
        if let Some(observer) = &options.observer {
            observer.progress(Phase::Read, done, total);
        }
        result
    });
    let (mut seen, mut whole) = (Seen::default(), Vec::new());
    for (change, result) in changes.iter().zip(results) {
        match result? {
            Ok(Some((meta, hash))) => {
                seen.files.insert(change.path.clone(), meta);
                if hash.is_some_and(|hash| is_another(base, &change.path, hash)) {
                    seen.differences.push(at(&change.path, What::Content));
                }
                whole.extend(hash);
            }
            Ok(None) => {}
            Err(difference) => seen.differences.push(difference),
        }
    }
    for source in index.sources().iter().filter(|source| index.changes().number(&source.path).is_none()) {
        let found = look(fs, dir, &source.path)?;
        seen.differences.extend(file_misfit(source.len, found.as_ref()).map(|what| at(&source.path, what)));
    }
    if seen.differences.is_empty() && !index.is_joined() && Sums::of(whole, []).before != index.sums().before {
        seen.differences = unhinted(index, base)?;
    }
    Ok(seen)
}

/// Whether the manifest of the old build, where it is known, says that this is not its file.
fn is_another(base: &Base, path: &TreePath, found: Hash) -> bool {
    let Some(manifest) = base.manifest() else { return false };
    !matches!(manifest.get(path).map(|entry| &entry.kind), Some(Kind::File { hash, .. }) if *hash == found)
}

/// What to say in the one case of 65536 in which a wrong file begins its hash as the right one does.
fn unhinted(index: &Index, base: &Base) -> Result<Vec<Difference>> {
    if base.manifest().is_some() {
        return Err(Error::Contradiction);
    }
    let whole = |change: &&Change| matches!(change.before, Before::File { replaced: Replaced::Whole(_), .. });
    Ok(index.changes().as_slice().iter().filter(whole).map(|change| at(&change.path, What::Source)).collect())
}

/// How many bytes are read to check a change.
fn read_len(change: &Change) -> u64 {
    Cost::of(change).map_or(change.old_len(), |cost| cost.replaced_len)
}

/// A file that was found, and its hash where all of it was read.
type Found = (Metadata, Option<Hash>);

/// What stands at one path when it is as the change expects, if it is a file; else how it differs.
fn check_change(
    fs: &dyn Fs,
    dir: &Path,
    (index, base): (&Index, &Base),
    change: &Change,
    gone: &LazyLock<BTreeSet<String>, impl FnOnce() -> BTreeSet<String>>,
) -> Result<Result<Option<Found>, Difference>> {
    let path = &change.path;
    let found = look(fs, dir, path)?;
    let kind = found.as_ref().map(|meta| meta.kind);
    let misfit = match (&change.before, kind) {
        (Before::Absent, None) => None,
        // A directory somebody made already does not hurt.
        (Before::Absent, Some(FileKind::Dir)) if change.after == After::Dir => None,
        // Where case is ignored, it is found under its old spelling, which goes.
        (Before::Absent, Some(_)) if gone.contains(&fold_key(path.as_str())) && !is_spelled(fs, dir, path)? => None,
        (Before::Absent, Some(found)) => Some(What::Extra { found: kind_name(found) }),
        (Before::Dir, Some(FileKind::Dir)) => return Ok(foreign_below(fs, dir, index, change)?.map_or(Ok(None), Err)),
        (Before::Symlink { target }, Some(FileKind::Symlink)) => {
            let found = read_link(fs, dir, path)?;
            (found != *target).then(|| What::Target { expected: target.clone(), found })
        }
        (Before::File { len, .. }, _) => match file_misfit(*len, found.as_ref()) {
            None => {
                let read = found.as_ref().and_then(|found| base.read_hash(path, found));
                return Ok(check_bytes(fs, dir, change, read)?
                    .map(|hash| found.map(|found| (found, hash)))
                    .map_err(|what| at(path, what)));
            }
            misfit => misfit,
        },
        (_, None) => Some(What::Missing),
        (before, Some(found)) => Some(What::Kind { expected: expected_name(before), found: kind_name(found) }),
    };
    Ok(misfit.map_or(Ok(None), |what| Err(at(path, what))))
}

/// The keys of the paths that a patch takes away.
fn taken_away(changes: &[Change]) -> BTreeSet<String> {
    let goes = |change: &&Change| change.after == After::Absent && change.before != Before::Absent;
    let mut keys = BTreeSet::new();
    keys.extend(changes.iter().filter(goes).map(|change| fold_key(change.path.as_str())));
    keys
}

fn is_spelled(fs: &dyn Fs, dir: &Path, path: &TreePath) -> Result<bool> {
    untorn_fs::is_spelled(fs, path.as_str()).map_err(|source| Error::io("list", &dir.join(path.as_str()), source))
}

/// Where the whole file was `read` a moment ago, not all the same once more.
fn check_bytes(fs: &dyn Fs, dir: &Path, change: &Change, read: Option<Hash>) -> Result<Result<Option<Hash>, What>> {
    if let (Before::File { replaced, .. }, Some(hash)) = (&change.before, read) {
        match replaced {
            Replaced::Parts(_) => return Ok(Ok(None)),
            Replaced::Whole(hint) if Hint::from(hash) != *hint => {}
            Replaced::Whole(_) | Replaced::Unsaid => return Ok(Ok(Some(hash))),
        }
    }
    match check_replaced(change, &TreeFiles::new(fs, None)) {
        Ok(hash) => Ok(Ok(hash)),
        Err(PatchError::Read { path, source }) => Err(Error::io("read", &dir.join(path.as_str()), source)),
        Err(_) => Ok(Err(What::Content)),
    }
}

/// A directory that becomes something else must hold nothing that the patch does not take away.
fn foreign_below(fs: &dyn Fs, dir: &Path, index: &Index, change: &Change) -> Result<Option<Difference>> {
    if change.after == After::Absent {
        return Ok(None);
    }
    let names = fs.read_dir(change.path.as_str()).map_err(|source| Error::io("list", &dir.join(change.path.as_str()), source))?;
    let is_known = |name: &str| change.path.join(name).is_ok_and(|path| index.changes().number(&path).is_some());
    let foreign = names.into_iter().map(|entry| entry.name.unwrap_or_else(|escaped| escaped)).find(|name| !is_known(name));
    Ok(foreign.map(|name| Difference {
        path: format!("{}/{}", change.path, untorn_format::escape(name.as_bytes())),
        what: What::Extra { found: "in the way" },
    }))
}

fn file_misfit(len: u64, found: Option<&Metadata>) -> Option<What> {
    match found {
        None => Some(What::Missing),
        Some(meta) if !meta.is_file() => Some(What::Kind { expected: kind_name(FileKind::File), found: kind_name(meta.kind) }),
        Some(meta) if meta.len != len => Some(What::Length { expected: len, found: meta.len }),
        Some(_) => None,
    }
}

/// Which of the files the patch reads are not those of `manifest`: what to say when one of them gave wrong bytes.
pub(super) fn culprits(fs: &dyn Fs, dir: &Path, index: &Index, manifest: &Manifest) -> Result<Vec<Difference>> {
    let read = index.sources().iter().map(|source| &source.path);
    let changed = index.changes().as_slice().iter().map(|change| &change.path);
    let mut paths: Vec<_> = read.chain(changed).collect();
    paths.sort();
    paths.dedup();
    let entries: Vec<_> = paths.into_iter().filter_map(|path| manifest.get(path)).collect();
    damage(fs, dir, &entries, &VerifyOptions::default())
}

fn at(path: &TreePath, what: What) -> Difference {
    Difference { path: path.to_string(), what }
}

fn expected_name(before: &Before) -> &'static str {
    match before {
        Before::Absent => "nothing",
        Before::Dir => kind_name(FileKind::Dir),
        Before::Symlink { .. } => kind_name(FileKind::Symlink),
        Before::File { .. } => kind_name(FileKind::File),
    }
}
