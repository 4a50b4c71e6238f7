//! Operations: where each byte of a new file comes from.

use super::fields::{Fields, put_number, put_signed};
use super::{MAX_FILE_LEN, MAX_OPS, Restored, Wrap};
use crate::{DecodeError, bytes::require};

/// Where the next bytes of a new file come from. The operations of a file cover it from its first byte to its last, each byte once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// What already stands at this place of this path stays.
    Keep {
        /// Length in bytes, never 0.
        len: u64,
    },
    /// From a file of the old tree.
    Copy {
        /// Its number in [`Index::sources`](super::Index::sources).
        source: u32,
        /// Offset in it.
        at: u64,
        /// Length in bytes, never 0.
        len: u64,
    },
    /// From the literal bytes of the patch.
    Literal {
        /// Length in bytes, never 0.
        len: u64,
    },
    /// From stretches of a file of the old tree with differences, and from literal bytes between them, as the file's
    /// [program](super::FilePatch::program) says. At most one operation of a file is of this kind.
    Adapt {
        /// The old file's number in [`Index::sources`](super::Index::sources).
        source: u32,
        /// Length in bytes, never 0.
        len: u64,
        /// How many of these bytes are literal bytes of the patch.
        literal_len: u64,
    },
    /// Deflated bytes, from what they hold: as [`FilePatch::restored`](super::FilePatch::restored) says under that number.
    Restore {
        /// Which of these it is: they are numbered in the order of the operations.
        number: u32,
        /// Length in bytes, never 0.
        len: u64,
        /// How many of the bytes they hold are literal bytes of the patch.
        literal_len: u64,
    },
}

impl Op {
    /// Length in bytes of what it makes.
    #[must_use]
    pub fn len(&self) -> u64 {
        match *self {
            Self::Keep { len }
            | Self::Copy { len, .. }
            | Self::Literal { len }
            | Self::Adapt { len, .. }
            | Self::Restore { len, .. } => len,
        }
    }

    /// How many of the bytes it makes are literal bytes of the patch.
    #[must_use]
    pub fn literal_len(&self) -> u64 {
        match *self {
            Self::Literal { len } => len,
            Self::Adapt { literal_len, .. } | Self::Restore { literal_len, .. } => literal_len,
            Self::Keep { .. } | Self::Copy { .. } => 0,
        }
    }

    /// The number of the source it reads, besides the file that stands in its place. One that restores reads those of its own operations.
    #[must_use]
    pub fn source(&self) -> Option<u32> {
        match *self {
            Self::Copy { source, .. } | Self::Adapt { source, .. } => Some(source),
            Self::Keep { .. } | Self::Literal { .. } | Self::Restore { .. } => None,
        }
    }

    /// Whether it makes nothing: no valid operation does.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether `self` and a `next` one behind it are one operation written as two.
    #[must_use]
    pub fn joins(&self, next: &Self) -> bool {
        match (*self, *next) {
            (Self::Keep { .. }, Self::Keep { .. }) | (Self::Literal { .. }, Self::Literal { .. }) => true,
            (Self::Copy { source, at, len }, Self::Copy { source: next_source, at: next_at, .. }) => {
                source == next_source && at.checked_add(len) == Some(next_at)
            }
            _ => false,
        }
    }
}

/// What the operations of one file may refer to.
pub(super) struct Limits<'a> {
    /// Length of the new file.
    pub(super) len: u64,
    /// Length of the old file at the same path; 0 when there is none.
    pub(super) old_len: u64,
    /// The lengths of what may be copied from: files, then members of these.
    pub(super) sources: &'a [u64],
    /// How many of these are files.
    pub(super) files: usize,
    /// Where the members end; behind them stand bytes in between, which are read as files are.
    pub(super) members_end: usize,
    /// How the operations that restore make their bytes.
    pub(super) restored: &'a [Restored],
    /// Whether these are the operations of a member, which may copy from an old one.
    pub(super) is_inner: bool,
}

