//! Paths that have passed the lexical rules, so that the code below cannot forget them.

use std::{fmt, io};

/// A path below the root, or the root itself (`""`).
#[derive(Clone, Copy)]
pub(crate) struct RelativePath<'a>(&'a str);

/// The path of a name in a directory; never the root.
#[derive(Clone, Copy)]
pub(crate) struct EntryPath<'a> {
    whole: &'a str,
    parent: &'a str,
    name: &'a str,
}

impl<'a> RelativePath<'a> {
    pub(crate) fn new(path: &'a str) -> io::Result<Self> {
        if path.is_empty() || path.split('/').all(is_name) { Ok(Self(path)) } else { Err(refused(path)) }
    }

    pub(crate) const fn as_str(self) -> &'a str {
        self.0
    }
}

impl<'a> EntryPath<'a> {
    pub(crate) fn new(path: &'a str) -> io::Result<Self> {
        let whole = RelativePath::new(path)?.0;
        if whole.is_empty() {
            return Err(refused(path));
        }
        let (parent, name) = whole.rsplit_once('/').unwrap_or(("", whole));
        Ok(Self { whole, parent, name })
    }

    pub(crate) const fn parent(self) -> RelativePath<'a> {
        RelativePath(self.parent)
    }

    pub(crate) const fn name(self) -> &'a str {
        self.name
    }

    /// Whether both are spelled the same.
    #[cfg(windows)]
    pub(crate) fn is_same(self, other: Self) -> bool {
        self.whole == other.whole
    }

    /// Whether `other` names something inside what `self` names.
    pub(crate) fn contains(self, other: Self) -> bool {
        other.whole.strip_prefix(self.whole).is_some_and(|rest| rest.starts_with('/'))
    }
}

impl<'a> From<EntryPath<'a>> for RelativePath<'a> {
    fn from(entry: EntryPath<'a>) -> Self {
        Self(entry.whole)
    }
}

/// `..` is refused by word, although the kernel would allow one that stays inside: one object has one spelling.
fn is_name(component: &str) -> bool {
    !matches!(component, "" | "." | "..") && !component.contains('\0') && !is_special_here(component)
}

/// On Windows more characters separate (`\` components, `:` drives and streams), some are patterns, and other programs lose what a name ends in.
fn is_special_here(component: &str) -> bool {
    let is_special = |c: char| matches!(c, '\\' | ':' | '<' | '>' | '"' | '|' | '?' | '*') || c < ' ';
    cfg!(windows) && (component.contains(is_special) || component.ends_with(['.', ' ']))
}

fn refused(path: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, RefusedPath(path.escape_debug().to_string()))
}

#[derive(Debug)]
struct RefusedPath(String);

impl fmt::Display for RefusedPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "'{}' is not a path below the root: no name in it may be empty, '.' or '..'", self.0)
    }
}

impl std::error::Error for RefusedPath {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_relative_paths_pass() {
        let only_unix: &[&str] = if cfg!(windows) { &[] } else { &["...", "a:b", "a?"] };
        for good in ["", "a", "a/b", "a/b/c.d", "..a", "a b/ä"].iter().chain(only_unix) {
            assert!(RelativePath::new(good).is_ok(), "{good:?}");
        }
        for bad in ["/", "/a", "a/", "a//b", ".", "..", "a/./b", "a/../b", "../a", "a\0b"] {
            assert_eq!(RelativePath::new(bad).err().map(|e| e.kind()), Some(io::ErrorKind::InvalidInput), "{bad:?}");
        }
    }

    #[test]
    fn an_entry_has_a_parent_and_a_name_and_is_never_the_root() {
        let deep = EntryPath::new("a/b/c").unwrap();
        assert_eq!((deep.parent().as_str(), deep.name()), ("a/b", "c"));
        let shallow = EntryPath::new("a").unwrap();
        assert_eq!((shallow.parent().as_str(), shallow.name()), ("", "a"));
        assert!(EntryPath::new("").is_err());
    }

    #[test]
    fn containing_goes_by_whole_names() {
        let entry = |path| EntryPath::new(path).unwrap();
        assert!(entry("a").contains(entry("a/b")));
        assert!(!entry("a").contains(entry("ab")) && !entry("a").contains(entry("a")));
    }
}
