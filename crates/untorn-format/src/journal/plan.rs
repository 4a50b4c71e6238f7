//! The plan: every step from the old tree to the new one.

use crate::{DecodeError, Hash, TreePath};

/// The longest plan that is read: 1 GiB.
pub const MAX_PLAN_LEN: u64 = 1 << 30;

/// A file of known length and content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Blob {
    /// Length in bytes.
    pub len: u64,
    /// Hash of all its bytes.
    pub hash: Hash,
}

/// A staged object `s/NNNN`, its number being its place in [`Plan::objects`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Object {
    /// A file whose content was staged: checked by recovery before use.
    File(Blob),
    /// Another name of a file that stood in the old tree, for moving it. Its content is the tree's and is not checked.
    Link {
        /// Its length before the transaction.
        len: u64,
    },
}

/// Where a file that is changed in place is found during apply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// At its path in the tree.
    Path(TreePath),
    /// It moves: found as the staged object of that number.
    Object(u32),
}

/// A piece of a file, and where its bytes stand in the redo file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// Offset in the file.
    pub at: u64,
    /// Length in bytes, never 0.
    pub len: u64,
    /// Offset in the redo file.
    pub redo_at: u64,
}

/// One step. Each can be done any number of times; a plan lists them in the order of this enum, which is the order of apply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Removes the file or symlink at a path where the new tree has none.
    RemoveFile {
        /// Where.
        path: TreePath,
    },
    /// Removes an empty directory where the new tree has none; listed deepest first. One with foreign files in it stays.
    RemoveDir {
        /// Where.
        path: TreePath,
    },
    /// Makes a directory; listed parents first.
    MakeDir {
        /// Where.
        path: TreePath,
        /// The system's permission bits, or 0 for the default.
        permissions: u32,
    },
    /// Puts a staged object at a path, replacing a file or symlink.
    Put {
        /// Where.
        path: TreePath,
        /// Which object.
        object: u32,
    },
    /// Makes a symlink, replacing a file or symlink.
    Symlink {
        /// Where.
        path: TreePath,
        /// What it says.
        target: String,
    },
    /// Writes ranges of a file in place from the redo file.
    Patch {
        /// Which file.
        target: Target,
        /// Whether the file is new: made when missing, found only at a path.
        create: bool,
        /// Whether a new file is executable; false for an existing one.
        executable: bool,
        /// Length when done.
        len: u64,
        /// What to write, sorted by offset, not overlapping.
        ranges: Vec<Range>,
    },
    /// Sets or clears the executable bit.
    SetExecutable {
        /// Which file.
        target: Target,
        /// The bit.
        executable: bool,
    },
}

/// Everything apply and recovery need to know about a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The tree it is for.
    pub tree_id: [u8; 16],
    /// The transaction it belongs to.
    pub txid: u64,
    /// Head document before; [`Hash::NONE`] when none.
    pub from: Hash,
    /// Head document after; [`Hash::NONE`] when none.
    pub to: Hash,
    /// Whether the head document changes: it is staged as `head` and put in place by apply.
    pub new_head: bool,
    /// Whether what is needed to go back is kept after the transaction.
    pub keep_undo: bool,
    /// The redo file.
    pub redo: Blob,
    /// The staged objects.
    pub objects: Vec<Object>,
    /// What to do.
    pub steps: Vec<Step>,
}

impl Plan {
    /// The bytes of this plan, its own hash at the end.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        unimplemented!()
    }

    /// Reads a plan. Checks everything that can be checked without the tree: the order of the steps, that no path is listed twice within one kind of step,
    /// that object numbers exist, that ranges are sorted, apart, within the length of their file, and within the redo file.
    ///
    /// # Errors
    /// [`DecodeError`] for anything that [`Plan::encode`] would not have written.
    pub fn decode(_bytes: &[u8]) -> Result<Self, DecodeError> {
        unimplemented!()
    }
}
