//! What the second patch reads of the build in between, said by what the first one makes it of.

use std::cell::OnceCell;
use std::collections::VecDeque;

use untorn_format::patch::{
    After, Before, FilePatch, Frame, How, Index, Inflated, MAX_MIDDLE_LEN, MAX_MIDDLES, MAX_OPS, Middle, Op, Reference, Restored,
};
use untorn_format::{DecodeError, TreePath};

use super::error::MergeError;
use super::named::Named;
use super::ops::Made;
use super::sources::{Source, Sources};
use crate::PatchError;
use crate::adapt::{Decoder, LEAD_LEN, Lengths, Program};

/// Bytes in between that are taken to be at hand, at most; others are made once more where they are needed again. 64 MiB.
const AT_HAND_LEN_MAX: u64 = 64 << 20;

/// Which of the two patches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// From the old build to the one in between.
    First,
    /// From there to the new one.
    Second,
}

/// A frame of the joined patch.
pub(super) struct OutFrame {
    /// The patch that it is of.
    pub(super) side: Side,
    /// Its number there.
    pub(super) number: usize,
    pub(super) references: Vec<Reference>,
}

impl Side {
    /// This patch cannot be used.
    pub(super) fn to_blame(self, error: PatchError) -> MergeError {
        match self {
            Self::First => MergeError::First(error),
            Self::Second => MergeError::Second(error),
        }
    }
}

/// Works out what a joined patch consists of. Sources are numbers of [`Sources`].
pub(super) struct Joiner<'p> {
    pub(super) first: &'p Index,
    pub(super) second: &'p Index,
    pub(super) sources: Sources,
    pub(super) middles: Vec<Middle>,
    pub(super) frames: Vec<OutFrame>,
    /// Where the literal bytes of each change of the first patch begin, and of each frame; those of frames that are in between are no file's.
    literals_at: Vec<u64>,
    frames_at: Vec<u64>,
    /// Where the operations of each change of the first patch begin, and their literal bytes: of those that were asked for.
    ops_at: Vec<OnceCell<Vec<(u64, u64)>>>,
    /// Frames of the second patch that are in the joined one, and where their literal bytes end.
    second_frames: usize,
    second_end: u64,
    /// Frames of the second patch that are in between there.
    second_passing: Vec<bool>,
    /// Operations that may still be made: a patch cannot hold more.
    ops_left: u64,
    /// How deep the bytes lie that are being looked at.
    pub(super) depth: usize,
    /// Bytes in between that are at hand; the one used last stands last.
    at_hand: VecDeque<(Key, u32)>,
    at_hand_len: u64,
}

/// Names bytes in between.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    /// Those of a frame.
    Frame(Side, usize),
    /// Those that are in between in one of the patches already.
    Middle(Side, usize),
    /// What an operation of the first patch makes: of this change, and the number of the operation.
    Op(usize, usize),
    /// A range of a file that a change of the first patch makes.
    Range(usize, u64, u64),
}

/// A file of the build in between.
#[derive(Clone)]
pub(super) enum Mid {
    /// One of the old build, wherever it stood.
    Old(TreePath),
    /// What a change of the first patch makes.
    Made(usize),
}

impl<'p> Joiner<'p> {
    pub(super) fn new(first: &'p Index, second: &'p Index) -> Self {
        let sums = |at: &mut u64, len: u64| Some(std::mem::replace(at, at.saturating_add(len)));
        let changes = first.changes().as_slice().iter();
        let literals_at = changes.scan(0, |at, change| sums(at, change.file().map_or(0, FilePatch::literal_len))).collect();
        let of_files = |(frame, passing): (&Frame, bool)| if passing { 0 } else { frame.len };
        let frames_at = first.frames().iter().zip(first.passing()).map(of_files).scan(0, sums).collect();
        Self {
            first,
            second,
            sources: Sources::default(),
            middles: Vec::new(),
            frames: Vec::new(),
            literals_at,
            frames_at,
            ops_at: vec![OnceCell::new(); first.changes().as_slice().len()],
            second_frames: 0,
            second_end: 0,
            second_passing: second.passing(),
            ops_left: MAX_OPS,
            depth: 0,
            at_hand: VecDeque::new(),
            at_hand_len: 0,
        }
    }

