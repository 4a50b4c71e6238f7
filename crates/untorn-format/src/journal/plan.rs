//! The plan: every step from the old tree to the new one.

use super::{Range, plan_check, plan_codec};
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
    /// A clone of a file of the old tree: only the pieces written to it are checked by recovery, the rest is the tree's.
    Clone {
        /// Its length.
        len: u64,
        /// Hash of the written pieces, one after the other.
        hash: Hash,
        /// The written pieces (offset, length), sorted, apart, not empty, within `len`.
        written: Vec<(u64, u64)>,
    },
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
///
/// # Canonical order
/// 1. Kinds of steps in the order of [`Step`].
/// 2. Within a kind by the bytes of the path, strictly rising, so that no path is listed twice and parents are made before what is in them;
///    [`Step::RemoveDir`] strictly falling, deepest first.
/// 3. Where a step has a [`Target`]: paths first, then objects by number, strictly rising.
///
/// # What a decoded plan keeps besides
/// - Every object number exists. An object is put at most once. Only an [`Object::Link`] is patched: the content of an [`Object::File`] is checked
///   by recovery, which may come after half of the patch.
/// - Ranges are sorted, apart, not empty, within [`Step::Patch::len`] and within the redo file. No sum overflows.
/// - A file is only created at a path; only a created file is made executable by [`Step::Patch`].
/// - Permissions are at most `0o7777`; the target of a symlink is not empty, has no NUL and at most 4,095 bytes. Where it
///   leads is not checked: a symlink that stood in the old tree may move, wherever it points; nothing ever follows it.
///
/// Not checked, since it takes the tree or concerns several kinds: whether steps of different kinds contradict each other.
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
    /// What is kept after the transaction for going back.
    pub undo: UndoKept,
    /// The redo file.
    pub redo: Blob,
    /// The staged objects.
    pub objects: Vec<Object>,
    /// What to do.
    pub steps: Vec<Step>,
}

/// What is kept after a transaction for going back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UndoKept {
    /// Nothing.
    #[default]
    Nothing,
    /// What this transaction took away.
    Own,
    /// What an earlier one had kept, if any did: this one makes no other build of the tree.
    Earlier,
}

impl Plan {
    /// The bytes of this plan, its own hash at the end.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        plan_codec::encode(self)
    }

    /// Reads a plan and checks everything that can be checked without the tree: see [`Plan`].
    ///
    /// # Errors
    /// [`DecodeError`] for anything that [`Plan::encode`] would not have written, or that breaks the canonical order.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let plan = plan_codec::decode(bytes)?;
        plan_check::check(&plan)?;
        Ok(plan)
    }
}
