//! Whether a block is one of many, nearly always told without touching their table.

use super::blocks::BLOCK_LEN;
use super::rolling::FACTOR;

/// How many blocks that begin one byte after the other are asked for together.
pub(super) const GROUP: usize = 64;

/// Bytes of a word that a block may be anchored at: of 8 some are so usual in programs that their lines are full.
const WORD_LEN: usize = 16;
/// At how many of its first places a block may be anchored.
const PLACES: usize = 16;
const _: () = assert!(PLACES + WORD_LEN <= BLOCK_LEN + 1);
/// Numbers of 64 bits in a line of the processor's cache.
const LINE: usize = 8;

/// A set of hashes of blocks in the manner of Bloom ("Space/time trade-offs in hash coding with allowable errors", 1970): three bits of one number for each.
///
/// Every byte of what is new asks, and an answer from memory takes as long as a hundred operations. So blocks that overlap ask in the same line of the cache, which is found
/// by the least of the words that they begin with (a *minimizer*: Roberts and others, "Reducing storage requirements for biological sequence comparison", 2004): on the average
/// it stays for eight bytes.
pub(super) struct BlockFilter {
    /// [`LINE`] for each line.
    numbers: Vec<u64>,
}

/// The least of some hashes of words of a block.
pub(super) type Anchor = u32;

impl BlockFilter {
    /// For about so many blocks: a byte for each.
    pub(super) fn new(blocks: usize) -> Self {
        Self { numbers: vec![0; blocks.div_ceil(8).next_power_of_two().max(LINE)] }
    }

    /// Bytes of memory it takes.
    #[cfg(test)]
    pub(super) fn memory_len(&self) -> u64 {
        size_of_val(&self.numbers[..]) as u64
    }

    /// Notes a block.
    pub(super) fn insert(&mut self, hash: u64, block: &[u8]) {
        let place = self.place(hash, anchor(block));
        self.numbers[place] |= bits(hash);
    }

    /// Which of the blocks that begin at the first [`GROUP`] bytes, and have these hashes, may have been noted, as bits from the lowest on: never wrongly none.
    pub(super) fn may_have(&self, hashes: &[u64; GROUP], bytes: &[u8]) -> u64 {
        let (mut places, mut numbers, mut found) = ([0; GROUP], [0; GROUP], 0);
        for ((place, hash), anchor) in places.iter_mut().zip(hashes).zip(anchors(bytes)) {
            *place = self.place(*hash, anchor);
        }
        // Nothing but loads, so that the processor waits for many at once.
        for (number, place) in numbers.iter_mut().zip(places) {
            *number = self.numbers[place];
        }
        for ((bit, number), hash) in (0..).zip(numbers).zip(hashes) {
            found |= u64::from(number & bits(*hash) == bits(*hash)) << bit;
        }
        found
    }

    /// The number that tells of a block.
    fn place(&self, hash: u64, anchor: Anchor) -> usize {
        // The least of several hashes is small: it is spread again.
        let line = usize::try_from(u64::from(anchor).wrapping_mul(FACTOR) >> 32).unwrap_or(0) & (self.numbers.len() / LINE - 1);
        LINE * line + usize::try_from(hash >> 61).unwrap_or(0)
    }
}

fn bits(hash: u64) -> u64 {
    1 << (hash >> 55 & 63) | 1 << (hash >> 49 & 63) | 1 << (hash >> 43 & 63)
}

fn anchor(block: &[u8]) -> Anchor {
    let words = block.windows(WORD_LEN).take(PLACES).filter_map(|word| word.first_chunk());
    words.map(word_hash).min().unwrap_or(0)
}

/// The anchors of the blocks that begin at the first [`GROUP`] bytes; where bytes lack, of none.
fn anchors(bytes: &[u8]) -> [Anchor; GROUP] {
    const LEN: usize = GROUP + PLACES - 1;
    const BYTES_LEN: usize = LEN + WORD_LEN - 1;
    let mut padded = [0; BYTES_LEN];
    let bytes = bytes.first_chunk().unwrap_or_else(|| {
        padded[..bytes.len()].copy_from_slice(bytes);
        &padded
    });
    let mut least = [0; LEN];
    for (place, least) in least.iter_mut().enumerate() {
        *least = bytes[place..].first_chunk().map_or(0, word_hash);
    }
    // The least of two, of four, of eight, of sixteen.
    for distance in [1, 2, 4, 8] {
        for place in 0..LEN - distance {
            least[place] = least[place].min(least[place + distance]);
        }
    }
    *least.first_chunk().unwrap_or(&[0; GROUP])
}

fn word_hash(word: &[u8; WORD_LEN]) -> Anchor {
    let (halves, _) = word.as_chunks::<8>();
    let hash = halves.iter().fold(0, |hash: u64, half| (hash.rotate_left(29) ^ u64::from_le_bytes(*half)).wrapping_mul(FACTOR));
    (hash >> 33) as Anchor
}

#[cfg(test)]
mod tests {
    use super::super::noise;
    use super::super::rolling::{block_hash, spread};
    use super::*;

    fn hashes(bytes: &[u8]) -> [u64; GROUP] {
        std::array::from_fn(|place| bytes.get(place..place + BLOCK_LEN).map_or(0, |block| spread(block_hash(block))))
    }

    #[test]
    fn anchors_of_a_group_are_those_of_its_blocks() {
        let bytes = noise(1, GROUP + BLOCK_LEN - 1);
        let each: Vec<_> = bytes.windows(BLOCK_LEN).map(anchor).collect();
        assert_eq!(anchors(&bytes).to_vec(), each);
    }

    #[test]
    fn what_was_noted_is_never_denied_and_nearly_everything_else_is() {
        let (known, unknown) = (noise(1, 64 << 10), noise(77, 64 << 10));
        let mut filter = BlockFilter::new(5 * known.len() / BLOCK_LEN / 4);
        known.chunks(BLOCK_LEN).for_each(|block| filter.insert(spread(block_hash(block)), block));
        for at in (0..known.len()).step_by(BLOCK_LEN) {
            let bytes = &known[at..];
            assert_eq!(filter.may_have(&hashes(bytes), bytes) & 1, 1, "{at}, with {} bytes", bytes.len());
        }
        let wrong: u32 = unknown.chunks(GROUP + BLOCK_LEN).map(|bytes| filter.may_have(&hashes(bytes), bytes).count_ones()).sum();
        assert!(wrong < 32 << 10 >> 4, "{wrong}");
    }
}
