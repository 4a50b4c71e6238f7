//! What must be fetched, in how many requests.

use std::{collections::BTreeSet, ops::Range};

use untorn_format::index::{Chunk, Frame};

use crate::Located;

/// How frames that lie near each other are fetched together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FetchOptions {
    /// How many bytes that nobody wants are fetched, at most, to save a request.
    pub gap_max: u32,
    /// How many bytes are fetched at once, at most; a single frame is always fetched.
    pub len_max: u32,
}

impl Default for FetchOptions {
    /// No byte in vain, and up to 4 MiB at once.
    fn default() -> Self {
        Self { gap_max: 0, len_max: 4 << 20 }
    }
}

/// One request: a range of a pack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetch {
    /// The number of the pack.
    pub pack: u32,
    /// Which bytes of it.
    pub range: Range<u64>,
    /// The frames in them that are wanted, in order.
    pub frames: Vec<Frame>,
}

impl Fetch {
    /// How many bytes.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.range.end - self.range.start
    }

    /// Whether nothing is asked for: never.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.range.is_empty()
    }

    /// The frames that are wanted, each with its stored bytes, from what was fetched; less when that is too short. [`open_frame`](crate::open_frame) checks and
    /// decompresses them.
    pub fn split<'f>(&'f self, fetched: &'f [u8]) -> impl Iterator<Item = (&'f Frame, &'f [u8])> + 'f {
        self.frames.iter().filter_map(move |frame| {
            let at = usize::try_from(u64::from(frame.at).checked_sub(self.range.start)?).ok()?;
            let len = usize::try_from(frame.stored_len).ok()?;
            Some((frame, fetched.get(at..at.checked_add(len)?)?))
        })
    }
}

/// The frames that hold the `wanted` chunks that are not at hand.
pub fn missing<'l>(wanted: impl IntoIterator<Item = &'l Located>, at_hand: impl Fn(&Chunk) -> bool) -> BTreeSet<Frame> {
    let mut missing = BTreeSet::new();
    missing.extend(wanted.into_iter().filter(|located| !at_hand(&located.chunk)).map(|located| located.frame));
    missing
}

/// The requests that fetch `frames`, by pack and place.
#[must_use]
pub fn plan_fetches(frames: &BTreeSet<Frame>, options: FetchOptions) -> Vec<Fetch> {
    let mut fetches: Vec<Fetch> = Vec::new();
    // A set of frames is sorted by pack and place.
    for frame in frames {
        let (start, end) = (u64::from(frame.at), u64::from(frame.at) + u64::from(frame.stored_len));
        match fetches.last_mut() {
            Some(last) if last.pack == frame.pack && is_near(last, start, end, options) => {
                last.range.end = last.range.end.max(end);
                last.frames.push(*frame);
            }
            _ => fetches.push(Fetch { pack: frame.pack, range: start..end, frames: vec![*frame] }),
        }
    }
    fetches
}

/// Frames that overlap, as only a forged index has them, are fetched one by one.
fn is_near(last: &Fetch, start: u64, end: u64, options: FetchOptions) -> bool {
    let gap = start.checked_sub(last.range.end);
    gap.is_some_and(|gap| gap <= u64::from(options.gap_max)) && end - last.range.start <= u64::from(options.len_max)
}

#[cfg(test)]
mod tests {
    use super::*;
    use untorn_format::Hash;

    fn frame(pack: u32, at: u32, stored_len: u32) -> Frame {
        Frame { pack, at, stored_len, len: 1, hash: Hash::NONE }
    }

    fn ranges(frames: &[Frame], gap_max: u32, len_max: u32) -> Vec<(u32, Range<u64>, usize)> {
        let fetches = plan_fetches(&frames.iter().copied().collect(), FetchOptions { gap_max, len_max });
        fetches.into_iter().map(|fetch| (fetch.pack, fetch.range, fetch.frames.len())).collect()
    }

    #[test]
    fn neighbours_are_fetched_together_up_to_a_limit() {
        let frames = [frame(2, 0, 10), frame(1, 10, 5), frame(1, 0, 10), frame(1, 20, 10)];
        assert_eq!(ranges(&frames, 0, 100), [(1, 0..15, 2), (1, 20..30, 1), (2, 0..10, 1)]);
        assert_eq!(ranges(&frames, 5, 100), [(1, 0..30, 3), (2, 0..10, 1)]);
        assert_eq!(ranges(&frames, 5, 20), [(1, 0..15, 2), (1, 20..30, 1), (2, 0..10, 1)]);
        assert_eq!(ranges(&frames, 5, 1), [(1, 0..10, 1), (1, 10..15, 1), (1, 20..30, 1), (2, 0..10, 1)]);
    }

    #[test]
    fn frames_that_overlap_do_no_harm() {
        assert_eq!(ranges(&[frame(1, 0, 10), frame(1, 5, 10)], 5, 100), [(1, 0..10, 1), (1, 5..15, 1)]);
        let far = frame(1, u32::MAX - 1, u32::MAX);
        assert_eq!(ranges(&[far], 0, 1), [(1, u64::from(u32::MAX) - 1..2 * u64::from(u32::MAX) - 1, 1)]);
    }

    #[test]
    fn what_was_fetched_falls_into_its_frames() {
        let fetch = plan_fetches(&[frame(1, 10, 2), frame(1, 14, 3)].into(), FetchOptions { gap_max: 9, len_max: 99 }).remove(0);
        let bytes: Vec<_> = fetch.split(b"ab--cde").map(|(frame, bytes)| (frame.at, bytes)).collect();
        assert_eq!(bytes, [(10, b"ab".as_slice()), (14, b"cde")]);
        assert_eq!(fetch.split(b"ab--cd").count(), 1);
        assert_eq!((fetch.len(), fetch.is_empty()), (7, false));
    }
}
