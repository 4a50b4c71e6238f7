//! What a tree says of itself.

use std::path::Path;

use untorn_format::{
    Hash,
    manifest::Manifest,
    release::{Following, Installed},
};
use untorn_txn::{Tree, head_of};

use crate::{Error, Result, error::shown};

/// What the tree in `dir` says is installed, without taking its lock; `None` when nothing says so.
///
/// # Errors
/// As [`head_of`]; [`Error::Document`].
pub fn installed(dir: &Path) -> Result<Option<Installed>> {
    head_of(dir)?.map(|head| decode(&head, dir)).transpose()
}

/// What is recorded in the head document of an open tree.
#[derive(Clone, Debug)]
pub(crate) struct Recorded {
    /// The build that is installed; [`Hash::NONE`] when nothing says so. Where the head document has rotted, its own hash: no build has that.
    pub(crate) build: Hash,
    /// All of it, where it can be read.
    pub(crate) installed: Option<Installed>,
}

impl Recorded {
    pub(crate) fn of(tree: &Tree) -> Self {
        let head = tree.head().ok().flatten();
        let installed = head.and_then(|head| Installed::decode(&head).ok());
        Self { build: installed.as_ref().map_or(tree.installed(), |installed| installed.manifest.hash()), installed }
    }

    /// What the tree remembers of the releases it follows.
    pub(crate) fn following(&self) -> Option<&Following> {
        self.installed.as_ref().and_then(|installed| installed.following.as_ref())
    }

    /// What to record once the tree is this build. What was learned of releases stays; the release itself only where this is its build.
    pub(crate) fn repaired(&self, manifest: &Manifest) -> Installed {
        let mut following = self.following().cloned();
        if let Some(following) = &mut following
            && self.build != manifest.hash()
        {
            following.release = None;
        }
        Installed { manifest: manifest.clone(), following }
    }

    /// The manifest of what is installed.
    ///
    /// # Errors
    /// [`Error::NotRecorded`]; [`Error::Document`] and [`Error::Tree`] for what has rotted.
    pub(crate) fn manifest(&self, tree: &Tree, dir: &Path) -> Result<Manifest> {
        if let Some(installed) = &self.installed {
            return Ok(installed.manifest.clone());
        }
        let head = tree.head()?.ok_or_else(|| Error::NotRecorded { dir: shown(dir) })?;
        Ok(decode(&head, dir)?.manifest)
    }
}

fn decode(head: &[u8], dir: &Path) -> Result<Installed> {
    Installed::decode(head).map_err(|source| Error::Document { path: shown(dir), source })
}
