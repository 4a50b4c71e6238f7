//! How a file differs from what it should be.

use std::fmt;

use untorn_format::escape;
use untorn_fs::FileKind;

/// A path that is not what it should be.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Difference {
    /// Where. Names that are not text are escaped.
    pub path: String,
    /// How.
    pub what: What,
}

/// How a path differs from what it should be.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum What {
    /// Nothing is there.
    Missing,
    /// Something is there that should not be.
    Extra {
        /// What kind of thing.
        found: &'static str,
    },
    /// Something of another kind is there.
    Kind {
        /// What should be there.
        expected: &'static str,
        /// What is there.
        found: &'static str,
    },
    /// The file has another length.
    Length {
        /// In bytes.
        expected: u64,
        /// In bytes.
        found: u64,
    },
    /// The file has other bytes.
    Content,
    /// The file's executable bit is wrong.
    Executable {
        /// What it should be.
        expected: bool,
    },
    /// The symlink says something else.
    Target {
        /// What it should say.
        expected: String,
        /// What it says.
        found: String,
    },
    /// One of the files from which it is to be made has other bytes; which one cannot be told.
    Source,
    /// Somebody modified the file, and it cannot stay so: the new content of others is made from the bytes it had, or compressed against them.
    Needed,
}

impl What {
    /// One word for it, which never changes its meaning.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Extra { .. } => "extra",
            Self::Kind { .. } => "kind",
            Self::Length { .. } => "length",
            Self::Content => "content",
            Self::Executable { .. } => "executable",
            Self::Target { .. } => "target",
            Self::Source => "source",
            Self::Needed => "needed",
        }
    }
}

impl What {
    /// Which of four things has happened to the path: it is `missing`, `damaged` (a file that has the right length, but other bytes), `changed` (of another kind or length, or with another
    /// executable bit or target: somebody did that), or `extra`.
    #[must_use]
    pub fn class(&self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Extra { .. } => "extra",
            Self::Content | Self::Source | Self::Needed => "damaged",
            Self::Kind { .. } | Self::Length { .. } | Self::Executable { .. } | Self::Target { .. } => "changed",
        }
    }
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("missing"),
            Self::Extra { found } => write!(f, "not part of the build: {found}"),
            Self::Kind { expected, found } => write!(f, "{found} instead of {expected}"),
            Self::Length { expected, found } => write!(f, "{found} bytes long instead of {expected}"),
            Self::Content => f.write_str("other bytes"),
            Self::Executable { expected: true } => f.write_str("not executable"),
            Self::Executable { expected: false } => f.write_str("executable"),
            Self::Target { expected, found } => {
                write!(f, "leads to \"{}\" instead of \"{}\"", escape(found.as_bytes()), escape(expected.as_bytes()))
            }
            Self::Source => f.write_str("made from files one of which has other bytes"),
            Self::Needed => f.write_str("modified, and cannot stay so: other files are made from the bytes it had"),
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.what)
    }
}

/// What a kind of file is called.
pub(crate) fn kind_name(kind: FileKind) -> &'static str {
    match kind {
        FileKind::File => "a file",
        FileKind::Dir => "a directory",
        FileKind::Symlink => "a symlink",
        FileKind::Other => "a device, socket or pipe",
    }
}
