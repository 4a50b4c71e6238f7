//! An update in steps, for a disk that has no room for all of it at once.
//!
//! Each step is a transaction of its own, which also replaces the head document by one that says how far the update is ([`HalfWay`]); the last one puts that of the new build
//! in its place. So progress is as durable as the bytes, and whoever comes after a crash goes on with the same patch. There is no way back past the first step.

mod check;
mod forecast;
mod options;
mod patch_file;
mod report;
mod schedule;
#[cfg(test)]
mod schedule_tests;
mod step;

use std::{fs::File, io::Seek, path::Path, time::Instant};

use untorn_delta::{PatchError, PatchReader, StretchReader};
use untorn_format::{
    Hash,
    patch::{Header, Index},
    release::{Following, HalfWay, Installed, Steps},
};
use untorn_fs::Fs;
use untorn_txn::{Cause, Options, Report, Tree, TreeState, WayChoice};

use super::{ApplyOptions, Base, Outcome, base, checked, remembered, rollout_id};
use crate::{
    Error, Provenance, Result, Trusting,
    error::shown,
    open,
    record::Record,
    signed::{Intake, Judgement, judge},
};
use forecast::{STEP_OVERHEAD, step_bytes_needed};
pub use options::LowDiskOptions;
pub(crate) use patch_file::{PatchFile, ReadAt};
pub use report::LowDiskReport;
use schedule::Schedule;
pub(crate) use step::is_working_name;
use step::{Step, stage_names};

/// As [`apply`](crate::apply), in steps that take little space each: for a patch that needs more than there is. `patch` must be a file: it is read at any place.
///
/// Before the first step everything the patch reads, and everything it makes, is checked once. From the first step on there is no way back, only forward: the tree is neither the old nor the new
/// build, programs that hold it by a [`ReadGuard`](crate::ReadGuard) are kept out, and all other changes are refused ([`Error::HalfWay`]), until the last step is done or the tree is
/// [repaired](crate::repair). Nothing is kept for rolling back. A dry run tells how many steps it takes, and how much space.
///
/// After this returns `Ok` with [`Outcome::Applied`], the tree is the new build, also after a power cut. After an error or a crash every step is done as a whole or not at all, and calling this again
/// with the same patch goes on with the next one. Then `patch` is known by its hash: nobody is asked again whether it is believed, and `low.step_len` is what it was.
///
/// # Errors
/// As [`apply`](crate::apply), before the first step; [`Error::Step`] from then on; [`Error::HalfWay`] when another patch is half way; [`Error::Unsteppable`].
pub fn apply_low_disk(patch: &Path, dir: &Path, options: &ApplyOptions, low: &LowDiskOptions) -> Result<LowDiskReport> {
    in_steps(patch, dir, options, low).map_err(|error| error.or_stopped(options.observer.as_deref()))
}

fn in_steps(patch: &Path, dir: &Path, options: &ApplyOptions, low: &LowDiskOptions) -> Result<LowDiskReport> {
    let started = Instant::now();
    // A patch that is not believed is refused before a directory comes under care for it.
    if half_way_of(dir)?.is_none() && !matches!(options.trusting, Trusting::Unsigned) {
        let intake = Intake::read(File::open(patch).map_err(|source| Error::io("open", patch, source))?)?;
        let following = remembered(dir, options)?;
        judge(intake.preface.as_ref(), &intake.header, following.as_ref(), (&options.trusting, options.downgrade), [0; 16])?;
    }
    let file = File::open(patch).map_err(|source| Error::io("open", patch, source))?;
    let mut report = on_held(PatchFile::of(&file), &mut open::tree(dir, options.wait)?, dir, (options, low), None)?;
    report.elapsed = started.elapsed();
    Ok(report)
}

/// As [`apply_low_disk`], to a tree that is held, on whatever file system: a simulated one in tests. `options.wait` is of no use here.
///
/// # Errors
/// As [`apply_low_disk`].
pub fn apply_low_disk_on(patch: &Path, tree: &mut Tree, options: &ApplyOptions, low: &LowDiskOptions) -> Result<LowDiskReport> {
    let started = Instant::now();
    let file = File::open(patch).map_err(|source| Error::io("open", patch, source))?;
    let result = on_held(PatchFile::of(&file), tree, Path::new(""), (options, low), None);
    let mut report = result.map_err(|error| error.or_stopped(options.observer.as_deref()))?;
    report.elapsed = started.elapsed();
    Ok(report)
}

