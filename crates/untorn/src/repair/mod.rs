//! Making a tree whole again, byte by byte.

mod mender;
mod options;
mod report;

use std::{path::Path, time::Instant};

use untorn_format::{
    Hash, TreePath,
    manifest::{Entry, Kind, Manifest},
    release::Installed,
};
use untorn_fs::{File, FileKind, Fs, OpenMode, OsFs};
use untorn_txn::{Error as TreeError, Tree, TreeState};

use crate::{
    Error, Result, ScanOptions, VerifyOptions, open,
    record::Record,
    scan,
    verify::{look, verify_on},
};
use mender::Mender;
pub use options::RepairOptions;
pub use report::{RepairOutcome, RepairReport};

/// Makes the tree in `dir` the build it should be, with bytes from the directory `source`, which holds that build whole or at least all that is damaged. Only what
/// differs is written, in one transaction: after a crash the damage is as before, or gone.
///
/// What the tree should be is `options.manifest`, or what the tree says is installed, or else what `source` holds. Files the build does not list are reported and
/// never touched. A journal that cannot be understood is given up (see [`Tree::start_over`]): this is the way out when nothing else opens the tree any more.
///
/// After this returns `Ok` with [`RepairOutcome::Repaired`], every file of the build is as it should be, also after a power cut, and the tree says what is installed.
///
/// # Errors
/// [`Error::Source`] when `source` does not hold the bytes that are needed; [`Error::Tree`] as [`Tree::start_over`] and
/// [`Transaction::commit`](untorn_txn::Transaction::commit); [`Error::Io`]. The tree is untouched but for the last two past the commit point, which
/// [`Error::state`] tells.
pub fn repair(dir: &Path, source: &Path, options: &RepairOptions) -> Result<RepairReport> {
    let started = Instant::now();
    let from = open::build(source)?;
    let (mut tree, journal) = hold(dir, options)?;
    let manifest = wanted(tree.as_ref(), dir, source, options)?;
    let fs = open::build(dir)?;
    let verified = verify_on(&fs, dir, &manifest, &verify_options(options))?;
    let mut report = RepairReport::new(verified, journal);
    if report.damage.is_empty() && !options.dry_run {
        record(tree.as_mut(), &manifest)?;
    } else if !report.damage.is_empty() {
        mend(tree.as_mut(), Place { fs: &fs, dir, from: &from, source }, &manifest, options, &mut report)?;
    }
    report.elapsed = started.elapsed();
    Ok(report)
}

/// The tree and where its bytes come from.
#[derive(Clone, Copy)]
struct Place<'a> {
    fs: &'a OsFs,
    dir: &'a Path,
    from: &'a OsFs,
    source: &'a Path,
}

/// Opens the tree. When only asked what would be done, a journal that cannot be understood stays, and the tree is looked at without being held.
fn hold(dir: &Path, options: &RepairOptions) -> Result<(Option<Tree>, Option<TreeError>)> {
    if !options.dry_run {
        let (tree, reason) = open::waiting(options.wait, || Tree::start_over(dir))?;
        return Ok((Some(tree), reason));
    }
    match open::tree(dir, options.wait) {
        Err(Error::Tree(error)) if error.state() == TreeState::NotUnderstood => Ok((None, Some(error))),
        other => Ok((Some(other?), None)),
    }
}

/// What the tree should be.
fn wanted(tree: Option<&Tree>, dir: &Path, source: &Path, options: &RepairOptions) -> Result<Manifest> {
    if let Some(manifest) = &options.manifest {
        return Ok(manifest.clone());
    }
    // A head document that has rotted says nothing.
    if let Some(head) = tree.and_then(|tree| tree.head().ok().flatten())
        && let Some(manifest) = Record::decode(&head, dir)?.manifest()
    {
        return Ok(manifest.clone());
    }
    let mut scanning = ScanOptions::default();
    (scanning.jobs, scanning.observer) = (options.jobs, options.observer.clone());
    scan(source, &scanning)
}

