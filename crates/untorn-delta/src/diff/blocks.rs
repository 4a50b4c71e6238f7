//! Where blocks of the old files stand: a table of bounded size, looked up by block hash.
//!
//! Old bytes are cut into blocks of equal length, new bytes are looked at from every offset: what rsync does (Tridgell, "Efficient
//! Algorithms for Sorting and Synchronization", 1999), with the sides exchanged, since the old build is at hand.

use super::block_filter::{BlockFilter, GROUP};
use super::rolling::{block_hash, four_block_hashes, spread};

/// Bytes of a block. Where there are too many for the table, they stand apart, and are not longer: what is equal over a step and a block is found all the same.
pub(super) const BLOCK_LEN: usize = 32;
/// Bytes of memory that a block takes in the table and its filter, where as many as fit are three times a power of two.
pub(super) const BLOCK_MEMORY: u64 = 12;
/// How far apart blocks stand at most: reads go in whole numbers of it.
pub(super) const STEP_MAX: u64 = 64 << 10;

/// Of bytes that are looked at here and there, one block in so many is in the table: 16.
const SPARSE: usize = 16;

/// How many of the blocks of some old bytes are in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Density {
    /// All of them, or as many as there is room for: whatever is a block longer than the step from one to the next is found.
    Full,
    /// One in [`SPARSE`]: whatever is that many blocks longer is found, for a sixteenth of the time and memory.
    Sparse,
}

impl Density {
    /// How many bytes of the table a stretch of `len` old bytes is worth: of each, its first block at least.
    pub(super) fn share(self, len: u64) -> u64 {
        match self {
            Self::Full => len,
            Self::Sparse => len / SPARSE as u64 + len.min(BLOCK_LEN as u64),
        }
    }

    /// How far blocks stand from each other, which are a `step` apart where all of them are in the table.
    fn stride(self, step: usize) -> usize {
        match self {
            Self::Full => step,
            Self::Sparse => step * SPARSE,
        }
    }
}

/// A place in the old tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// Number of the file among the old manifest's entries.
    pub(super) file: u32,
    /// Offset in it.
    pub(super) at: u64,
}

/// A table of blocks.
pub(super) struct Blocks {
    /// How far apart blocks stand.
    step: usize,
    /// The most blocks.
    blocks_max: u64,
    /// Upper half: a part of the block's hash. Lower half: number of the block, from 1; 0 for a free slot.
    slots: Vec<u64>,
    /// Most new bytes are told apart here without touching `slots`.
    filter: BlockFilter,
    /// The ranges that were added, sorted by number.
    ranges: Vec<Added>,
    count: u32,
    /// Slots that are taken.
    taken: usize,
}

/// Bytes whose blocks are in the table.
struct Added {
    /// Number of the first block.
    first: u32,
    /// Where that stands.
    place: Place,
    density: Density,
}

impl Blocks {
    /// An empty table of at most `blocks_max` blocks for about `len` old bytes, of each as many as its [`Density::share`]. It takes [`BLOCK_MEMORY`] bytes a block, up to twice that for numbers in between.
    pub(super) fn new(len: u64, blocks_max: u64) -> Self {
        let step = step(len, blocks_max);
        let slots = usize::try_from((len / step).min(blocks_max) * 5 / 4 + 16).unwrap_or(usize::MAX).next_power_of_two();
        Self {
            step: usize::try_from(step).unwrap_or(usize::MAX),
            blocks_max,
            slots: vec![0; slots],
            filter: BlockFilter::new(slots),
            ranges: Vec::new(),
            count: 0,
            taken: 0,
        }
    }

    /// Bytes of memory that the table and its filter take.
    #[cfg(test)]
    pub(super) fn memory_len(&self) -> u64 {
        8 * self.slots.len() as u64 + self.filter.memory_len()
    }

