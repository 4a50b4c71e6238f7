//! Why entries do not make a manifest.

use std::{error::Error, fmt};

use super::{ENTRY_COUNT_MAX, MANIFEST_LEN_MAX};
use crate::PathError;

/// Why entries do not make a manifest. Paths are escaped: safe to print, not to use.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ManifestError {
    /// Paths clash, or a symlink breaks the rules.
    Path(PathError),
    /// A directory that a path lies in has no entry.
    ParentMissing {
        /// The path, escaped.
        path: String,
        /// The directory, escaped.
        parent: String,
    },
    /// A symlink leads to a path that has no entry.
    TargetMissing {
        /// The path of the symlink, escaped.
        path: String,
        /// The path it leads to, escaped.
        target: String,
    },
    /// More entries than [`ENTRY_COUNT_MAX`].
    TooManyEntries,
    /// Longer than [`MANIFEST_LEN_MAX`].
    TooLong,
    /// The lengths of all files do not add up in 64 bits.
    TooManyBytes,
}

impl ManifestError {
    /// The stable code: `UNT-MANIFEST-...`, or that of the broken path rule.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Path(error) => error.code(),
            Self::ParentMissing { .. } => "UNT-MANIFEST-PARENT",
            Self::TargetMissing { .. } => "UNT-MANIFEST-TARGET",
            Self::TooManyEntries => "UNT-MANIFEST-ENTRIES",
            Self::TooLong => "UNT-MANIFEST-LENGTH",
            Self::TooManyBytes => "UNT-MANIFEST-BYTES",
        }
    }
}

impl fmt::Display for ManifestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(error) => return error.fmt(f),
            Self::ParentMissing { path, parent } => {
                write!(f, "\"{path}\" lies in \"{parent}\", which is not listed; add the directory")?;
            }
            Self::TargetMissing { path, target } => {
                write!(f, "the symlink \"{path}\" leads to \"{target}\", which is not listed; add it or remove the link")?;
            }
            Self::TooManyEntries => write!(f, "more than {ENTRY_COUNT_MAX} paths; pack small files together")?,
            Self::TooLong => write!(f, "longer than {MANIFEST_LEN_MAX} bytes; use fewer or shorter paths")?,
            Self::TooManyBytes => f.write_str("the lengths of all files together exceed what 64 bits can count")?,
        }
        write!(f, " ({})", self.code())
    }
}

impl Error for ManifestError {}

impl From<PathError> for ManifestError {
    fn from(error: PathError) -> Self {
        Self::Path(error)
    }
}
