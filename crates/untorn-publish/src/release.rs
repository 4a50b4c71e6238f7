//! A release, as it lies in a store.

use untorn_format::{
    Hash,
    manifest::{MANIFEST_LEN_MAX, Manifest},
    release::{RELEASE_LEN_MAX, Release, Signed},
};
use untorn_store::{Index, layout::Name, open_manifest};

use crate::{
    Backend, Error, Result,
    objects::{get_signed, need},
    roots::Roots,
};

/// The longest index that is read, in bytes.
const INDEX_LEN_MAX: u64 = 1 << 30;

/// Reads a release that must be there, and was signed by those who may, or might once.
pub(crate) fn read(store: &dyn Backend, roots: &Roots, id: Hash) -> Result<Release> {
    Ok(roots.release(&Name::Release(id), &signed(store, id)?)?.document)
}

/// Reads a release that players can be pointed to: signed by those who may now.
pub(crate) fn read_current(store: &dyn Backend, roots: &Roots, id: Hash) -> Result<Release> {
    let release = roots.newest().release(&signed(store, id)?);
    Ok(release.map_err(|source| Error::Trust { name: Name::Release(id).to_string(), source })?.document)
}

fn signed(store: &dyn Backend, id: Hash) -> Result<Signed> {
    let name = Name::Release(id);
    let damaged = |what| Error::Damaged { name: name.to_string(), what };
    let signed =
        get_signed(store, &name, &Name::ReleaseSignatures(id), RELEASE_LEN_MAX)?.ok_or_else(|| damaged("it is not there"))?;
    if signed.id() == id { Ok(signed) } else { Err(damaged("it is not what its name says")) }
}

/// What the build consists of.
pub(crate) fn manifest(store: &dyn Backend, release: &Release) -> Result<Manifest> {
    let (object, name) = (&release.manifest, Name::Manifest(release.manifest.hash));
    let stored = need(store, &name, object.stored_len.min(MANIFEST_LEN_MAX + (1 << 20)))?;
    open_manifest(&stored, &object.stored, &object.hash, object.len, None)
        .map_err(|source| Error::Chunks { name: name.to_string(), source })
}

/// The whole index.
pub(crate) fn index_bytes(store: &dyn Backend, release: &Release) -> Result<Vec<u8>> {
    let name = Name::Index(release.index.hash);
    let bytes = need(store, &name, release.index.len.min(INDEX_LEN_MAX))?;
    if Hash::of(&bytes) == release.index.hash {
        Ok(bytes)
    } else {
        Err(Error::Damaged { name: name.to_string(), what: "it is not what its name says" })
    }
}

/// The head of an index, bound to its manifest.
pub(crate) fn index(bytes: &[u8], release: &Release, manifest: &Manifest) -> Result<Index> {
    let name = || Name::Index(release.index.hash).to_string();
    let head = usize::try_from(release.index.head_len).ok().and_then(|len| bytes.get(..len));
    let head = head.ok_or_else(|| Error::Damaged { name: name(), what: "it is shorter than its head" })?;
    Index::new(head, manifest).map_err(|source| Error::Chunks { name: name(), source })
}

/// A page of an index that was read whole.
pub(crate) fn page_bytes<'b>(bytes: &'b [u8], index: &Index, number: u32) -> Option<&'b [u8]> {
    let range = index.page_range(number)?;
    bytes.get(usize::try_from(range.start).ok()?..usize::try_from(range.end).ok()?)
}

/// Every object a release names, and how long it is; its own documents are not among them.
pub(crate) fn objects(release: &Release) -> Vec<(Name, u64)> {
    let manifest = release.manifest;
    let mut objects =
        vec![(Name::Manifest(manifest.hash), manifest.stored_len), (Name::Index(release.index.hash), release.index.len)];
    let delta = |from: Hash| Name::ManifestDelta { from, to: manifest.hash };
    objects.extend(release.manifest_deltas.iter().map(|object| (delta(object.from), object.stored_len)));
    objects.extend(release.packs.iter().map(|pack| (Name::Pack(pack.hash), pack.len)));
    objects.extend(release.bridges.iter().map(|bridge| (Name::Bridge(bridge.hash), bridge.len)));
    objects.extend(release.patches.iter().map(|patch| (Name::Patch(patch.hash), patch.len)));
    objects
}

/// Refuses a release of which something is not there.
pub(crate) fn require_objects(store: &dyn Backend, release: &Release) -> Result<()> {
    for (name, len) in objects(release) {
        if store.head(&name.to_string())? != Some(len) {
            return Err(Error::Damaged { name: name.to_string(), what: "it is not there, or of another length" });
        }
    }
    Ok(())
}
