//! A hash of a block that can be moved on by one byte: a polynomial over the integers modulo 2^64, after Karp and Rabin,
//! "Efficient randomized pattern-matching algorithms" (1987). It only finds candidates; bytes are compared before any use.

/// An odd number near 2^64 over the golden ratio.
pub(super) const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

/// The hash of `block`.
pub(super) fn block_hash(block: &[u8]) -> u64 {
    block.iter().fold(0, |hash, byte| push(hash, *byte))
}

/// The hashes of four blocks one after the other: four chains of multiplications run side by side.
pub(super) fn four_block_hashes(blocks: &[u8], block_len: usize) -> [u64; 4] {
    let (one, two) = (&blocks[..block_len], &blocks[block_len..2 * block_len]);
    let (three, four) = (&blocks[2 * block_len..3 * block_len], &blocks[3 * block_len..4 * block_len]);
    let mut hashes = [0; 4];
    for (((one, two), three), four) in one.iter().zip(two).zip(three).zip(four) {
        hashes = [push(hashes[0], *one), push(hashes[1], *two), push(hashes[2], *three), push(hashes[3], *four)];
    }
    hashes
}

fn push(hash: u64, byte: u8) -> u64 {
    hash.wrapping_mul(FACTOR).wrapping_add(u64::from(byte) + 1)
}

/// Moves block hashes on.
pub(super) struct Roller {
    /// What each byte value adds to the hash when it is about to leave.
    leaving: [u64; 256],
}

impl Roller {
    pub(super) fn new(block_len: usize) -> Self {
        let power = (0..block_len).fold(1_u64, |power, _| power.wrapping_mul(FACTOR));
        let mut leaving = [0; 256];
        leaving.iter_mut().zip(1_u64..).for_each(|(leaving, value)| *leaving = power.wrapping_mul(value));
        Self { leaving }
    }

    /// The hash of the block one byte on, which `leaves` leaves and `enters` enters.
    pub(super) fn roll(&self, hash: u64, leaves: u8, enters: u8) -> u64 {
        // The sum of what enters and leaves waits for nothing: a multiplication and an addition are all that the next hash waits for.
        hash.wrapping_mul(FACTOR).wrapping_add((u64::from(enters) + 1).wrapping_sub(self.leaving[usize::from(leaves)]))
    }
}

/// Spreads a block hash: bits of the result may be used independently.
pub(super) fn spread(hash: u64) -> u64 {
    let hash = (hash ^ (hash >> 31)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash ^ (hash >> 29)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rolled_hash_is_that_of_the_block_it_arrives_at() {
        let bytes: Vec<u8> = (0..300_u32).map(|at| (at * at % 251) as u8).collect();
        let roller = Roller::new(16);
        let mut hash = block_hash(&bytes[..16]);
        for at in 1..bytes.len() - 16 {
            hash = roller.roll(hash, bytes[at - 1], bytes[at + 15]);
            assert_eq!(hash, block_hash(&bytes[at..at + 16]));
        }
        let four = four_block_hashes(&bytes, 16);
        assert_eq!(four.to_vec(), bytes[..64].chunks(16).map(block_hash).collect::<Vec<_>>());
    }
}
