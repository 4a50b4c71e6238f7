//! What a patch leaves out: files that somebody modified, and what would be made from them.

use std::collections::{BTreeMap, BTreeSet};

use untorn_format::{Hasher, TreePath, manifest::Manifest, patch::Index};
use untorn_txn::Transaction;

use super::modified::Modified;
use crate::{Difference, Result};

/// What a patch leaves out.
#[derive(Clone, Debug, Default)]
pub(crate) struct LeftOut {
    /// What somebody modified, and stays as it is.
    pub(crate) kept: Modified,
    /// What comes from elsewhere, in the same transaction.
    pub(crate) brought: BTreeSet<TreePath>,
    /// What the patch makes all the same, out of old bytes that come from elsewhere.
    pub(crate) remade: BTreeSet<TreePath>,
}

impl LeftOut {
    /// Whether the patch does nothing at this path.
    pub(crate) fn contains(&self, path: &TreePath) -> bool {
        self.kept.contains_key(path) || self.brought.contains(path)
    }
}

/// Who brings what a patch cannot, into a tree that is not quite the build it starts from.
pub(crate) trait Mend {
    /// What is known to differ from that build, whether the patch speaks of it or not.
    fn known(&self) -> Vec<Difference>;

    /// What is to become of these `differences`; `None` where the patch had better not be used.
    fn left_out(&mut self, index: &Index, differences: &[Difference]) -> Result<Option<LeftOut>>;

    /// Adds to a key what is brought, and over what: the same again is the same bytes.
    fn add_to_key(&self, hasher: &mut Hasher);

    /// How many bytes of files are brought.
    fn bytes_to_write(&self) -> u64;

    /// The bytes that old files should have which do not have them.
    fn old_bytes(&self) -> BTreeMap<TreePath, Vec<u8>>;

    /// Stages what is brought. Names that go are gone already, and directories are there.
    fn stage(&mut self, tx: &mut Transaction<'_>) -> Result<()>;

    /// The new build, where that is known by other means than the patch.
    fn new_build(&self) -> Option<&Manifest>;
}
