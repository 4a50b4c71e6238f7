//! What importing failed of, for the person who must act.

use std::{error::Error as StdError, fmt, io};

/// What an operation answers.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong. The tree is unchanged, unless [`Error::Tree`] says otherwise.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The tree could not be opened or changed, or the source not be read.
    Tree(untorn::Error),
    /// The description, or something it is made from, could not be read.
    Io {
        /// The file, escaped.
        path: String,
        /// What the system said.
        source: io::Error,
    },
    /// The description is damaged, or of a kind that is not understood.
    Description {
        /// The file, escaped.
        path: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// What came out is not what the description promises.
    Mismatch {
        /// The path in the tree.
        path: String,
        /// What differs.
        why: &'static str,
        /// What the description calls the file that it starts from, escaped, where it says so.
        from: Option<String>,
    },
    /// Nothing in the description tells whether the file is the one that it starts from.
    Unchecked {
        /// The path in the tree.
        path: String,
    },
    /// Bytes are missing, and nothing was named that they could come from.
    NoSource {
        /// How many bytes.
        bytes: u64,
    },
    /// The file belongs to the build that is installed.
    Installed {
        /// The path in the tree.
        path: String,
    },
}

impl Error {
    /// What never changes its meaning: `untorn explain CODE`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Tree(error) => error.code(),
            Self::Io { .. } => "UNT-IO",
            Self::Description { .. } => "UNT-IMPORT-KIND",
            Self::Mismatch { .. } => "UNT-IMPORT-OTHER",
            Self::Unchecked { .. } => "UNT-IMPORT-UNCHECKED",
            Self::NoSource { .. } => "UNT-IMPORT-SOURCE",
            Self::Installed { .. } => "UNT-IMPORT-BUILD",
        }
    }

    /// What to do next.
    #[must_use]
    pub fn advice(&self) -> &'static str {
        match self {
            Self::Tree(error) => error.advice(),
            Self::Io { .. } => "check the path and its permissions",
            Self::Description { .. } => "fetch it again, or make it with the options that are named in the documentation",
            Self::Mismatch { .. } => {
                "check that the file is the version the description starts from, and the source the one it leads to"
            }
            Self::Unchecked { .. } => {
                "name the BLAKE3 hash of one of the files, as b3sum prints it: --new-hash (or --old-hash, which does not notice a damaged delta)"
            }
            Self::NoSource { .. } => "name where they come from with --from: the new file, its address, or a store of chunks",
            Self::Installed { .. } => "use `untorn update`, `apply` or `repair` for files of a build",
        }
    }

    /// The file it is about, if any.
    #[must_use]
    pub fn path(&self) -> Option<&str> {
        match self {
            Self::Tree(error) => error.path(),
            Self::Io { path, .. } | Self::Description { path, .. } | Self::Mismatch { path, .. } => Some(path),
            Self::Unchecked { path } | Self::Installed { path } => Some(path),
            Self::NoSource { .. } => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tree(error) => return error.fmt(f),
            Self::Io { path, source } => write!(f, "{path}: cannot read: {source}")?,
            Self::Description { path, why } => write!(f, "{path}: {why}")?,
            Self::Mismatch { path, why, from: None } => write!(f, "{path}: {why}")?,
            Self::Mismatch { path, why, from: Some(from) } => write!(f, "{path}: {why}, which it calls {from}")?,
            Self::Unchecked { path } => {
                write!(
                    f,
                    "{path}: the delta has no checksums (xdelta3 -n), so nothing tells whether this is the file that it starts from"
                )?;
            }
            Self::NoSource { bytes } => write!(f, "{bytes} bytes of the new file are not in the old one")?,
            Self::Installed { path } => write!(f, "{path} belongs to the build that is installed")?,
        }
        write!(f, "; nothing was changed; {} [{}]", self.advice(), self.code())
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Tree(error) => Some(error),
            Self::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}

impl From<untorn::Error> for Error {
    fn from(error: untorn::Error) -> Self {
        Self::Tree(error)
    }
}

impl From<untorn::TreeError> for Error {
    fn from(error: untorn::TreeError) -> Self {
        Self::Tree(error.into())
    }
}
