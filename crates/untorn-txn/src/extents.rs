//! Which pieces of a file were written anew, and where their bytes stand in the redo file. Later writes win.

use std::collections::BTreeMap;

use untorn_format::journal::Range;

/// Pieces by offset, apart from each other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Extents(BTreeMap<u64, Piece>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Piece {
    len: u64,
    redo_at: u64,
}

impl Extents {
    /// Records that `len` bytes at `at` were written and stand at `redo_at`. The caller has checked that `at + len` does not overflow.
    pub(crate) fn insert(&mut self, at: u64, len: u64, redo_at: u64) {
        if len == 0 {
            return;
        }
        self.clear(at, at + len);
        if let Some((&before_at, before)) = self.0.range_mut(..at).next_back()
            && before_at + before.len == at
            && before.redo_at + before.len == redo_at
        {
            before.len += len;
            return;
        }
        self.0.insert(at, Piece { len, redo_at });
    }

    /// Forgets everything from `from` up to `to`.
    fn clear(&mut self, from: u64, to: u64) {
        if let Some((&at, &piece)) = self.0.range(..from).next_back()
            && at + piece.len > from
        {
            self.0.insert(at, Piece { len: from - at, ..piece });
            if at + piece.len > to {
                self.0.insert(to, Piece { len: at + piece.len - to, redo_at: piece.redo_at + (to - at) });
            }
        }
        let covered: Vec<u64> = self.0.range(from..to).map(|(&at, _)| at).collect();
        for at in covered {
            if let Some(piece) = self.0.remove(&at)
                && at + piece.len > to
            {
                self.0.insert(to, Piece { len: at + piece.len - to, redo_at: piece.redo_at + (to - at) });
            }
        }
    }

    /// Forgets everything from `len` on.
    pub(crate) fn truncate(&mut self, len: u64) {
        self.clear(len, u64::MAX);
    }

    /// The pieces, sorted by offset.
    pub(crate) fn ranges(&self) -> Vec<Range> {
        self.0.iter().map(|(&at, piece)| Range { at, len: piece.len, redo_at: piece.redo_at }).collect()
    }

    /// How many bytes they hold.
    pub(crate) fn bytes(&self) -> u64 {
        self.0.values().map(|piece| piece.len).sum()
    }

    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The parts of `from..to` that no piece covers.
    pub(crate) fn gaps(&self, from: u64, to: u64) -> Vec<(u64, u64)> {
        let mut gaps = Vec::new();
        let mut at = from;
        let first = self.0.range(..=from).next_back().map_or(from, |(&start, _)| start);
        for (&start, piece) in self.0.range(first..) {
            let end = start + piece.len;
            if end <= at {
                continue;
            }
            if start >= to {
                break;
            }
            if start > at {
                gaps.push((at, start));
            }
            at = end;
        }
        if at < to {
            gaps.push((at, to));
        }
        gaps
    }
}

#[cfg(test)]
#[expect(clippy::cast_possible_truncation, reason = "all numbers are small")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn extents_are_what_a_byte_array_would_be(
            writes in prop::collection::vec((0u64..40, 1u64..20, prop::option::weighted(0.2, 0u64..60)), 1..12),
            window in (0u64..60, 0u64..60),
        ) {
            let (mut extents, mut model, mut redo) = (Extents::default(), vec![None; 60], 0);
            for (at, len, cut) in writes {
                extents.insert(at, len, redo);
                (0..len).for_each(|i| model[(at + i) as usize] = Some(redo + i));
                redo += len;
                if let Some(cut) = cut {
                    extents.truncate(cut);
                    model[cut as usize..].fill(None);
                }
            }
            let mut seen = vec![None; 60];
            for range in extents.ranges() {
                for i in 0..range.len {
                    prop_assert!(seen[(range.at + i) as usize].replace(range.redo_at + i).is_none());
                }
            }
            prop_assert_eq!(&seen, &model);
            prop_assert_eq!(extents.bytes(), model.iter().flatten().count() as u64);
            let gaps = extents.gaps(window.0, window.1);
            for at in window.0..window.1 {
                prop_assert_eq!(model[at as usize].is_none(), gaps.iter().any(|&(from, to)| from <= at && at < to));
            }
        }
    }
}
