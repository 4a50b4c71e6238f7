//! What a joined patch makes on the way: bytes of files of the build in between, which other files are made from.

use super::fields::{Fields, put_number, put_signed};
use super::op::{Limits, Reading, put_ops, put_restored, source_at, take_ops, take_restored};
use super::{Frame, MAX_FILE_LEN, MAX_MIDDLE_LEN, MAX_MIDDLES, MAX_PROGRAM_LEN, Op, Restored};
use crate::{DecodeError, bytes::require};

/// Bytes that stand in a file of the build in between, and in no file that is written. They are made in memory, in the order of their numbers, and are a source from then on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Middle {
    /// How many bytes, at least 1, at most [`MAX_MIDDLE_LEN`].
    pub len: u64,
    /// Where they stand in their file: what adapts that file counts from its beginning. 0 for a frame.
    pub at: u64,
    /// The length of that file; for a frame as `len`.
    pub file_len: u64,
    /// How they are made.
    pub how: How,
}

/// How bytes in between are made. What is copied comes from old files, their members, and such bytes of lower numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum How {
    /// They are the bytes of the frame of this number, which is for nothing else.
    Frame(u32),
    /// By copies.
    Pieces(Vec<Op>),
    /// From stretches of a source with differences, as a program says, and from literal bytes between them.
    Adapted {
        /// The number of the source.
        source: u32,
        /// What makes the literal bytes: copies.
        literals: Vec<Op>,
        /// As [`FilePatch::program`](super::FilePatch::program).
        program: Vec<u8>,
    },
    /// Deflated from what they hold, which copies make.
    Restored(Restored),
}

impl How {
    /// The numbers of the sources it reads.
    pub fn sources(&self) -> impl Iterator<Item = u32> + '_ {
        let (ops, others) = match self {
            Self::Frame(_) => (&[][..], [None, None]),
            Self::Pieces(ops) => (&ops[..], [None, None]),
            Self::Adapted { source, literals, .. } => (&literals[..], [Some(*source), None]),
            Self::Restored(restored) => (&restored.ops[..], [None, restored.like]),
        };
        ops.iter().filter_map(Op::source).chain(others.into_iter().flatten())
    }

    /// Its operations.
    #[must_use]
    pub fn ops(&self) -> &[Op] {
        match self {
            Self::Frame(_) => &[],
            Self::Pieces(ops) | Self::Adapted { literals: ops, .. } => ops,
            Self::Restored(restored) => &restored.ops,
        }
    }

    fn number(&self) -> u64 {
        match self {
            Self::Frame(_) => FRAME,
            Self::Pieces(_) => PIECES,
            Self::Adapted { .. } => ADAPTED,
            Self::Restored(_) => RESTORED,
        }
    }
}

const FRAME: u64 = 0;
const PIECES: u64 = 1;
const ADAPTED: u64 = 2;
const RESTORED: u64 = 3;

impl Middle {
    /// `limits` are those of a file; `frames` all frames, and `frame_min` the first one that may be named.
    pub(super) fn check(&self, limits: &Limits<'_>, frames: &[Frame], frame_min: u32) -> Result<(), DecodeError> {
        require((1..=MAX_MIDDLE_LEN).contains(&self.len), "length of bytes in between")?;
        let end = self.at.checked_add(self.len);
        require(self.file_len <= MAX_FILE_LEN && end.is_some_and(|end| end <= self.file_len), "place of bytes in between")?;
        let is_copy = |op: &Op| matches!(op, Op::Copy { .. });
        require(self.how.ops().iter().all(is_copy), "operation of bytes in between")?;
        let within = |len| Limits { len, old_len: 0, restored: &[], is_inner: true, ..*limits };
        match &self.how {
            How::Frame(number) => {
                let len = frames.get(*number as usize).map(|frame| frame.len);
                require(*number >= frame_min && len == Some(self.len), "frame of bytes in between")?;
                require(self.at == 0 && self.file_len == self.len, "place of bytes in between")
            }
            How::Pieces(ops) => within(self.len).check(ops),
            How::Adapted { source, literals, program } => {
                require(limits.is_filed(*source), "number of a source")?;
                require((1..=MAX_PROGRAM_LEN).contains(&(program.len() as u64)), "length of a program")?;
                let len = literals.iter().map(Op::len).fold(0, u64::saturating_add);
                require(len <= self.len, "literal bytes of an adapted file")?;
                within(len).check(literals)
            }
            How::Restored(restored) => {
                require(restored.recipe.len() as u64 <= MAX_PROGRAM_LEN, "length of a recipe")?;
                limits.check_restored(restored, self.len, 0)
            }
        }
    }
}

