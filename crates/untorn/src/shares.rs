//! How the bytes of a patch are shared among the operations that need them.

use std::collections::VecDeque;

use untorn_format::patch::{Change, Frame, How, Index, Op, Restored};

/// Hands out the bytes that the frames of a patch take, operation by operation, in the order of the changes. All shares together are all frames, to the last byte.
///
/// - Files share compressed frames: each has the share of a frame's bytes that it has of the frame's content.
/// - A frame of a joined patch that is in between is shared by whatever reads it, or what is made of it, by how many bytes each reads: by operations, and by frames that are compressed
///   against it; what falls to such a frame is shared as its own bytes are.
#[derive(Clone, Debug)]
pub struct Shares {
    /// Those whose content goes into files: length, and bytes of the patch.
    frames: VecDeque<(u64, u64)>,
    /// How much of the first frame's content is handed out.
    at: u64,
    /// What each operation has of bytes in between.
    between: VecDeque<u64>,
}

/// The bytes of a patch that are there for one operation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Share {
    /// For its literal bytes.
    pub literal: u64,
    /// For bytes in between that it reads, which only joined patches have.
    pub between: u64,
}

impl Share {
    /// All of them.
    #[must_use]
    pub fn bytes(self) -> u64 {
        self.literal.saturating_add(self.between)
    }
}

impl Shares {
    /// Those of a patch, from its first operation on.
    #[must_use]
    pub fn new(index: &Index) -> Self {
        let costs = Costs::of(index);
        let frames = index.frames().iter().zip(&costs.frames).zip(index.passing());
        let of_files = frames.filter(|(_, passing)| !passing).map(|((frame, cost), _)| (frame.len, *cost));
        Self { frames: of_files.collect(), at: 0, between: costs.ops.into() }
    }

    /// The share of the next operation.
    pub fn next(&mut self, op: &Op) -> Share {
        Share { literal: self.literal(op.literal_len()), between: self.between.pop_front().unwrap_or(0) }
    }

    fn literal(&mut self, mut literal: u64) -> u64 {
        let mut bytes = 0_u64;
        while let (Some((len, cost)), true) = (self.frames.front().copied(), literal > 0) {
            let end = self.at.saturating_add(literal).min(len);
            bytes = bytes.saturating_add(part(cost, self.at.into(), end.into(), len.into()));
            literal -= end - self.at;
            self.at = end;
            if end == len {
                self.at = 0;
                self.frames.pop_front();
            }
        }
        bytes
    }
}

/// What falls to `from..to` of `len`, so that all parts of it together are `cost`.
fn part(cost: u64, from: u128, to: u128, len: u128) -> u64 {
    let up_to = |at: u128| u128::from(cost) * at / len.max(1);
    u64::try_from(up_to(to) - up_to(from)).unwrap_or(u64::MAX)
}

/// Who reads bytes in between.
#[derive(Clone, Copy, Debug)]
enum Reader {
    /// Other ones, of a higher number.
    Middle(usize),
    /// A frame whose content goes into files.
    Frame(usize),
    /// An operation of a file.
    Op(usize),
}

/// That bytes in between are read.
#[derive(Clone, Copy, Debug)]
struct Reading {
    middle: usize,
    by: Reader,
    /// How many of them, at least 1, and no more than there are: so that no sum of a patch is too large.
    len: u64,
}

/// What bytes in between cost, passed on to those who need them.
struct Costs {
    /// Of each frame: its own bytes, and what it reads.
    frames: Vec<u64>,
    /// Of each operation, without literal bytes.
    ops: Vec<u64>,
}

impl Costs {
    fn of(index: &Index) -> Self {
        let ops = files(index).map(|(ops, _)| ops.len()).sum();
        let mut costs = Self { frames: index.frames().iter().map(|frame| frame.stored_len).collect(), ops: vec![0; ops] };
        let mut of_middles: Vec<u64> =
            index.middles().iter().map(|middle| passing(index, &middle.how).map_or(0, |frame| frame.stored_len)).collect();
        let mut readings = readings(index);
        readings.sort_by_key(|reading| reading.middle);
        // Whatever is read has a lower number than what is made of it: it has all its costs when its turn comes.
        for readings in readings.chunk_by(|one, other| one.middle == other.middle) {
            let cost = of_middles[readings[0].middle];
            let (len, mut at): (u128, u128) = (readings.iter().map(|reading| u128::from(reading.len)).sum(), 0);
            for reading in readings {
                let end = at + u128::from(reading.len);
                let to = match reading.by {
                    Reader::Middle(number) => &mut of_middles[number],
                    Reader::Frame(number) => &mut costs.frames[number],
                    Reader::Op(number) => &mut costs.ops[number],
                };
                *to = to.saturating_add(part(cost, at, end, len));
                at = end;
            }
        }
        costs
    }
}

/// The frame that bytes in between are.
fn passing<'i>(index: &'i Index, how: &How) -> Option<&'i Frame> {
    if let How::Frame(number) = how { index.frames().get(*number as usize) } else { None }
}

fn files(index: &Index) -> impl Iterator<Item = (&[Op], &[Restored])> {
    index.changes().as_slice().iter().filter_map(Change::file).map(|file| (&file.ops[..], &file.restored[..]))
}

/// All that is read of bytes in between.
fn readings(index: &Index) -> Vec<Reading> {
    let mut readings = Vec::new();
    if index.middles().is_empty() {
        return readings;
    }
    let mut add = |by: Reader, source: u32, len: u64| {
        if let Some(middle) = index.middle_of(source) {
            readings.push(Reading { middle, by, len: len.clamp(1, index.middles()[middle].len.max(1)) });
        }
    };
    for (number, middle) in index.middles().iter().enumerate() {
        let by = Reader::Middle(number);
        let frame = passing(index, &middle.how);
        frame.into_iter().flat_map(|frame| &frame.references).for_each(|read| add(by, read.source, read.len));
        copies(middle.how.ops()).for_each(|(source, len)| add(by, source, len));
        match &middle.how {
            How::Adapted { source, literals, .. } => add(by, *source, middle.len.saturating_sub(len_of(literals))),
            How::Restored(restored) => restored.like.into_iter().for_each(|source| add(by, source, 1)),
            How::Frame(_) | How::Pieces(_) => {}
        }
    }
    for (number, (frame, is_passing)) in index.frames().iter().zip(index.passing()).enumerate() {
        let references = frame.references.iter().filter(|_| !is_passing);
        references.for_each(|read| add(Reader::Frame(number), read.source, read.len));
    }
    let ops = files(index).flat_map(|(ops, restored)| ops.iter().map(move |op| (op, restored)));
    for (number, (op, restored)) in ops.enumerate() {
        let by = Reader::Op(number);
        match op {
            Op::Restore { number, .. } => {
                let restored = restored.get(*number as usize);
                restored.into_iter().flat_map(|member| copies(&member.ops)).for_each(|(source, len)| add(by, source, len));
                restored.and_then(|member| member.like).into_iter().for_each(|source| add(by, source, 1));
            }
            _ => op.source().into_iter().for_each(|source| add(by, source, op.len().saturating_sub(op.literal_len()))),
        }
    }
    readings
}

fn copies(ops: &[Op]) -> impl Iterator<Item = (u32, u64)> {
    ops.iter().filter_map(|op| Some((op.source()?, op.len())))
}

fn len_of(ops: &[Op]) -> u64 {
    ops.iter().map(Op::len).fold(0, u64::saturating_add)
}
