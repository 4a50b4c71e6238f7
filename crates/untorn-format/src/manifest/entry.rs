//! One path of a build.

use crate::{Hash, TreePath};

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

impl Kind {
    /// The length of a file in bytes; 0 for anything else.
    pub(super) const fn len(&self) -> u64 {
        match self {
            Self::File { len, .. } => *len,
            Self::Dir | Self::Symlink { .. } => 0,
        }
    }
}

/// One path of a build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Where.
    pub path: TreePath,
    /// What.
    pub kind: Kind,
}

/// The entry at `path` among sorted ones.
pub(super) fn find<'a>(entries: &'a [Entry], path: &str) -> Option<&'a Entry> {
    let at = entries.binary_search_by(|entry| entry.path.as_str().cmp(path)).ok()?;
    entries.get(at)
}
