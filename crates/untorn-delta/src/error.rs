//! What can go wrong: making a patch, and reading one.

use std::fmt;
use std::io;

use untorn_format::{DecodeError, TreePath};

/// Why no patch was made. What was written to the output so far is of no use.
#[derive(Debug)]
#[non_exhaustive]
pub enum DiffError {
    /// A file of a build could not be read.
    Read {
        /// Which.
        path: TreePath,
        /// Why.
        source: io::Error,
    },
    /// A file is not what its manifest says: it changed since, or while it was read.
    Changed {
        /// Which.
        path: TreePath,
    },
    /// The output or the spool could not be written or read back.
    Write(io::Error),
    /// The compressor failed.
    Compress(&'static str),
    /// The patch would be larger than the format allows.
    TooLarge(DecodeError),
}

impl fmt::Display for DiffError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read { path, source } => write!(f, "cannot read {path:?}: {source}"),
            Self::Changed { path } => write!(f, "{path:?} changed after its manifest was made: make the manifest again"),
            Self::Write(source) => write!(f, "cannot write the patch: {source}"),
            Self::Compress(why) => write!(f, "cannot compress: {why}"),
            Self::TooLarge(why) => write!(f, "the builds differ in more than one patch can hold ({why})"),
        }
    }
}

impl std::error::Error for DiffError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Read { source, .. } | Self::Write(source) => Some(source),
            Self::TooLarge(source) => Some(source),
            _ => None,
        }
    }
}

/// Why a patch was refused, or could not be used on the old tree. Nothing here writes into a tree.
#[derive(Debug)]
#[non_exhaustive]
pub enum PatchError {
    /// The patch could not be read.
    Input(io::Error),
    /// The patch is no patch, is of another format, or says what no patch may say.
    Format(DecodeError),
    /// The patch's bytes are not those that were made: fetch it again.
    Damaged(&'static str),
    /// The patch goes on after its end.
    Trailing,
    /// The patch was joined from others, and can only be read from its first byte to its last, over a tree that says which build it is.
    Joined,
    /// Reading the patch would take more memory than it may.
    Memory {
        /// How many bytes it takes.
        need: u64,
        /// How many it may take.
        limit: u64,
    },
    /// The patch restores frames of zstd, and another version of that library makes these than the one at hand. Versions as 10507 for 1.5.7.
    Encoder {
        /// The version that makes them.
        needed: u32,
        /// The one at hand.
        found: u32,
    },
    /// A file of the old tree could not be read.
    Read {
        /// Which.
        path: TreePath,
        /// Why.
        source: io::Error,
    },
    /// The file of the old tree at this path is not what the patch starts from.
    Old {
        /// Which.
        path: TreePath,
    },
    /// One of these files of the old tree is not what the patch starts from: literal bytes compressed against them cannot be read.
    References {
        /// Which.
        paths: Vec<TreePath>,
    },
    /// What was made for this path is not what the patch promises: an old file that was copied from is not what the patch starts from.
    Made {
        /// Which.
        path: TreePath,
    },
}

impl fmt::Display for PatchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Input(source) => write!(f, "cannot read the patch: {source}"),
            Self::Format(why) => write!(f, "the patch cannot be used: {why}"),
            Self::Damaged(what) => write!(f, "the patch is damaged ({what}): fetch it again"),
            Self::Memory { need, limit } => {
                let mib = |len: &u64| len.div_ceil(1 << 20);
                write!(f, "reading the patch takes {} MiB of memory, and {} MiB are allowed", mib(need), mib(limit))
            }
            Self::Encoder { needed, found } => {
                let dotted = |version: &u32| format!("{}.{}.{}", version / 10_000, version / 100 % 100, version % 100);
                write!(
                    f,
                    "the patch restores what zstd {} compressed, and this program has zstd {}, which may compress otherwise",
                    dotted(needed),
                    dotted(found)
                )
            }
            Self::Joined => write!(
                f,
                "the patch was joined from others, which cannot be used here: apply it to a tree that says which build it is, or use those"
            ),
            Self::Trailing => write!(f, "the patch goes on after its end: fetch it again"),
            Self::Read { path, source } => write!(f, "cannot read {path:?}: {source}"),
            Self::Old { path } => write!(f, "{path:?} is not what the patch starts from: repair the tree first"),
            Self::References { paths } => {
                write!(
                    f,
                    "one of {} files is not what the patch starts from, the first being {:?}: repair the tree first",
                    paths.len(),
                    paths.first()
                )
            }
            Self::Made { path } => {
                write!(f, "what the patch makes of {path:?} is wrong, an old file it copies from differs: repair the tree first")
            }
        }
    }
}

impl std::error::Error for PatchError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Input(source) | Self::Read { source, .. } => Some(source),
            Self::Format(source) => Some(source),
            _ => None,
        }
    }
}

impl From<DecodeError> for PatchError {
    fn from(error: DecodeError) -> Self {
        Self::Format(error)
    }
}
