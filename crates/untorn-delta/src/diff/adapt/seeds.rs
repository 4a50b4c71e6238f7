//! Long matches of some bytes anywhere in others: a table of places, found by the bytes that stand there.

use super::super::blocks::low_bits;
use super::super::rolling::{FACTOR, spread};
use crate::files::common_prefix;

/// Bytes that are looked up: what is shorter is in an executable too often to mean anything.
pub(super) const SEED_LEN: usize = 12;
/// How many places with equal hashes are kept, the last ones: as many as a quarter of a line of the processor's cache holds.
const WAYS: usize = 4;
/// A place has so many bits of a slot; the others are a part of the hash, which tells most of what only shares the slots.
const PLACE_BITS: u32 = 26;
const PLACE_MASK: u32 = (1 << PLACE_BITS) - 1;
/// The longest file that is adapted, if memory allows: 64 MiB.
pub(super) const LEN_MAX: u64 = 1 << PLACE_BITS;
/// How many bytes are looked at before the places found are entered: then memory answers for many at once.
const BATCH_LEN: usize = 4096;

/// Some of the places of some bytes: those where the hash of the first eight bytes says so, so that of equal bytes the same places are picked in both files.
///
/// A suffix array finds the longest match of every place, and takes more time to make than all that is done with it. With seeds, long matches are found nearly always, a few bytes behind their
/// start, to which they are extended back. (Manber, "Finding similar files in a large file system", 1994, picks places so.)
pub(super) struct Seeds<'a> {
    bytes: &'a [u8],
    /// Places that are picked have a hash of which these bits are clear.
    mask: u64,
    /// [`WAYS`] for each hash, the last place first; 0 is free.
    slots: Vec<[u32; WAYS]>,
}

impl<'a> Seeds<'a> {
    /// One place in two to the power of `sampling_log` is picked, of at most [`LEN_MAX`] bytes; what is behind them is not found.
    pub(super) fn new(bytes: &'a [u8], sampling_log: u32) -> Self {
        let bytes = &bytes[..bytes.len().min(1 << PLACE_BITS)];
        let slots = ((bytes.len() / WAYS) >> sampling_log).next_power_of_two();
        let mut seeds = Self { bytes, mask: (1 << sampling_log) - 1, slots: vec![[0; WAYS]; slots] };
        let (mut picked, places) = (Vec::with_capacity(BATCH_LEN), 0..bytes.len().saturating_sub(SEED_LEN - 1));
        for start in places.clone().step_by(BATCH_LEN) {
            picked.clear();
            picked.extend((start..places.end.min(start + BATCH_LEN)).filter(|at| seeds.is_picked(&bytes[*at..])));
            picked.iter().for_each(|at| seeds.insert(*at));
        }
        seeds
    }

    /// Offset and length of a long match with the start of `wanted`: the longest of those that are known; none where the place is not picked.
    pub(super) fn find(&self, wanted: &[u8]) -> (usize, usize) {
        if wanted.len() < SEED_LEN || !self.is_picked(wanted) {
            return (0, 0);
        }
        let hash = seed_hash(wanted);
        let mut best = (0, 0);
        for slot in self.slots[self.number(hash)].iter().filter(|slot| (**slot ^ mark(hash)) & !PLACE_MASK == 0) {
            let at = (slot & PLACE_MASK) as usize;
            let len = common_prefix(&self.bytes[at..], wanted);
            if len > best.1 {
                best = (at, len);
            }
        }
        if best.1 < SEED_LEN { (0, 0) } else { best }
    }

    fn is_picked(&self, bytes: &[u8]) -> bool {
        bytes.first_chunk().is_some_and(|word| u64::from_le_bytes(*word).wrapping_mul(FACTOR) >> 40 & self.mask == 0)
    }

    /// Nothing stands at 0 but the head of a file. Of bytes that repeat one is enough.
    fn insert(&mut self, at: usize) {
        let bytes = &self.bytes[at..];
        if at == 0 || bytes.first_chunk::<SEED_LEN>() == self.bytes[at - 1..].first_chunk() {
            return;
        }
        let hash = seed_hash(bytes);
        let number = self.number(hash);
        let [first, second, third, _] = self.slots[number];
        self.slots[number] = [mark(hash) | u32::try_from(at).unwrap_or(0) & PLACE_MASK, first, second, third];
    }

    fn number(&self, hash: u64) -> usize {
        low_bits(hash, self.slots.len())
    }
}

/// The part of a hash that is kept beside the place.
fn mark(hash: u64) -> u32 {
    (hash >> 32) as u32 & !PLACE_MASK
}

/// The hash of the first [`SEED_LEN`] bytes.
fn seed_hash(bytes: &[u8]) -> u64 {
    let word = |at: usize| bytes[at..].first_chunk().map_or(0, |word| u64::from_le_bytes(*word));
    spread(word(0).wrapping_mul(FACTOR) ^ word(SEED_LEN - 8))
}

#[cfg(test)]
mod tests {
    use super::super::super::noise;
    use super::*;

    #[test]
    fn what_is_found_stands_there_and_nearly_all_that_is_long_is_found() {
        let bytes = noise(1, 100_000);
        for sampling_log in 0..4 {
            let seeds = Seeds::new(&bytes, sampling_log);
            let mut found = 0;
            for start in (1..90_000).step_by(1000) {
                let wanted = [&bytes[start..start + 200], &[!bytes[start + 200]], b"behind"].concat();
                let matches = (0..100).map(|skip| (skip, seeds.find(&wanted[skip..])));
                let first = matches.filter(|(_, (_, len))| *len > 0).inspect(|(skip, (at, len))| {
                    assert_eq!((*at, *len), (start + skip, 200 - skip));
                });
                found += first.count();
            }
            let expected = (90 * 100) >> sampling_log;
            assert!(found > expected - expected / 8 && found < expected + expected / 8, "{found} of {expected}");
        }
    }

    #[test]
    fn of_some_matches_the_longest_is_taken() {
        let seed = b"the same first bytes";
        let bytes = [b"-", &seed[..], b"1", seed, b"23", seed, b"2"].concat();
        let seeds = Seeds::new(&bytes, 0);
        assert_eq!(seeds.find(&[&seed[..], b"234"].concat()), (2 + seed.len(), seed.len() + 2));
    }

    #[test]
    fn bytes_that_repeat_do_not_push_out_others() {
        let bytes = [&b"something else stands here"[..], &[0; 1000], b"and more here, of which there is enough"].concat();
        let seeds = Seeds::new(&bytes, 0);
        let (at, len) = seeds.find(&[0; 200]);
        assert!(at >= 26 && len == 200, "{at} {len}");
        assert_eq!(seeds.find(b"and more here, of which"), (1026, 23));
        assert_eq!(seeds.slots.iter().flatten().filter(|slot| **slot & PLACE_MASK >= 27).count(), 40 - SEED_LEN + 11);
    }

    #[test]
    fn of_few_bytes_nothing_is_found() {
        for bytes in [&b""[..], b"a", b"abcdefghijk", b"abcdefghijkl"] {
            assert_eq!(Seeds::new(bytes, 0).find(b"abcdefghijklm"), (0, 0));
        }
        assert_eq!(Seeds::new(b"-abcdefghijklm", 0).find(b"abcdefghijkl"), (1, 12));
        assert_eq!(Seeds::new(b"-abcdefghijklm", 0).find(b"abcdefghijk"), (0, 0));
    }
}
