//! Why a path is refused.

use std::fmt;

use crate::escape;

/// The rule that a path, a set of paths, or a symlink breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PathRule {
    /// Absolute, or with a drive letter.
    N1,
    /// `.`, `..`, an empty component, a doubled or trailing slash.
    N2,
    /// A control character, or one of `< > : " \ | ? *`.
    N3,
    /// A component that ends in `.` or a space, or begins with a space.
    N4,
    /// A device name of Windows.
    N5,
    /// Looks like a short (8.3) name.
    N6,
    /// Not UTF-8.
    N7,
    /// An invisible or direction-changing code point.
    N8,
    /// Two paths that some systems take for the same.
    N9,
    /// A file that is also the directory of another path.
    N10,
    /// Begins like the state directory.
    N11,
    /// Too long or too deep.
    N12,
    /// A symlink that leads out of the tree, or is not written as untorn wants it.
    F3,
}

impl PathRule {
    /// The stable code of the rule.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::N1 => "UNT-PATH-N1",
            Self::N2 => "UNT-PATH-N2",
            Self::N3 => "UNT-PATH-N3",
            Self::N4 => "UNT-PATH-N4",
            Self::N5 => "UNT-PATH-N5",
            Self::N6 => "UNT-PATH-N6",
            Self::N7 => "UNT-PATH-N7",
            Self::N8 => "UNT-PATH-N8",
            Self::N9 => "UNT-PATH-N9",
            Self::N10 => "UNT-PATH-N10",
            Self::N11 => "UNT-PATH-N11",
            Self::N12 => "UNT-PATH-N12",
            Self::F3 => "UNT-PATH-F3",
        }
    }

    /// What is wrong, and what to do: the end of a message that began with the path, or with both.
    const fn advice(self) -> &'static str {
        match self {
            Self::N1 => "is absolute; name files relative to the tree, like data/level.pak",
            Self::N2 => "has an empty, '.' or '..' component; write each path in its one plain form, like data/level.pak",
            Self::N3 => "holds a control character or one of < > : \" \\ | ? *, which Windows does not allow; rename the file",
            Self::N4 => {
                "has a component that begins with a space or ends in a space or a dot, which Windows drops; rename the file"
            }
            Self::N5 => "is a device name on Windows, whatever its extension; rename the file",
            Self::N6 => "looks like a short name that Windows makes up for another file; rename the file",
            Self::N7 => "is not UTF-8; rename the file",
            Self::N8 => "holds an invisible or direction-changing character; rename the file",
            Self::N9 => "are mixed up on some systems (case, accents); spell their directories alike or rename one",
            Self::N10 => "which is no directory; rename or remove one of them",
            Self::N11 => "begins like .untorn, where untorn keeps its own state; rename the file",
            Self::N12 => "is too long: at most 255 bytes a component, 1,024 bytes and 64 components in all; shorten it",
            Self::F3 => {
                "which is no plain relative path (names with '/' between, '..' only in front) to a place inside the tree; change the link"
            }
        }
    }
}

/// Why a path, a set of paths, or a symlink is refused. Paths are escaped (see [`crate::escape`]): safe to print, not to use.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PathError {
    /// The rule that is broken.
    pub rule: PathRule,
    /// The path, escaped.
    pub path: String,
    /// The path it clashes with (N9, N10) or the target of the symlink (F3), escaped.
    pub other: Option<String>,
}

impl PathError {
    pub(crate) fn new(rule: PathRule, path: &[u8]) -> Self {
        Self { rule, path: escape(path), other: None }
    }

    pub(crate) fn with_other(rule: PathRule, path: &str, other: &str) -> Self {
        Self { rule, path: escape(path.as_bytes()), other: Some(escape(other.as_bytes())) }
    }

    /// The stable code: `UNT-PATH-N1` to `UNT-PATH-N12`, `UNT-PATH-F3`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.rule.code()
    }
}

impl fmt::Display for PathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (path, advice, code) = (&self.path, self.rule.advice(), self.code());
        match (self.rule, &self.other) {
            (PathRule::N9, Some(other)) if other == path => write!(f, "\"{path}\" is listed twice; list it once ({code})"),
            (PathRule::N9, Some(other)) => write!(f, "\"{other}\" and \"{path}\" {advice} ({code})"),
            (PathRule::N10, Some(other)) => write!(f, "\"{path}\" lies in \"{other}\", {advice} ({code})"),
            (_, Some(other)) => write!(f, "the symlink \"{path}\" says \"{other}\", {advice} ({code})"),
            (_, None) => write!(f, "\"{path}\" {advice} ({code})"),
        }
    }
}

impl std::error::Error for PathError {}
