//! What changes at one path.

use super::{Check, Hint, MAX_FILE_LEN, MAX_PROGRAM_LEN, Op, Wrap};
use crate::{DecodeError, Hash, TreePath, bytes::require, check_symlink_target};

/// What changes at one path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Where.
    pub path: TreePath,
    /// What stands there in the old build.
    pub before: Before,
    /// What stands there in the new build.
    pub after: After,
}

/// What stands at a path before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Before {
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
        /// Its length in bytes.
        len: u64,
        /// What its bytes are that do not stay in their place.
        replaced: Replaced,
    },
}

/// What the bytes of an old file are that do not stay in their place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replaced {
    /// None stays: the start of the hash of the whole file. [`Sums::before`](super::Sums::before) is about all such files together.
    Whole(Hint),
    /// Some stay, since [`FilePatch::ops`] keeps them: the check of the others, one stretch after the other.
    Parts(Check),
    /// Nothing is said of them: only in joined patches. Whoever applies one knows the hash of the whole file.
    Unsaid,
}

/// What stands at a path afterwards.
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
    /// A file that stood at another path, unchanged.
    Moved {
        /// That path: a change of the same patch, where no file stands afterwards. No two changes name the same.
        from: TreePath,
        /// Its executable bit.
        executable: bool,
    },
    /// A file with new content.
    File(FilePatch),
}

/// How the content of a file is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilePatch {
    /// Its length in bytes.
    pub len: u64,
    /// Hash of all its bytes; `None` when all of them are literal, since the hashes of the frames vouch for those. In a joined patch also for other files of which nothing is kept.
    pub hash: Option<Hash>,
    /// Its executable bit.
    pub executable: bool,
    /// Where its bytes come from, from the first to the last.
    pub ops: Vec<Op>,
    /// How the operation of kind [`Op::Adapt`] makes its bytes: at least one byte and at most [`MAX_PROGRAM_LEN`] where there is one, else
    /// none. What they mean is checked when they are used.
    pub program: Vec<u8>,
    /// How each operation of kind [`Op::Restore`] makes its bytes, in the order of these operations.
    pub restored: Vec<Restored>,
    /// Check of the bytes of every operation that is not [`Op::Keep`], one stretch after the other; `None` when nothing is kept, since these
    /// are all bytes. In a joined patch also when nothing is known.
    pub written: Option<Check>,
}

/// Packed bytes that are made by packing again what they hold: deflating it, or compressing it as zstd does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    /// How many bytes they hold, at most [`MAX_RAW_LEN`](super::MAX_RAW_LEN).
    pub raw_len: u64,
    /// The number of the old member that they resemble, which is one of [`Index::inflated`](super::Index::inflated): what it is made like.
    pub like: Option<u32>,
    /// Where the bytes they hold come from: copies from files and from that member, and literal bytes.
    pub ops: Vec<Op>,
    /// How they stand in the file.
    pub wrap: Wrap,
    /// How what they hold is packed. What it means is checked when it is used.
    pub recipe: Vec<u8>,
}

impl Change {
    /// The file that stands there afterwards, when it has new content.
    #[must_use]
    pub fn file(&self) -> Option<&FilePatch> {
        if let After::File(file) = &self.after { Some(file) } else { None }
    }

    /// Length of the file that stands there before; 0 when there is none.
    #[must_use]
    pub fn old_len(&self) -> u64 {
        if let Before::File { len, .. } = self.before { len } else { 0 }
    }

    /// Checks what can be checked without the other changes and the sources.
    /// `is_joined`: in a joined patch.
    pub(super) fn check(&self, is_joined: bool) -> Result<(), DecodeError> {
        require(!self.is_none(), "change that changes nothing")?;
        let len = self.file().map_or(0, |file| file.len);
        require(len.max(self.old_len()) <= MAX_FILE_LEN, "length of a file")?;
        self.file().map_or(Ok(()), FilePatch::check_program)?;
        self.file().map_or(Ok(()), FilePatch::check_restored)?;
        self.check_digests(is_joined)?;
        self.targets().try_for_each(|target| Ok(check_symlink_target(&self.path, target)?))
    }

    /// Checks that hashes and checks are there where they must be, and nowhere else.
    fn check_digests(&self, is_joined: bool) -> Result<(), DecodeError> {
        let keeps = self.file().is_some_and(FilePatch::keeps);
        let replaced = if let Before::File { replaced, .. } = self.before { Some(replaced) } else { None };
        let parts = matches!(replaced, Some(Replaced::Parts(_)));
        let is_checked = if is_joined { parts } else { keeps };
        require(self.file().is_none_or(|file| file.written.is_some() == is_checked), "check of the written bytes")?;
        require(self.file().is_none_or(|file| !file.is_literal() || file.hash.is_none()), "hash of a file")?;
        let may_lack = |file: &FilePatch| file.is_literal() || is_joined && !keeps;
        require(self.file().is_none_or(|file| file.hash.is_some() || may_lack(file)), "hash of a file")?;
        let is_right = match replaced {
            None => true,
            Some(Replaced::Parts(_)) => keeps,
            Some(Replaced::Whole(_)) => !keeps && !is_joined,
            Some(Replaced::Unsaid) => is_joined,
        };
        require(is_right, "check of the replaced bytes")
    }

