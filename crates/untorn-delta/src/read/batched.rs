//! Hashing many short pieces.

use untorn_format::{Hash, Hasher};

/// How many bytes are hashed at once. A power of two, so that what is hashed at once is always a subtree of BLAKE3's.
const BATCH_LEN: usize = 32 << 10;

/// A hasher to which short pieces go together: BLAKE3 hashes some KiB at once several times as fast as a hundred bytes after a hundred.
#[derive(Default)]
pub(super) struct Batched {
    hasher: Hasher,
    /// Fewer than [`BATCH_LEN`].
    waiting: Vec<u8>,
}

impl From<Hasher> for Batched {
    fn from(hasher: Hasher) -> Self {
        Self { hasher, waiting: Vec::new() }
    }
}

impl Batched {
    /// Adds `bytes`.
    pub(super) fn update(&mut self, mut bytes: &[u8]) {
        if !self.waiting.is_empty() {
            let (first, rest) = bytes.split_at(bytes.len().min(BATCH_LEN - self.waiting.len()));
            self.waiting.extend_from_slice(first);
            if self.waiting.len() < BATCH_LEN {
                return;
            }
            self.hasher.update(&self.waiting);
            self.waiting.clear();
            bytes = rest;
        }
        let (batches, rest) = bytes.split_at(bytes.len() / BATCH_LEN * BATCH_LEN);
        self.hasher.update(batches);
        self.waiting.extend_from_slice(rest);
    }

    /// The hash of everything added so far.
    pub(super) fn finish(&self) -> Hash {
        let mut hasher = self.hasher.clone();
        hasher.update(&self.waiting);
        hasher.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_of_any_length_have_the_hash_of_all() {
        let bytes: Vec<u8> = (0..200_000_u32).map(|at| (at.wrapping_mul(at) >> 7).to_le_bytes()[0]).collect();
        for lens in [&[1][..], &[100], &[BATCH_LEN], &[BATCH_LEN - 1, 1, 0], &[3, BATCH_LEN + 1, 5, 70_000], &[200_000]] {
            let (mut batched, mut at) = (Batched::default(), 0);
            for len in lens.iter().cycle() {
                let end = (at + len).min(bytes.len());
                batched.update(&bytes[at..end]);
                at = end;
                if at == bytes.len() {
                    break;
                }
            }
            assert_eq!(batched.finish(), Hash::of(&bytes), "{lens:?}");
        }
    }
}
