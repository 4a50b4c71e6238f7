//! What a build consists of.

use crate::{DecodeError, Hash, TreePath};

/// What stands at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A directory.
    Dir,
    /// A file.
    File {
        /// Length in bytes.
        len: u64,
        /// Hash of its bytes.
        hash: Hash,
        /// Its executable bit.
        executable: bool,
    },
    /// A symlink.
    Symlink {
        /// What it says.
        target: String,
    },
}

/// One path of a build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Where.
    pub path: TreePath,
    /// What.
    pub kind: Kind,
}

/// Every path of a build, sorted. Canonical: equal builds have equal bytes, and the hash of the bytes names the build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    entries: Vec<Entry>,
}

impl Manifest {
    /// From entries in any order.
    ///
    /// # Errors
    /// [`DecodeError`] when a path is listed twice, two paths clash, or a parent is missing or no directory.
    pub fn new(_entries: Vec<Entry>) -> Result<Self, DecodeError> {
        unimplemented!()
    }
    /// The entries, sorted by path.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }
    /// The entry at a path.
    #[must_use]
    pub fn get(&self, path: &TreePath) -> Option<&Entry> {
        self.entries.binary_search_by(|entry| entry.path.cmp(path)).ok().map(|at| &self.entries[at])
    }
    /// The bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        unimplemented!()
    }
    /// Reads a manifest.
    ///
    /// # Errors
    /// [`DecodeError`] for anything that [`Manifest::encode`] would not have written.
    pub fn decode(_bytes: &[u8]) -> Result<Self, DecodeError> {
        unimplemented!()
    }
    /// The hash that names the build: of its bytes.
    #[must_use]
    pub fn hash(&self) -> Hash {
        Hash::of(&self.encode())
    }
}
