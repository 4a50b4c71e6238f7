//! When bytes in between are made, how long they are kept, and how many bytes that takes. Whoever reads a joined patch makes frame after frame, as operations need them, and with each that is in
//! between all such bytes up to the next frame that is.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use super::{Change, How, Index, Op};

/// How long bytes in between are kept: until that many frames are read, and that many operations are done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lifetime {
    /// Frames that are read when they are made.
    pub made: usize,
    /// Frames.
    pub frames: usize,
    /// Operations of files, counted from the first of the first change.
    pub ops: usize,
}

/// Says which bytes in between have had their time.
#[derive(Clone, Debug, Default)]
pub struct Expiry {
    /// Frames, operations and number of each; those that the most frames must be read for stand first.
    by_frames: Vec<(usize, usize, usize)>,
    /// Those for which enough frames are read, by operations.
    by_ops: BinaryHeap<Reverse<(usize, usize)>>,
}

impl Expiry {
    /// Of bytes that are needed so long.
    #[must_use]
    pub fn new(lives: &[Lifetime]) -> Self {
        let mut by_frames: Vec<_> = lives.iter().enumerate().map(|(number, life)| (life.frames, life.ops, number)).collect();
        by_frames.sort_unstable_by(|one, other| other.cmp(one));
        Self { by_frames, by_ops: BinaryHeap::new() }
    }

    /// The number of one that nothing needs any more, once so many frames are read and so many operations done; each is given once.
    pub fn next(&mut self, frames: usize, ops: usize) -> Option<usize> {
        while let Some((_, ops, number)) = self.by_frames.pop_if(|(needed, _, _)| *needed <= frames) {
            self.by_ops.push(Reverse((ops, number)));
        }
        let Reverse((needed, number)) = *self.by_ops.peek()?;
        if needed > ops {
            return None;
        }
        self.by_ops.pop();
        Some(number)
    }
}

/// How long each is kept.
pub(super) fn lifetimes(index: &Index) -> Vec<Lifetime> {
    let mut lives = vec![Lifetime::default(); index.middles().len()];
    let mut made = 0;
    for (number, middle) in index.middles().iter().enumerate() {
        if let How::Frame(frame) = middle.how {
            made = frame as usize + 1;
        }
        lives[number].made = made;
        lives[number].frames = lives[number].frames.max(made);
        for used in middle.how.sources().filter_map(|source| index.middle_of(source)) {
            lives[used].frames = lives[used].frames.max(made);
        }
    }
    for (number, frame) in index.frames().iter().enumerate() {
        for used in frame.references.iter().filter_map(|reference| index.middle_of(reference.source)) {
            lives[used].frames = lives[used].frames.max(number + 1);
        }
    }
    for (number, (_, used)) in ops(index).enumerate() {
        used.for_each(|used| lives[used].ops = number + 1);
    }
    lives
}

/// The operations of all files, and the bytes in between that each reads.
fn ops(index: &Index) -> impl Iterator<Item = (&Op, impl Iterator<Item = usize>)> {
    let files = index.changes().as_slice().iter().filter_map(Change::file);
    files.flat_map(move |file| {
        file.ops.iter().map(move |op| {
            let restored = if let Op::Restore { number, .. } = op { file.restored.get(*number as usize) } else { None };
            let inner = restored.into_iter().flat_map(|restored| restored.ops.iter().filter_map(Op::source).chain(restored.like));
            (op, op.source().into_iter().chain(inner).filter_map(|source| index.middle_of(source)))
        })
    })
}

/// The most bytes that are kept at a time: bytes in between, and those of frames that were read before they were needed.
pub(super) fn held_len(index: &Index) -> u64 {
    let lives = lifetimes(index);
    let expiry = Expiry::new(&lives);
    let (passing, waiting) = (index.passing(), VecDeque::new());
    let mut reading = Reading { index, lives, expiry, passing, frames: 0, done: 0, made: 0, held: 0, max: 0, waiting };
    reading.make();
    for (number, (op, used)) in ops(index).enumerate() {
        reading.done = number;
        reading.give_up();
        let need = used.map(|used| reading.lives[used].made).max().unwrap_or(0);
        while reading.frames < need {
            reading.pull();
        }
        reading.take(op.literal_len());
    }
    reading.max
}

/// How far a reader is.
struct Reading<'i> {
    index: &'i Index,
    lives: Vec<Lifetime>,
    expiry: Expiry,
    passing: Vec<bool>,
    /// Frames read, operations done, bytes in between made.
    frames: usize,
    done: usize,
    made: usize,
    held: u64,
    max: u64,
    /// Lengths of frames whose bytes files need later: what is left of each.
    waiting: VecDeque<u64>,
}

impl Reading<'_> {
    /// Reads a frame.
    fn pull(&mut self) {
        let Some(frame) = self.index.frames().get(self.frames) else { return };
        if !self.passing[self.frames] {
            self.waiting.push_back(frame.len);
            self.add(frame.len);
        }
        self.frames += 1;
        self.make();
        self.give_up();
    }

    fn make(&mut self) {
        while let Some(middle) = self.index.middles().get(self.made).filter(|_| self.lives[self.made].made <= self.frames) {
            self.add(middle.len);
            self.made += 1;
        }
    }

    fn add(&mut self, len: u64) {
        self.held = self.held.saturating_add(len);
        self.max = self.max.max(self.held);
    }

    fn give_up(&mut self) {
        while let Some(number) = self.expiry.next(self.frames, self.done) {
            self.held = self.held.saturating_sub(self.index.middles()[number].len);
        }
    }

    /// Uses literal bytes of files.
    fn take(&mut self, mut len: u64) {
        while len > 0 {
            if self.waiting.is_empty() {
                if self.frames == self.index.frames().len() {
                    return;
                }
                self.pull();
                continue;
            }
            let Some(front) = self.waiting.front_mut() else { return };
            let taken = len.min(*front);
            (*front, len) = (*front - taken, len - taken);
            if *front == 0 {
                self.waiting.pop_front();
            }
            self.held = self.held.saturating_sub(taken);
        }
    }
}