/// What the tree remembers of releases from then on is `following`, where the caller believes the patch already.
pub(crate) fn on_held(
    mut patch: PatchFile<'_>,
    tree: &mut Tree,
    dir: &Path,
    (options, low): (&ApplyOptions, &LowDiskOptions),
    following: Option<Following>,
) -> Result<LowDiskReport> {
    let begin = patch;
    let Intake { preface, stream, .. } = Intake::read(&mut patch)?;
    let reader = PatchReader::within(stream, options.memory_len_max, 1)?;
    let (header, index) = (reader.header().clone(), reader.index().clone());
    drop(reader);
    if header.joined {
        return Err(PatchError::Joined.into());
    }
    let at = patch.stream_position().map_err(PatchError::Input)?;
    let mut work = Work { dir, options, header: &header, stretches: StretchReader::new(index, patch, at) };
    if let Some(half_way) = half_way_in(tree, dir)? {
        return work.go_on(tree, half_way);
    }
    let record = Record::of(tree, dir)?;
    let trusting = (&options.trusting, options.downgrade);
    let judgement = match following {
        Some(following) => Judgement { following: Some(following), provenance: None },
        None => judge(preface.as_ref(), &header, record.following(), trusting, rollout_id(tree))?,
    };
    work.begin(tree, &record, judgement, low, begin)
}

/// What is half way in the directory, before it is held.
fn half_way_of(dir: &Path) -> Result<Option<HalfWay>> {
    let Ok(Some(head)) = untorn_txn::head_of(dir) else { return Ok(None) };
    decode(&head, dir)
}

pub(crate) fn half_way_in(tree: &Tree, dir: &Path) -> Result<Option<HalfWay>> {
    let Some(head) = tree.head()? else { return Ok(None) };
    decode(&head, dir)
}

fn decode(head: &[u8], dir: &Path) -> Result<Option<HalfWay>> {
    HalfWay::decode(head).map_err(|source| Error::Document { path: shown(dir), source })
}

/// Names the patch, and by the hashes in it all of it.
fn name_of(header: &Header) -> Hash {
    Hash::of(&header.encode())
}

struct Work<'w> {
    dir: &'w Path,
    options: &'w ApplyOptions,
    header: &'w Header,
    stretches: StretchReader<PatchFile<'w>>,
}

