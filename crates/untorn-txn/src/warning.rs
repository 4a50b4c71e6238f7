//! What others did to a tree, or to its journal, that untorn could not undo: it goes on, and says so.

use std::fmt;

/// Something that the guarantee does not reach: what others did while the tree was not whole, and what became of it. Nothing of theirs was lost.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Warning {
    /// Something that the transaction does not know stood where the new tree has something else. It was moved to another name beside it.
    MovedAside {
        /// Where it stood.
        path: String,
        /// Where it is now.
        to: String,
    },
    /// The file was put in its place, and then somebody wrote to it, or put another one there: it is left as it is.
    Changed {
        /// Which.
        path: String,
    },
    /// The file, or the directory, is gone: there is nothing to put there, or to change. What was missing of directories was made again, empty.
    Missing {
        /// Which.
        path: String,
    },
    /// All records were unreadable, so what is installed is not known any more, until the next update says it.
    Forgotten,
    /// This program has more rights than somebody who may write into the tree. It stays inside the tree all the same, but what they put there it reads, and
    /// removes or replaces, with its own rights.
    Outranks,
}

impl Warning {
    /// What it is about, relative to the root of the tree.
    #[must_use]
    pub fn path(&self) -> Option<&str> {
        match self {
            Self::MovedAside { path, .. } | Self::Changed { path } | Self::Missing { path } => Some(path),
            Self::Forgotten | Self::Outranks => None,
        }
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MovedAside { path, to } => {
                write!(f, "{}: somebody put something in the way; it is now {}", path.escape_debug(), to.escape_debug())
            }
            Self::Changed { path } => {
                write!(f, "{}: somebody changed it after the update had put it there; it is left as it is", path.escape_debug())
            }
            Self::Missing { path } => {
                write!(f, "{}: somebody removed it before the update was complete; it is not brought back", path.escape_debug())
            }
            Self::Forgotten => f.write_str("all records were unreadable: what is installed is not known any more"),
            Self::Outranks => f.write_str(
                "this runs with more rights than those who may write into this directory: run it as the user whose files these are",
            ),
        }
    }
}