    /// Adds whole blocks of `bytes`, which stand at `place`.
    pub(super) fn add(&mut self, place: Place, bytes: &[u8], density: Density) {
        if bytes.len() < BLOCK_LEN || u64::from(self.count) >= self.blocks_max {
            return;
        }
        self.ranges.push(Added { first: self.count, place, density });
        let stride = density.stride(self.step);
        if stride > BLOCK_LEN {
            let blocks = bytes.chunks(stride).filter_map(|part| part.get(..BLOCK_LEN));
            return blocks.for_each(|block| self.insert(block_hash(block), block));
        }
        let fours = bytes.chunks_exact(4 * BLOCK_LEN);
        let rest = fours.remainder();
        for four in fours {
            let hashes = four_block_hashes(four, BLOCK_LEN);
            hashes.into_iter().zip(four.chunks_exact(BLOCK_LEN)).for_each(|(hash, block)| self.insert(hash, block));
        }
        rest.chunks_exact(BLOCK_LEN).for_each(|block| self.insert(block_hash(block), block));
    }

    /// Which of the blocks that begin at the first [`GROUP`] bytes, and have these hashes, may be in the table, as bits from the lowest on.
    pub(super) fn may_have(&self, hashes: &[u64; GROUP], bytes: &[u8]) -> u64 {
        let mut apart = [0; GROUP];
        apart.iter_mut().zip(hashes).for_each(|(apart, hash)| *apart = spread(*hash));
        self.filter.may_have(&apart, bytes)
    }

    /// A place where a block with this hash may stand, and how many of the blocks around it are in the table.
    pub(super) fn find(&self, hash: u64) -> Option<(Place, Density)> {
        let hash = spread(hash);
        let mut slot = self.first_slot(hash);
        loop {
            let found = self.slots[slot];
            if found == 0 {
                return None;
            }
            if found >> 32 == hash >> 32 {
                return Some(self.place(found));
            }
            slot = (slot + 1) & (self.slots.len() - 1);
        }
    }

    /// The first of several equal blocks is kept. A table that is nearly full takes no more: there is always a free slot, at which looking ends.
    fn insert(&mut self, hash: u64, block: &[u8]) {
        self.count += 1;
        if u64::from(self.count) > self.blocks_max || self.taken >= self.slots.len() / 8 * 7 {
            return;
        }
        let hash = spread(hash);
        self.filter.insert(hash, block);
        let mut slot = self.first_slot(hash);
        while self.slots[slot] != 0 {
            if self.slots[slot] >> 32 == hash >> 32 {
                return;
            }
            slot = (slot + 1) & (self.slots.len() - 1);
        }
        self.slots[slot] = hash >> 32 << 32 | u64::from(self.count);
        self.taken += 1;
    }

    fn place(&self, slot: u64) -> (Place, Density) {
        let number = u32::try_from(slot & u64::from(u32::MAX)).unwrap_or(0).saturating_sub(1);
        let range = self.ranges.partition_point(|range| range.first <= number).saturating_sub(1);
        let Added { first, place, density } = self.ranges[range];
        (Place { at: place.at + u64::from(number - first) * density.stride(self.step) as u64, ..place }, density)
    }

    fn first_slot(&self, hash: u64) -> usize {
        low_bits(hash, self.slots.len())
    }
}

/// How far apart blocks of `len` bytes stand so that they fit the table.
fn step(len: u64, blocks_max: u64) -> u64 {
    len.div_ceil(blocks_max).next_power_of_two().clamp(BLOCK_LEN as u64, STEP_MAX)
}

