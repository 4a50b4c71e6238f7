//! Making a tree whole again, byte by byte.

mod elsewhere;
mod mender;
mod options;
mod recipe;
mod release;
mod report;
mod source;
mod store;

use std::{collections::BTreeSet, path::Path, time::Instant};

use untorn_format::{
    Hash,
    manifest::{Entry, Kind, Manifest},
    release::{Installed, Steps},
};
use untorn_fs::FileKind;
use untorn_remote::Remote;
use untorn_txn::{Error as TreeError, Fetched, Options, Tree, TreeState, leftover_head};

use crate::{
    Error, Result, VerifyOptions,
    apply::remove_working_files,
    error::shown,
    open,
    record::Record,
    verify::{look, verify_on},
};
use mender::Mender;
pub use options::RepairOptions;
pub use report::{RepairOutcome, RepairReport};
use source::{Build, Damage, Place, Source, open_in};
use store::Store;

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
    from_build(dir, source, options).map_err(|error| error.or_stopped(options.observer.as_deref()))
}

fn from_build(dir: &Path, source: &Path, options: &RepairOptions) -> Result<RepairReport> {
    let started = Instant::now();
    let mut from = Build::open(source)?;
    let (tree, journal) = hold(dir, options)?;
    let manifest = match wanted(tree.as_ref(), dir, options)? {
        Some(manifest) => manifest,
        None => from.wanted(options)?,
    };
    repair_with(dir, tree, journal, &manifest, &mut from, options, started)
}

/// As [`repair`], with bytes from a store of releases, a directory or a host. Of a damaged file only the chunks that are damaged are fetched, and of these only what the tree does not
/// hold in some other place: in a short file, in a damaged one whose bytes have moved, in a file beside the build.
///
/// What the tree should be is `options.manifest`, or what the tree says is installed; where its journal is lost, what it said before. A store is not asked: this decides nothing
/// but where chunks lie, so nothing that it says about itself needs to be believed. Every file that is put together is compared with the hash in the manifest.
///
/// `options.announce` is told how many bytes will be fetched, in all, before any of a file are. What was fetched is kept in the tree when the repair is stopped or fails, and is not
/// fetched again.
///
/// # Errors
/// As [`repair`]; [`Error::NotRecorded`] when nothing says what the tree should be; [`Error::Net`], [`Error::Store`]; [`Error::Source`] when no release of the
/// store has the build.
pub fn repair_from(dir: &Path, store: &Remote, options: &RepairOptions) -> Result<RepairReport> {
    from_store(dir, store, options).map_err(|error| error.or_stopped(options.observer.as_deref()))
}

fn from_store(dir: &Path, store: &Remote, options: &RepairOptions) -> Result<RepairReport> {
    let started = Instant::now();
    let (tree, journal) = hold(dir, options)?;
    let record = record_of(tree.as_ref(), dir)?;
    let manifest = options.manifest.as_ref().or(record.manifest());
    let manifest = manifest.ok_or_else(|| Error::NotRecorded { dir: shown(dir) })?;
    let received = store.received();
    let release = release::find(store, record.following(), options.channel.as_deref(), manifest.hash())?;
    let nowhere = || Error::Source { path: format!("{}: build {}", store.base(), manifest.hash()) };
    let (release, kept) = (release.ok_or_else(nowhere)?, tree.as_ref().map(Fetched::of));
    let mut from = Store::new(store, &release, received, kept, options)?;
    repair_with(dir, tree, journal, manifest, &mut from, options, started)
}

