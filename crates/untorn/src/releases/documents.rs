//! The signed documents of a store, fetched and believed in the right order.

use std::cell::RefCell;

use untorn_format::release::{RELEASE_LEN_MAX, ROOT_LEN_MAX, Release, SIGNATURES_LEN_MAX, Signed};
use untorn_remote::{Error as NetError, Fault, Remote};
use untorn_store::layout::{ChannelName, Name};
use untorn_trust::{CHAIN_LEN_MAX, Moment, Offer, RootChain, Trust, TrustError, Verified};

use super::Saved;
use crate::{Error, Result};

/// The longest pointer.
const POINTER_LEN_MAX: u64 = 64 << 10;

/// What a channel says.
#[derive(Debug)]
pub(crate) struct Heard {
    pub(crate) offer: Offer,
    pub(crate) release: Verified<Release>,
}

/// Who asks, and for what.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Question<'q> {
    pub(crate) channel: &'q str,
    /// The platform; empty where it is to be found out.
    pub(crate) platform: &'q str,
    pub(crate) moment: Moment,
}

/// Fetches roots, the pointer of the channel, and the release it names; believes them in this order. What was fetched goes to `saved`, too.
///
/// # Errors
/// [`Error::Net`]; [`Error::Trust`], when no mirror has anything that is believed.
pub(crate) fn hear(remote: &Remote, trust: &mut Trust, question: Question<'_>, saved: &mut Saved) -> Result<Heard> {
    // The pointer comes while roots are asked for: each question takes as long as the way there and back. Whether it is believed, the newest root says.
    let (followed, early) = std::thread::scope(|scope| {
        let name = ChannelName::new(question.channel).map(|channel| Name::Channel(channel).to_string());
        let early = scope.spawn(move || remote.get(&name?, POINTER_LEN_MAX, &|_| Ok(())).ok());
        (follow_roots(remote, trust, saved), early.join().ok().flatten())
    });
    followed?;
    let offer = pointer(remote, trust, question, early, saved)?;
    let release = release(remote, trust, &offer, saved)?;
    Ok(Heard { offer, release })
}

/// One root after the other, until there is none.
fn follow_roots(remote: &Remote, trust: &mut Trust, saved: &mut Saved) -> Result<()> {
    for _ in 0..CHAIN_LEN_MAX {
        let version = trust.root().root().version.saturating_add(1);
        let (document, signatures) = (Name::Root(version), Name::RootSignatures(version));
        let signed = match signed(remote, &document, &signatures, ROOT_LEN_MAX, &|_| Ok(()), saved) {
            Err(Error::Net(error)) if is_missing(&error) => return Ok(()),
            other => other?,
        };
        let chain = RootChain { first: version, roots: vec![signed] };
        trust.follow_roots(&chain).map_err(|source| distrust(remote, &document, source))?;
    }
    Err(distrust(remote, &Name::Root(trust.root().root().version), TrustError::ChainLength))
}

fn is_missing(error: &NetError) -> bool {
    let missing = |error: &NetError| matches!(error.fault(), Fault::Missing);
    missing(error) && error.others().iter().all(missing)
}

/// What came `early` is taken if it is believed, else it is asked for once more.
fn pointer(
    remote: &Remote,
    trust: &mut Trust,
    question: Question<'_>,
    early: Option<Vec<u8>>,
    saved: &mut Saved,
) -> Result<Offer> {
    let channel = ChannelName::new(question.channel).ok_or_else(|| Error::Trust {
        what: untorn_format::escape(question.channel.as_bytes()),
        source: TrustError::Channel { wanted: "a name of lower-case letters".into(), found: question.channel.to_owned() },
    })?;
    let name = Name::Channel(channel);
    // A mirror that is behind, or lies, must not keep the others from being asked.
    let why = RefCell::new(None);
    let heard = |bytes: &[u8]| -> Result<(Trust, Offer), TrustError> {
        let signed = read_pointer(bytes)?;
        let mut trust = trust.clone();
        let platform = platform(&trust, &signed, question.platform)?;
        let offer = trust.hear(question.channel, &platform, &signed, question.moment)?;
        Ok((trust, offer))
    };
    let check = |bytes: &[u8]| match heard(bytes) {
        Ok(_) => Ok(()),
        Err(error) => {
            let text = error.to_string();
            *why.borrow_mut() = Some(error);
            Err(text)
        }
    };
    let fetched = match early.filter(|bytes| heard(bytes).is_ok()) {
        Some(bytes) => Ok(bytes),
        None => remote.get(&name.to_string(), POINTER_LEN_MAX, &check),
    };
    let bytes = match fetched {
        Err(error) if matches!(error.fault(), Fault::Content { .. }) && why.borrow().is_some() => {
            let source = why.take().unwrap_or(TrustError::Envelope);
            return Err(Error::Trust { what: error.url().to_owned(), source });
        }
        other => other?,
    };
    let (believed, offer) = heard(&bytes).map_err(|source| distrust(remote, &name, source))?;
    *trust = believed;
    saved.insert(name.to_string(), bytes);
    Ok(offer)
}

