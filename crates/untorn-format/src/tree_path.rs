//! The only way to name something in a tree.

use std::{borrow::Borrow, ffi::OsStr, fmt, str::FromStr, sync::Arc};

use crate::{PathError, PathRule, path_rules::check_path};

/// A path inside the tree: relative, UTF-8, `/` between components, the same file on every system.
///
/// Ordered by its bytes. Cheap to clone: clones share their text. Safe to print.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
// `Arc` and not `Box`: a transaction keeps each path in several lists, and a shared clone took 16 ns, a copied one 210.
pub struct TreePath(Arc<str>);

impl TreePath {
    /// Checks `path` against the rules N1 to N8, N11 and N12 of [`PathRule`].
    ///
    /// # Errors
    /// [`PathError`] with the rule that is broken.
    pub fn new(path: &str) -> Result<Self, PathError> {
        match check_path(path) {
            Ok(()) => Ok(Self(path.into())),
            Err(rule) => Err(PathError::new(rule, path.as_bytes())),
        }
    }

    /// As [`TreePath::new`], for bytes that need not be text: what a directory or a document holds.
    ///
    /// # Errors
    /// [`PathError`] with the rule that is broken; N7 for what is not UTF-8.
    pub fn from_bytes(path: &[u8]) -> Result<Self, PathError> {
        std::str::from_utf8(path).map_err(|_| PathError::new(PathRule::N7, path)).and_then(Self::new)
    }

    /// As [`TreePath::new`], for a name from the system. `/` is the only separator, also on Windows.
    ///
    /// # Errors
    /// [`PathError`] with the rule that is broken; N7 for what is not Unicode (on Windows: an unpaired surrogate).
    pub fn from_os_str(path: &OsStr) -> Result<Self, PathError> {
        Self::from_bytes(path.as_encoded_bytes())
    }

    /// The path, with `/` between components.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The path of the directory it is in; `None` for a name directly below the root.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        self.0.rsplit_once('/').map(|(parent, _)| Self(parent.into()))
    }

    /// Its last component.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or(&self.0)
    }

    /// The path of `name` in this directory.
    ///
    /// # Errors
    /// As [`TreePath::new`].
    pub fn join(&self, name: &str) -> Result<Self, PathError> {
        Self::new(&format!("{}/{name}", self.0))
    }

    /// Whether it lies below `dir` (and is not `dir` itself).
    #[must_use]
    pub fn is_below(&self, dir: &Self) -> bool {
        self.0.strip_prefix(&*dir.0).is_some_and(|rest| rest.starts_with('/'))
    }

    /// The directories it lies in, outermost first.
    pub fn ancestors(&self) -> impl Iterator<Item = Self> + '_ {
        self.0.match_indices('/').map(|(at, _)| Self(self.0[..at].into()))
    }
}

impl TryFrom<&str> for TreePath {
    type Error = PathError;

    fn try_from(path: &str) -> Result<Self, PathError> {
        Self::new(path)
    }
}

impl FromStr for TreePath {
    type Err = PathError;

    fn from_str(path: &str) -> Result<Self, PathError> {
        Self::new(path)
    }
}

impl Borrow<str> for TreePath {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for TreePath {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TreePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for TreePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}
