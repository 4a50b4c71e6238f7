//! The hash of a long file, made by several threads: BLAKE3 is a tree, and each part of the file a subtree.

use blake3::hazmat::{ChainingValue, HasherExt, Mode, left_subtree_len, merge_subtrees_non_root, merge_subtrees_root};

use crate::Hash;

/// How long a part is, in bytes; the last may be shorter. A power of two, so that it is a subtree wherever it stands.
pub const HASH_PART_LEN: u64 = 16 << 20;
const _: () = assert!(HASH_PART_LEN.is_power_of_two());

/// Hashes one part of a file that has at least two.
#[derive(Clone, Debug)]
pub struct PartHasher {
    hasher: blake3::Hasher,
    /// How many bytes more it takes.
    room: u64,
}

/// What stands for a part.
#[derive(Clone, Copy, Debug)]
pub struct PartHash(ChainingValue);

impl PartHasher {
    /// For the part with this number, from 0 on; `None` for one behind all that can be counted.
    #[must_use]
    pub fn new(number: u64) -> Option<Self> {
        let mut hasher = blake3::Hasher::new();
        hasher.set_input_offset(number.checked_mul(HASH_PART_LEN)?);
        Some(Self { hasher, room: HASH_PART_LEN })
    }

    /// Adds `bytes`; `None` when these are more than a part holds.
    #[must_use]
    pub fn update(&mut self, bytes: &[u8]) -> Option<()> {
        self.room = self.room.checked_sub(bytes.len() as u64)?;
        self.hasher.update(bytes);
        Some(())
    }

    /// What stands for the part; `None` for an empty one.
    #[must_use]
    pub fn finish(&self) -> Option<PartHash> {
        (self.room < HASH_PART_LEN).then(|| PartHash(self.hasher.finalize_non_root()))
    }
}

impl Hash {
    /// The hash of the file that consists of these parts, all but the last of [`HASH_PART_LEN`] bytes; `None` for less than two.
    #[must_use]
    pub fn of_parts(parts: &[PartHash]) -> Option<Self> {
        let (left, right) = halves(parts)?;
        Some(Self(*merge_subtrees_root(&subtree(left)?, &subtree(right)?, Mode::Hash).as_bytes()))
    }
}

/// As deep as the number of parts has bits.
fn subtree(parts: &[PartHash]) -> Option<ChainingValue> {
    match parts {
        [part] => Some(part.0),
        _ => {
            let (left, right) = halves(parts)?;
            Some(merge_subtrees_non_root(&subtree(left)?, &subtree(right)?, Mode::Hash))
        }
    }
}

/// The left half is the largest power of two that leaves something for the right one.
fn halves(parts: &[PartHash]) -> Option<(&[PartHash], &[PartHash])> {
    if parts.len() < 2 {
        return None;
    }
    let left = left_subtree_len(parts.len() as u64 * HASH_PART_LEN) / HASH_PART_LEN;
    parts.split_at_checked(usize::try_from(left).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_give_the_hash_of_the_whole() {
        let part = usize::try_from(HASH_PART_LEN).unwrap();
        let bytes: Vec<u8> = (0..7 * part + 12_345).map(|at| ((at * at) >> 7).to_le_bytes()[0]).collect();
        for len in [part + 1, 2 * part, 2 * part + 1, 3 * part, 4 * part + 1023, 5 * part, 7 * part, 7 * part + 12_345] {
            let hash = |(number, bytes): (usize, &[u8])| {
                let mut hasher = PartHasher::new(number as u64).unwrap();
                bytes.chunks(100_003).for_each(|piece| hasher.update(piece).unwrap());
                hasher.finish().unwrap()
            };
            let parts: Vec<_> = bytes[..len].chunks(part).enumerate().map(hash).collect();
            assert_eq!(Hash::of_parts(&parts), Some(Hash::of(&bytes[..len])), "{len}");
        }
    }

    #[test]
    fn what_is_no_part_is_refused() {
        let mut hasher = PartHasher::new(1).unwrap();
        assert!(hasher.finish().is_none() && PartHasher::new(u64::MAX).is_none());
        hasher.update(&[0; 10]).unwrap();
        let part = hasher.finish().unwrap();
        assert!(Hash::of_parts(&[]).is_none() && Hash::of_parts(&[part]).is_none());
        assert!(hasher.update(&vec![0; 16 << 20]).is_none());
    }
}
