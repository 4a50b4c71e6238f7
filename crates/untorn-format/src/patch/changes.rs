//! All changes of a patch.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::{After, Before, Change, Hint, MAX_CHANGES, Replaced};
use crate::manifest::{Entry, Kind, Manifest, ManifestError};
use crate::{DecodeError, Hash, TreePath, bytes::require, check_set};

/// Every path that differs between two builds, sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes(Vec<Change>, IsJoined);

/// Whether they are those of a joined patch.
type IsJoined = bool;

impl Changes {
    /// From changes sorted by path.
    ///
    /// # Errors
    /// [`DecodeError`] when they are not sorted, a path is listed twice, one changes nothing, a file moves from where none leaves, or
    /// what stands afterwards clashes with itself.
    pub fn new(changes: Vec<Change>) -> Result<Self, DecodeError> {
        Self::checked(changes, false)
    }

    /// The same, of a joined patch: nothing is said of the bytes of old files but where [`Replaced::Parts`] is, and files of which nothing is kept may have no hash.
    ///
    /// # Errors
    /// As [`Changes::new`].
    pub fn joined(changes: Vec<Change>) -> Result<Self, DecodeError> {
        Self::checked(changes, true)
    }

    /// Whether they are those of a joined patch.
    #[must_use]
    pub fn is_joined(&self) -> bool {
        self.1
    }

    fn checked(changes: Vec<Change>, is_joined: bool) -> Result<Self, DecodeError> {
        require(changes.len() as u64 <= MAX_CHANGES, "number of changes")?;
        require(changes.windows(2).all(|pair| pair[0].path < pair[1].path), "order of changes")?;
        changes.iter().try_for_each(|change| change.check(is_joined))?;
        let changes = Self(changes, is_joined);
        changes.check_moves()?;
        changes.check_paths()?;
        Ok(changes)
    }

    /// The changes, sorted by path.
    #[must_use]
    pub fn as_slice(&self) -> &[Change] {
        &self.0
    }

    /// The change at a path.
    #[must_use]
    pub fn get(&self, path: &TreePath) -> Option<&Change> {
        self.number(path).map(|number| &self.0[number])
    }

    /// The number of the change at a path.
    #[must_use]
    pub fn number(&self, path: &TreePath) -> Option<usize> {
        self.0.binary_search_by(|change| change.path.cmp(path)).ok()
    }

    /// The manifest of the new build, from that of the old one and the hashes of the files that were made of literal bytes alone, by the numbers of
    /// their changes: the patch has none for those.
    ///
    /// # Errors
    /// [`MisfitError`] when `old` is not what the changes start from, or when they do not lead to a valid manifest. That the result is
    /// the one the patch was made for is known when its hash is [`Header::to`](super::Header::to).
    pub fn apply_to(&self, old: &Manifest, made: &BTreeMap<usize, Hash>) -> Result<Manifest, MisfitError> {
        let mut entries = Vec::with_capacity(old.entries().len());
        let mut changes = self.0.iter().enumerate().peekable();
        for entry in old.entries() {
            while let Some(change) = changes.next_if(|(_, change)| change.path < entry.path) {
                entries.extend(new_entry(change, None, old, made)?);
            }
            match changes.next_if(|(_, change)| change.path == entry.path) {
                Some(change) => entries.extend(new_entry(change, Some(entry), old, made)?),
                None => entries.push(entry.clone()),
            }
        }
        for change in changes {
            entries.extend(new_entry(change, None, old, made)?);
        }
        Manifest::new(entries).map_err(MisfitError::Result)
    }

    /// Makes sure that the old manifest says about every changed path what the changes start from, as far as they say it.
    ///
    /// # Errors
    /// [`MisfitError::Old`].
    pub fn start_from(&self, old: &Manifest) -> Result<(), MisfitError> {
        let misfit = self.0.iter().find(|change| !stands(change, old.get(&change.path)));
        misfit.map_or(Ok(()), |change| Err(MisfitError::Old(change.path.clone())))
    }

    fn check_moves(&self) -> Result<(), DecodeError> {
        let mut moved = BTreeSet::new();
        for change in &self.0 {
            if let After::Moved { from, .. } = &change.after {
                require(self.get(from).is_some_and(leaves) && moved.insert(from), "file that moves")?;
            }
        }
        Ok(())
    }

    fn check_paths(&self) -> Result<(), DecodeError> {
        let standing = self.0.iter().filter(|change| change.after != After::Absent);
        check_set(standing.map(|change| (&change.path, change.after == After::Dir))).map_err(DecodeError::Path)
    }
}

/// Whether a file stands there before, and none after.
fn leaves(change: &Change) -> bool {
    matches!(change.before, Before::File { .. }) && !matches!(change.after, After::File(_) | After::Moved { .. })
}

/// What the new manifest says about a changed path.
fn new_entry(
    (number, change): (usize, &Change),
    old: Option<&Entry>,
    manifest: &Manifest,
    made: &BTreeMap<usize, Hash>,
) -> Result<Option<Entry>, MisfitError> {
    if !stands(change, old) {
        return Err(MisfitError::Old(change.path.clone()));
    }
    let kind = match &change.after {
        After::Absent => return Ok(None),
        After::Dir => Kind::Dir,
        After::Symlink { target } => Kind::Symlink { target: target.clone() },
        After::File(file) => {
            let hash = file.hash.or_else(|| made.get(&number).copied());
            let hash = hash.ok_or_else(|| MisfitError::NotMade(change.path.clone()))?;
            Kind::File { len: file.len, hash, executable: file.executable }
        }
        After::Moved { from, executable } => match manifest.get(from).map(|entry| &entry.kind) {
            Some(&Kind::File { len, hash, .. }) => Kind::File { len, hash, executable: *executable },
            _ => return Err(MisfitError::Old(from.clone())),
        },
    };
    Ok(Some(Entry { path: change.path.clone(), kind }))
}

/// Whether the old manifest says about a path what the change expects.
fn stands(change: &Change, old: Option<&Entry>) -> bool {
    match (&change.before, old.map(|entry| &entry.kind)) {
        (Before::Absent, None) | (Before::Dir, Some(Kind::Dir)) => true,
        (Before::Symlink { target }, Some(Kind::Symlink { target: old })) => target == old,
        (Before::File { len, replaced }, Some(Kind::File { len: old_len, hash, .. })) => {
            len == old_len && !matches!(replaced, Replaced::Whole(hint) if *hint != Hint::from(*hash))
        }
        _ => false,
    }
}

/// Why changes do not fit a manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MisfitError {
    /// The old manifest says something else about this path than the changes start from.
    Old(TreePath),
    /// This file was not made, so nobody knows its hash.
    NotMade(TreePath),
    /// What the changes lead to is no valid manifest.
    Result(ManifestError),
}

impl fmt::Display for MisfitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Old(path) => write!(f, "the patch starts from another build: {path} differs"),
            Self::NotMade(path) => write!(f, "{path} was not made"),
            Self::Result(why) => write!(f, "the patch does not lead to a valid build: {why}"),
        }
    }
}

impl std::error::Error for MisfitError {}
