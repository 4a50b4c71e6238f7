//! Removing what nothing reaches any more.

use std::collections::BTreeSet;

use untorn_format::{
    Hash,
    release::{RELEASE_LEN_MAX, Release},
};
use untorn_store::layout::{ChannelName, Name};

use crate::{
    Backend, Error, Listed, Result,
    channel::raw,
    mark::Mark,
    objects::{get, need},
    release::objects,
};

/// How a store is cleaned up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CollectOptions {
    /// How many documents of each channel count, the current one included: what the last ones named stays, for players who are on their way, and for going
    /// back.
    pub keep: u64,
    /// Say what would be removed, but remove nothing.
    pub dry_run: bool,
    /// Marks of publications and of other collections are those of the dead: the caller has made sure that none runs.
    pub forget: bool,
}

impl Default for CollectOptions {
    fn default() -> Self {
        Self { keep: 5, dry_run: false, forget: false }
    }
}

/// What cleaning up came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CollectReport {
    /// What was removed, or would be.
    pub removed: Vec<Listed>,
    /// How many objects stay.
    pub kept_objects: u64,
    /// How many bytes these have.
    pub kept_len: u64,
    /// The releases that stay.
    pub releases: Vec<Hash>,
    /// Objects that are none of ours; they stay.
    pub foreign: Vec<String>,
}

/// Removes releases that no channel has named in its last few documents, and every object that only they name. Pointers, logs and roots stay, and so does what is
/// none of ours.
///
/// Killed at any instant, the store still has everything that players need. Two at once, or a publication at the same time, are kept apart by marks: see
/// [`Error::Busy`].
///
/// # Errors
/// [`Error::Busy`] while somebody publishes, or seems to; [`Error::Damaged`] when a channel, or a release it names, cannot be read: nothing is removed then, for what it reaches
/// is not known.
pub fn collect(store: &dyn Backend, options: &CollectOptions) -> Result<CollectReport> {
    if options.dry_run {
        return look(store, options).map(|(report, _)| report);
    }
    let mark = Mark::collecting(store, options.forget)?;
    let done = look(store, options).and_then(|(report, rubbish)| {
        rubbish.iter().try_for_each(|name| store.delete(&name.to_string()))?;
        Ok(report)
    });
    // A mark that stays is told about by the next one to come; the first error counts.
    let ended = mark.remove();
    let report = done?;
    ended.map(|()| report)
}

/// What there is, and what of it nothing reaches: release documents first, so that no document names what is gone.
fn look(store: &dyn Backend, options: &CollectOptions) -> Result<(CollectReport, Vec<Name>)> {
    // The list comes first: what is reached later, is not in it.
    let all = store.list("")?;
    let releases = live(store, &all, options.keep)?;
    let reached: BTreeSet<Name> = releases.iter().flat_map(reached).collect();
    let (mut report, mut rubbish) = (CollectReport::default(), Vec::new());
    report.releases = releases.iter().map(Release::id).collect();
    for listed in all {
        match Name::parse(&listed.name) {
            None => report.foreign.push(listed.name),
            Some(name) if is_collected(&name) && !reached.contains(&name) => {
                rubbish.push(name);
                report.removed.push(listed);
            }
            Some(_) => {
                report.kept_objects += 1;
                report.kept_len += listed.len;
            }
        }
    }
    rubbish.sort_by_key(|name| !matches!(name, Name::Release(_) | Name::ReleaseSignatures(_)));
    Ok((report, rubbish))
}

fn is_collected(name: &Name) -> bool {
    matches!(
        name,
        Name::Release(_)
            | Name::ReleaseSignatures(_)
            | Name::Manifest(_)
            | Name::ManifestDelta { .. }
            | Name::Index(_)
            | Name::Pack(_)
            | Name::Bridge(_)
            | Name::Patch(_)
    )
}

/// Everything a release needs, its documents included.
fn reached(release: &Release) -> Vec<Name> {
    let id = release.id();
    let own = [Name::Release(id), Name::ReleaseSignatures(id)];
    own.into_iter().chain(objects(release).into_iter().map(|(name, _)| name)).collect()
}

/// The releases that the last `keep` documents of any channel name.
fn live(store: &dyn Backend, all: &[Listed], keep: u64) -> Result<Vec<Release>> {
    let mut ids: Vec<(Hash, bool)> = Vec::new();
    for name in all.iter().filter_map(|listed| Name::parse(&listed.name)) {
        if let Name::Channel(channel) = name {
            ids.extend(named(store, &channel, keep)?);
        }
    }
    let mut releases = Vec::new();
    let mut seen = BTreeSet::new();
    // Those that players have now come first: they must be there.
    ids.sort_by_key(|(_, is_current)| !is_current);
    for (id, is_current) in ids {
        if seen.insert(id) {
            releases.extend(release(store, id, is_current)?);
        }
    }
    Ok(releases)
}

/// The releases a channel named in its last documents, and whether it is the current one that does.
fn named(store: &dyn Backend, channel: &ChannelName, keep: u64) -> Result<Vec<(Hash, bool)>> {
    let Some(current) = raw(store, channel)? else { return Ok(Vec::new()) };
    let mut found: Vec<_> = current.platforms.iter().map(|pointer| (pointer.release, true)).collect();
    let mut at = current;
    for _ in 1..keep {
        let Some(older) = crate::channel::before(store, channel, &at)? else { break };
        found.extend(older.platforms.iter().map(|pointer| (pointer.release, false)));
        at = older;
    }
    Ok(found)
}

fn release(store: &dyn Backend, id: Hash, is_current: bool) -> Result<Option<Release>> {
    let name = Name::Release(id);
    let bytes = if is_current { Some(need(store, &name, RELEASE_LEN_MAX)?) } else { get(store, &name, RELEASE_LEN_MAX)? };
    let Some(bytes) = bytes else { return Ok(None) };
    let release = Release::decode(&bytes).ok().filter(|_| Hash::of(&bytes) == id);
    release.map(Some).ok_or(Error::Damaged { name: name.to_string(), what: "it is not what its name says" })
}