impl Limits<'_> {
    /// Checks that `ops` make exactly `len` bytes, each once, from what exists, in the one way there is to say it.
    pub(super) fn check(&self, ops: &[Op]) -> Result<(), DecodeError> {
        let mut made = 0_u64;
        for (number, op) in ops.iter().enumerate() {
            require(!op.is_empty(), "empty operation")?;
            require(number == 0 || !ops[number - 1].joins(op), "one operation written as two")?;
            self.check_op(op, made)?;
            made = made.checked_add(op.len()).ok_or(DecodeError::Field("length of operations"))?;
        }
        require(made == self.len, "operations do not cover the file")
    }

    fn check_op(&self, op: &Op, made: u64) -> Result<(), DecodeError> {
        match *op {
            Op::Keep { len } => within(made, len, self.old_len, "kept bytes beyond the old file"),
            Op::Copy { source, at, len } => {
                let source_len = *self.sources.get(source as usize).ok_or(DecodeError::Field("number of a source"))?;
                require(self.is_inner || self.is_filed(source), "number of a source")?;
                within(at, len, source_len, "copy beyond its source")
            }
            Op::Literal { .. } => Ok(()),
            Op::Adapt { source, len, literal_len } => {
                require(self.is_filed(source), "number of a source")?;
                require(literal_len <= len, "literal bytes of an adapted file")
            }
            Op::Restore { number, len, literal_len } => {
                let restored = self.restored.get(number as usize).ok_or(DecodeError::Field("restored members"))?;
                self.check_restored(restored, len, literal_len)
            }
        }
    }
}

impl Limits<'_> {
    /// Whether a source is no member: a file, or bytes in between.
    pub(super) fn is_filed(&self, source: u32) -> bool {
        let source = source as usize;
        source < self.files || (self.members_end..self.sources.len()).contains(&source)
    }

    /// What a member holds is made of copies and literal bytes, and is no more than such a member can hold.
    pub(super) fn check_restored(&self, restored: &Restored, len: u64, literal_len: u64) -> Result<(), DecodeError> {
        require(restored.raw_len <= restored.wrap.raw_len_max(len), "length of a restored member")?;
        let is_inner = |op: &Op| matches!(op, Op::Copy { .. } | Op::Literal { .. });
        require(restored.ops.iter().all(is_inner), "operation of a restored member")?;
        let literals = restored.ops.iter().map(Op::literal_len).fold(0, u64::saturating_add);
        require(literals == literal_len, "literal bytes of a restored member")?;
        let is_member = |number: u32| (self.files..self.members_end).contains(&(number as usize));
        require(restored.like.is_none_or(is_member), "number of an old member")?;
        // So no more members need be inflated for it.
        let is_near = |number: u32| self.is_filed(number) || restored.like == Some(number);
        require(restored.ops.iter().filter_map(Op::source).all(is_near), "number of a source")?;
        restored.wrap.check(len)?;
        Limits { len: restored.raw_len, old_len: 0, restored: &[], is_inner: true, ..*self }.check(&restored.ops)
    }
}

fn within(at: u64, len: u64, file_len: u64, what: &'static str) -> Result<(), DecodeError> {
    require(at.checked_add(len).is_some_and(|end| end <= file_len), what)
}

const KEEP: u64 = 0;
const LITERAL: u64 = 1;
const COPY: u64 = 2;
const COPY_FROM: u64 = 3;

/// The tag of an operation that restores: literal bytes of no length.
const RESTORE: u64 = LITERAL;

/// Stands where [`COPY_FROM`] has the distance to another source, which is never 0.
const ADAPT: i64 = 0;

/// Where the next copy is expected: most go on where the last one stopped, or after as many bytes as were replaced.
struct Cursor {
    source: u32,
    at: u64,
}

impl Cursor {
    fn skip(&mut self, len: u64) {
        self.at = self.at.saturating_add(len).min(MAX_FILE_LEN);
    }
}

/// Appends the operations of a file. `home` is the number of the source a copy is first expected from, `files` the number of sources that are files.
pub(super) fn put_ops(out: &mut Vec<u8>, ops: &[Op], restored: &[Restored], (home, files): (u32, u32)) {
    let mut cursor = Cursor { source: home, at: 0 };
    put_number(out, ops.len() as u64);
    for op in ops {
        match *op {
            Op::Keep { len } => put_number(out, len << 2 | KEEP),
            Op::Literal { len } => put_number(out, len << 2 | LITERAL),
            Op::Copy { source, at, len } => {
                if source == cursor.source {
                    put_number(out, len << 2 | COPY);
                } else {
                    put_number(out, len << 2 | COPY_FROM);
                    put_signed(out, i64::from(source) - i64::from(cursor.source));
                    cursor = Cursor { source, at: 0 };
                }
                put_signed(out, at.cast_signed().wrapping_sub(cursor.at.cast_signed()));
                cursor.at = at;
            }
            Op::Restore { number, len, .. } => {
                put_number(out, RESTORE);
                put_number(out, len);
                if let Some(restored) = restored.get(number as usize) {
                    put_restored(out, restored, (home, files));
                }
            }
            Op::Adapt { source, len, literal_len } => {
                put_number(out, len << 2 | COPY_FROM);
                put_signed(out, ADAPT);
                put_signed(out, i64::from(source) - i64::from(cursor.source));
                put_number(out, literal_len);
                cursor = Cursor { source, at: 0 };
            }
        }
        cursor.skip(op.len());
    }
}