impl Work<'_> {
    fn index(&self) -> &Index {
        self.stretches.index()
    }

    /// Everything up to the first step, and then all of them.
    fn begin(
        &mut self,
        tree: &mut Tree,
        record: &Record,
        judgement: Judgement,
        low: &LowDiskOptions,
        patch: PatchFile<'_>,
    ) -> Result<LowDiskReport> {
        let Judgement { following, provenance } = judgement;
        let (header, options, dir) = (self.header, self.options, self.dir);
        // 1: the tree must be the build the patch starts from, and known as a whole.
        let base = base::identify(tree, dir, record, (header, self.index()), options)?;
        let mut report = LowDiskReport::new(header, tree, provenance);
        let Some(old) = base.manifest() else {
            return match base {
                Base::UpToDate => Ok(report),
                _ => Err(base::wrong_base(record.build(), header, checked_differences(tree, dir, self.index(), &base, options)?)),
            };
        };
        self.index().changes().start_from(old).map_err(|_| Error::Contradiction)?;
        if checked(tree, (dir, record.build()), (header, self.index()), &base, options, &mut None)?.is_none() {
            return Ok(report);
        }
        self.refuse_taken_names(&**tree.fs())?;
        // 2: what each step does.
        let in_place = tree.fs().capabilities().in_place && !options.unlocked_readers;
        let schedule = Schedule::of(self.index(), low.step_len(), in_place)?;
        // 3: everything that will be made, made once, and checked.
        let made = check::make(patch, header, &schedule, &**tree.fs(), options);
        let (parts, made) = made.map_err(|error| self.traced(&**tree.fs(), old, record.build(), error))?;
        let manifest = self.index().changes().apply_to(old, &made).map_err(|_| Error::Contradiction)?;
        if manifest.hash() != header.to {
            return Err(Error::Contradiction);
        }
        let installed = Installed { manifest, following };
        let half_way = HalfWay {
            steps: Steps { done: 0, count: schedule.count(), from: header.from, to: header.to },
            patch: name_of(header),
            step_len: low.step_len(),
            schedule: schedule.hash(),
            in_place,
            parts,
            installed,
        };
        report.plan(&schedule, self.index(), &half_way);
        if options.dry_run {
            report.outcome = Outcome::DryRun;
            return Ok(report);
        }
        tree.begin_with(self.transaction(true))?.require_space(report.bytes_needed)?;
        self.run(tree, half_way, &schedule, report)
    }

    /// What was begun, from the next step on.
    fn go_on(&mut self, tree: &mut Tree, half_way: HalfWay) -> Result<LowDiskReport> {
        if half_way.patch != name_of(self.header) {
            return Err(Error::HalfWay { dir: shown(self.dir), steps: half_way.steps });
        }
        let schedule = Schedule::of(self.index(), half_way.step_len, half_way.in_place)?;
        // Whoever wrote the document had other steps in mind: nobody knows what of these are done.
        if schedule.hash() != half_way.schedule
            || schedule.count() != half_way.steps.count
            || schedule.parts.len() != half_way.parts.len()
        {
            return Err(Error::OtherSteps { dir: shown(self.dir), steps: half_way.steps });
        }
        let mut report = LowDiskReport::new(self.header, tree, None);
        report.plan(&schedule, self.index(), &half_way);
        if self.options.dry_run {
            report.outcome = Outcome::DryRun;
            return Ok(report);
        }
        self.run(tree, half_way, &schedule, report)
    }

    fn run(
        &mut self,
        tree: &mut Tree,
        mut half_way: HalfWay,
        schedule: &Schedule,
        mut report: LowDiskReport,
    ) -> Result<LowDiskReport> {
        while half_way.steps.done < half_way.steps.count {
            let before = half_way.steps;
            half_way.steps.done += 1;
            let done = self.step(tree, before.done, &half_way, schedule, &mut report.dirs_kept);
            let done = done.map_err(|error| self.told_how_much(tree, error));
            // Before the first step the tree is the old build, as after any update that failed.
            let done = done.map_err(|error| if before.done == 0 { error } else { error.in_step(before) })?;
            report.add(&done);
        }
        report.outcome = Outcome::Applied;
        Ok(report)
    }

    /// A disk that is full, against the forecast, says how much more is surely missing.
    fn told_how_much(&self, tree: &mut Tree, error: Error) -> Error {
        let is_untold = matches!(&error, Error::Tree(tree) if tree.state() == TreeState::Unchanged && matches!(tree.cause(), Cause::NoSpace { missing: None }));
        let Some(space) = tree.fs().space().ok().filter(|_| is_untold) else { return error };
        let tx = tree.begin_with(self.transaction(true));
        let told = tx.and_then(|tx| tx.require_space(space.available.saturating_add(STEP_OVERHEAD)));
        told.err().map_or(error, Error::Tree)
    }

    fn step(
        &mut self,
        tree: &mut Tree,
        number: u32,
        half_way: &HalfWay,
        schedule: &Schedule,
        dirs_kept: &mut Vec<String>,
    ) -> Result<Report> {
        let fs = tree.fs().clone();
        let is_last = half_way.steps.done == half_way.steps.count;
        let head = if is_last { half_way.installed.encode() } else { half_way.encode() };
        let mut tx = tree.begin_with(self.transaction(half_way.in_place))?;
        tx.require_space(step_bytes_needed(self.index(), schedule, number, head.len() as u64))?;
        if let Some(acts) = usize::try_from(number).ok().and_then(|number| schedule.steps.get(number)) {
            Step { fs: &*fs, parts: &schedule.parts, hashes: &half_way.parts, reader: &mut self.stretches }
                .stage(&mut tx, acts)?;
        } else {
            dirs_kept.extend(stage_names(&mut tx, &*fs, self.index().changes())?);
        }
        tx.set_head(Some(head));
        let report = tx.commit()?;
        dirs_kept.extend_from_slice(&report.dirs_kept);
        Ok(report)
    }

    fn transaction(&self, in_place: bool) -> Options {
        let mut options = self.options.transaction();
        (options.keep_undo, options.half_way) = (false, true);
        options.way = if in_place { WayChoice::Patch } else { WayChoice::Put };
        options
    }

    /// What somebody else put where files are going to be made, or the new build has there.
    fn refuse_taken_names(&self, fs: &dyn Fs) -> Result<()> {
        let names = fs.read_dir("").map_err(|source| Error::io("list", self.dir, source))?;
        let names = names.into_iter().filter_map(|entry| entry.name.ok());
        let new = self.index().changes().as_slice().iter().map(|change| change.path.to_string());
        let taken = names.chain(new).find(|name| is_working_name(name));
        taken.map_or(Ok(()), |name| Err(Error::Taken { path: name }))
    }

    /// Wrong bytes came out: names the old files that are to blame.
    fn traced(&self, fs: &dyn Fs, old: &untorn_format::manifest::Manifest, installed: Hash, error: check::Failure) -> Error {
        let culprits = |_: check::WrongBytes| base::culprits(fs, self.dir, self.index(), old);
        match error {
            check::Failure::Other(error) => *error,
            check::Failure::WrongBytes(wrong) => match culprits(wrong) {
                Ok(culprits) if culprits.is_empty() => Error::Contradiction,
                Ok(culprits) => base::wrong_base(installed, self.header, culprits),
                Err(error) => error,
            },
        }
    }
}

/// How a tree that nothing is known about differs from what the patch starts from.
fn checked_differences(
    tree: &Tree,
    dir: &Path,
    index: &Index,
    base: &Base,
    options: &ApplyOptions,
) -> Result<Vec<crate::Difference>> {
    Ok(base::check(&**tree.fs(), dir, index, base, options)?.differences)
}

/// Removes what is left of an update in steps when something else ends it.
pub(crate) fn remove_working_files(tx: &mut untorn_txn::Transaction<'_>, fs: &dyn Fs, dir: &Path) -> Result<()> {
    let names = fs.read_dir("").map_err(|source| Error::io("list", dir, source))?;
    for name in names.into_iter().filter_map(|entry| entry.name.ok()).filter(|name| is_working_name(name)) {
        tx.remove(&name)?;
    }
    Ok(())
}

/// What was believed about the patch.
type Believed = Option<Provenance>;
