//! What a tree says about itself.

use std::path::Path;

use untorn_format::{
    Hash,
    manifest::Manifest,
    release::{Following, HalfWay, Installed},
};
use untorn_txn::{Condition, Status, Tree, TreeState, head_of, leftover_head};

use crate::{Error, Result, error::shown, open};

/// What the tree in `dir` says is installed, without taking its lock; `None` when nothing says so.
///
/// # Errors
/// As [`head_of`]; [`Error::Document`].
pub fn installed(dir: &Path) -> Result<Option<Installed>> {
    let Some(head) = head_of(dir)? else { return Ok(None) };
    Ok(Record::decode(&head, dir)?.0)
}

/// What the tree in `dir` remembers of releases: also when its journal cannot be read (then nobody vouches for it but its own checksum), or an update in steps is half way.
///
/// # Errors
/// As [`installed`], and [`Error::NotRecorded`] where the journal cannot be read, where nothing of what it remembers can be read either.
pub fn remembered(dir: &Path) -> Result<Option<Following>> {
    let is_damaged = || Ok::<_, Error>(!matches!(Status::of(dir)?.condition, Condition::Unmanaged | Condition::Clean));
    let error = match installed(dir) {
        Ok(Some(installed)) => return Ok(installed.following),
        Ok(None) if !is_damaged()? => return Ok(None),
        Ok(None) => Error::NotRecorded { dir: shown(dir) },
        Err(error @ (Error::HalfWay { .. } | Error::Document { .. })) => error,
        Err(error) if error.state() == TreeState::NotUnderstood => error,
        Err(error) => return Err(error),
    };
    let head = leftover_head(&open::build(dir)?);
    let record = head.and_then(|head| Record::aimed_at(&head, dir).ok());
    record.map_or(Err(error), |record| Ok(record.following().cloned()))
}

/// What a tree says about itself, if anything.
#[derive(Clone, Debug, Default)]
pub(crate) struct Record(Option<Installed>);

impl Record {
    /// Reads the head document.
    pub(crate) fn of(tree: &Tree, dir: &Path) -> Result<Self> {
        let Some(head) = tree.head()? else { return Ok(Self(None)) };
        Self::decode(&head, dir)
    }

    /// From the bytes of a head document.
    pub(crate) fn decode(head: &[u8], dir: &Path) -> Result<Self> {
        let document = |source| Error::Document { path: shown(dir), source };
        if let Some(half_way) = HalfWay::decode(head).map_err(document)? {
            return Err(Error::HalfWay { dir: shown(dir), steps: half_way.steps });
        }
        let installed = Installed::decode(head).map_err(document)?;
        Ok(Self(Some(installed)))
    }

    /// From the bytes of a head document, for whoever makes the tree whole: what is half way counts as done.
    pub(crate) fn aimed_at(head: &[u8], dir: &Path) -> Result<Self> {
        match HalfWay::decode(head) {
            Ok(Some(half_way)) => Ok(Self(Some(half_way.installed))),
            Ok(None) => Self::decode(head, dir),
            Err(source) => Err(Error::Document { path: shown(dir), source }),
        }
    }

    /// What a tree will say once what is half way is done.
    pub(crate) fn after(half_way: &HalfWay) -> Self {
        Self(Some(half_way.installed.clone()))
    }

    /// The build that is installed; [`Hash::NONE`] when nothing says so.
    pub(crate) fn build(&self) -> Hash {
        self.manifest().map_or(Hash::NONE, Manifest::hash)
    }

    /// What that build consists of.
    pub(crate) fn manifest(&self) -> Option<&Manifest> {
        self.0.as_ref().map(|installed| &installed.manifest)
    }

    /// What it remembers of releases.
    pub(crate) fn following(&self) -> Option<&Following> {
        self.0.as_ref().and_then(|installed| installed.following.as_ref())
    }

    /// The head document of a tree whose build changes by what is no release: all that was learned of releases stays.
    pub(crate) fn without_release(&self) -> Option<Following> {
        self.following().map(|following| Following { release: None, ..following.clone() })
    }
}
