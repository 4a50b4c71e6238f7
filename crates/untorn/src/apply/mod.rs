//! From one build to another, in one step.

mod arrived;
mod base;
mod file_plan;
mod files;
mod forecast;
mod left_out;
mod lost;
#[cfg(test)]
mod lost_tests;
mod low_disk;
mod modified;
mod names;
mod options;
mod report;
mod resumed;

use std::{io::Read, path::Path, sync::Arc, time::Instant};

use untorn_delta::{Finished, PatchError, PatchReader};
use untorn_format::{
    Hash,
    manifest::Manifest,
    patch::{Change, Header, Index},
    release::{Following, Installed},
};
use untorn_fs::Fs;
use untorn_txn::{Options, Transaction, Tree};

use crate::{
    Difference, Error, Result, Trusting, content, open,
    record::Record,
    signed::{Intake, Judgement, judge},
    tree_files::{SharedTreeFiles, TreeFiles},
};
pub(crate) use base::differences;
use base::{Base, Seen};
use file_plan::FilePlan;
pub use forecast::Forecast;
pub(crate) use left_out::{LeftOut, Mend};
pub(crate) use lost::Lost;
pub use low_disk::{LowDiskOptions, LowDiskReport, apply_low_disk, apply_low_disk_on};
pub(crate) use low_disk::{PatchFile, ReadAt, half_way_in, on_held as in_steps, remove_working_files};
pub(crate) use modified::{Modified, is_modification};
pub use options::{ApplyOptions, BaseCheck};
pub use report::{ApplyReport, Outcome};

/// Brings the tree in `dir` from the build `patch` starts from to the build it leads to. The patch is read once, from its first byte to its last, so it may come from
/// a network.
///
/// Before anything is touched, everything the patch replaces, removes, moves or copies from is checked, and everything it makes. What a transaction on the tree
/// left unfinished is completed or discarded first.
///
/// After this returns `Ok` with [`Outcome::Applied`], the tree is the new build, also after a power cut. After an error, [`Error::state`] says which tree there is:
/// for every error about the patch or the tree's content, the old one, untouched.
///
/// Whether the patch is believed is decided before anything else of it is used; see [`ApplyOptions::trusting`]. What the tree learns by it is stored in the same step.
///
/// # Errors
/// [`Error::Unsigned`], [`Error::NoRoot`], [`Error::OtherPatch`] and [`Error::Trust`] for a patch that is not believed; [`Error::Patch`]; [`Error::WrongBase`] with every file that differs; [`Error::Contradiction`]; [`Error::Tree`] as [`Tree::open`] and
/// [`Transaction::commit`]; [`Error::Io`]; [`Error::Stopped`] when the observer asked for it before the commit point.
pub fn apply<R: Read>(patch: R, dir: &Path, options: &ApplyOptions) -> Result<ApplyReport> {
    bring(patch, dir, options).map_err(|error| error.or_stopped(options.observer.as_deref()))
}

fn bring<R: Read>(patch: R, dir: &Path, options: &ApplyOptions) -> Result<ApplyReport> {
    let started = Instant::now();
    let intake = Intake::read(patch)?;
    let judge = |following: Option<&Following>, rollout_id| {
        judge(intake.preface.as_ref(), &intake.header, following, (&options.trusting, options.downgrade), rollout_id)
    };
    // A patch that is not believed is refused before anything of it is decompressed, and before a directory comes under care for it.
    if !matches!(options.trusting, Trusting::Unsigned) {
        judge(remembered(dir, options)?.as_ref(), [0; 16])?;
    }
    let reader = PatchReader::within(intake.stream, options.memory_len_max, content::threads(options.jobs))?;
    let mut tree = open::tree(dir, options.wait)?;
    let record = Record::of(&tree, dir)?;
    // Once more, now that nobody else can change what the tree remembers.
    let Judgement { following, provenance } = judge(record.following(), rollout_id(&tree))?;
    let mut report = on_tree(reader, &mut tree, dir, &record, options, (following, None))?;
    report.provenance = provenance;
    report.elapsed = started.elapsed();
    Ok(report)
}

/// What the tree remembers of releases, before it is held.
fn remembered(dir: &Path, options: &ApplyOptions) -> Result<Option<Following>> {
    let installed = crate::installed(dir).or_else(|_| {
        // An update that is decided but not complete: until it is, the head document is not the one that rules.
        drop(open::tree(dir, options.wait)?);
        crate::installed(dir)
    })?;
    Ok(installed.and_then(|installed| installed.following))
}

/// A number that nobody else has: what decides whether a rollout means this tree.
fn rollout_id(tree: &Tree) -> [u8; 16] {
    let hash = Hash::of(&[b"untorn rollout id".as_slice(), &tree.id()].concat());
    let mut id = [0; 16];
    id.copy_from_slice(&hash.0[..16]);
    id
}