/// Appends them; what their programs and recipes are stands in the digests. `files` is the number of sources that are files.
pub(super) fn put(facts: &mut Vec<u8>, middles: &[Middle], files: u32) {
    let mut behind = 0;
    put_number(facts, middles.len() as u64);
    for middle in middles {
        put_number(facts, middle.len << 2 | middle.how.number());
        if let How::Frame(number) = middle.how {
            put_number(facts, u64::from(number.saturating_sub(behind)));
            behind = number.saturating_add(1);
            continue;
        }
        put_number(facts, middle.at);
        put_number(facts, middle.file_len.saturating_sub(middle.at).saturating_sub(middle.len));
        match &middle.how {
            How::Frame(_) => {}
            How::Pieces(ops) => put_ops(facts, ops, &[], (0, files)),
            How::Adapted { source, literals, program } => {
                put_signed(facts, (*source).into());
                put_number(facts, program.len() as u64);
                put_ops(facts, literals, &[], (0, files));
            }
            How::Restored(restored) => put_restored(facts, restored, (0, files)),
        }
    }
}

/// Appends programs and recipes.
pub(super) fn put_digests(digests: &mut Vec<u8>, middles: &[Middle]) {
    for middle in middles {
        match &middle.how {
            How::Frame(_) | How::Pieces(_) => {}
            How::Adapted { program, .. } => digests.extend_from_slice(program),
            How::Restored(restored) => digests.extend_from_slice(&restored.recipe),
        }
    }
}

/// Reads them, and how many bytes each has in the digests.
pub(super) fn take(facts: &mut Fields<'_>, ops_left: &mut u64, files: u32) -> Result<(Vec<Middle>, Vec<u64>), DecodeError> {
    let place = || DecodeError::Field("place of bytes in between");
    let (mut middles, mut lens, mut behind) = (Vec::new(), Vec::new(), 0_u32);
    for _ in 0..facts.count(MAX_MIDDLES)? {
        let tagged = facts.number()?;
        let len = tagged >> 2;
        if tagged & 3 == FRAME {
            let number = u32::try_from(facts.number()?).ok().and_then(|gap| behind.checked_add(gap));
            let number = number.ok_or(DecodeError::Field("frame of bytes in between"))?;
            behind = number.checked_add(1).ok_or(DecodeError::Field("frame of bytes in between"))?;
            middles.push(Middle { len, at: 0, file_len: len, how: How::Frame(number) });
            lens.push(0);
            continue;
        }
        let at = facts.number()?;
        let file_len = at.checked_add(len).and_then(|end| end.checked_add(facts.number().ok()?)).ok_or_else(place)?;
        let reading = &mut Reading { ops_left: &mut *ops_left, files: None };
        let (how, digest_len) = match tagged & 3 {
            PIECES => (How::Pieces(take_ops(facts, 0, reading, &mut Vec::new())?), 0),
            ADAPTED => {
                let source = source_at(0, facts.signed()?)?;
                let len = facts.number()?;
                let literals = take_ops(facts, 0, reading, &mut Vec::new())?;
                (How::Adapted { source, literals, program: Vec::new() }, len)
            }
            _ => {
                let (restored, len) = take_restored(facts, 0, files, reading)?;
                (How::Restored(restored), len as u64)
            }
        };
        middles.push(Middle { len, at, file_len, how });
        lens.push(digest_len);
    }
    Ok((middles, lens))
}

/// Reads programs and recipes.
pub(super) fn take_digests(digests: &mut Fields<'_>, middles: &mut [Middle], lens: &[u64]) -> Result<(), DecodeError> {
    for (middle, len) in middles.iter_mut().zip(lens) {
        match &mut middle.how {
            How::Frame(_) | How::Pieces(_) => {}
            How::Adapted { program, .. } => *program = digests.bytes(*len)?.to_vec(),
            How::Restored(restored) => restored.recipe = digests.bytes(*len)?.to_vec(),
        }
    }
    Ok(())
}
