//! Back to the release before, through the store: where nothing was kept to go back with.

use std::{path::Path, time::Instant};

use untorn_format::release::{CHANNEL_LEN_MAX, Following, Release, SIGNATURES_LEN_MAX, Signed};
use untorn_remote::{Fault, Remote};
use untorn_store::layout::{ChannelName, Name};
use untorn_trust::{Trust, TrustError, Verified};
use untorn_txn::Fetched;

use super::{Job, UpdateOptions, UpdateReport, ask, mirrors, reported, trust};
use crate::{
    Error, Result,
    error::shown,
    open,
    record::Record,
    releases::{Saved, release_by_id},
};

/// How many documents of a channel are looked at.
const LOG_LEN_MAX: u64 = 1000;

/// Brings the tree in `dir` back to the release that its channel offered before the one that is installed, never below the floor. What was learned of roots and
/// channels meanwhile stays, and no update leads to the release that was left again unasked.
///
/// # Errors
/// As [`update`](super::update); [`Error::Trust`] when there is none before, or it may not be installed any more.
pub fn roll_back_to_release(dir: &Path, options: &UpdateOptions) -> Result<UpdateReport> {
    back(dir, options).map_err(|error| error.or_stopped(options.observer()))
}

fn back(dir: &Path, options: &UpdateOptions) -> Result<UpdateReport> {
    let started = Instant::now();
    let mut tree = open::tree(dir, options.is_patient())?;
    let record = Record::of(&tree, dir)?;
    let mut trust = trust(&tree, dir, &record, options)?;
    let remote = mirrors(&trust, dir, &Fetched::of(&tree), options)?;
    let mut saved = Saved::new();
    let mut heard = ask(&remote, &mut trust, options, &mut saved)?;
    let installed = trust.installed().cloned().ok_or_else(|| Error::NotFollowing { dir: shown(dir) })?;
    let before = before(&remote, &trust, &installed, heard.offer.channel.document.seq, &mut saved)?;
    let previous = Following { release: Some(before.signed.clone()), ..trust.following().clone() };
    let distrust = |source| Error::Trust { what: shown(dir), source };
    trust.go_back(Some(&previous)).map_err(distrust)?;
    heard.release = before;
    let mut report = reported(&tree, &record, &heard, &trust);
    let following = trust.following().clone();
    let job = Job { dir, remote: &remote, release: &heard.release, following, options, saved: &saved };
    job.bring(&mut tree, record, &mut report)?;
    report.bytes_received = remote.received();
    report.elapsed = started.elapsed();
    Ok(report)
}

/// The latest release the channel offered before the one that is installed, and that is older.
fn before(remote: &Remote, trust: &Trust, installed: &Release, seq: u64, saved: &mut Saved) -> Result<Verified<Release>> {
    let name = &trust.following().channel;
    let wanted = || Error::Trust {
        what: untorn_format::escape(name.as_bytes()),
        source: TrustError::Channel { wanted: "a name of lower-case letters".into(), found: name.clone() },
    };
    let channel = ChannelName::new(name).ok_or_else(wanted)?;
    let mut last = None;
    for seq in (1..=seq).rev().take(usize::try_from(LOG_LEN_MAX).unwrap_or(usize::MAX)) {
        let Some(signed) = logged(remote, &channel, seq)? else { break };
        // Those of an older epoch were signed by whoever may not any more.
        let Ok(said) = trust.root().channel(&signed) else { break };
        let pointer = said.document.pointer(&installed.platform).cloned();
        if let Some(pointer) = pointer.filter(|pointer| pointer.build < installed.build) {
            last = Some(pointer.release);
            break;
        }
    }
    let none = || Error::Trust {
        what: format!("{}/log/{channel}", remote.base().trim_end_matches('/')),
        source: TrustError::NotOffered { channel: channel.to_string(), platform: installed.platform.clone() },
    };
    release_by_id(remote, trust, last.ok_or_else(none)?, saved)
}

fn logged(remote: &Remote, channel: &ChannelName, seq: u64) -> Result<Option<Signed>> {
    let get = |name: Name, limit| match remote.get(&name.to_string(), limit, &|_| Ok(())) {
        Err(error) if matches!(error.fault(), Fault::Missing) => Ok(None),
        other => other.map(Some),
    };
    let Some(document) = get(Name::Log(channel.clone(), seq), CHANNEL_LEN_MAX)? else { return Ok(None) };
    let Some(text) = get(Name::LogSignatures(channel.clone(), seq), SIGNATURES_LEN_MAX)? else { return Ok(None) };
    Ok(String::from_utf8(text).ok().map(|signatures| Signed { signatures, document }))
}