/// Applies a patch to a tree that is held. What the tree remembers of releases from then on is `following`, in the same step; and so comes what the patch cannot bring, where there is
/// somebody to `mend` it.
pub(crate) fn on_tree<R: Read>(
    mut reader: PatchReader<R>,
    tree: &mut Tree,
    dir: &Path,
    record: &Record,
    options: &ApplyOptions,
    (following, mend): (Option<Following>, Option<&mut dyn Mend>),
) -> Result<ApplyReport> {
    let mut report = ApplyReport::new(reader.header(), tree);
    if mend.is_none() {
        // While the tree is read: whatever comes of it, nothing is used before it is known to be right.
        reader.work_beside(Arc::new(SharedTreeFiles::new(tree.fs().clone())));
    }
    let base = base::identify(tree, dir, record, (reader.header(), reader.index()), options)?;
    if matches!(base, Base::UpToDate) {
        report.is_recorded = record.build() == report.to;
    } else {
        update(tree, (dir, record.build()), reader, &base, options, (following, mend), &mut report)?;
    }
    Ok(report)
}

fn update<R: Read>(
    tree: &mut Tree,
    (dir, installed): (&Path, Hash),
    reader: PatchReader<R>,
    base: &Base,
    options: &ApplyOptions,
    (following, mut mend): (Option<Following>, Option<&mut dyn Mend>),
    report: &mut ApplyReport,
) -> Result<()> {
    let (fs, tx_options) = (tree.fs().clone(), options.transaction());
    let (fs, header) = (&*fs, reader.header().clone());
    if header.joined && base.manifest().is_none() {
        let is_another = !installed.is_none() && installed != header.from;
        return Err(if is_another { base::wrong_base(installed, &header, Vec::new()) } else { PatchError::Joined.into() });
    }
    // 1: the tree must be the one the patch starts from.
    if let Some(old) = base.manifest() {
        reader.index().changes().start_from(old).map_err(|_| Error::Contradiction)?;
    }
    let mend = &mut mend;
    let Some(seen) = checked(tree, (dir, installed), (&header, reader.index()), base, options, mend)? else { return Ok(()) };
    // 2: what will be written, and whether there is room for it.
    let mut tx = tree.begin_with(tx_options.clone())?;
    let plans = plan(&tx, fs, &tx_options, reader.index(), &seen.left_out)?;
    let brought_len = mend.as_ref().map_or(0, |mend| mend.bytes_to_write());
    report.forecast = Forecast::of(reader.index(), &plans, &seen.left_out, options.keep_undo);
    report.forecast.bring(brought_len, options.keep_undo);
    report.kept_modified = seen.left_out.kept.values().cloned().collect();
    if !options.dry_run {
        let purpose =
            resumed::purpose(&header, options, &seen.left_out, files::total(&plans).saturating_add(brought_len), mend.as_deref());
        report.bytes_at_hand = tx.resume(purpose)?;
    }
    // 3: all of it staged, invisibly, and checked.
    let staging = Staging { fs, dir, installed, base, left_out: &seen.left_out, plans: &plans, options };
    let head = match staging.run(&mut tx, reader, mend, report) {
        Err(error) => {
            staging.give_up(tx, &error);
            return Err(error);
        }
        head => head?,
    };
    if let Some(path) = seen.changed(fs, options.jobs) {
        return Err(Error::ChangedMeanwhile { path: path.to_string() });
    }
    if options.dry_run {
        report.outcome = Outcome::DryRun;
        return Ok(());
    }
    // 4: one step.
    report.is_recorded = head.is_some();
    if let Some(head) = head {
        tx.set_head(Some(Installed { manifest: head, following }.encode()));
    }
    report.transaction = tx.commit()?;
    report.dirs_kept.extend_from_slice(&report.transaction.dirs_kept);
    report.warnings.extend_from_slice(&report.transaction.warnings);
    // A patch that changes nothing but executable bits fits its own result, too.
    let is_idle = report.transaction.txid == 0;
    report.outcome = if is_idle { Outcome::UpToDate } else { Outcome::Applied };
    Ok(())
}

/// Staging what a patch makes.
struct Staging<'s> {
    fs: &'s dyn Fs,
    dir: &'s Path,
    installed: Hash,
    base: &'s Base,
    left_out: &'s LeftOut,
    plans: &'s [Option<FilePlan>],
    options: &'s ApplyOptions,
}