    /// The file at a path of the build in between, of which the second patch says that it has so many bytes.
    pub(super) fn mid(&self, path: &TreePath, len: u64) -> Result<Mid, MergeError> {
        let wrong = || MergeError::Contradiction { path: path.clone() };
        let Some(number) = self.first.changes().number(path) else { return Ok(Mid::Old(path.clone())) };
        let (mid, found) = match &self.first.changes().as_slice()[number].after {
            After::File(file) => (Mid::Made(number), file.len),
            After::Moved { from, .. } => (Mid::Old(from.clone()), self.old_len(from)),
            After::Absent | After::Dir | After::Symlink { .. } => return Err(wrong()),
        };
        if found == len { Ok(mid) } else { Err(wrong()) }
    }

    /// The length of an old file, as the patches say it.
    pub(super) fn old_len(&self, path: &TreePath) -> u64 {
        let of_change = |index: &Index| match index.changes().get(path)?.before {
            Before::File { len, .. } => Some(len),
            _ => None,
        };
        let of_source = |index: &Index| {
            index.sources().binary_search_by(|source| source.path.cmp(path)).ok().map(|at| index.sources()[at].len)
        };
        let second = || of_change(self.second).or_else(|| of_source(self.second));
        of_change(self.first).or_else(|| of_source(self.first)).or_else(second).unwrap_or(0)
    }

    /// Says what makes the bytes of a file in between, from `at` on.
    pub(super) fn copy(&mut self, mid: &Mid, (at, len): (u64, u64), made: &mut Made<'_>) -> Result<(), MergeError> {
        let number = match mid {
            Mid::Old(path) => {
                let source = self.sources.number(Source::Old(path.clone()));
                made.push(Op::Copy { source, at, len });
                return Ok(());
            }
            Mid::Made(number) => *number,
        };
        let change = &self.first.changes().as_slice()[number];
        let Some(file) = change.file() else { return Ok(()) };
        let first_op = self.ops_of(number).partition_point(|(start, _)| *start <= at).saturating_sub(1);
        for (op_number, op) in file.ops.iter().enumerate().skip(first_op) {
            let (start, literal_at) = self.ops_of(number)[op_number];
            if start >= at + len {
                break;
            }
            let (from, to) = (at.max(start), (at + len).min(start + op.len()));
            if from < to {
                self.spend_op()?;
                let (offset, len) = (from - start, to - from);
                match *op {
                    Op::Keep { .. } if made.may_keep(&change.path, from) => made.push(Op::Keep { len }),
                    Op::Keep { .. } => {
                        let source = self.sources.number(Source::Old(change.path.clone()));
                        made.push(Op::Copy { source, at: from, len });
                    }
                    Op::Copy { source, at, .. } => {
                        let source = self.first_source(source)?;
                        made.push(Op::Copy { source, at: at + offset, len });
                    }
                    Op::Literal { .. } => self.literals((literal_at + offset, len), made)?,
                    Op::Restore { number: restored, len: whole, .. } if made.is_file && len == whole => {
                        let restored = self.restored_by_first(number, restored, literal_at)?;
                        made.restore(restored, len);
                    }
                    Op::Adapt { .. } | Op::Restore { .. } => {
                        let middle = self.made_by_op((number, op_number), (start, literal_at))?;
                        let source = self.sources.number(Source::Middle(middle));
                        made.push(Op::Copy { source, at: offset, len });
                    }
                }
            }
        }
        Ok(())
    }

    /// Where the operations of a change of the first patch begin in its file, and their literal bytes among all of the patch.
    fn ops_of(&self, number: usize) -> &[(u64, u64)] {
        self.ops_at[number].get_or_init(|| {
            let ops = self.first.changes().as_slice()[number].file().map_or(&[][..], |file| &file.ops);
            let begin = |at: &mut (u64, u64), op: &Op| {
                let found = *at;
                *at = (at.0 + op.len(), at.1 + op.literal_len());
                Some(found)
            };
            ops.iter().scan((0, self.literals_at[number]), begin).collect()
        })
    }

