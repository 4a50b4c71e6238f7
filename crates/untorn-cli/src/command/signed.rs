//! Signed releases: how they are shown, and how a patch gets one.

use std::path::Path;

use serde_json::Value;
use untorn::{
    Error, Hash, answers, patch_facts,
    release::{IndexObject, ManifestObject, Preface, Release, Root, Signed},
    sign_patch as put_preface,
    trust::{Document, RootChain, TrustError, TrustedRoot},
};
use untorn_keys::{KeyError, SecretKey};

use crate::{failure::Failure, outcome::value, text::path};

/// A release in a few words.
pub(super) fn release_line(release: &Release) -> String {
    let label = if release.label.is_empty() { String::new() } else { format!(" \"{}\"", release.label) };
    format!("{} build {}{label} for {}", release.product, release.build, release.platform)
}

/// A release for programs.
pub(super) fn release_json(release: &Release) -> Value {
    value(&answers::release(release))
}

/// What a release says besides its content.
pub(super) struct Statement {
    pub(super) platform: String,
    pub(super) build: u64,
    pub(super) label: String,
    pub(super) created: u64,
}

/// Signs a patch that leads to the build with this manifest, which is so long: puts the release before it, with the chain of roots. What no player would believe is refused, and the patch stays as it is.
pub(super) fn sign_patch(
    patch: &Path,
    (to, manifest_len): (Hash, u64),
    roots: &[Signed],
    statement: &Statement,
    keys: &[SecretKey],
) -> Result<Release, Failure> {
    let refused = |source: TrustError| Failure::from(Error::Trust { what: path(patch), source });
    let (chain, root) = chain(roots).map_err(refused)?;
    let release = Release {
        product: root.root().product.clone(),
        platform: statement.platform.clone(),
        build: statement.build,
        label: statement.label.clone(),
        created: statement.created,
        manifest: ManifestObject { hash: to, len: manifest_len, stored: Hash::NONE, stored_len: 0 },
        manifest_deltas: Vec::new(),
        index: IndexObject::NONE,
        packs: Vec::new(),
        patches: vec![patch_facts(patch)?.object],
        bridges: Vec::new(),
    };
    let keys: Vec<&SecretKey> = keys.iter().collect();
    let failed = |error: KeyError| Failure::key("the key", &error);
    let signed = untorn_keys::sign(&Document::Release(release), &keys).map_err(failed)?;
    let release = root.release(&signed).map_err(refused)?.document;
    put_preface(patch, &Preface { first_root: chain.first, roots: chain.roots, release: signed })?;
    Ok(release)
}

/// Roots in their order, and the last of them.
pub(super) fn chain(roots: &[Signed]) -> Result<(RootChain, TrustedRoot), TrustError> {
    let version = |signed: &Signed| Root::decode(&signed.document).map_or(0, |root| root.version);
    let mut roots = roots.to_vec();
    roots.sort_by_key(version);
    let first = TrustedRoot::pin(roots.first().cloned().ok_or(TrustError::Envelope)?)?;
    let chain = RootChain { first: first.root().version, roots };
    let last = first.follow(&chain)?;
    Ok((chain, last))
}
