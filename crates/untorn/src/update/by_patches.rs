//! Over patches, and with chunks for what somebody changed.

use std::{cell::Cell, sync::Arc, thread};

use untorn_delta::{PatchError, PatchReader};
use untorn_format::{
    Hash,
    manifest::{Kind, Manifest},
    release::{Following, PatchObject, Release},
};
use untorn_txn::{Fetched, Tree};

use super::{
    Extent, Job, Route, UpdateOutcome, UpdatePlan, UpdateReport,
    chunks::ChunkPlan,
    joined::Joined,
    mend::{Besides, Mender, Step},
    patches::{self, Coming},
};
use crate::{
    Difference, Error, Result, What,
    apply::{self, Mend, PatchFile},
    content,
    record::Record,
    releases::{Progress, Supply, cheapest, save},
    signed::Intake,
    verify::look,
};

/// Of what patches take, at most one part in so many is spent on finding out whether chunks take less.
const LOOK_PART: u64 = 50;

/// The patches to use, one after the other.
pub(super) struct Way {
    patches: Vec<PatchObject>,
    /// What of the old build is not there, or of another length.
    broken: Vec<Difference>,
    /// What comes by chunks because of that.
    besides: Option<Besides>,
}

impl Job<'_> {
    /// The patches to use, if that is the way. Where chunks were weighed against them, leaves what these take in `weighed`.
    pub(super) fn way(
        &self,
        tree: &Tree,
        record: &Record,
        supply: &mut Supply<'_>,
        weighed: &mut Option<ChunkPlan>,
    ) -> Result<Option<Way>> {
        let Some(old) = record.manifest().filter(|_| !self.options.no_patches) else { return Ok(None) };
        let (fetched, release) = (Fetched::of(tree), &self.release.document);
        let left = |patch: &PatchObject| patch.len - patches::at_hand(&fetched, patch);
        let memory_len_max = self.options.patching().memory_len_max;
        let usable: Vec<_> = release.patches.iter().filter(|patch| patch.memory <= memory_len_max).copied().collect();
        let Some(patches) = cheapest(&usable, old.hash(), release.manifest.hash, left) else { return Ok(None) };
        let cost = patches.iter().map(left).fold(0, u64::saturating_add);
        let mut way = Way { patches, broken: Vec::new(), besides: None };
        let Some(index) = supply.index_cost() else { return Ok(Some(way)) };
        let look = index.saturating_add(supply.manifest_cost(Some(old)));
        // Without any patch the tree is the build already; one patch is hardly ever more than chunks; and looking must not cost what it may save.
        let is_clear = way.patches.len() == 1 || look > cost / LOOK_PART;
        let Some(broken) = self.broken(tree, old) else { return Ok(None) };
        if broken.is_empty() && is_clear {
            return Ok(Some(way));
        }
        if self.options.extent == Extent::CommitFetched && cost > 0 {
            // What was fetched is something else.
            return Ok(None);
        }
        way.broken = broken;
        if !way.broken.is_empty() {
            let Some(mixed) = self.mixture(tree, record, way, supply)? else { return Ok(None) };
            way = mixed;
        }
        let cost = way.left(&fetched);
        if cost == 0 {
            return Ok(Some(way));
        }
        let by_chunks = ChunkPlan::make(supply, &**tree.fs(), self.dir, Some(old), self.options, false)?;
        let is_less = by_chunks.numbers.bytes_to_fetch < cost;
        *weighed = Some(by_chunks);
        Ok((!is_less).then_some(way))
    }

    /// These patches, and chunks for what they do not bring into a tree that is broken; `None` where that is no way.
    fn mixture(&self, tree: &Tree, record: &Record, way: Way, supply: &mut Supply<'_>) -> Result<Option<Way>> {
        let Some(old) = record.manifest().filter(|_| self.options.low_disk.is_none()) else { return Ok(None) };
        let installed = installed_release(record);
        let fs = tree.fs().clone();
        let step = Step { is_last: true, left: 0, is_decided: true, is_plan: true };
        let mut mender = Mender::new((&*fs, self.dir), (old, installed, way.broken.clone()), supply, self.options, step);
        let left_out = if let [patch] = way.patches[..] {
            let patching = self.options.patching();
            let Some(index) = patches::head(self.remote, &Fetched::of(tree), &patch, patching.memory_len_max)? else {
                return Ok(None);
            };
            let mut differences = apply::differences(&*fs, self.dir, &index, old, &patching)?;
            differences.extend(mender.known());
            mender.left_out(&index, &differences)?
        } else {
            mender.without_index()?
        };
        Ok(left_out.map(|_| Way { besides: Some(mender.besides()), ..way }))
    }

    /// The files of the old build that are not there, or not as long as they should be. Patches do not start from these, though they may not speak of them. `None` where something else is
    /// not as it should be.
    fn broken(&self, tree: &Tree, old: &Manifest) -> Option<Vec<Difference>> {
        let (fs, entries) = (tree.fs(), old.entries());
        let misfit = |number: usize| {
            let entry = &entries[number];
            let there = look(&**fs, self.dir, &entry.path).ok()?;
            match (&entry.kind, there) {
                (Kind::File { .. }, None) => Some(Some(What::Missing)),
                (Kind::File { len, .. }, Some(meta)) if meta.is_file() => {
                    Some((meta.len != *len).then_some(What::Length { expected: *len, found: meta.len }))
                }
                (Kind::File { .. }, Some(_)) | (_, None) => None,
                (_, Some(_)) => Some(None),
            }
        };
        let mut broken = Vec::new();
        for (entry, what) in entries.iter().zip(content::for_each(self.options.jobs, entries.len(), &misfit)) {
            broken.extend(what?.map(|what| Difference { path: entry.path.to_string(), what }));
        }
        Some(broken)
    }

    pub(super) fn by_patches(
        &self,
        tree: &mut Tree,
        record: &Record,
        way: &Way,
        supply: &mut Supply<'_>,
        report: &mut UpdateReport,
    ) -> Result<()> {
        let fetched = &Fetched::of(tree);
        report.plan = way.plan(fetched);
        if self.options.extent == Extent::Plan {
            report.outcome = UpdateOutcome::Planned;
            return Ok(());
        }
        self.options.announce(&report.plan);
        let mut fetching = Fetching { job: self, fetched, done: 0, total: way.left(fetched) };
        if !self.changes_tree() {
            way.patches.iter().try_for_each(|patch| fetching.fetch(patch, &Coming::default()))?;
            if let Some(besides) = &way.besides {
                let (observer, done) = (self.options.observer(), Cell::new(fetching.done));
                let progress = Progress { observer, done, total: fetching.total };
                supply.fetch(&besides.wanted, &progress)?;
                if let Some(release) = installed_release(record) {
                    supply.of_older(&release).fetch(&besides.older, &progress)?;
                }
            }
            save(fetched, self.saved)?;
            report.outcome = UpdateOutcome::Fetched;
            return Ok(());
        }
        self.apply_all(tree, record, way, &mut fetching, supply, report)?;
        report.outcome = UpdateOutcome::Updated;
        Ok(())
    }

    /// In one transaction, if that can be: several patches are joined into one. Else each is one.
    fn apply_all(
        &self,
        tree: &mut Tree,
        record: &Record,
        way: &Way,
        fetching: &mut Fetching<'_>,
        supply: &mut Supply<'_>,
        report: &mut UpdateReport,
    ) -> Result<()> {
        if let [first, rest @ ..] = &way.patches[..]
            && !rest.is_empty()
            && self.options.low_disk.is_none()
        {
            way.patches.iter().try_for_each(|patch| fetching.fetch(patch, &Coming::default()))?;
            if let Some(joined) = Joined::of(fetching.fetched, first, rest, self.options.observer())? {
                let done = Used::of(&joined.patch, way, way.broken.clone())
                    .by(|used| self.apply(tree, record, used, None, supply, report));
                // Each of them may take less.
                if !matches!(done, Err(Error::Patch(PatchError::Memory { .. }))) {
                    return done;
                }
            }
        }
        let mut record = record.clone();
        for (number, patch) in way.patches.iter().enumerate() {
            let known = if number == 0 {
                way.broken.clone()
            } else {
                record.manifest().and_then(|old| self.broken(tree, old)).unwrap_or_default()
            };
            let used = Used { is_last: number + 1 == way.patches.len(), ..Used::of(patch, way, known) };
            used.by(|used| fetching.fetch_and(patch, |coming| self.apply(tree, &record, used, coming, supply, report)))?;
            record = Record::of(tree, self.dir)?;
        }
        Ok(())
    }

    /// Whether chunks can bring what patches do not.
    fn mends(&self, supply: &Supply<'_>) -> bool {
        supply.index_cost().is_some() && self.options.low_disk.is_none()
    }

    /// Before the last of several, the tree then is a whole build, but no release that it knows; what somebody changed stays as it is until the last.
    fn apply(
        &self,
        tree: &mut Tree,
        record: &Record,
        used: &Used<'_>,
        coming: Option<&Arc<Coming>>,
        supply: &mut Supply<'_>,
        report: &mut UpdateReport,
    ) -> Result<()> {
        let (fetched, patch) = (&Fetched::of(tree), used.patch);
        let following = if used.is_last { self.following.clone() } else { Following { release: None, ..self.following.clone() } };
        let patching = self.options.patching();
        let left = patch.len - patches::at_hand(fetched, patch);
        let stored = patches::Stored::open(fetched, patch, coming)?;
        let is_there = stored.gauge();
        let intake = Intake::read(stored)?;
        // Who signed the release, signed the hash of the header, and with it all the rest: nothing is decompressed before that is known.
        let header = &intake.header;
        let is_it = (header.from, header.to) == (patch.from, patch.to) && Hash::of(&header.encode()) == patch.header_hash;
        if intake.preface.is_some() || !is_it {
            return Err(Error::Contradiction);
        }
        if let Some(low) = &self.options.low_disk {
            let done = apply::in_steps(
                PatchFile::of(&patches::Stored::open(fetched, patch, None)?),
                tree,
                self.dir,
                (&patching, low),
                Some(following),
            )?;
            report.plan.bytes_to_write = Some(report.plan.bytes_to_write.unwrap_or_default() + done.bytes_made);
            report.dirs_kept.extend(done.dirs_kept);
            report.warnings.extend(done.warnings);
            return Ok(());
        }
        let reader = PatchReader::within(intake.stream, patching.memory_len_max, content::threads(self.options.jobs))?;
        let reader = reader.reading_what_is_there(is_there);
        let fs = tree.fs().clone();
        let mut mender = match record.manifest().filter(|_| self.mends(supply)) {
            Some(old) => {
                let step = Step { is_last: used.is_last, left, is_decided: used.is_decided, is_plan: false };
                Some(Mender::new(
                    (&*fs, self.dir),
                    (old, installed_release(record), used.known.clone()),
                    supply,
                    self.options,
                    step,
                ))
            }
            None => None,
        };
        let mend = mender.as_mut().map(|mender| mender as &mut dyn Mend);
        let applied = apply::on_tree(reader, tree, self.dir, record, &patching, (Some(following), mend));
        used.was_begun.set(mender.as_ref().is_some_and(|mender| mender.was_begun));
        let applied = applied?;
        report.plan.bytes_to_write = Some(report.plan.bytes_to_write.unwrap_or_default() + applied.forecast.bytes_needed);
        report.transaction = applied.transaction;
        report.dirs_kept.extend(applied.dirs_kept);
        report.warnings.extend(applied.warnings);
        if used.is_last {
            report.kept.extend(applied.kept_modified);
        }
        if let Some(mender) = mender {
            report.replaced.extend_from_slice(&mender.replaced);
            report.plan.mix(&mender.besides());
        }
        Ok(())
    }
}

