//! The only way to name something in a tree.
use std::fmt;

/// A path inside the tree.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TreePath(Box<str>);

impl TreePath {
    /// Checks `path` against the rules N1 to N8, N11 and N12.
    ///
    /// # Errors
    /// [`PathError`] with the rule that is broken.
    pub fn new(_path: &str) -> Result<Self, PathError> {
        unimplemented!()
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
impl fmt::Display for TreePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl fmt::Debug for TreePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// Why a path is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathError {
    /// The path, escaped.
    pub path: String,
}
impl PathError {
    /// The stable code: `UNT-PATH-N1` ...
    #[must_use]
    pub fn code(&self) -> &'static str {
        unimplemented!()
    }
}
impl fmt::Display for PathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path)
    }
}
impl std::error::Error for PathError {}

/// The key under which two names that some system takes for the same are equal. Never stored, only compared.
#[must_use]
pub fn fold_key(_name: &str) -> String {
    unimplemented!()
}

/// Checks the rules that need the whole set: N9 (names that clash) and N10 (a file that is also a directory).
///
/// # Errors
/// [`PathError`] naming both paths.
pub fn check_set<'a>(_paths: impl IntoIterator<Item = (&'a TreePath, bool)>) -> Result<(), PathError> {
    unimplemented!()
}