/// What its recipe says stands elsewhere; here, how long it is.
pub(super) fn put_restored(out: &mut Vec<u8>, restored: &Restored, (home, files): (u32, u32)) {
    put_number(out, restored.raw_len);
    put_number(out, restored.like.map_or(0, |like| u64::from(like.saturating_sub(files)) + 1));
    restored.wrap.put(out);
    put_number(out, restored.recipe.len() as u64);
    put_ops(out, &restored.ops, &[], (restored.like.unwrap_or(home), files));
}

/// How operations are read.
pub(super) struct Reading<'a> {
    /// How many operations the patch may still have.
    pub(super) ops_left: &'a mut u64,
    /// How many sources are files; `None` when the patch restores nothing.
    pub(super) files: Option<u32>,
}

/// Reads a member, and the length of its recipe, which stands elsewhere.
pub(super) fn take_restored(
    fields: &mut Fields<'_>,
    home: u32,
    files: u32,
    reading: &mut Reading<'_>,
) -> Result<(Restored, usize), DecodeError> {
    let raw_len = fields.number()?;
    let like = match fields.number()? {
        0 => None,
        number => Some(
            u32::try_from(number - 1)
                .ok()
                .and_then(|number| number.checked_add(files))
                .ok_or(DecodeError::Field("number of an old member"))?,
        ),
    };
    let wrap = Wrap::take(fields)?;
    let recipe_len = usize::try_from(fields.number()?).map_err(|_| DecodeError::Length)?;
    let mut none = Vec::new();
    let inner = &mut Reading { ops_left: &mut *reading.ops_left, files: None };
    let ops = take_ops(fields, like.unwrap_or(home), inner, &mut none)?;
    Ok((Restored { raw_len, like, ops, wrap, recipe: Vec::new() }, recipe_len))
}

/// Reads the operations of a file, and appends what they restore, with the lengths of the recipes.
pub(super) fn take_ops(
    fields: &mut Fields<'_>,
    home: u32,
    reading: &mut Reading<'_>,
    restored: &mut Vec<(Restored, usize)>,
) -> Result<Vec<Op>, DecodeError> {
    let mut cursor = Cursor { source: home, at: 0 };
    let count = fields.count(MAX_OPS.min(*reading.ops_left))?;
    *reading.ops_left -= count as u64;
    let mut ops = Vec::new();
    for _ in 0..count {
        let tagged = fields.number()?;
        let op = match reading.files {
            Some(files) if tagged == RESTORE => {
                let len = fields.number()?;
                let member = take_restored(fields, home, files, reading)?;
                let literal_len = member.0.ops.iter().map(Op::literal_len).fold(0, u64::saturating_add);
                let number = u32::try_from(restored.len()).unwrap_or(u32::MAX);
                restored.push(member);
                Op::Restore { number, len, literal_len }
            }
            _ => take_op(fields, tagged, &mut cursor)?,
        };
        cursor.skip(op.len());
        ops.push(op);
    }
    Ok(ops)
}

fn take_op(fields: &mut Fields<'_>, tagged: u64, cursor: &mut Cursor) -> Result<Op, DecodeError> {
    let len = tagged >> 2;
    match tagged & 3 {
        KEEP => return Ok(Op::Keep { len }),
        LITERAL => return Ok(Op::Literal { len }),
        COPY_FROM => {
            let distance = fields.signed()?;
            if distance == ADAPT {
                *cursor = Cursor { source: take_source(fields, cursor.source)?, at: 0 };
                return Ok(Op::Adapt { source: cursor.source, len, literal_len: fields.number()? });
            }
            *cursor = Cursor { source: source_at(cursor.source, distance)?, at: 0 };
        }
        _ => {}
    }
    cursor.at = moved(cursor.at, fields.signed()?).ok_or(DecodeError::Field("offset in a source"))?;
    Ok(Op::Copy { source: cursor.source, at: cursor.at, len })
}

/// Reads the number of a source, told by its distance from another.
fn take_source(fields: &mut Fields<'_>, from: u32) -> Result<u32, DecodeError> {
    source_at(from, fields.signed()?)
}

pub(super) fn source_at(from: u32, distance: i64) -> Result<u32, DecodeError> {
    let source = i64::from(from).checked_add(distance).and_then(|source| u32::try_from(source).ok());
    source.ok_or(DecodeError::Field("number of a source"))
}

/// `at` moved by `distance`, when that is an offset a file can have.
pub(super) fn moved(at: u64, distance: i64) -> Option<u64> {
    at.checked_add_signed(distance).filter(|at| *at <= MAX_FILE_LEN)
}
