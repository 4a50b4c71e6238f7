//! Why two patches cannot be joined.

use std::fmt;
use std::io;

use untorn_format::{DecodeError, Hash, TreePath};

use crate::{DiffError, PatchError};

/// Why two patches could not be joined. What was written to the output so far is of no use.
#[derive(Debug)]
#[non_exhaustive]
pub enum MergeError {
    /// The first patch cannot be used.
    First(PatchError),
    /// The second patch cannot be used.
    Second(PatchError),
    /// The first patch does not lead to the build that the second one starts from.
    Apart {
        /// Where the first one leads.
        first_to: Hash,
        /// Where the second one starts.
        second_from: Hash,
    },
    /// Both say that they fit, but one of them does not tell the truth about this path.
    Contradiction {
        /// Which.
        path: TreePath,
    },
    /// How the second patch makes this file cannot be told without the files themselves.
    File {
        /// Which.
        path: TreePath,
        /// Why.
        why: &'static str,
    },
    /// Together they are more than one patch may hold, or than whoever applies it could keep in memory.
    TooLarge(DecodeError),
    /// The joined patch cannot be written.
    Write(DiffError),
}

impl fmt::Display for MergeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::First(why) => write!(f, "the first patch: {why}"),
            Self::Second(why) => write!(f, "the second patch: {why}"),
            Self::Apart { first_to, second_from } => {
                write!(f, "the first patch leads to build {first_to}, and the second one starts from build {second_from}")
            }
            Self::Contradiction { path } => {
                write!(f, "the two patches say different things of {path:?} in the build between them")
            }
            Self::File { path, why } => write!(f, "{path:?} cannot be joined without its files: {why}"),
            Self::TooLarge(why) => write!(f, "together the two are more than one patch can hold ({why})"),
            Self::Write(why) => write!(f, "{why}"),
        }
    }
}

impl std::error::Error for MergeError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::First(source) | Self::Second(source) => Some(source),
            Self::TooLarge(source) => Some(source),
            Self::Write(source) => Some(source),
            _ => None,
        }
    }
}

impl From<DiffError> for MergeError {
    fn from(error: DiffError) -> Self {
        Self::Write(error)
    }
}

impl From<io::Error> for MergeError {
    fn from(error: io::Error) -> Self {
        Self::Write(DiffError::Write(error))
    }
}