/// A number below `len`, a power of two.
#[expect(clippy::cast_possible_truncation, reason = "only the low bits are wanted")]
pub(super) fn low_bits(hash: u64, len: usize) -> usize {
    hash as usize & (len - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAX: u64 = 6 << 20;

    fn place(blocks: &Blocks, block: &[u8]) -> Option<Place> {
        blocks.find(block_hash(block)).map(|(place, _)| place)
    }

    #[test]
    fn every_block_is_found_where_it_stands() {
        let bytes: Vec<u8> = (0..100_000_u32).flat_map(|number| number.to_le_bytes()).collect();
        let mut blocks = Blocks::new(bytes.len() as u64, MAX);
        let len = BLOCK_LEN;
        blocks.add(Place { file: 3, at: 1000 }, &bytes[..200_000], Density::Full);
        blocks.add(Place { file: 5, at: 0 }, &bytes[200_000..], Density::Full);
        assert_eq!(place(&blocks, &bytes[..len]), Some(Place { file: 3, at: 1000 }));
        assert_eq!(place(&blocks, &bytes[5 * len..6 * len]), Some(Place { file: 3, at: 1000 + 5 * len as u64 }));
        assert_eq!(place(&blocks, &bytes[200_000 + len..][..len]), Some(Place { file: 5, at: len as u64 }));
        assert_eq!(blocks.find(block_hash(&vec![9; len])), None);
    }

    #[test]
    fn where_there_are_too_many_for_the_table_blocks_stand_apart_and_are_as_short() {
        let bytes: Vec<u8> = (0..100_000_u32).flat_map(|number| number.to_le_bytes()).collect();
        let mut blocks = Blocks::new(bytes.len() as u64, 2000);
        blocks.add(Place { file: 3, at: 1000 }, &bytes, Density::Full);
        // 400,000 bytes in at most 2,000 blocks.
        let step = 256;
        for number in [0, 1, 700, bytes.len() / step] {
            let at = number * step;
            assert_eq!(place(&blocks, &bytes[at..][..BLOCK_LEN]), Some(Place { file: 3, at: 1000 + at as u64 }));
        }
        assert_eq!(blocks.find(block_hash(&bytes[step + BLOCK_LEN..][..BLOCK_LEN])), None, "what stands between");
    }

    #[test]
    fn of_what_is_looked_at_here_and_there_long_stretches_are_found() {
        let bytes: Vec<u8> = (0..100_000_u32).flat_map(|number| number.to_le_bytes()).collect();
        let mut blocks = Blocks::new(Density::Sparse.share(bytes.len() as u64), MAX);
        let len = BLOCK_LEN;
        blocks.add(Place { file: 3, at: 1000 }, &bytes[..200_000], Density::Sparse);
        blocks.add(Place { file: 5, at: 7 }, &bytes[200_000..], Density::Sparse);
        let stride = SPARSE * len;
        assert_eq!(place(&blocks, &bytes[2 * stride..][..len]), Some(Place { file: 3, at: 1000 + 2 * stride as u64 }));
        assert_eq!(blocks.find(block_hash(&bytes[2 * stride + len..][..len])), None);
        assert_eq!(place(&blocks, &bytes[200_000 + stride..][..len]), Some(Place { file: 5, at: 7 + stride as u64 }));
    }

    /// What happened: making a patch between trees of thousands of tiny files never ended.
    /// Why: the table was made for a sixteenth of their bytes, less than a block a file, but takes a block of each; and a full table was searched for ever.
    /// What would have been lost: no patch at all for such a game.
    #[test]
    fn many_files_shorter_than_a_step_fit_and_more_than_expected_do_no_harm() {
        let bytes: Vec<u8> = (0..100_000_u32).flat_map(|number| number.to_le_bytes()).collect();
        let files = || (0..).zip(bytes.chunks(100)).map(|(file, bytes)| (Place { file, at: 0 }, bytes));
        let mut blocks = Blocks::new(files().map(|(_, bytes)| Density::Sparse.share(bytes.len() as u64)).sum(), MAX);
        files().for_each(|(place, bytes)| blocks.add(place, bytes, Density::Sparse));
        files().for_each(|(place, bytes)| assert_eq!(self::place(&blocks, &bytes[..32]), Some(place)));
        let mut blocks = Blocks::new(0, MAX);
        files().for_each(|(place, bytes)| blocks.add(place, bytes, Density::Sparse));
        assert_eq!(blocks.find(block_hash(&[9; 32])), None);
    }

    #[test]
    fn the_table_stays_small_whatever_the_length() {
        for len in [0, 1, 1 << 20, 1 << 32, 1 << 40, u64::MAX] {
            assert!(Blocks::new(len, MAX).slots.len() <= 8 << 20, "{len}");
        }
    }
}
