//! What the second patch reads of the build in between, said by what the first one makes it of.

use std::collections::VecDeque;

use untorn_format::TreePath;
use untorn_format::patch::{After, Before, FilePatch, How, Index, Inflated, MAX_MIDDLE_LEN, Middle, Op, Reference, Restored};

use super::error::MergeError;
use super::ops::Made;
use super::sources::{Source, Sources};
use crate::adapt::{Decoder, LEAD_LEN, Lengths, Program};

/// Bytes in between that are taken to be at hand, at most; others are made once more where they are needed again. 64 MiB.
const AT_HAND_LEN_MAX: u64 = 64 << 20;

/// A frame of the joined patch.
pub(super) struct OutFrame {
    /// Whether it is one of the second patch.
    pub(super) is_second: bool,
    /// Its number there.
    pub(super) number: usize,
    pub(super) references: Vec<Reference>,
}

/// Works out what a joined patch consists of. Sources are numbers of [`Sources`].
pub(super) struct Joiner<'p> {
    pub(super) first: &'p Index,
    pub(super) second: &'p Index,
    pub(super) sources: Sources,
    pub(super) middles: Vec<Middle>,
    pub(super) frames: Vec<OutFrame>,
    /// Where the literal bytes of each change of the first patch begin, and of each frame.
    literals_at: Vec<u64>,
    frames_at: Vec<u64>,
    /// Frames of the second patch that are in the joined one, and where their literal bytes end.
    second_frames: usize,
    second_end: u64,
    /// Bytes in between that are at hand; the one used last stands last.
    at_hand: VecDeque<(Key, u32)>,
    at_hand_len: u64,
}

