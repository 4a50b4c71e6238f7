//! What the numbers of sources of the two patches mean in the joined one.

use untorn_format::DecodeError;
use untorn_format::patch::{How, Index, Inflated, Middle, Op, SourceFile};

use super::error::MergeError;
use super::joiner::{Joiner, Key, Mid, Side};
use super::ops::Made;
use super::sources::Source;

/// How deep bytes in between may be made from others, which are made from others. Joining once more adds one or two to it.
const DEPTH_MAX: usize = 256;

/// What a number of a source means in one of the patches.
pub(super) enum Named<'p> {
    /// A file of the build it starts from.
    File(&'p SourceFile),
    /// What a member of such a file holds, or of bytes in between.
    Member(&'p Inflated),
    /// Bytes in between, by number.
    Middle(usize),
}

impl<'p> Named<'p> {
    fn of(index: &'p Index, number: u32) -> Option<Self> {
        let (files, place) = (index.sources(), number as usize);
        if let Some(file) = files.get(place) {
            return Some(Self::File(file));
        }
        match index.inflated().get(place - files.len()) {
            Some(member) => Some(Self::Member(member)),
            None => index.middle_of(number).map(Self::Middle),
        }
    }
}

impl<'p> Joiner<'p> {
    pub(super) fn named(&self, side: Side, number: u32) -> Result<Named<'p>, MergeError> {
        let unknown = || side.to_blame(DecodeError::Field("number of a source").into());
        Named::of(self.index(side), number).ok_or_else(unknown)
    }

    /// A source of the first patch.
    pub(super) fn first_source(&mut self, number: u32) -> Result<u32, MergeError> {
        match self.named(Side::First, number)? {
            Named::File(file) => Ok(self.sources.number(Source::Old(file.path.clone()))),
            Named::Member(member) => match self.named(Side::First, member.source)? {
                Named::File(file) => self.member(&Mid::Old(file.path.clone()), member),
                _ => self.member_in_between(Side::First, member),
            },
            Named::Middle(number) => self.middle_source(Side::First, number),
        }
    }

    /// A source of the second patch, as one: what a member holds, bytes in between, or a file in one piece.
    pub(super) fn second_source(&mut self, number: u32) -> Result<u32, MergeError> {
        match self.named(Side::Second, number)? {
            Named::File(file) => match self.mid(&file.path, file.len)? {
                Mid::Old(path) => Ok(self.sources.number(Source::Old(path))),
                mid @ Mid::Made(_) => {
                    let middle = self.range(&mid, (0, file.len))?;
                    Ok(self.sources.number(Source::Middle(middle)))
                }
            },
            Named::Member(member) => match self.named(Side::Second, member.source)? {
                Named::File(file) => {
                    let mid = self.mid(&file.path, file.len)?;
                    self.member(&mid, member)
                }
                _ => self.member_in_between(Side::Second, member),
            },
            Named::Middle(number) => self.middle_source(Side::Second, number),
        }
    }

    /// Bytes of a source of the second patch.
    pub(super) fn second_bytes(&mut self, source: u32, (at, len): (u64, u64), made: &mut Made<'_>) -> Result<(), MergeError> {
        if let Named::File(file) = self.named(Side::Second, source)? {
            let mid = self.mid(&file.path, file.len)?;
            return self.copy(&mid, (at, len), made);
        }
        let source = self.second_source(source)?;
        made.push(Op::Copy { source, at, len });
        Ok(())
    }

    /// Bytes of a source.
    pub(super) fn bytes(
        &mut self,
        side: Side,
        source: u32,
        (at, len): (u64, u64),
        made: &mut Made<'_>,
    ) -> Result<(), MergeError> {
        if side == Side::Second {
            return self.second_bytes(source, (at, len), made);
        }
        let source = self.first_source(source)?;
        made.push(Op::Copy { source, at, len });
        Ok(())
    }

    /// Bytes that are in between in one of the patches, as a source.
    fn middle_source(&mut self, side: Side, number: usize) -> Result<u32, MergeError> {
        if self.depth == DEPTH_MAX {
            return Err(MergeError::TooLarge(DecodeError::Field("bytes in between that are made from others")));
        }
        self.depth += 1;
        let middle = self.carried(side, number);
        self.depth -= 1;
        Ok(self.sources.number(Source::Middle(middle?)))
    }

    /// Bytes that are in between in one of the patches, so here, too.
    fn carried(&mut self, side: Side, number: usize) -> Result<u32, MergeError> {
        let index = self.index(side);
        let middle = &index.middles()[number];
        if let How::Frame(frame) = middle.how {
            return self.frame(side, frame as usize);
        }
        let key = Key::Middle(side, number);
        if let Some(middle) = self.at_hand(key) {
            return Ok(middle);
        }
        let how = match &middle.how {
            How::Frame(frame) => How::Frame(*frame),
            How::Pieces(ops) => How::Pieces(self.copies(side, ops)?),
            How::Adapted { source, literals, program } => {
                let literal_len = literals.iter().map(Op::len).fold(0, u64::saturating_add);
                How::Adapted {
                    source: self.adapted_from(side, *source, program, (middle.len, literal_len))?,
                    literals: self.copies(side, literals)?,
                    program: program.clone(),
                }
            }
            How::Restored(restored) => How::Restored(self.restored(side, restored, 0)?),
        };
        self.add(key, Middle { len: middle.len, at: middle.at, file_len: middle.file_len, how })
    }

    /// Copies of one of the patches.
    fn copies(&mut self, side: Side, ops: &[Op]) -> Result<Vec<Op>, MergeError> {
        let mut made = Made::bytes();
        for op in ops {
            self.spend_op()?;
            if let Op::Copy { source, at, len } = *op {
                self.bytes(side, source, (at, len), &mut made)?;
            }
        }
        Ok(made.ops)
    }

    /// A member of bytes that are in between in one of the patches.
    fn member_in_between(&mut self, side: Side, member: &Inflated) -> Result<u32, MergeError> {
        let overlaps = || side.to_blame(DecodeError::Field("old member").into());
        let Named::Middle(number) = self.named(side, member.source)? else { return Err(overlaps()) };
        let home = self.middle_source(side, number)?;
        self.sources.member(home, member).ok_or_else(overlaps)
    }
}