fn read_pointer(bytes: &[u8]) -> Result<Signed, TrustError> {
    Signed::decode(bytes).map_err(|source| TrustError::Document { role: untorn_trust::RoleName::Channel, source })
}

/// The platform of the tree: what was asked for, what it has, what this machine is, or the only one there is.
fn platform(trust: &Trust, signed: &Signed, asked: &str) -> Result<String, TrustError> {
    if !asked.is_empty() {
        return Ok(asked.to_owned());
    }
    if !trust.following().platform.is_empty() {
        return Ok(trust.following().platform.clone());
    }
    let offered = trust.root().channel(signed)?.document.platforms;
    let here = format!("{}-{}", std::env::consts::OS, std::env::consts::ARCH);
    let os = std::env::consts::OS;
    let by_name = [here.as_str(), os].into_iter().find(|name| offered.iter().any(|pointer| pointer.platform == *name));
    match (by_name, offered.as_slice()) {
        (Some(name), _) => Ok(name.to_owned()),
        (None, [only]) => Ok(only.platform.clone()),
        _ => Ok(here),
    }
}

fn release(remote: &Remote, trust: &Trust, offer: &Offer, saved: &mut Saved) -> Result<Verified<Release>> {
    let id = offer.pointer.release;
    let (document, signatures) = (Name::Release(id), Name::ReleaseSignatures(id));
    let is_it = |bytes: &[u8]| if untorn_format::Hash::of(bytes) == id { Ok(()) } else { Err("its hash is another".to_owned()) };
    let signed = signed(remote, &document, &signatures, RELEASE_LEN_MAX, &is_it, saved)?;
    trust.accept(&signed, offer).map_err(|source| distrust(remote, &document, source))
}

/// A release that was installed before, by its id.
pub(crate) fn release_by_id(
    remote: &Remote,
    trust: &Trust,
    id: untorn_format::Hash,
    saved: &mut Saved,
) -> Result<Verified<Release>> {
    let (document, signatures) = (Name::Release(id), Name::ReleaseSignatures(id));
    let is_it = |bytes: &[u8]| if untorn_format::Hash::of(bytes) == id { Ok(()) } else { Err("its hash is another".to_owned()) };
    let signed = signed(remote, &document, &signatures, RELEASE_LEN_MAX, &is_it, saved)?;
    let downgrade = untorn_trust::Downgrade::Allow;
    trust.accept_file(&signed, downgrade).map_err(|source| distrust(remote, &document, source))
}

fn signed(
    remote: &Remote,
    document: &Name,
    signatures: &Name,
    limit: u64,
    check: &dyn Fn(&[u8]) -> Result<(), String>,
    saved: &mut Saved,
) -> Result<Signed> {
    // Both at once: each question takes as long as the way there and back.
    let (bytes, text) = std::thread::scope(|scope| {
        let is_text = |bytes: &[u8]| std::str::from_utf8(bytes).map(drop).map_err(|_| "no text".to_owned());
        let text = scope.spawn(move || remote.get(&signatures.to_string(), SIGNATURES_LEN_MAX, &is_text));
        (remote.get(&document.to_string(), limit, &|bytes| check(bytes)), text.join())
    });
    let bytes = bytes?;
    let Ok(text) = text else { return Err(distrust(remote, signatures, TrustError::Envelope)) };
    let text = text?;
    saved.insert(document.to_string(), bytes.clone());
    saved.insert(signatures.to_string(), text.clone());
    Ok(Signed { signatures: String::from_utf8(text).unwrap_or_default(), document: bytes })
}

fn distrust(remote: &Remote, name: &Name, source: TrustError) -> Error {
    Error::Trust { what: format!("{}/{name}", remote.base().trim_end_matches('/')), source }
}
