//! What is kept to go back: for every path a transaction touched, what stood there before, and what it left.

use super::{Blob, MAX_PLAN_LEN, Range, undo_check, undo_codec};
use crate::{DecodeError, Hash, TreePath};

/// The longest undo document that is read: as a plan.
pub const MAX_UNDO_LEN: u64 = MAX_PLAN_LEN;

/// Where the content of a file came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// Kept whole as `u/NNNN`.
    Kept(u32),
    /// The file that stands at this path after the transaction (it was moved there, or changed in place).
    Current(TreePath),
}

/// What stood at a path before the transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Before {
    /// Nothing.
    Absent,
    /// A directory.
    Dir {
        /// Its permission bits, or 0 for the default.
        permissions: u32,
    },
    /// A symlink.
    Symlink {
        /// What it said.
        target: String,
    },
    /// A file.
    File {
        /// Where its content is now.
        source: Source,
        /// Its length.
        len: u64,
        /// Its executable bit.
        executable: bool,
        /// Pieces to write over the source, their bytes in the undo file (`redo_at` counts in the undo file).
        ranges: Vec<Range>,
    },
}

/// What the transaction left at a path: checked before going back, so that a later change by somebody else is not lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum After {
    /// Nothing.
    Absent,
    /// A directory.
    Dir,
    /// A symlink.
    Symlink {
        /// What it says.
        target: String,
    },
    /// A file.
    File {
        /// Its length.
        len: u64,
        /// Its executable bit.
        executable: bool,
        /// The pieces (offset, length) the transaction wrote, sorted, apart.
        written: Vec<(u64, u64)>,
        /// Hash of those pieces, one after the other.
        hash: Hash,
    },
}

/// One path the transaction touched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UndoEntry {
    /// Where.
    pub path: TreePath,
    /// What stood there.
    pub before: Before,
    /// What stands there now.
    pub after: After,
}

/// Everything needed to go back to the tree before a transaction.
///
/// # What a decoded document keeps
/// - Entries are sorted by the bytes of their paths, strictly rising.
/// - The numbers of kept files exist.
/// - Ranges and written pieces are sorted, apart, not empty, within the length of their file; ranges also within the undo file.
/// - Permissions are at most `0o7777`.
/// - The target of a symlink has 1 to 4,095 bytes and no zero byte. It need not pass [`crate::check_symlink_target`]: it is what the tree said,
///   and whoever makes such a link again checks it then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undo {
    /// The tree.
    pub tree_id: [u8; 16],
    /// The transaction to undo.
    pub txid: u64,
    /// Head document before it (kept as `u/head` unless [`Hash::NONE`]).
    pub from: Hash,
    /// Head document after it.
    pub to: Hash,
    /// The undo file: old bytes of ranges that were overwritten in place.
    pub data: Blob,
    /// The files kept whole, `u/NNNN` by number.
    pub kept: Vec<Blob>,
    /// Every touched path, sorted.
    pub entries: Vec<UndoEntry>,
}

impl Undo {
    /// The bytes of this document, its own hash at the end.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        undo_codec::encode(self)
    }

    /// Reads an undo document, checked like a plan: see [`Undo`].
    ///
    /// # Errors
    /// [`DecodeError`] for anything that [`Undo::encode`] would not have written, or that breaks the rules of [`Undo`].
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let undo = undo_codec::decode(bytes)?;
        undo_check::check(&undo)?;
        Ok(undo)
    }
}
