//! Parts of a hash, for content that is only compared and never named.

use std::fmt;

use crate::Hash;

/// The first 16 bytes of a BLAKE3 hash: enough to be sure that bytes are the ones meant, at half the size in a patch, where
/// nothing compresses it. What *names* content keeps its whole [`struct@Hash`].
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Check(pub [u8; 16]);

impl Check {
    /// The check of `bytes`.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Hash::of(bytes).into()
    }
}

impl From<Hash> for Check {
    fn from(hash: Hash) -> Self {
        let mut half = [0; 16];
        half.copy_from_slice(&hash.0[..16]);
        Self(half)
    }
}

/// The first two bytes of a BLAKE3 hash: once a hash over many files says that one of them is wrong, these say which.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Hint(pub [u8; 2]);

impl From<Hash> for Hint {
    fn from(hash: Hash) -> Self {
        Self([hash.0[0], hash.0[1]])
    }
}

impl fmt::Debug for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}