/// The release that is installed, where the tree knows it.
fn installed_release(record: &Record) -> Option<Release> {
    let signed = record.following()?.release.as_ref()?;
    Release::decode(&signed.document).ok()
}

impl Way {
    /// How many bytes are still to come.
    fn left(&self, fetched: &Fetched) -> u64 {
        let left = |patch: &PatchObject| patch.len - patches::at_hand(fetched, patch);
        let besides = self.besides.as_ref().map_or(0, Besides::len);
        self.patches.iter().map(left).fold(besides, u64::saturating_add)
    }

    fn plan(&self, fetched: &Fetched) -> UpdatePlan {
        let (left, besides) = (self.left(fetched), self.besides.clone().unwrap_or_default());
        let whole = self.patches.iter().map(|patch| patch.len).fold(besides.len(), u64::saturating_add);
        let mut plan = UpdatePlan {
            route: Route::Patches(self.patches.len()),
            bytes_to_fetch: left - besides.len(),
            bytes_to_fetch_without_ranges: left - besides.len(),
            bytes_at_hand: whole - left,
            ..UpdatePlan::default()
        };
        plan.mix(&besides);
        plan
    }
}

impl UpdatePlan {
    /// Says what comes by chunks beside patches, unless that is known already.
    fn mix(&mut self, besides: &Besides) {
        let Route::Patches(number) = self.route else { return };
        if besides.files > 0 {
            self.route = Route::Mixed(number);
            (self.bytes_by_chunks, self.files_by_chunks) = (besides.len(), besides.files);
            self.bytes_to_fetch += besides.len();
            self.bytes_to_fetch_without_ranges += besides.len_without_ranges();
        }
    }
}

