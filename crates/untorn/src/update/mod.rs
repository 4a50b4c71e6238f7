//! A tree follows releases.

mod changes;
mod chunks;
mod local;
mod options;
mod patches;
mod pieces;
mod policy;
mod report;
mod rollback;
mod stage;
mod steps;

use std::{
    cell::Cell,
    path::Path,
    sync::Arc,
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use untorn_delta::PatchReader;
use untorn_format::{
    Hash,
    manifest::Manifest,
    release::{Following, Installed, PatchObject, Release},
};
use untorn_fs::Fs;
use untorn_remote::Remote;
use untorn_trust::{Moment, Trust, TrustedRoot, Verified};
use untorn_txn::{Fetched, Options, Tree};

use crate::{
    Error, Result,
    apply::{self, PatchFile},
    content,
    error::shown,
    index_at_hand::keep_index,
    open,
    record::Record,
    releases::{self, Heard, Objects, Progress, Question, Saved, Supply, cheapest, forget, hear, load, remote, save, watched},
    signed::Intake,
    verify::look,
};
use chunks::ChunkPlan;
pub use options::{Announce, Extent, UpdateOptions};
use patches::Coming;
pub use policy::{Policies, Policy};
pub use report::{Route, UpdateOutcome, UpdatePlan, UpdateReport};
pub use rollback::roll_back_to_release;

/// The channel that is followed where nobody says anything else.
const CHANNEL: &str = "stable";
/// Of what patches take, at most one part in so many is spent on finding out whether chunks take less.
const LOOK_PART: u64 = 50;
/// How often an update begins again because something that was fetched has rotted.
const TRIES_MAX: u32 = 3;

/// Brings the tree in `dir` to the release that its channel offers, over the way that takes the fewest bytes: patches, or chunks of what is nowhere in the tree. What has been fetched, and
/// found to be right, is kept in the state directory, and not fetched again after a crash or an error.
///
/// Documents are believed before anything of what they name is fetched, and everything that is fetched has a hash from them. What the tree learned (root, channel,
/// floor) is stored in the same transaction as the files. The tree may be in use while things are fetched and staged.
///
/// After this returns `Ok` with [`UpdateOutcome::Updated`], the tree is the release, also after a power cut. After an error, [`Error::state`] says which tree there is.
///
/// # Errors
/// [`Error::NotFollowing`]; [`Error::Net`]; [`Error::Trust`]; [`Error::Store`]; [`Error::Modified`]; [`Error::NotFetched`] with
/// [`Extent::CommitFetched`]; [`Error::Tree`]; [`Error::Io`]; [`Error::Stopped`].
pub fn update(dir: &Path, options: &UpdateOptions) -> Result<UpdateReport> {
    run(dir, options).map_err(|error| error.or_stopped(options.observer()))
}

/// As [`update`], for a directory that need not exist yet. [`UpdateOptions::trust`] says whom to believe.
///
/// # Errors
/// As [`update`].
pub fn install(dir: &Path, options: &UpdateOptions) -> Result<UpdateReport> {
    let (beside, name) = open::beside(dir)?;
    if beside.metadata(&name).is_err() {
        beside.create_dir(&name, None).map_err(|source| Error::io("make", dir, source))?;
    }
    update(dir, options)
}

/// The head document of a tree that follows releases.
fn head(manifest: Manifest, following: Following) -> Vec<u8> {
    Installed { manifest, following: Some(following) }.encode()
}

fn run(dir: &Path, options: &UpdateOptions) -> Result<UpdateReport> {
    let started = Instant::now();
    let mut tree = open::tree(dir, options.is_patient())?;
    let goes_on = options.low_disk.is_some() && options.extent == Extent::Commit;
    let half_way = apply::half_way_in(&tree, dir)?.filter(|_| goes_on);
    let mut record = match &half_way {
        Some(half_way) => Record::after(half_way),
        None => Record::of(&tree, dir)?,
    };
    let mut trust = trust(&tree, dir, &record, options)?;
    let fetched = Fetched::of(&tree);
    let remote = mirrors(&trust, dir, &fetched, options)?;
    let mut saved = Saved::new();
    let heard = watched(&remote, options.observer(), || ask(&remote, &mut trust, options, &mut saved))?;
    let mut report = reported(&tree, &record, &heard, &trust);
    if let Some(half_way) = &half_way {
        report.from = half_way.steps.from;
        let go_on = || steps::go_on(&mut tree, dir, (&remote, &fetched), &heard.release.document, half_way, options);
        watched(&remote, options.observer(), go_on)?;
        record = Record::of(&tree, dir)?;
    }
    if let Some(outcome) = nothing_to_do(&heard, &record, options) {
        if outcome == UpdateOutcome::UpToDate {
            remember(&mut tree, &record, &trust)?;
            // Whoever was killed right after the commit has left it.
            forget(&fetched, record.build());
        }
        let was_half_way = half_way.is_some() && outcome == UpdateOutcome::UpToDate;
        report.outcome = if was_half_way { UpdateOutcome::Updated } else { outcome };
    } else {
        let mut believed = trust.clone();
        believed.install(&heard.release, Some(&heard.offer));
        let job = Job {
            dir,
            remote: &remote,
            release: &heard.release,
            following: believed.following().clone(),
            options,
            saved: &saved,
        };
        let brought = watched(&remote, options.observer(), || job.bring(&mut tree, record, &mut report));
        brought.map_err(|error| not_fetched(error, dir, options))?;
    }
    report.bytes_received = remote.received();
    report.elapsed = started.elapsed();
    Ok(report)
}

/// Whom the tree believes.
fn trust(tree: &Tree, dir: &Path, record: &Record, options: &UpdateOptions) -> Result<Trust> {
    let distrust = |source| Error::Trust { what: shown(dir), source };
    if let Some(following) = record.following() {
        return Trust::resume(following).map_err(distrust);
    }
    let root = options.trust.clone().ok_or_else(|| Error::NotFollowing { dir: shown(dir) })?;
    let root = TrustedRoot::pin(root).map_err(|source| Error::Trust { what: "the root to trust".into(), source })?;
    let number = tree.fs().random_id().map_err(|source| Error::io("make a random number for", dir, source))?;
    Ok(Trust::begin(root, number))
}

/// Where releases come from.
fn mirrors(trust: &Trust, dir: &Path, fetched: &Fetched, options: &UpdateOptions) -> Result<Remote> {
    if options.extent == Extent::CommitFetched {
        let saved = load(fetched)?;
        if saved.is_empty() {
            return Err(Error::NotFetched { dir: shown(dir) });
        }
        return Ok(Remote::new(vec![Box::new(releases::Kept(saved))], options.source.remote.clone())?);
    }
    let sources = if options.sources.is_empty() { &trust.following().sources } else { &options.sources };
    if sources.is_empty() {
        return Err(Error::NotFollowing { dir: shown(dir) });
    }
    remote(sources, &options.source)
}

/// What the channel offers. Which channel the tree follows, and where from, is remembered.
fn ask(remote: &Remote, trust: &mut Trust, options: &UpdateOptions, saved: &mut Saved) -> Result<Heard> {
    let followed = trust.following().channel.clone();
    let channel =
        options.channel.clone().or(Some(followed).filter(|name| !name.is_empty())).unwrap_or_else(|| CHANNEL.to_owned());
    let sources = if options.sources.is_empty() { trust.following().sources.clone() } else { options.sources.clone() };
    trust.set_source(channel.clone(), sources);
    let clock = options.clock.unwrap_or_else(|| SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs()));
    let moment = Moment { clock, policy: options.expiry };
    let platform = options.platform.clone().unwrap_or_default();
    hear(remote, trust, Question { channel: &channel, platform: &platform, moment }, saved)
}

