//! Every call of the library that is measured, in one place.

/// How each file is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// As the planner decides.
    Auto,
    /// Staged whole and renamed in.
    Put,
    /// Overwritten from the redo journal.
    InPlace,
}

pub use library::{MISSING, commit, open};

#[cfg(feature = "untorn")]
mod library {
    use std::collections::BTreeMap;
    use std::path::Path;

    use untorn::{Options, Transaction, Tree, WayChoice};

    use super::Way;
    use crate::workload::Workload;

    /// Why the library cannot take part.
    pub const MISSING: Option<&str> = None;

    /// Opens the tree (which recovers it) and closes it.
    pub fn open(dir: &Path) -> anyhow::Result<()> {
        drop(Tree::open(dir)?);
        Ok(())
    }

    /// Makes the change in one transaction; answers with the figures of the report.
    pub fn commit(workload: &Workload, dir: &Path, way: Way) -> anyhow::Result<BTreeMap<String, u64>> {
        let mut tree = Tree::open(dir)?;
        let mut options = Options::default();
        options.way = choice(way);
        let mut transaction = tree.begin_with(options)?;
        for index in 0..workload.files {
            stage(&mut transaction, workload, index)?;
        }
        let report = transaction.commit()?;
        Ok(BTreeMap::from([
            ("bytes_redo".into(), report.bytes_redo),
            ("bytes_staged".into(), report.bytes_staged),
            ("bytes_in_place".into(), report.bytes_in_place),
            ("bytes_undo".into(), report.bytes_undo),
            ("syncs".into(), report.barriers.iter().map(|(_, syncs)| syncs).sum()),
        ]))
    }

    fn stage(transaction: &mut Transaction<'_>, workload: &Workload, index: u64) -> anyhow::Result<()> {
        let (path, new) = (workload.path(index), workload.new_content(index));
        if workload.is_replacing() {
            transaction.replace(&path, &mut new.reader(workload.file_len))?;
            return Ok(());
        }
        for range in workload.ranges() {
            transaction.write_at(&path, range.offset, &new.bytes(range.offset, range.len))?;
        }
        Ok(())
    }

    fn choice(way: Way) -> WayChoice {
        match way {
            Way::Auto => WayChoice::Auto,
            Way::Put => WayChoice::Put,
            Way::InPlace => WayChoice::Patch,
        }
    }
}

#[cfg(not(feature = "untorn"))]
mod library {
    use std::collections::BTreeMap;
    use std::path::Path;

    use super::Way;
    use crate::workload::Workload;

    /// Why the library cannot take part.
    pub const MISSING: Option<&str> = Some("built without --features untorn");

    pub fn open(_dir: &Path) -> anyhow::Result<()> {
        anyhow::bail!("built without --features untorn")
    }

    pub fn commit(_workload: &Workload, _dir: &Path, _way: Way) -> anyhow::Result<BTreeMap<String, u64>> {
        anyhow::bail!("built without --features untorn")
    }
}