fn verify_options(options: &RepairOptions) -> VerifyOptions {
    let mut verify = VerifyOptions::default();
    (verify.jobs, verify.observer) = (options.jobs, options.observer.clone());
    verify
}

/// A tree that turns out to be whole says so from now on. What it said may have rotted.
fn record(tree: Option<&mut Tree>, manifest: &Manifest) -> Result<()> {
    let head = |tree: &Tree| head_after(tree, manifest);
    let says_otherwise = |tree: &&mut Tree| tree.installed() != Hash::of(&head(tree)) || tree.head().is_err();
    let Some(tree) = tree.filter(says_otherwise) else { return Ok(()) };
    let head = head(tree);
    let mut tx = tree.begin()?;
    tx.set_head(Some(head));
    tx.commit()?;
    Ok(())
}

/// The head document of a tree once it is the build `manifest`. What it remembers of releases stays, unless that has rotted.
fn head_after(tree: &Tree, manifest: &Manifest) -> Vec<u8> {
    let record = tree.head().ok().flatten().and_then(|head| Record::decode(&head, Path::new("")).ok()).unwrap_or_default();
    let is_same = record.build() == manifest.hash();
    let following = if is_same { record.following().cloned() } else { record.without_release() };
    Installed { manifest: manifest.clone(), following }.encode()
}

fn mend(
    tree: Option<&mut Tree>,
    place: Place<'_>,
    manifest: &Manifest,
    options: &RepairOptions,
    report: &mut RepairReport,
) -> Result<()> {
    let damaged = report.damage.iter().map(|difference| difference.path.as_str());
    let damaged: std::collections::BTreeSet<_> = damaged.collect();
    let entries = manifest.entries().iter().filter(|entry| damaged.contains(entry.path.as_str()));
    let head = tree.as_deref().map(|tree| head_after(tree, manifest));
    let mut tx = match tree.filter(|_| !options.dry_run) {
        Some(tree) => Some(tree.begin_with(options.transaction())?),
        None => None,
    };
    let mut mender = Mender::new(tx.as_mut(), options.observer.as_deref(), entries.clone());
    entries.into_iter().try_for_each(|entry| mend_one(&mut mender, place, entry))?;
    (report.bytes_fetched, report.outcome) = (mender.fetched(), RepairOutcome::DryRun);
    if let Some(mut tx) = tx {
        tx.set_head(head);
        report.transaction = tx.commit()?;
        report.outcome = RepairOutcome::Repaired;
    }
    Ok(())
}

/// Parents come first: what stands in their place gives way before anything is made below.
fn mend_one(mender: &mut Mender<'_, '_>, place: Place<'_>, entry: &Entry) -> Result<()> {
    let (path, there) = (&entry.path, look(place.fs, place.dir, &entry.path)?.map(|meta| meta.kind));
    let fits = matches!((&entry.kind, there), (Kind::Dir, Some(FileKind::Dir)) | (Kind::File { .. }, Some(FileKind::File)));
    if let Some(kind) = there.filter(|_| !fits) {
        mender.clear(path, kind)?;
    }
    match &entry.kind {
        Kind::Dir => mender.make_dir(path),
        Kind::Symlink { target } => mender.make_symlink(path, target),
        Kind::File { len, hash, executable } => {
            let wanted = (*len, *hash);
            let mended = if fits {
                mender.mend_file(&*open_in(place, path)?, place.from, path, wanted)
            } else {
                mender.make_file(place.from, path, wanted)
            };
            mended.map_err(|failure| failure.of(place.source, path))?;
            mender.set_executable(path, *executable)
        }
    }
}

fn open_in(place: Place<'_>, path: &TreePath) -> Result<Box<dyn File>> {
    let open = |path: &TreePath| place.fs.open(path.as_str(), OpenMode::Read);
    open(path).map_err(|error| Error::io("open", &place.dir.join(path.as_str()), error))
}