impl Staging<'_> {
    /// Stages everything, and checks that it is what the patch promises. Gives the manifest of the new build, where that is known.
    fn run<R: Read>(
        &self,
        tx: &mut Transaction<'_>,
        mut reader: PatchReader<R>,
        mend: &mut Option<&mut dyn Mend>,
        report: &mut ApplyReport,
    ) -> Result<Option<Manifest>> {
        let observer = self.options.observer.as_deref();
        tx.require_space(report.forecast.bytes_needed.saturating_sub(report.bytes_at_hand))?;
        report.dirs_kept = names::stage(tx, self.fs, reader.index().changes(), self.left_out)?;
        let target = (!self.options.dry_run).then_some(&mut *tx);
        let old_bytes = mend.as_ref().map(|mend| mend.old_bytes()).unwrap_or_default();
        let old = TreeFiles::new(self.fs, observer).with(old_bytes).at_hand(matches!(self.base, Base::Read(..)));
        let is_known = mend.as_ref().is_some_and(|mend| mend.new_build().is_some());
        let left_out = (self.left_out, is_known);
        let made = files::make(target, &mut reader, self.plans, left_out, &old, self.dir, observer)?;
        if !made.differences.is_empty() {
            let mut differences = traced(self.fs, self.dir, reader.index(), self.base, made.differences)?;
            modified::explain(&mut differences, &self.left_out.kept);
            return Err(base::wrong_base(self.installed, reader.header(), differences));
        }
        report.forecast.spare(made.bytes_spared, self.options.keep_undo);
        let finished = reader.finish()?;
        let Some(mend) = mend else { return new_head(self.base, &finished) };
        mend.stage(tx)?;
        match mend.new_build() {
            Some(new) if new.hash() == finished.header.to => Ok(Some(new.clone())),
            Some(_) => Err(Error::Contradiction),
            None => new_head(self.base, &finished),
        }
    }

    /// What is staged is kept where the same patch may be applied later: staging was stopped, or the patch ended early, as one that comes over a network may.
    fn give_up(&self, tx: Transaction<'_>, error: &Error) {
        let is_stopped = self.options.observer.as_ref().is_some_and(|observer| observer.should_stop());
        let is_late = matches!(error, Error::Net(_) | Error::NotFetched { .. });
        let ends_early = matches!(error, Error::Patch(PatchError::Input(_) | PatchError::Damaged(_)));
        if is_stopped || is_late || ends_early || matches!(error, Error::Stopped) {
            tx.set_aside();
        } else {
            tx.abandon();
        }
    }
}

/// The manifest of the new build, where that of the old one is known.
fn new_head(base: &Base, patch: &Finished) -> Result<Option<Manifest>> {
    let Some(old) = base.manifest() else { return Ok(None) };
    let new = patch.index.changes().apply_to(old, &patch.made).map_err(|_| Error::Contradiction)?;
    if new.hash() == patch.header.to { Ok(Some(new)) } else { Err(Error::Contradiction) }
}

/// What was seen of the tree, once it is as the patch says; `None` when it is the new build already, though nothing in it says so.
fn checked(
    tree: &Tree,
    (dir, installed): (&Path, Hash),
    (header, index): (&Header, &Index),
    base: &Base,
    options: &ApplyOptions,
    mend: &mut Option<&mut dyn Mend>,
) -> Result<Option<Seen>> {
    let fs = &**tree.fs();
    let mut seen = base::check(fs, dir, index, base, options)?;
    let says_otherwise = !installed.is_none() && installed != header.from;
    let must_be_known = options.base == BaseCheck::Full && base.manifest().is_none();
    let is_another = says_otherwise || must_be_known;
    // Where nothing says that this is the build, files that differ do not show that somebody modified it.
    if let (true, Some(manifest)) = (options.keep_modified, base.manifest()) {
        if options.base == BaseCheck::Full {
            seen.differences.extend(base::damage_beside(fs, dir, index, manifest, options)?);
        }
        seen.left_out.kept = modified::set_aside(index, &mut seen.differences);
    }
    if let (Some(mend), Some(_), false) = (mend, base.manifest(), is_another) {
        seen.differences.extend(mend.known());
        // What is recorded as installed is what is made of it all.
        if let Some(left_out) = mend.left_out(index, &seen.differences)? {
            (seen.left_out, seen.differences) = (left_out, Vec::new());
        }
    }
    if !is_another && seen.differences.is_empty() {
        return Ok(Some(seen));
    }
    if installed.is_none() && !must_be_known && arrived::has_arrived(fs, dir, index)? {
        return Ok(None);
    }
    Err(base::wrong_base(installed, header, seen.differences))
}

fn plan(
    tx: &Transaction<'_>,
    fs: &dyn Fs,
    options: &Options,
    index: &Index,
    left_out: &LeftOut,
) -> Result<Vec<Option<FilePlan>>> {
    let plan = |change: &Change| match change.file() {
        _ if left_out.contains(&change.path) => Ok(None),
        Some(file) if left_out.remade.contains(&change.path) => Ok(Some(FilePlan::whole(file))),
        _ => FilePlan::of(tx, fs, options, change),
    };
    index.changes().as_slice().iter().map(plan).collect()
}

/// Wrong bytes came out: names the old files that are to blame, where the old build is known.
fn traced(fs: &dyn Fs, dir: &Path, index: &Index, base: &Base, differences: Vec<Difference>) -> Result<Vec<Difference>> {
    let Some(manifest) = base.manifest() else { return Ok(differences) };
    let culprits = base::culprits(fs, dir, index, manifest)?;
    if culprits.is_empty() { Err(Error::Contradiction) } else { Ok(culprits) }
}