fn reported(tree: &Tree, record: &Record, heard: &Heard, trust: &Trust) -> UpdateReport {
    let release = &heard.release.document;
    UpdateReport {
        recovery: tree.recovery().clone(),
        warnings: tree.warnings().to_vec(),
        product: release.product.clone(),
        channel: trust.following().channel.clone(),
        build: release.build,
        label: release.label.clone(),
        from: record.build(),
        to: release.manifest.hash,
        expired: heard.offer.expired,
        outcome: UpdateOutcome::UpToDate,
        plan: UpdatePlan::default(),
        bytes_received: 0,
        replaced: Vec::new(),
        kept: Vec::new(),
        dirs_kept: Vec::new(),
        transaction: untorn_txn::Report::default(),
        elapsed: Duration::ZERO,
    }
}

fn nothing_to_do(heard: &Heard, record: &Record, options: &UpdateOptions) -> Option<UpdateOutcome> {
    let is_there = record.build() == heard.release.document.manifest.hash;
    let is_new_here = record.following().is_none_or(|following| following.release.is_none());
    if heard.offer.is_installed && is_there {
        Some(UpdateOutcome::UpToDate)
    } else if options.regardless || is_new_here {
        None
    } else if heard.offer.was_left {
        Some(UpdateOutcome::WasLeft)
    } else {
        (!heard.offer.is_meant).then_some(UpdateOutcome::NotYet)
    }
}

