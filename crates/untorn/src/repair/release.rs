//! Which release of a store holds a build.

use untorn_format::{
    Hash,
    release::{CHANNEL_LEN_MAX, Channel, Following, RELEASE_LEN_MAX, Release, SIGNATURES_LEN_MAX, Signed},
};
use untorn_remote::{Fault, Remote};
use untorn_store::layout::{ChannelName, Name};

use crate::{Result, releases::has};

/// The channel that is asked when the tree follows none.
const CHANNEL: &str = "stable";
/// How many documents of a channel are looked at, from the newest back.
const DOCUMENTS_MAX: usize = 256;

/// The release whose manifest is `build`: the one the tree has installed, or else one that a channel of the store points to, or has pointed to. What a store says about
/// itself is not checked here, and need not be: it only helps to find chunks, and a file made of them is compared with the hash in the manifest, which comes from the tree.
///
/// `None` where there is none.
pub(super) fn find(
    remote: &Remote,
    following: Option<&Following>,
    channel: Option<&str>,
    build: Hash,
) -> Result<Option<Release>> {
    let installed = following.and_then(|following| following.release.as_ref());
    if let Some(release) =
        installed.and_then(|signed| Release::decode(&signed.document).ok()).filter(|release| is_of(release, build))
    {
        return Ok(Some(release));
    }
    let followed = following.map(|following| following.channel.as_str()).filter(|name| !name.is_empty());
    let Some(name) = ChannelName::new(channel.or(followed).unwrap_or(CHANNEL)) else { return Ok(None) };
    let Some(newest) = newest(remote, &name)? else { return Ok(None) };
    let mut document = newest;
    let mut seen = Vec::new();
    for _ in 0..DOCUMENTS_MAX {
        for pointer in &document.platforms {
            if seen.contains(&pointer.release) {
                continue;
            }
            seen.push(pointer.release);
            if let Some(release) = release(remote, pointer.release)?.filter(|release| is_of(release, build)) {
                return Ok(Some(release));
            }
        }
        match before(remote, &name, &document)? {
            Some(before) => document = before,
            None => break,
        }
    }
    Ok(None)
}

fn is_of(release: &Release, build: Hash) -> bool {
    release.manifest.hash == build && !release.index.hash.is_none()
}

fn newest(remote: &Remote, name: &ChannelName) -> Result<Option<Channel>> {
    let check = |bytes: &[u8]| {
        let signed = Signed::decode(bytes).map_err(|error| error.to_string())?;
        Channel::decode(&signed.document).map(drop).map_err(|error| error.to_string())
    };
    let bytes = get(remote, &Name::Channel(name.clone()), CHANNEL_LEN_MAX + SIGNATURES_LEN_MAX + 256, &check)?;
    Ok(bytes.and_then(|bytes| Channel::decode(&Signed::decode(&bytes).ok()?.document).ok()))
}

/// The document that the channel pointed to before.
fn before(remote: &Remote, name: &ChannelName, document: &Channel) -> Result<Option<Channel>> {
    let Some(seq) = document.seq.checked_sub(1).filter(|_| !document.prev.is_none()) else { return Ok(None) };
    let bytes = get(remote, &Name::Log(name.clone(), seq), CHANNEL_LEN_MAX, &has(document.prev))?;
    Ok(bytes.and_then(|bytes| Channel::decode(&bytes).ok()))
}

fn release(remote: &Remote, id: Hash) -> Result<Option<Release>> {
    let bytes = get(remote, &Name::Release(id), RELEASE_LEN_MAX, &has(id))?;
    Ok(bytes.and_then(|bytes| Release::decode(&bytes).ok()))
}

/// `None` where there is no such object.
fn get(remote: &Remote, name: &Name, limit: u64, check: &untorn_remote::Check<'_>) -> Result<Option<Vec<u8>>> {
    match remote.get(&name.to_string(), limit, check) {
        Err(error) if matches!(error.fault(), Fault::Missing) => Ok(None),
        other => Ok(Some(other?)),
    }
}
