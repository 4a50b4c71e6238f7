//! Manifests as a store holds them: compressed, alone or against an older one.

use untorn_format::{
    Hash,
    manifest::{MANIFEST_LEN_MAX, Manifest},
};
use zstd::zstd_safe::{
    self, CCtx, CParameter, DCtx, DParameter, compress_bound, find_frame_compressed_size, get_error_name, get_frame_content_size,
};

use crate::Error;

const LEVEL: i32 = 12;

/// The older manifest and this one, both as long as can be.
const WINDOW_LOG_MAX: u32 = 27;
const _: () = assert!(2 * MANIFEST_LEN_MAX <= 1 << WINDOW_LOG_MAX);

/// Compresses a manifest into one zstd frame that names its length; against an `older` one, where there is one, so that only what differs takes space. Equal
/// manifests give equal bytes.
///
/// # Errors
/// [`Error::Compress`].
pub fn pack_manifest(manifest: &Manifest, older: Option<&Manifest>) -> Result<Vec<u8>, Error> {
    let failed = |code| Error::Compress(get_error_name(code));
    let prefix = older.map(Manifest::encode).unwrap_or_default();
    // Directly behind each other in memory, the older one is found as if it had just been compressed.
    let bytes = [prefix.as_slice(), &manifest.encode()].concat();
    let (prefix, new) = bytes.split_at(prefix.len());
    let mut context = CCtx::create();
    for parameter in [
        CParameter::CompressionLevel(LEVEL),
        CParameter::WindowLog(window_log(bytes.len())),
        CParameter::EnableLongDistanceMatching(!prefix.is_empty()),
        CParameter::ContentSizeFlag(true),
        CParameter::ChecksumFlag(false),
    ] {
        context.set_parameter(parameter).map_err(failed)?;
    }
    if !prefix.is_empty() {
        context.ref_prefix(prefix).map_err(failed)?;
    }
    let mut stored = Vec::with_capacity(compress_bound(new.len()));
    context.compress2(&mut stored, new).map_err(failed)?;
    Ok(stored)
}

/// Enough for all of it.
fn window_log(len: usize) -> u32 {
    len.max(1 << 10).next_power_of_two().ilog2().min(WINDOW_LOG_MAX)
}

/// The manifest with the hash and length of a signed release, from what is stored and, where it was compressed against one, the `older` one. `stored_hash` is the
/// hash of what is stored, from the same release: it is compared first, so that only bytes somebody signed for reach the decompressor.
///
/// Memory: both manifests, twice.
///
/// # Errors
/// [`Error::ManifestDamaged`] when `stored` is not what the release promises; [`Error::ManifestForged`] when it is, but holds another manifest, or needs another older
/// one.
pub fn open_manifest(
    stored: &[u8],
    stored_hash: &Hash,
    hash: &Hash,
    len: u64,
    older: Option<&Manifest>,
) -> Result<Manifest, Error> {
    if Hash::of(stored) != *stored_hash {
        return Err(Error::ManifestDamaged);
    }
    let is_one = find_frame_compressed_size(stored) == Ok(stored.len());
    let is_len = matches!(get_frame_content_size(stored), Ok(Some(promised)) if promised == len);
    if len > MANIFEST_LEN_MAX || !is_one || !is_len {
        return Err(Error::ManifestForged);
    }
    let bytes = decompress(stored, len, &older.map(Manifest::encode).unwrap_or_default()).ok_or(Error::ManifestForged)?;
    if Hash::of(&bytes) != *hash {
        return Err(Error::ManifestForged);
    }
    Ok(Manifest::decode(&bytes)?)
}

/// The length of the manifest in what is `stored`, as is said there: nobody has vouched for it.
#[must_use]
pub fn manifest_len(stored: &[u8]) -> Option<u64> {
    get_frame_content_size(stored).ok().flatten().filter(|len| *len <= MANIFEST_LEN_MAX)
}

fn decompress(stored: &[u8], len: u64, prefix: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(usize::try_from(len).ok()?);
    let mut context = DCtx::create();
    context.set_parameter(DParameter::WindowLogMax(WINDOW_LOG_MAX)).ok()?;
    if !prefix.is_empty() {
        context.ref_prefix(prefix).ok()?;
    }
    let done: zstd_safe::SafeResult = context.decompress(&mut bytes, stored);
    (done.ok()? as u64 == len).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use untorn_format::{
        TreePath,
        manifest::{Entry, Kind},
    };

    use super::*;

    fn manifest(count: u32, changed: u32) -> Manifest {
        let entry = |number: u32| {
            let hash = Hash::of(&[number.to_le_bytes(), u32::from(number == changed).to_le_bytes()].concat());
            Entry {
                path: TreePath::new(&format!("file-{number:06}")).unwrap(),
                kind: Kind::File { len: 1, hash, executable: false },
            }
        };
        Manifest::new((0..count).map(entry).collect()).unwrap()
    }

    fn open(stored: &[u8], manifest: &Manifest, older: Option<&Manifest>) -> Result<Manifest, Error> {
        open_manifest(stored, &Hash::of(stored), &manifest.hash(), manifest.encode().len() as u64, older)
    }

    #[test]
    fn a_manifest_comes_back_alone_and_against_an_older_one() {
        let (old, new) = (manifest(20_000, 0), manifest(20_010, 777));
        let (alone, delta) = (pack_manifest(&new, None).unwrap(), pack_manifest(&new, Some(&old)).unwrap());
        assert_eq!(open(&alone, &new, None).unwrap(), new);
        assert_eq!(open(&delta, &new, Some(&old)).unwrap(), new);
        assert!(delta.len() * 100 < alone.len(), "{} of {}", delta.len(), alone.len());
        assert_eq!(pack_manifest(&new, Some(&old)).unwrap(), delta);
    }

    #[test]
    fn what_is_not_promised_is_refused() {
        let (old, new) = (manifest(100, 0), manifest(101, 5));
        let delta = pack_manifest(&new, Some(&old)).unwrap();
        for wrong in [None, Some(&new)] {
            assert!(matches!(open(&delta, &new, wrong), Err(Error::ManifestForged)));
        }
        assert!(matches!(open(&delta, &old, Some(&old)), Err(Error::ManifestForged)));
        for at in 0..delta.len() {
            let mut damaged = delta.clone();
            damaged[at] ^= 1;
            let opened = open_manifest(&damaged, &Hash::of(&delta), &new.hash(), new.encode().len() as u64, Some(&old));
            assert!(matches!(opened, Err(Error::ManifestDamaged)));
            assert!(matches!(open(&damaged, &new, Some(&old)), Err(Error::ManifestForged)));
        }
    }

    #[test]
    fn nothing_is_allocated_for_a_length_that_cannot_be() {
        let new = manifest(3, 0);
        let stored = pack_manifest(&new, None).unwrap();
        for len in [0, 1, MANIFEST_LEN_MAX + 1, u64::MAX] {
            assert!(matches!(open_manifest(&stored, &Hash::of(&stored), &new.hash(), len, None), Err(Error::ManifestForged)));
        }
    }
}