/// Stores what was learned of the channel, though nothing else changes.
fn remember(tree: &mut Tree, record: &Record, trust: &Trust) -> Result<()> {
    let (Some(manifest), Some(before), now) = (record.manifest(), record.following(), trust.following()) else { return Ok(()) };
    if before == now {
        return Ok(());
    }
    store(tree, manifest.clone(), now.clone()).map(drop)
}

/// The tree is the build it was: the way back stays.
fn store(tree: &mut Tree, manifest: Manifest, following: Following) -> Result<untorn_txn::Report> {
    let mut options = Options::default();
    options.leave_undo = true;
    let mut tx = tree.begin_with(options)?;
    tx.set_head(Some(head(manifest, following)));
    Ok(tx.commit()?)
}

/// What is missing where nothing may be fetched.
fn not_fetched(error: Error, dir: &Path, options: &UpdateOptions) -> Error {
    match error {
        Error::Net(_) if options.extent == Extent::CommitFetched => Error::NotFetched { dir: shown(dir) },
        other => other,
    }
}

/// Bringing a tree to a release that is believed.
struct Job<'j> {
    dir: &'j Path,
    remote: &'j Remote,
    release: &'j Verified<Release>,
    /// What the tree is to remember when it is done.
    following: Following,
    options: &'j UpdateOptions,
    saved: &'j Saved,
}

