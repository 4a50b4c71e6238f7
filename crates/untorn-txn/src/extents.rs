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

    /// So many bytes are looked at, from `base` on.
    const BYTES: u64 = 5;

    /// What was written, byte for byte: where it stands in the redo file.
    type Bytes = [Option<u64>; BYTES as usize];

    /// All three writes one after the other that there are within a few bytes, the first of them and the last ones; followed by each truncation.
    #[test]
    fn extents_are_what_bytes_would_be_after_any_three_writes() {
        let pieces: Vec<(u64, u64)> = (0..=BYTES).flat_map(|at| (0..=BYTES - at).map(move |len| (at, len))).collect();
        for base in [0, u64::MAX - BYTES] {
            for a in &pieces {
                for b in &pieces {
                    for c in &pieces {
                        let (mut extents, mut model, mut redo) = (Extents::default(), Bytes::default(), 0);
                        for (at, len) in [a, b, c] {
                            extents.insert(base + at, *len, redo);
                            (0..*len).for_each(|i| model[(at + i) as usize] = Some(redo + i));
                            redo += len;
                        }
                        assert_same(&extents, &model, base);
                        for cut in 0..=BYTES {
                            let (mut extents, mut model) = (extents.clone(), model);
                            extents.truncate(base + cut);
                            model[cut as usize..].fill(None);
                            assert_same(&extents, &model, base);
                        }
                    }
                }
            }
        }
    }

    #[track_caller]
    fn assert_same(extents: &Extents, model: &Bytes, base: u64) {
        let (mut seen, mut free) = (Bytes::default(), 0);
        for range in extents.ranges() {
            assert!(range.len > 0 && range.at >= free, "sorted, apart, none empty: {extents:?}");
            free = range.at + range.len;
            (0..range.len).for_each(|i| seen[(range.at - base + i) as usize] = Some(range.redo_at + i));
        }
        assert_eq!(seen, *model, "{extents:?}");
        assert_eq!(extents.bytes(), model.iter().flatten().count() as u64);
        assert_eq!(extents.is_empty(), model.iter().all(Option::is_none));
        for from in 0..=BYTES {
            for to in from..=BYTES {
                let gaps = extents.gaps(base + from, base + to);
                assert!(gaps.iter().all(|gap| gap.0 < gap.1) && gaps.windows(2).all(|pair| pair[0].1 < pair[1].0), "{gaps:?}");
                let is_gap = |at: u64| gaps.iter().any(|&(start, end)| start <= base + at && base + at < end);
                assert!((0..BYTES).all(|at| is_gap(at) == (from <= at && at < to && model[at as usize].is_none())), "{gaps:?}");
            }
        }
    }

    #[test]
    fn writes_that_follow_each_other_are_one_piece() {
        let mut extents = Extents::default();
        extents.insert(10, 5, 100);
        extents.insert(15, 5, 105);
        assert_eq!(extents.ranges(), [Range { at: 10, len: 10, redo_at: 100 }]);
        // The bytes in the redo file do not follow each other.
        extents.insert(20, 5, 200);
        assert_eq!(extents.ranges().len(), 2);
    }

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
