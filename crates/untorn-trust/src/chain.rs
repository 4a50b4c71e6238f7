//! Roots, one after the other.

use untorn_format::release::Signed;

/// The most roots that are followed at once.
pub const CHAIN_LEN_MAX: usize = 256;

/// Roots of versions that follow each other, as a store or a patch file holds them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RootChain {
    /// The version of the first one, as is said: whether it is true is checked.
    pub first: u64,
    /// The roots.
    pub roots: Vec<Signed>,
}

impl RootChain {
    /// Each root with the version it is said to have.
    pub(crate) fn numbered(&self) -> impl Iterator<Item = (u64, &Signed)> {
        self.roots.iter().enumerate().map(|(at, root)| (self.first.saturating_add(at as u64), root))
    }
}