/// Names bytes in between.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Key {
    /// Those of a frame of the first patch.
    Frame(usize),
    /// What an operation makes: of this change, and the number of the operation.
    Op(usize, usize),
    /// A range of a file that a change makes.
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
        let frames_at = first.frames().iter().scan(0, |at, frame| sums(at, frame.len)).collect();
        Self {
            first,
            second,
            sources: Sources::default(),
            middles: Vec::new(),
            frames: Vec::new(),
            literals_at,
            frames_at,
            second_frames: 0,
            second_end: 0,
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
        let (mut start, mut literal_at) = (0_u64, self.literals_at[number]);
        for (op_number, op) in file.ops.iter().enumerate() {
            let (from, to) = (at.max(start), (at + len).min(start + op.len()));
            if from < to {
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
                        let restored = self.restored(number, restored, literal_at)?;
                        made.restore(restored, len);
                    }
                    Op::Adapt { .. } | Op::Restore { .. } => {
                        let middle = self.made_by_op((number, op_number), (start, literal_at))?;
                        let source = self.sources.number(Source::Middle(middle));
                        made.push(Op::Copy { source, at: offset, len });
                    }
                }
            }
            start += op.len();
            literal_at += op.literal_len();
            if start >= at + len {
                break;
            }
        }
        Ok(())
    }

    /// A source of the first patch.
    fn first_source(&mut self, number: u32) -> Result<u32, MergeError> {
        let unknown = || MergeError::First(untorn_format::DecodeError::Field("number of a source").into());
        let source = self.first.source(number).ok_or_else(unknown)?;
        match source.inflated {
            None => Ok(self.sources.number(Source::Old(source.file.path.clone()))),
            Some(member) => self.member(&Mid::Old(source.file.path.clone()), member),
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
            let middle = self.frame(frame)?;
            let source = self.sources.number(Source::Middle(middle));
            made.push(Op::Copy { source, at: offset, len: piece });
            (at, len) = (at + piece, len - piece);
        }
        Ok(())
    }

    /// A frame of the first patch, as bytes in between.
    fn frame(&mut self, number: usize) -> Result<u32, MergeError> {
        if let Some(middle) = self.at_hand(Key::Frame(number)) {
            return Ok(middle);
        }
        let frame = &self.first.frames()[number];
        let mut references = Vec::new();
        for reference in &frame.references {
            references.push(Reference { source: self.first_source(reference.source)?, ..*reference });
        }
        let place = u32::try_from(self.frames.len()).unwrap_or(u32::MAX);
        self.frames.push(OutFrame { is_second: false, number, references });
        let middle = Middle { len: frame.len, at: 0, file_len: frame.len, how: How::Frame(place) };
        Ok(self.add(Key::Frame(number), middle))
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
            Op::Restore { number: restored, .. } => How::Restored(self.restored(number, restored, literal_at)?),
            Op::Keep { .. } | Op::Copy { .. } | Op::Literal { .. } => How::Pieces(Vec::new()),
        };
        Ok(self.add(key, Middle { len: op.len(), at, file_len, how }))
    }

    fn require_short(&self, path: &TreePath, len: u64) -> Result<(), MergeError> {
        let why = "both patches change it, and the second one needs more than 64 MiB of what the first one made";
        if len <= MAX_MIDDLE_LEN { Ok(()) } else { Err(MergeError::File { path: path.clone(), why }) }
    }

    /// A member that the first patch restores, whose literal bytes begin at `literal_at`.
    fn restored(&mut self, number: usize, restored: u32, mut literal_at: u64) -> Result<Restored, MergeError> {
        let change = &self.first.changes().as_slice()[number];
        let restored = change.file().and_then(|file| file.restored.get(restored as usize));
        let restored = restored.ok_or_else(|| MergeError::Contradiction { path: change.path.clone() })?;
        let like = restored.like.map(|like| self.first_source(like)).transpose()?;
        let mut made = Made::bytes();
        for op in &restored.ops {
            match *op {
                Op::Literal { len } => {
                    self.literals((literal_at, len), &mut made)?;
                    literal_at += len;
                }
                Op::Copy { source, at, len } => {
                    let source =
                        if Some(source) == restored.like { like } else { None }.map_or_else(|| self.first_source(source), Ok)?;
                    made.push(Op::Copy { source, at, len });
                }
                Op::Keep { .. } | Op::Adapt { .. } | Op::Restore { .. } => {}
            }
        }
        Ok(Restored { like, ops: made.ops, ..restored.clone() })
    }

    /// A range of a file in between, in one piece.
    fn range(&mut self, mid: &Mid, (at, len): (u64, u64)) -> Result<u32, MergeError> {
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
        let number = self.push(middle);
        if let Some(key) = key {
            self.keep_at_hand(key, number, len);
        }
        Ok(number)
    }

    /// What an operation of the second patch that adapts reads: all that its program names.
    pub(super) fn adapted_from(
        &mut self,
        mid: &Mid,
        path: &TreePath,
        file: &FilePatch,
        op: (u64, u64),
    ) -> Result<u32, MergeError> {
        let Mid::Made(number) = mid else { return Ok(self.sources.number(Source::Old(self.path_of(mid)))) };
        let old_len = self.first.changes().as_slice()[*number].file().map_or(0, |file| file.len);
        let wrong = |error: untorn_format::DecodeError| MergeError::Second(error.into());
        let (layout, _) = Program::streams(&file.program).map_err(wrong)?;
        let lengths = Lengths { old: old_len, new: op.0, literal: op.1 };
        let program = Program::take(&mut Decoder::new(layout), lengths).map_err(wrong)?;
        let start = program.stretches.iter().map(|stretch| stretch.at).min().unwrap_or(0).saturating_sub(LEAD_LEN as u64);
        let end = program.stretches.iter().map(|stretch| stretch.at + stretch.len).max().unwrap_or(0);
        if end <= start {
            return Err(MergeError::File { path: path.clone(), why: "its program reads nothing" });
        }
        let middle = self.range(mid, (start, end - start))?;
        Ok(self.sources.number(Source::Middle(middle)))
    }

    /// The frames of the second patch up to the literal byte `end`.
    pub(super) fn second_frames_to(&mut self, end: u64) -> Result<(), MergeError> {
        let second = self.second;
        while self.second_end < end
            && let Some(frame) = second.frames().get(self.second_frames)
        {
            let mut made = Made::bytes();
            for reference in &frame.references {
                self.second_bytes(reference.source, (reference.at, reference.len), &mut made)?;
            }
            let references = made.ops.iter().filter_map(|op| match *op {
                Op::Copy { source, at, len } => Some(Reference { source, at, len }),
                _ => None,
            });
            let references = references.collect();
            self.frames.push(OutFrame { is_second: true, number: self.second_frames, references });
            self.second_frames += 1;
            self.second_end += frame.len;
        }
        Ok(())
    }

    /// Bytes of a source of the second patch.
    pub(super) fn second_bytes(&mut self, source: u32, (at, len): (u64, u64), made: &mut Made<'_>) -> Result<(), MergeError> {
        let found = self.second.source(source);
        let found = found.ok_or_else(|| MergeError::Second(untorn_format::DecodeError::Field("number of a source").into()))?;
        let mid = self.mid(&found.file.path, found.file.len)?;
        match found.inflated {
            None => self.copy(&mid, (at, len), made),
            Some(member) => {
                let source = self.member(&mid, member)?;
                made.push(Op::Copy { source, at, len });
                Ok(())
            }
        }
    }

    /// Bytes in between that are at hand.
    fn at_hand(&mut self, key: Key) -> Option<u32> {
        let place = self.at_hand.iter().rposition(|(found, _)| *found == key)?;
        let found = self.at_hand.remove(place)?;
        self.at_hand.push_back(found);
        Some(found.1)
    }

    fn add(&mut self, key: Key, middle: Middle) -> u32 {
        let len = middle.len;
        let number = self.push(middle);
        self.keep_at_hand(key, number, len);
        number
    }

    fn push(&mut self, middle: Middle) -> u32 {
        let number = u32::try_from(self.middles.len()).unwrap_or(u32::MAX);
        self.middles.push(middle);
        number
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
