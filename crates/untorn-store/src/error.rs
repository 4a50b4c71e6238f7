//! What can go wrong.

use std::{error::Error as StdError, fmt, io};

use untorn_format::DecodeError;

/// What went wrong. Nothing here changes anything.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// A file of the build could not be read.
    Read {
        /// Its number, in the order in which the files were given.
        file: usize,
        /// Why.
        source: io::Error,
    },
    /// Whoever takes the packs could not take one.
    Sink(io::Error),
    /// The compressor failed.
    Compress(&'static str),
    /// More than an index can hold.
    TooLarge(&'static str),
    /// The head or a page of an index is no such thing.
    Decode(DecodeError),
    /// The head of an index belongs to another manifest.
    OtherManifest,
    /// The index, or a page of it, is not what is promised.
    PageDamaged,
    /// The bytes of a frame are not those the index promises: damaged on the way, or on the host.
    FrameDamaged,
    /// The index promises a frame that cannot be. Whoever made it made a mistake, or means harm.
    FrameForged,
    /// The bytes of a manifest are not those the release promises: damaged on the way, or on the host.
    ManifestDamaged,
    /// The release promises a manifest that its bytes do not hold. Whoever made it made a mistake, or means harm.
    ManifestForged,
}

impl Error {
    /// A code that never changes its meaning.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Read { .. } | Self::Sink(_) => "UNT-IO",
            Self::Compress(_) => "UNT-STORE-COMPRESS",
            Self::TooLarge(_) => "UNT-STORE-SIZE",
            Self::Decode(error) => error.code(),
            Self::OtherManifest => "UNT-INDEX-OTHER",
            Self::PageDamaged => "UNT-INDEX-DAMAGED",
            Self::FrameDamaged => "UNT-PACK-DAMAGED",
            Self::FrameForged => "UNT-PACK-FORGED",
            Self::ManifestDamaged => "UNT-MANIFEST-DAMAGED",
            Self::ManifestForged => "UNT-MANIFEST-FORGED",
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read { source, .. } => write!(f, "cannot read: {source}"),
            Self::Sink(source) => write!(f, "cannot write a pack: {source}"),
            Self::Compress(why) => write!(f, "cannot compress: {why}"),
            Self::TooLarge(what) => write!(f, "more than an index can hold: {what}"),
            Self::Decode(error) => error.fmt(f),
            Self::OtherManifest => f.write_str("the index belongs to another build"),
            Self::PageDamaged => f.write_str("the index is not what is promised"),
            Self::FrameDamaged => f.write_str("the pack is not what the index promises"),
            Self::FrameForged => f.write_str("the index promises what the pack cannot hold"),
            Self::ManifestDamaged => f.write_str("the manifest is not what the release promises"),
            Self::ManifestForged => f.write_str("the release promises a manifest that its bytes do not hold"),
        }
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Read { source, .. } | Self::Sink(source) => Some(source),
            Self::Decode(error) => Some(error),
            _ => None,
        }
    }
}

impl From<DecodeError> for Error {
    fn from(error: DecodeError) -> Self {
        Self::Decode(error)
    }
}