    fn is_none(&self) -> bool {
        match (&self.before, &self.after) {
            (Before::Absent, After::Absent) | (Before::Dir, After::Dir) => true,
            (Before::Symlink { target }, After::Symlink { target: after }) => target == after,
            _ => false,
        }
    }

    fn targets(&self) -> impl Iterator<Item = &str> {
        let before = if let Before::Symlink { target } = &self.before { Some(target.as_str()) } else { None };
        let after = if let After::Symlink { target } = &self.after { Some(target.as_str()) } else { None };
        before.into_iter().chain(after)
    }
}

impl FilePatch {
    /// Whether any byte stays where it is.
    #[must_use]
    pub fn keeps(&self) -> bool {
        self.ops.iter().any(|op| matches!(op, Op::Keep { .. }))
    }

    /// Whether all its bytes come from the literal bytes of the patch.
    #[must_use]
    pub fn is_literal(&self) -> bool {
        self.ops.iter().all(|op| matches!(op, Op::Literal { .. }))
    }

    /// How many of its bytes come from the literal bytes of the patch.
    #[must_use]
    pub fn literal_len(&self) -> u64 {
        self.ops.iter().map(Op::literal_len).fold(0, u64::saturating_add)
    }

    /// Whether an operation adapts an old file.
    #[must_use]
    pub fn adapts(&self) -> bool {
        self.ops.iter().any(|op| matches!(op, Op::Adapt { .. }))
    }

    /// The last place at `at` or before it where making the file can begin: anywhere but within an operation that adapts or restores.
    #[must_use]
    pub fn start_before(&self, at: u64) -> u64 {
        let mut start = 0_u64;
        for op in &self.ops {
            let end = start.saturating_add(op.len());
            if end > at {
                return if matches!(op, Op::Adapt { .. } | Op::Restore { .. }) { start } else { at };
            }
            start = end;
        }
        at
    }

    fn check_restored(&self) -> Result<(), DecodeError> {
        let mut numbers = self.ops.iter().filter_map(|op| if let Op::Restore { number, .. } = op { Some(*number) } else { None });
        let right = (0..).zip(&self.restored).all(|(number, _)| numbers.next() == Some(number)) && numbers.next().is_none();
        require(right, "restored members")?;
        let too_long = self.restored.iter().any(|restored| restored.recipe.len() as u64 > MAX_PROGRAM_LEN);
        require(!too_long, "length of a recipe")
    }

    fn check_program(&self) -> Result<(), DecodeError> {
        let adapting = self.ops.iter().filter(|op| matches!(op, Op::Adapt { .. })).count();
        require(adapting <= 1, "two operations that adapt")?;
        require((adapting == 1) != self.program.is_empty(), "program")?;
        require(self.program.len() as u64 <= MAX_PROGRAM_LEN, "length of a program")
    }

    /// The stretches (offset, length) that are written when the file is changed in place: all but the kept ones, joined.
    pub fn written_ranges(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        let mut ops = self.ops.iter().peekable();
        let mut at = 0_u64;
        std::iter::from_fn(move || {
            while let Some(Op::Keep { len }) = ops.next_if(|op| matches!(op, Op::Keep { .. })) {
                at = at.saturating_add(*len);
            }
            let start = at;
            while let Some(op) = ops.next_if(|op| !matches!(op, Op::Keep { .. })) {
                at = at.saturating_add(op.len());
            }
            (at > start).then_some((start, at - start))
        })
    }

    /// The stretches (offset, length) of an old file of `old_len` bytes that are not kept: what [`Replaced`] is about.
    pub fn replaced_ranges(&self, old_len: u64) -> impl Iterator<Item = (u64, u64)> + '_ {
        let mut ops = self.ops.iter();
        let (mut at, mut start, mut done) = (0_u64, 0_u64, false);
        std::iter::from_fn(move || {
            for op in ops.by_ref() {
                let end = at.saturating_add(op.len());
                if matches!(op, Op::Keep { .. }) {
                    let range = (start, at.min(old_len).saturating_sub(start));
                    (at, start) = (end, end);
                    if range.1 > 0 {
                        return Some(range);
                    }
                } else {
                    at = end;
                }
            }
            let rest = (start, old_len.saturating_sub(start));
            (!std::mem::replace(&mut done, true) && rest.1 > 0).then_some(rest)
        })
    }
}
