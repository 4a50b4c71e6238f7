//! Whether some bytes stand in others at all, nearly always told by one look.

use super::super::block_filter::{BlockFilter, GROUP};
use super::super::blocks::BLOCK_LEN;
use super::super::rolling::FACTOR;
use super::stretches::GAIN_MIN_UNLIKE;

/// How many bytes are asked for at once: what a match must have at least where only long ones count.
const LEN: usize = GAIN_MIN_UNLIKE;
const _: () = assert!(LEN == BLOCK_LEN);
const WORDS: usize = LEN / 8;

/// A set of hashes of all stretches of [`LEN`] bytes.
///
/// Finding a place in a suffix array misses the caches some forty times. Of executables of two compilers most places are in nothing long, and one miss tells.
pub(super) struct Filter {
    blocks: BlockFilter,
}

impl Filter {
    /// Takes at most twice as much memory as `bytes`.
    pub(super) fn new(bytes: &[u8]) -> Self {
        let mut blocks = BlockFilter::new(bytes.len());
        let mut hashes = Vec::with_capacity(GROUP);
        for at in (0..bytes.len()).step_by(GROUP) {
            let bytes = &bytes[at..];
            hashes.clear();
            hashes.extend(bytes.windows(LEN).take(GROUP).filter_map(hash));
            blocks.insert_group(&hashes, bytes);
        }
        Self { blocks }
    }

    /// Whether the first [`LEN`] bytes of `wanted` may stand in the bytes: never wrongly no.
    pub(super) fn may_have(&self, wanted: &[u8]) -> bool {
        hash(wanted).is_some_and(|hash| self.blocks.may_have_one(hash, wanted))
    }
}

fn hash(bytes: &[u8]) -> Option<u64> {
    let (words, _) = bytes.first_chunk::<LEN>()?.as_chunks::<8>();
    let words: &[[u8; 8]; WORDS] = words.try_into().ok()?;
    let hash = words.iter().fold(0, |hash: u64, word| (hash.rotate_left(23) ^ u64::from_le_bytes(*word)).wrapping_mul(FACTOR));
    Some((hash ^ hash >> 32).wrapping_mul(FACTOR))
}

#[cfg(test)]
mod tests {
    use super::super::super::noise;
    use super::*;

    #[test]
    fn what_stands_in_the_bytes_is_never_denied_and_most_else_is() {
        let bytes = noise(1, 40_000);
        let (known, unknown) = bytes.split_at(20_000);
        let filter = Filter::new(known);
        assert!(known.windows(LEN).all(|window| filter.may_have(window)));
        let denied = unknown.windows(LEN).filter(|window| !filter.may_have(window)).count();
        assert!(denied > unknown.len() / 16 * 15, "{denied}");
        assert!(!filter.may_have(&known[..LEN - 1]));
        assert!(!Filter::new(b"").may_have(known));
    }
}