/// One patch of several, or all of them joined.
struct Used<'u> {
    patch: &'u PatchObject,
    is_last: bool,
    is_decided: bool,
    /// What is known to differ from what it starts from.
    known: Vec<Difference>,
    /// Whether applying it went on in spite of that.
    was_begun: Cell<bool>,
}

impl<'u> Used<'u> {
    /// The last one of a way.
    fn of(patch: &'u PatchObject, way: &Way, known: Vec<Difference>) -> Self {
        Self { patch, is_last: true, is_decided: way.besides.is_some(), known, was_begun: Cell::new(false) }
    }

    /// Applies it; once more, if it turned out when something was made from them which files have other bytes than they should.
    fn by(mut self, mut apply: impl FnMut(&Self) -> Result<()>) -> Result<()> {
        let mut done = apply(&self);
        if let Err(Error::WrongBase(wrong)) = &mut done
            && self.was_begun.get()
        {
            self.known.append(&mut wrong.differences);
            done = apply(&self);
        }
        done
    }
}

/// Patches that are being fetched, one after the other.
struct Fetching<'f> {
    job: &'f Job<'f>,
    fetched: &'f Fetched,
    done: u64,
    total: u64,
}

impl Fetching<'_> {
    fn fetch(&mut self, patch: &PatchObject, coming: &Coming) -> Result<()> {
        let left = patch.len - patches::at_hand(self.fetched, patch);
        let (observer, done) = (self.job.options.observer(), Cell::new(self.done));
        patches::fetch(self.job.remote, self.fetched, patch, &Progress { observer, done, total: self.total }, coming)?;
        self.done += left;
        Ok(())
    }

    /// Fetches a patch, and applies it while it comes. What has come wrongly comes once more from elsewhere, and is applied then.
    fn fetch_and(&mut self, patch: &PatchObject, mut apply: impl FnMut(Option<&Arc<Coming>>) -> Result<()>) -> Result<()> {
        // Steps read the patch here and there, and more than once.
        if patches::at_hand(self.fetched, patch) == patch.len || self.job.options.low_disk.is_some() {
            self.fetch(patch, &Coming::default())?;
            return apply(None);
        }
        let coming = Arc::new(Coming::default());
        let (fetched, applied) = thread::scope(|scope| {
            let under_way = coming.arrivals.begin();
            let fetching = scope.spawn(|| {
                let _under_way = under_way;
                self.fetch(patch, &coming)
            });
            let applied = apply(Some(&coming));
            // Where the patch is to blame, it may be that it came wrongly: that is known when all of it has come.
            if applied.as_ref().is_err_and(|error| !is_of_patch(error)) {
                coming.give_up();
            }
            (fetching.join().unwrap_or(Err(Error::Stopped)), applied)
        });
        match (fetched, applied) {
            (Err(why), Err(error)) if is_of_patch(&error) => Err(why),
            (Ok(()), Err(error)) if is_of_patch(&error) && coming.is_anew() => apply(None),
            (_, applied) => applied,
        }
    }
}

/// Whether a patch that came wrongly, or not to the end, may be the reason.
fn is_of_patch(error: &Error) -> bool {
    matches!(error, Error::Patch(_) | Error::Contradiction)
}