fn repair_with(
    dir: &Path,
    mut tree: Option<Tree>,
    journal: Option<TreeError>,
    manifest: &Manifest,
    from: &mut dyn Source,
    options: &RepairOptions,
    started: Instant,
) -> Result<RepairReport> {
    let fs = open::build(dir)?;
    let verified = verify_on(&fs, dir, manifest, &verify_options(options))?;
    let mut report = RepairReport::new(verified, journal);
    if report.damage.is_empty() && !options.dry_run {
        record(tree.as_mut(), manifest)?;
    } else if !report.damage.is_empty() {
        mend(tree.as_mut(), Place { fs: &fs, dir }, from, manifest, options, &mut report)?;
    }
    report.elapsed = started.elapsed();
    Ok(report)
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

/// What the tree should be, as far as options or its journal say.
fn wanted(tree: Option<&Tree>, dir: &Path, options: &RepairOptions) -> Result<Option<Manifest>> {
    if let Some(manifest) = &options.manifest {
        return Ok(Some(manifest.clone()));
    }
    // A head document that has rotted says nothing.
    let head = tree.and_then(|tree| tree.head().ok().flatten());
    let record = head.map(|head| Record::aimed_at(&head, dir)).transpose()?;
    Ok(record.and_then(|record| record.manifest().cloned()))
}

/// What the tree says about itself, or said before its journal was lost.
fn record_of(tree: Option<&Tree>, dir: &Path) -> Result<Record> {
    if let Some(head) = tree.and_then(|tree| tree.head().ok().flatten()) {
        return Record::aimed_at(&head, dir);
    }
    // Nobody vouches for it, but its own checksum; it names hashes, and whoever could forge it could forge the journal.
    let head = leftover_head(&open::build(dir)?);
    Ok(head.and_then(|head| Record::aimed_at(&head, dir).ok()).unwrap_or_default())
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
    let (head, fs, was_half_way) = (head(tree), tree.fs().clone(), is_half_way(tree));
    let mut tx = tree.begin_with(half_way())?;
    if was_half_way {
        remove_working_files(&mut tx, &*fs, Path::new(""))?;
    }
    tx.set_head(Some(head));
    tx.commit()?;
    Ok(())
}

/// Whether an update in steps is half way, or was when the journal was lost.
fn is_half_way(tree: &Tree) -> bool {
    let head = tree.head().ok().flatten().or_else(|| leftover_head(&**tree.fs()));
    head.is_some_and(|head| Steps::peek(&head).is_some())
}

/// An update in steps that is half way is ended by a repair.
fn half_way() -> Options {
    let mut options = Options::default();
    options.half_way = true;
    options
}

/// The head document of a tree once it is the build `manifest`. What it remembers of releases stays, also when the journal was lost, unless that has rotted.
fn head_after(tree: &Tree, manifest: &Manifest) -> Vec<u8> {
    let record = installed(tree);
    let is_same = record.build() == manifest.hash();
    let following = if is_same { record.following().cloned() } else { record.without_release() };
    Installed { manifest: manifest.clone(), following }.encode()
}

/// What the tree says, or said before its journal was destroyed, that it is.
fn installed(tree: &Tree) -> Record {
    let head = tree.head().ok().flatten().or_else(|| leftover_head(&**tree.fs()));
    head.and_then(|head| Record::aimed_at(&head, Path::new("")).ok()).unwrap_or_default()
}

fn mend(
    tree: Option<&mut Tree>,
    place: Place<'_>,
    from: &mut dyn Source,
    manifest: &Manifest,
    options: &RepairOptions,
    report: &mut RepairReport,
) -> Result<()> {
    let entries = places(manifest, report);
    let damage = Damage { manifest, entries: &entries };
    let price = from.prepare(place, damage)?;
    if let (Some(announce), Some(price)) = (&options.announce, price) {
        announce(price);
    }
    (report.outcome, report.bytes_found) = (RepairOutcome::DryRun, from.found());
    if let Some(price) = price.filter(|_| options.dry_run) {
        report.bytes_fetched = price;
        return Ok(());
    }
    from.fetch()?;
    let head = tree.as_deref().map(|tree| head_after(tree, manifest));
    let was_half_way = tree.as_deref().is_some_and(is_half_way);
    let mut tx = match tree.filter(|_| !options.dry_run) {
        Some(tree) => {
            let mut chosen = options.transaction();
            chosen.leave_undo = installed(tree).build() == manifest.hash();
            Some(tree.begin_with(chosen)?)
        }
        None => None,
    };
    let mut mender = Mender::new(tx.as_mut(), options.observer.as_deref(), damage.files().map(|(_, entry)| entry));
    for number in &entries {
        mend_one(&mut mender, place, from, *number, &manifest.entries()[*number])?;
    }
    report.bytes_fetched = from.fetched().unwrap_or(mender.differing());
    if let Some(mut tx) = tx {
        if was_half_way {
            remove_working_files(&mut tx, place.fs, place.dir)?;
        }
        tx.set_head(head);
        report.transaction = tx.commit()?;
        report.outcome = RepairOutcome::Repaired;
        from.done();
    }
    Ok(())
}

/// The places in the manifest of what is damaged.
fn places(manifest: &Manifest, report: &RepairReport) -> Vec<usize> {
    let mut damaged = BTreeSet::new();
    damaged.extend(report.damage.iter().map(|difference| difference.path.as_str()));
    let entries = manifest.entries().iter().enumerate();
    entries.filter(|(_, entry)| damaged.contains(entry.path.as_str())).map(|(number, _)| number).collect()
}

/// Parents come first: what stands in their place gives way before anything is made below.
fn mend_one(mender: &mut Mender<'_, '_>, place: Place<'_>, from: &dyn Source, number: usize, entry: &Entry) -> Result<()> {
    let (path, there) = (&entry.path, look(place.fs, place.dir, &entry.path)?.map(|meta| meta.kind));
    let fits = matches!((&entry.kind, there), (Kind::Dir, Some(FileKind::Dir)) | (Kind::File { .. }, Some(FileKind::File)));
    if let Some(kind) = there.filter(|_| !fits) {
        mender.clear(path, kind)?;
    }
    match &entry.kind {
        Kind::Dir => mender.make_dir(path),
        Kind::Symlink { target } => mender.make_symlink(path, target),
        Kind::File { len, hash, executable } => {
            let (wanted, failed) = ((*len, *hash), |failure: mender::Failure| failure.of(from.name(path)));
            let bytes = from.open(place, number, entry).map_err(failed)?;
            let mended = if fits {
                mender.mend_file(&*open_in(place, path)?, bytes, path, wanted)
            } else {
                mender.make_file(bytes, path, wanted)
            };
            mended.map_err(failed)?;
            mender.set_executable(path, *executable)
        }
    }
}
