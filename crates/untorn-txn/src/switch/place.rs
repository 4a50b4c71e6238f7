//! Where a switch happens: a directory, seen from the one it is in.

use std::{fmt, path::Path, sync::Arc};

use untorn_fs::{FileId, Fs, OsFs};

use super::beneath::{Beneath, Syncs};
use crate::{
    error::{Cause, Context, Error, Result},
    layout::sibling_of,
    tree::real_dir,
};

/// The tree `name` in the directory that `parent` is rooted at.
pub(crate) struct Place {
    pub(crate) parent: Arc<dyn Fs>,
    pub(crate) name: String,
    /// Whether the same calls come in the same order every time: no threads.
    pub(crate) repeatable: bool,
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Place").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Place {
    /// Opens the directory that `dir` is in.
    pub(crate) fn of(dir: &Path) -> Result<Self> {
        let real = real_dir(dir)?;
        let (Some(above), Some(name)) = (real.parent(), real.file_name()) else {
            return Err(Error::new(Cause::DangerousRoot).at(dir.to_string_lossy()));
        };
        let name = name.to_str().ok_or_else(|| unsupported("the name of the directory is not Unicode"))?;
        let parent = OsFs::open(above).context("open", &above.to_string_lossy())?;
        Ok(Self { parent: Arc::new(parent), name: name.to_owned(), repeatable: false })
    }

    /// On any file system.
    pub(crate) fn on(parent: Arc<dyn Fs>, name: &str) -> Self {
        Self { parent, name: name.to_owned(), repeatable: true }
    }

    /// The path of something in the tree, as the parent sees it.
    pub(crate) fn path(&self, inside: &str) -> String {
        if inside.is_empty() { self.name.clone() } else { format!("{}/{inside}", self.name) }
    }

    /// The name beside the tree.
    pub(crate) fn sibling(&self) -> String {
        sibling_of(&self.name)
    }

    /// A file system rooted at a directory in the tree.
    pub(crate) fn fs(&self, inside: &str, syncs: Syncs) -> Arc<dyn Fs> {
        Arc::new(Beneath::new(self.parent.clone(), self.path(inside), syncs))
    }

    /// Which directory stands under the name.
    pub(crate) fn id(&self) -> Result<Option<FileId>> {
        Ok(self.parent.metadata(&self.name).context("look at", &self.name)?.id)
    }

    /// Refuses where a switch cannot work, as far as that can be told without writing.
    pub(crate) fn refuse(&self) -> Result<()> {
        let capabilities = self.parent.capabilities();
        if self.name.contains('/') {
            return Err(unsupported("the tree must lie directly in the directory that is given"));
        }
        if !capabilities.exchange || !capabilities.atomic_rename {
            return Err(unsupported("this file system cannot exchange two directories in one step").at(&self.name));
        }
        match self.parent.metadata(&self.name) {
            Err(error) if untorn_fs::is_outside_tree(&error) => {
                Err(unsupported("the tree is a mount point, or lies on another device than its parent").at(&self.name))
            }
            Ok(meta) if !meta.is_dir() => Err(Error::new(Cause::WrongKind { found: "file", needed: "directory" }).at(&self.name)),
            other => other.map(drop).context("look at", &self.name),
        }
    }
}

/// The error of a place where a switch cannot work, and why.
pub(crate) fn unsupported(why: &'static str) -> Error {
    Error::new(Cause::Unsupported { what: why })
}
