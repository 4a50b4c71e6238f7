//! Signed patches: who says that a patch leads to a release, and whether that is believed.

mod intake;
mod judge;
mod sign;

use untorn_format::{
    Hash,
    release::{Release, Signed},
};

pub(crate) use intake::Intake;
pub(crate) use judge::{Judgement, judge};
pub use sign::{PatchFacts, patch_facts, sign_patch};

/// Whose patches are applied.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub enum Trusting {
    /// Those that lead to releases of whom the tree follows. A tree that follows nobody yet takes none.
    #[default]
    Tree,
    /// The same; and a tree that follows nobody yet begins to follow this root.
    Root(Signed),
    /// The same; and a tree that follows nobody yet begins to follow whoever signed this patch. Show the fingerprint in the report to the user.
    FirstUse,
    /// Any. Signatures are not looked at, also where there are some, and the tree is no release afterwards.
    Unsigned,
}

/// What was believed about a patch.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Provenance {
    /// The release it leads to.
    pub release: Release,
    /// The numbers of the keys that signed it.
    pub signers: Vec<[u8; 8]>,
    /// The version of the root that is believed now.
    pub root_version: u64,
    /// The fingerprint of the first root of the chain, where it is believed because it was the first that came.
    pub first_use: Option<Hash>,
}
