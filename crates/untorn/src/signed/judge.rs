//! Whether a patch is believed. Only decides.

use untorn_format::{
    Hash,
    patch::Header,
    release::{Following, Preface, PublicKey, Release},
};
use untorn_trust::{Downgrade, RootChain, Trust, TrustError, TrustedRoot};

use super::{Provenance, Trusting};
use crate::{Error, Result};

/// What is made of a patch.
#[derive(Clone, Debug)]
pub(crate) struct Judgement {
    /// What the tree shall remember from then on.
    pub(crate) following: Option<Following>,
    /// What was believed; none where nothing had to be.
    pub(crate) provenance: Option<Provenance>,
}

/// Decides about a patch for a tree that remembers `following`. `rollout_id` is for one that remembers nothing yet.
///
/// # Errors
/// [`Error::Unsigned`], [`Error::NoRoot`], [`Error::OtherPatch`], [`Error::Trust`].
pub(crate) fn judge(
    preface: Option<&Preface>,
    header: &Header,
    following: Option<&Following>,
    (trusting, downgrade): (&Trusting, Downgrade),
    rollout_id: [u8; 16],
) -> Result<Judgement> {
    if let Trusting::Unsigned = trusting {
        let following = following.map(|following| Following { release: None, ..following.clone() });
        return Ok(Judgement { following, provenance: None });
    }
    let preface = preface.ok_or(Error::Unsigned)?;
    let (mut trust, first_use) = match following {
        Some(following) => (Trust::resume(following).map_err(of_patch)?, None),
        None => begin(trusting, preface, rollout_id)?,
    };
    // Signatures first, then what is said, then whether it is about this patch.
    trust.follow_roots(&RootChain { first: preface.first_root, roots: preface.roots.clone() }).map_err(of_patch)?;
    let release = trust.accept_file(&preface.release, downgrade).map_err(of_patch)?;
    require_listed(&release.document, header)?;
    trust.install(&release, None);
    let provenance = Provenance {
        release: release.document,
        signers: release.signers.iter().map(|key: &PublicKey| key.id).collect(),
        root_version: trust.root().root().version,
        first_use,
    };
    Ok(Judgement { following: Some(trust.following().clone()), provenance: Some(provenance) })
}

/// The trust of a tree that follows nobody yet.
fn begin(trusting: &Trusting, preface: &Preface, rollout_id: [u8; 16]) -> Result<(Trust, Option<Hash>)> {
    let (root, is_first_use) = match trusting {
        Trusting::Root(root) => (root, false),
        Trusting::FirstUse => (preface.roots.first().ok_or(Error::NoRoot)?, true),
        _ => return Err(Error::NoRoot),
    };
    let root = TrustedRoot::pin(root.clone()).map_err(of_patch)?;
    let first_use = is_first_use.then(|| root.fingerprint());
    Ok((Trust::begin(root, rollout_id), first_use))
}

/// The header has the hash of the index, and that those of the frames: who signed the header's hash signed all of it.
fn require_listed(release: &Release, header: &Header) -> Result<()> {
    let hash = Hash::of(&header.encode());
    let is_this = |patch: &&untorn_format::release::PatchObject| {
        patch.header_hash == hash && patch.from == header.from && patch.to == header.to
    };
    let is_listed = release.patches.iter().find(is_this).is_some();
    if is_listed && header.to == release.manifest.hash { Ok(()) } else { Err(Error::OtherPatch) }
}

fn of_patch(source: TrustError) -> Error {
    Error::Trust { what: "the patch".to_owned(), source }
}
