//! Where old bytes went.

use super::program::Stretch;

/// A shorter stretch says little about where its neighbourhood went.
const LEN_MIN: u64 = 16;
/// Slots that lead from an offset to its stretch without a search.
const SLOTS: u64 = 1 << 14;

/// Where old bytes went, by the stretches that copy them.
pub(crate) struct Map {
    pieces: Vec<Piece>,
    /// For each 2^`slot_log` old bytes, the number of pieces that begin before them.
    slots: Vec<u32>,
    slot_log: u32,
}

struct Piece {
    start: u64,
    end: u64,
    /// What is added to an old offset, modulo 2^64.
    shift: u64,
}

impl Map {
    /// Of the stretches of a program, for an old file of `old_len` bytes. Where two copy the same bytes, the later one in the old file counts from its
    /// start on.
    pub(crate) fn new(stretches: &[Stretch], old_len: u64) -> Self {
        let mut at = 0_u64;
        let mut pieces = Vec::new();
        for stretch in stretches {
            at += stretch.literal_len;
            if stretch.len >= LEN_MIN {
                pieces.push(Piece { start: stretch.at, end: stretch.at + stretch.len, shift: at.wrapping_sub(stretch.at) });
            }
            at += stretch.len;
        }
        pieces.sort_by_key(|piece| piece.start);
        Self::apart(pieces).with_slots(old_len)
    }

    fn apart(sorted: Vec<Piece>) -> Self {
        let mut pieces: Vec<Piece> = Vec::with_capacity(sorted.len());
        for piece in sorted {
            match pieces.last_mut() {
                Some(last) if piece.end <= last.end => continue,
                Some(last) => last.end = last.end.min(piece.start),
                None => {}
            }
            pieces.push(piece);
        }
        Self { pieces, slots: Vec::new(), slot_log: 0 }
    }

    fn with_slots(mut self, old_len: u64) -> Self {
        self.slot_log = (old_len / SLOTS).max(1).ilog2() + 1;
        let count = (old_len >> self.slot_log) + 2;
        let before = |slot: u64| self.pieces.partition_point(|piece| piece.start < slot << self.slot_log);
        let slots = (0..count).map(|slot| u32::try_from(before(slot)).unwrap_or(u32::MAX)).collect();
        self.slots = slots;
        self
    }

    /// Where the byte at an old offset went.
    pub(crate) fn get(&self, old: u64) -> Option<u64> {
        let slot = usize::try_from(old >> self.slot_log).ok()?;
        let (first, behind) = (*self.slots.get(slot)? as usize, *self.slots.get(slot + 1)? as usize);
        let number = first + self.pieces.get(first..behind)?.partition_point(|piece| piece.start <= old);
        let piece = self.pieces.get(number.checked_sub(1)?)?;
        (old < piece.end).then(|| old.wrapping_add(piece.shift))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_are_found_where_they_went() {
        let stretches: Vec<_> = [(10, 1000, 100), (0, 0, 500), (5, 50_000, 10), (0, 1_050, 100)]
            .map(|(literal_len, at, len)| Stretch { literal_len, at, len })
            .into();
        let map = Map::new(&stretches, 60_000);
        let found: Vec<_> = [0, 499, 500, 1000, 1049, 1050, 1149, 1150, 50_000, 70_000, u64::MAX].map(|at| map.get(at)).into();
        let wanted = [Some(110), Some(609), None, Some(10), Some(59), Some(625), Some(724), None, None, None, None];
        assert_eq!(found, wanted);
    }
}
