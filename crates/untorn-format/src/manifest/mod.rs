//! What a build consists of. Byte tables: `docs/format/manifest.md`.

mod check;
mod codec;
mod entry;
mod error;

pub use entry::{Entry, Kind};
pub use error::ManifestError;

pub(crate) use codec::ROWS as HEAD_ROWS;

use crate::{DecodeError, Hash, TreePath};

/// The longest manifest, in bytes: 64 MiB.
pub const MANIFEST_LEN_MAX: u64 = 64 << 20;

/// The most entries of a manifest.
pub const ENTRY_COUNT_MAX: usize = 2_000_000;

/// Every path of a build, sorted. Canonical: equal builds have equal bytes, and the hash of the bytes names the build.
///
/// # What every manifest keeps
/// - Entries are sorted by the bytes of their paths; every directory that a path lies in has an entry of its own, as a directory.
/// - The paths can stand side by side on every system ([`crate::check_set`]).
/// - A symlink says a relative path inside the tree ([`crate::check_symlink_target`]), and an entry stands there.
/// - At most [`ENTRY_COUNT_MAX`] entries, at most [`MANIFEST_LEN_MAX`] bytes when encoded; the lengths of all files add up in 64 bits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    entries: Vec<Entry>,
}

impl Manifest {
    /// From entries in any order.
    ///
    /// # Errors
    /// [`ManifestError`] when the entries break one of the rules of [`Manifest`], for example when two paths clash or a parent is missing.
    pub fn new(mut entries: Vec<Entry>) -> Result<Self, ManifestError> {
        entries.sort_by(|left, right| left.path.cmp(&right.path));
        check::check(&entries)?;
        Ok(Self { entries })
    }

    /// The entries, sorted by path.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The entry at a path.
    #[must_use]
    pub fn get(&self, path: &TreePath) -> Option<&Entry> {
        entry::find(&self.entries, path.as_str())
    }

    /// The lengths of all files together, in bytes.
    #[must_use]
    pub fn total_bytes(&self) -> u64 {
        self.entries.iter().map(|entry| entry.kind.len()).sum()
    }

    /// The bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        codec::encode(&self.entries)
    }

    /// Reads a manifest.
    ///
    /// # Errors
    /// [`DecodeError`] for anything that [`Manifest::encode`] would not have written.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let entries = codec::decode(bytes)?;
        check::check(&entries)?;
        Ok(Self { entries })
    }

    /// The hash that names the build: of its bytes.
    #[must_use]
    pub fn hash(&self) -> Hash {
        Hash::of(&self.encode())
    }
}