    pub(super) fn spend_op(&mut self) -> Result<(), MergeError> {
        let too_many = || MergeError::TooLarge(DecodeError::Field("count"));
        self.ops_left = self.ops_left.checked_sub(1).ok_or_else(too_many)?;
        Ok(())
    }

    pub(super) fn index(&self, side: Side) -> &'p Index {
        match side {
            Side::First => self.first,
            Side::Second => self.second,
        }
    }

    /// A member of a file in between.
    pub(super) fn member(&mut self, mid: &Mid, member: &Inflated) -> Result<u32, MergeError> {
        let mut made = Made::bytes();
        self.copy(mid, (member.at, member.stored_len), &mut made)?;
        if let [Op::Copy { source, at, .. }] = made.ops[..]
            && let Some(number) = self.sources.member(source, &Inflated { at, ..*member })
        {
            return Ok(number);
        }
        let middle = self.range(mid, (member.at, member.stored_len))?;
        let at = member.at - self.middles[middle as usize].at;
        let home = self.sources.number(Source::Middle(middle));
        let overlaps = "a member of it overlaps another";
        let path = self.path_of(mid);
        self.sources.member(home, &Inflated { at, ..*member }).ok_or(MergeError::File { path, why: overlaps })
    }

    fn path_of(&self, mid: &Mid) -> TreePath {
        match mid {
            Mid::Old(path) => path.clone(),
            Mid::Made(number) => self.first.changes().as_slice()[*number].path.clone(),
        }
    }

    /// Literal bytes of the first patch.
    fn literals(&mut self, (mut at, mut len): (u64, u64), made: &mut Made<'_>) -> Result<(), MergeError> {
        while len > 0 {
            let frame = self.frames_at.partition_point(|begin| *begin <= at) - 1;
            let offset = at - self.frames_at[frame];
            let piece = len.min(self.first.frames()[frame].len - offset);
            let middle = self.frame(Side::First, frame)?;
            let source = self.sources.number(Source::Middle(middle));
            made.push(Op::Copy { source, at: offset, len: piece });
            (at, len) = (at + piece, len - piece);
        }
        Ok(())
    }

    /// A frame, as bytes in between.
    pub(super) fn frame(&mut self, side: Side, number: usize) -> Result<u32, MergeError> {
        if let Some(middle) = self.at_hand(Key::Frame(side, number)) {
            return Ok(middle);
        }
        let frame = &self.index(side).frames()[number];
        let references = self.references(side, &frame.references)?;
        let place = u32::try_from(self.frames.len()).unwrap_or(u32::MAX);
        self.frames.push(OutFrame { side, number, references });
        let middle = Middle { len: frame.len, at: 0, file_len: frame.len, how: How::Frame(place) };
        self.add(Key::Frame(side, number), middle)
    }

    /// What a frame is compressed against.
    fn references(&mut self, side: Side, references: &[Reference]) -> Result<Vec<Reference>, MergeError> {
        let mut made = Made::bytes();
        for reference in references {
            self.spend_op()?;
            self.bytes(side, reference.source, (reference.at, reference.len), &mut made)?;
        }
        let reference = |op: &Op| match *op {
            Op::Copy { source, at, len } => Some(Reference { source, at, len }),
            _ => None,
        };
        Ok(made.ops.iter().filter_map(reference).collect())
    }

    /// What an operation of the first patch that adapts or restores makes.
    fn made_by_op(&mut self, (number, op_number): (usize, usize), (at, literal_at): (u64, u64)) -> Result<u32, MergeError> {
        let key = Key::Op(number, op_number);
        if let Some(middle) = self.at_hand(key) {
            return Ok(middle);
        }
        let change = &self.first.changes().as_slice()[number];
        let (file_len, op, program) = match change.file() {
            Some(file) => (file.len, file.ops[op_number], &file.program),
            None => return Err(MergeError::Contradiction { path: change.path.clone() }),
        };
        self.require_short(&change.path, op.len())?;
        let how = match op {
            Op::Adapt { source, literal_len, .. } => {
                let mut literals = Made::bytes();
                self.literals((literal_at, literal_len), &mut literals)?;
                How::Adapted { source: self.first_source(source)?, literals: literals.ops, program: program.clone() }
            }
            Op::Restore { number: restored, .. } => How::Restored(self.restored_by_first(number, restored, literal_at)?),
            Op::Keep { .. } | Op::Copy { .. } | Op::Literal { .. } => How::Pieces(Vec::new()),
        };
        self.add(key, Middle { len: op.len(), at, file_len, how })
    }

    fn require_short(&self, path: &TreePath, len: u64) -> Result<(), MergeError> {
        let why = "both patches change it, and the second one needs more than 64 MiB of what the first one made";
        if len <= MAX_MIDDLE_LEN { Ok(()) } else { Err(MergeError::File { path: path.clone(), why }) }
    }

    /// A member that a change of the first patch restores, whose literal bytes begin at `literal_at`.
    fn restored_by_first(&mut self, number: usize, restored: u32, literal_at: u64) -> Result<Restored, MergeError> {
        let change = &self.first.changes().as_slice()[number];
        let restored = change.file().and_then(|file| file.restored.get(restored as usize));
        let restored = restored.ok_or_else(|| MergeError::Contradiction { path: change.path.clone() })?;
        self.restored(Side::First, restored, literal_at)
    }

    /// A member that is restored. The literal bytes of the first patch begin at `literal_at`, those of the second stay literal bytes.
    pub(super) fn restored(&mut self, side: Side, restored: &Restored, mut literal_at: u64) -> Result<Restored, MergeError> {
        let like = match (restored.like, side) {
            (None, _) => None,
            (Some(like), Side::First) => Some(self.first_source(like)?),
            (Some(like), Side::Second) => Some(self.second_source(like)?),
        };
        let mut made = Made::bytes();
        for op in &restored.ops {
            self.spend_op()?;
            match *op {
                Op::Literal { len } if side == Side::First => {
                    self.literals((literal_at, len), &mut made)?;
                    literal_at += len;
                }
                Op::Literal { len } => made.push(Op::Literal { len }),
                Op::Copy { source, at, len } => match like.filter(|_| Some(source) == restored.like) {
                    Some(source) => made.push(Op::Copy { source, at, len }),
                    None => self.bytes(side, source, (at, len), &mut made)?,
                },
                Op::Keep { .. } | Op::Adapt { .. } | Op::Restore { .. } => {}
            }
        }
        Ok(Restored { like, ops: made.ops, ..restored.clone() })
    }

    /// A range of a file in between, in one piece.
    pub(super) fn range(&mut self, mid: &Mid, (at, len): (u64, u64)) -> Result<u32, MergeError> {
        let path = self.path_of(mid);
        self.require_short(&path, len)?;
        let key = if let Mid::Made(number) = mid { Some(Key::Range(*number, at, len)) } else { None };
        if let Some(middle) = key.and_then(|key| self.at_hand(key)) {
            return Ok(middle);
        }
        let mut made = Made::bytes();
        self.copy(mid, (at, len), &mut made)?;
        let file_len = match mid {
            Mid::Made(number) => self.first.changes().as_slice()[*number].file().map_or(0, |file| file.len),
            Mid::Old(path) => self.old_len(path),
        };
        // What one operation made needs no copy.
        if let [Op::Copy { source, at: offset, .. }] = made.ops[..]
            && let Some(Source::Middle(middle)) = self.sources.get(source)
        {
            let found = &self.middles[*middle as usize];
            if found.file_len == file_len && found.at + offset == at {
                return Ok(*middle);
            }
        }
        let middle = Middle { len, at, file_len, how: How::Pieces(made.ops) };
        match key {
            Some(key) => self.add(key, middle),
            None => self.push(middle),
        }
    }

    /// What a program of the second patch that makes the file at `path` adapts.
    pub(super) fn second_adapts(
        &mut self,
        source: u32,
        path: &TreePath,
        program: &[u8],
        lens: (u64, u64),
    ) -> Result<u32, MergeError> {
        self.adapted_from(Side::Second, source, program, lens).map_err(|error| match error {
            MergeError::File { why, .. } => MergeError::File { path: path.clone(), why },
            error => error,
        })
    }

    /// What a program adapts, as one source: of a file that the first patch makes, all that the program names. It makes so many bytes, of which so many are literal.
    pub(super) fn adapted_from(
        &mut self,
        side: Side,
        source: u32,
        program: &[u8],
        (len, literal_len): (u64, u64),
    ) -> Result<u32, MergeError> {
        if side == Side::First {
            return self.first_source(source);
        }
        let Named::File(file) = self.named(side, source)? else { return self.second_source(source) };
        let mid = self.mid(&file.path, file.len)?;
        if matches!(mid, Mid::Old(_)) {
            return self.second_source(source);
        }
        let wrong = |error: DecodeError| side.to_blame(error.into());
        let (layout, _) = Program::streams(program).map_err(wrong)?;
        let lengths = Lengths { old: file.len, new: len, literal: literal_len };
        let program = Program::take(&mut Decoder::new(layout), lengths).map_err(wrong)?;
        let start = program.stretches.iter().map(|stretch| stretch.at).min().unwrap_or(0).saturating_sub(LEAD_LEN as u64);
        let end = program.stretches.iter().map(|stretch| stretch.at + stretch.len).max().unwrap_or(0);
        if end <= start {
            return Err(MergeError::File { path: file.path.clone(), why: "its program reads nothing" });
        }
        let middle = self.range(&mid, (start, end - start))?;
        Ok(self.sources.number(Source::Middle(middle)))
    }

    /// The frames of the second patch up to the literal byte `end`.
    pub(super) fn second_frames_to(&mut self, end: u64) -> Result<(), MergeError> {
        let second = self.second;
        while self.second_end < end
            && let Some(frame) = second.frames().get(self.second_frames)
        {
            // Those that are in between there come where something needs them.
            if !self.second_passing[self.second_frames] {
                let references = self.references(Side::Second, &frame.references)?;
                self.frames.push(OutFrame { side: Side::Second, number: self.second_frames, references });
                self.second_end += frame.len;
            }
            self.second_frames += 1;
        }
        Ok(())
    }

    /// Bytes in between that are at hand.
    pub(super) fn at_hand(&mut self, key: Key) -> Option<u32> {
        let place = self.at_hand.iter().rposition(|(found, _)| *found == key)?;
        let found = self.at_hand.remove(place)?;
        self.at_hand.push_back(found);
        Some(found.1)
    }

    pub(super) fn add(&mut self, key: Key, middle: Middle) -> Result<u32, MergeError> {
        let len = middle.len;
        let number = self.push(middle)?;
        self.keep_at_hand(key, number, len);
        Ok(number)
    }

    fn push(&mut self, middle: Middle) -> Result<u32, MergeError> {
        let too_many = MergeError::TooLarge(DecodeError::Field("count"));
        let number = u32::try_from(self.middles.len()).ok().filter(|number| u64::from(*number) < MAX_MIDDLES).ok_or(too_many)?;
        self.middles.push(middle);
        Ok(number)
    }

    /// Keeps bytes at hand, and gives up those used longest ago.
    fn keep_at_hand(&mut self, key: Key, number: u32, len: u64) {
        self.at_hand.push_back((key, number));
        self.at_hand_len += len;
        while self.at_hand_len > AT_HAND_LEN_MAX && self.at_hand.len() > 1 {
            let Some((_, given_up)) = self.at_hand.pop_front() else { return };
            self.at_hand_len -= self.middles[given_up as usize].len;
        }
    }
}
