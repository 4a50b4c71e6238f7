//! The manifest of a release, alone and against those of the releases before.

use untorn::Manifest;
use untorn_format::{
    Hash,
    manifest::MANIFEST_LEN_MAX,
    release::{ManifestDelta, ManifestObject},
};
use untorn_store::{layout::Name, open_manifest, pack_manifest};

use super::Work;
use crate::{Error, Put, Result, base::Base, objects, release};

/// Against how many releases before.
pub(super) const DELTAS_MAX: usize = 4;

/// Sends the manifest, and its differences to those of the releases before, where they are worth it.
pub(super) fn send(work: &Work<'_>, manifest: &Manifest, base: &Base) -> Result<(ManifestObject, Vec<ManifestDelta>)> {
    let (hash, len) = (manifest.hash(), manifest.encode().len() as u64);
    let whole = send_one(work, &Name::Manifest(hash), manifest, None)?;
    let object = ManifestObject { hash, len, stored: whole.0, stored_len: whole.1 };
    let mut deltas: Vec<ManifestDelta> = Vec::new();
    for old in base.history.iter().take(DELTAS_MAX) {
        let from = old.release.manifest.hash;
        if from == hash || deltas.iter().any(|delta| delta.from == from) {
            continue;
        }
        let older = release::manifest(work.store, &old.release)?;
        let (stored, stored_len) = send_one(work, &Name::ManifestDelta { from, to: hash }, manifest, Some(&older))?;
        deltas.push(ManifestDelta { from, stored, stored_len });
    }
    deltas.sort_by_key(|delta| delta.from);
    Ok((object, deltas))
}

/// Gives the hash and the length of what is in the store then. Another version may have compressed it otherwise: what is there already stays, if it holds the
/// manifest.
fn send_one(work: &Work<'_>, name: &Name, manifest: &Manifest, older: Option<&Manifest>) -> Result<(Hash, u64)> {
    if let Some(stored) = objects::get(work.store, name, MANIFEST_LEN_MAX)? {
        let (stored_hash, len) = (Hash::of(&stored), manifest.encode().len() as u64);
        if open_manifest(&stored, &stored_hash, &manifest.hash(), len, older).is_ok() {
            work.sender.count(Put::Present, stored.len() as u64);
            return Ok((stored_hash, stored.len() as u64));
        }
        if !work.sender.is_dry() {
            work.store.delete(&name.to_string())?;
        }
    }
    let stored = pack_manifest(manifest, older).map_err(|source| Error::Chunks { name: name.to_string(), source })?;
    let put = if work.sender.is_dry() { Put::Made } else { objects::put_new(work.store, name, &stored)? };
    work.sender.count(put, stored.len() as u64);
    Ok((Hash::of(&stored), stored.len() as u64))
}
