//! A tree follows releases.

mod by_patches;
mod changes;
mod chunks;
mod joined;
mod local;
mod mend;
mod options;
mod patches;
mod pieces;
mod policy;
mod report;
mod restore;
mod rollback;
mod stage;
mod steps;

use std::{
    path::Path,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use untorn_format::{
    manifest::Manifest,
    release::{Following, Installed, Release},
};
use untorn_fs::Fs;
use untorn_remote::Remote;
use untorn_trust::{Moment, Trust, TrustedRoot, Verified};
use untorn_txn::{Fetched, Options, Tree};

use crate::{
    Error, Result, apply,
    error::shown,
    index_at_hand::keep_index,
    open,
    record::Record,
    releases::{self, Heard, Objects, Question, Saved, Supply, forget, hear, load, remote, save, watched},
};
use chunks::ChunkPlan;
pub use options::{Announce, Extent, UpdateOptions};
pub use policy::{Policies, Policy};
pub use report::{Route, UpdateOutcome, UpdatePlan, UpdateReport};
pub use rollback::roll_back_to_release;

/// The channel that is followed where nobody says anything else.
const CHANNEL: &str = "stable";
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
        let mut weighed = None;
        if let Some(way) = self.way(tree, &record, &mut supply, &mut weighed)? {
            match self.by_patches(tree, &record, &way, &mut supply, report) {
                Err(error) if has_index && chunks::may_help(&error) && !self.remote.is_cancelled() => {
                    (record, weighed) = (Record::of(tree, self.dir)?, None);
                }
                other => return other.map(|()| self.done(&fetched, report)),
            }
        }
        let mut without_bridge = false;
        for try_number in 1.. {
            let plan = match weighed.take() {
                Some(plan) => plan,
                None => ChunkPlan::make(&mut supply, &**tree.fs(), self.dir, record.manifest(), self.options, without_bridge)?,
            };
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
}
