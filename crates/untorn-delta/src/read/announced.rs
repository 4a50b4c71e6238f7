//! Telling a disk what is read next.

use untorn_format::TreePath;
use untorn_format::patch::{Index, Op};

use crate::Files;

/// How many bytes are announced before they are read, at most: as many short reads as keep a disk busy.
const AHEAD_LEN_MAX: u64 = 4 << 20;
/// What a read costs at least, in bytes: it is pages that are fetched.
const PAGE_LEN: u64 = 4096;
/// Of a longer range only this much is announced: who reads on has the system read ahead.
const HINT_LEN_MAX: u64 = 1 << 20;
/// A shorter file comes with its first bytes, or nearly so.
const LONG_FILE_LEN_MIN: u64 = 1 << 20;

/// How far the copies of a file are announced: its operations are known, so a disk need not be waited for one read after the other.
#[derive(Default)]
pub(super) struct Copies {
    /// The operation that follows the last one that is.
    next: usize,
    /// What those behind the current one will read.
    len: u64,
    last: Last,
}

impl Copies {
    /// The operation `at` is next to be done.
    pub(super) fn go_on(&mut self, at: usize, ops: &[Op], index: &Index, old: &dyn Files) {
        if self.next > at {
            self.len = self.len.saturating_sub(ops.get(at).and_then(|op| copied(op, index)).map_or(0, |range| range.weight()));
        } else {
            // What is read now need not be announced.
            (self.next, self.len) = (at + 1, 0);
        }
        while self.len < AHEAD_LEN_MAX
            && let Some(op) = ops.get(self.next)
        {
            if let Some(range) = copied(op, index) {
                self.last.announce(old, range);
                self.len += range.weight();
            }
            self.next += 1;
        }
    }
}

/// What an operation copies from a long file.
fn copied<'i>(op: &Op, index: &'i Index) -> Option<Range<'i>> {
    let Op::Copy { source, at, len } = *op else { return None };
    Range::of(source, (at, len), index)
}

/// How far the old bytes are announced that frames refer to.
#[derive(Default)]
pub(super) struct References {
    /// The frame that follows the last one of which they are.
    next: usize,
    /// What those behind the current one will read.
    len: u64,
    last: Last,
}

impl References {
    /// The old bytes of the frame of this number are next to be read.
    pub(super) fn go_on(&mut self, frame: usize, index: &Index, old: &dyn Files) {
        let ranges = |number: usize| {
            let references = index.frames().get(number).map_or(&[][..], |frame| &frame.references);
            references.iter().filter_map(|reference| Range::of(reference.source, (reference.at, reference.len), index))
        };
        let weight = |number: usize| ranges(number).map(|range| range.weight()).sum::<u64>();
        self.len = if self.next > frame { self.len.saturating_sub(weight(frame)) } else { 0 };
        self.next = self.next.max(frame);
        while self.next < index.frames().len() && (self.next <= frame || self.len < AHEAD_LEN_MAX) {
            ranges(self.next).for_each(|range| self.last.announce(old, range));
            self.len += if self.next > frame { weight(self.next) } else { 0 };
            self.next += 1;
        }
    }
}

/// How far ranges of one file are announced that are read one after the other.
pub(super) struct Ranges<'i, I> {
    path: &'i TreePath,
    ranges: I,
    /// What those that are not read yet will read.
    len: u64,
    last: Last,
}

impl<'i, I: Iterator<Item = (u64, u64)>> Ranges<'i, I> {
    /// Of the file at `path`, which is `len` bytes long.
    pub(super) fn new(path: &'i TreePath, len: u64, ranges: impl FnOnce() -> Option<I>) -> Option<Self> {
        let ranges = if len < LONG_FILE_LEN_MIN { None } else { ranges() };
        ranges.map(|ranges| Self { path, ranges, len: 0, last: Last::default() })
    }

    /// The next range is going to be read, and is this long.
    pub(super) fn go_on(&mut self, len: u64, old: &dyn Files) {
        while self.len < AHEAD_LEN_MAX
            && let Some((at, len)) = self.ranges.next()
        {
            let range = Range { source: 0, path: self.path, at, len };
            self.last.announce(old, range);
            self.len += range.weight();
        }
        self.len = self.len.saturating_sub(Range { source: 0, path: self.path, at: 0, len }.weight());
    }
}

/// A range of a long old file.
#[derive(Clone, Copy)]
struct Range<'i> {
    source: u32,
    path: &'i TreePath,
    at: u64,
    len: u64,
}

impl<'i> Range<'i> {
    /// `None` for a source that is no long file.
    fn of(source: u32, (at, len): (u64, u64), index: &'i Index) -> Option<Self> {
        let file = index.sources().get(source as usize).filter(|file| file.len >= LONG_FILE_LEN_MIN)?;
        Some(Self { source, path: &file.path, at, len })
    }

    fn weight(&self) -> u64 {
        self.len.min(HINT_LEN_MAX) + PAGE_LEN
    }
}

/// The pages that were announced last: copies often follow each other.
#[derive(Default)]
struct Last {
    source: u32,
    start: u64,
    end: u64,
}

impl Last {
    /// Announces a range, unless it was a moment ago.
    fn announce(&mut self, old: &dyn Files, Range { source, path, at, len }: Range<'_>) {
        let end = at.saturating_add(len.min(HINT_LEN_MAX));
        if source != self.source || at < self.start || end > self.end {
            old.read_soon(path, at, end - at);
            let end = end.checked_next_multiple_of(PAGE_LEN).unwrap_or(end);
            *self = Self { source, start: at / PAGE_LEN * PAGE_LEN, end };
        }
    }
}