impl Job<'_> {
    fn bring(&self, tree: &mut Tree, mut record: Record, report: &mut UpdateReport) -> Result<()> {
        let fetched = Fetched::of(tree);
        let release = &self.release.document;
        let mut supply = Supply::new(self.remote, release, Objects::open(fetched.clone())?, self.options.observer());
        if let Some(manifest) = record.manifest().filter(|manifest| manifest.hash() == release.manifest.hash) {
            report.outcome = UpdateOutcome::UpToDate;
            if self.changes_tree() {
                report.transaction = store(tree, manifest.clone(), self.following.clone())?;
                report.outcome = UpdateOutcome::Updated;
            }
            return Ok(());
        }
        let has_index = !release.index.hash.is_none();
        if let Some(way) = self.way(tree, &record, &fetched, &supply) {
            match self.by_patches(tree, &record, &way, &fetched, report) {
                Err(error) if has_index && chunks::may_help(&error) => record = Record::of(tree, self.dir)?,
                other => return other.map(|()| self.done(&fetched, report)),
            }
        }
        let mut without_bridge = false;
        for try_number in 1.. {
            let plan = ChunkPlan::make(&mut supply, tree, self.dir, record.manifest(), self.options, without_bridge)?;
            report.plan = plan.numbers;
            let is_bridged = plan.is_bridged();
            match self.by_chunks(plan, &mut supply, tree, report) {
                // Something that was fetched earlier has rotted, and is forgotten now.
                Err(Error::NotFetched { .. }) if self.options.extent == Extent::Commit && try_number < TRIES_MAX => {}
                // What came out of the bridge is not what the manifest says. The index has the same chunks.
                Err(Error::Store { .. }) if is_bridged && self.options.extent == Extent::Commit => without_bridge = true,
                other => {
                    other?;
                    break;
                }
            }
        }
        if report.outcome == UpdateOutcome::Fetched {
            save(&fetched, self.saved)?;
        }
        if report.outcome == UpdateOutcome::Updated
            && let Some(manifest) = Record::of(tree, self.dir)?.manifest()
        {
            keep_index(&fetched, manifest, release, &supply.objects);
        }
        self.done(&fetched, report);
        Ok(())
    }

    fn by_chunks(&self, plan: ChunkPlan, supply: &mut Supply<'_>, tree: &mut Tree, report: &mut UpdateReport) -> Result<()> {
        if self.options.extent == Extent::Plan {
            report.outcome = UpdateOutcome::Planned;
            return Ok(());
        }
        self.options.announce(&report.plan);
        if self.changes_tree() {
            plan.commit(supply, tree, self.dir, self.following.clone(), self.options, report)?;
            report.outcome = UpdateOutcome::Updated;
        } else {
            plan.fetch(supply, self.options)?;
            report.outcome = UpdateOutcome::Fetched;
        }
        Ok(())
    }

    fn changes_tree(&self) -> bool {
        matches!(self.options.extent, Extent::Commit | Extent::CommitFetched)
    }

    /// What was fetched is of no use any more.
    fn done(&self, fetched: &Fetched, report: &UpdateReport) {
        if report.outcome == UpdateOutcome::Updated {
            forget(fetched, self.release.document.manifest.hash);
        }
    }

    /// The patches to use, if that is the way.
    fn way(&self, tree: &Tree, record: &Record, fetched: &Fetched, supply: &Supply<'_>) -> Option<Vec<PatchObject>> {
        let (old, release) = (record.manifest()?, &self.release.document);
        if self.options.no_patches {
            return None;
        }
        let left = |patch: &PatchObject| patch.len - patches::at_hand(fetched, patch);
        let memory_len_max = self.options.patching().memory_len_max;
        let usable: Vec<_> = release.patches.iter().filter(|patch| patch.memory <= memory_len_max).copied().collect();
        let way = cheapest(&usable, old.hash(), release.manifest.hash, left)?;
        let cost = way.iter().map(left).fold(0, u64::saturating_add);
        let Some(index) = supply.index_cost() else { return Some(way) };
        let look = index.saturating_add(supply.manifest_cost(Some(old)));
        // Without any patch the tree is the build already; one patch is hardly ever more than chunks; and looking must not cost what it may save.
        let is_clear = way.len() == 1 || look > cost / LOOK_PART;
        (is_clear && self.looks_whole(tree, old)).then_some(way)
    }

    /// Whether every file of the old build is there, and as long as it should be. Where not, patches would be refused once they have come.
    fn looks_whole(&self, tree: &Tree, old: &Manifest) -> bool {
        let (fs, entries) = (tree.fs(), old.entries());
        let is_there = |number: usize| {
            let entry = &entries[number];
            let there = look(&**fs, self.dir, &entry.path).ok().flatten();
            match (&entry.kind, there) {
                (untorn_format::manifest::Kind::File { len, .. }, Some(meta)) => meta.is_file() && meta.len == *len,
                (_, there) => there.is_some(),
            }
        };
        content::for_each(self.options.jobs, entries.len(), &is_there).into_iter().all(|is_there| is_there)
    }

    fn by_patches(
        &self,
        tree: &mut Tree,
        record: &Record,
        way: &[PatchObject],
        fetched: &Fetched,
        report: &mut UpdateReport,
    ) -> Result<()> {
        let left: u64 = way.iter().map(|patch| patch.len - patches::at_hand(fetched, patch)).sum();
        let whole: u64 = way.iter().map(|patch| patch.len).sum();
        report.plan = UpdatePlan {
            route: Route::Patches(way.len()),
            bytes_to_fetch: left,
            bytes_to_fetch_without_ranges: left,
            bytes_at_hand: whole - left,
            ..UpdatePlan::default()
        };
        if self.options.extent == Extent::Plan {
            report.outcome = UpdateOutcome::Planned;
            return Ok(());
        }
        self.options.announce(&report.plan);
        let mut fetching = Fetching { job: self, fetched, done: 0, total: left };
        if !self.changes_tree() {
            way.iter().try_for_each(|patch| fetching.fetch(patch, &Coming::default()))?;
            save(fetched, self.saved)?;
            report.outcome = UpdateOutcome::Fetched;
            return Ok(());
        }
        let mut record = record.clone();
        for (number, patch) in way.iter().enumerate() {
            let is_last = number + 1 == way.len();
            fetching.fetch_and(patch, |coming| self.apply(tree, &record, patch, is_last, fetched, coming, report))?;
            record = Record::of(tree, self.dir)?;
        }
        report.outcome = UpdateOutcome::Updated;
        Ok(())
    }

    /// In between the tree is a whole build, but no release that it knows.
    #[expect(clippy::too_many_arguments, reason = "what a patch needs, and what comes of it")]
    fn apply(
        &self,
        tree: &mut Tree,
        record: &Record,
        patch: &PatchObject,
        is_last: bool,
        fetched: &Fetched,
        coming: Option<&Arc<Coming>>,
        report: &mut UpdateReport,
    ) -> Result<()> {
        let following = if is_last { self.following.clone() } else { Following { release: None, ..self.following.clone() } };
        let patching = self.options.patching();
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
        let applied = apply::on_tree(reader, tree, self.dir, record, &patching, Some(following))?;
        report.plan.bytes_to_write = Some(report.plan.bytes_to_write.unwrap_or_default() + applied.forecast.bytes_needed);
        report.transaction = applied.transaction;
        report.dirs_kept.extend(applied.dirs_kept);
        report.warnings.extend(applied.warnings);
        Ok(())
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
