//! Why bytes were refused.

use std::{error::Error, fmt};

use crate::{PathError, manifest::ManifestError};

/// Why bytes were refused. Nothing was changed: decoders only read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DecodeError {
    /// The bytes end too early or go on too long.
    Length,
    /// Not this kind of document.
    Magic,
    /// Written by a newer version. The checksum is right.
    NewerFormat {
        /// Its format number.
        found: u32,
    },
    /// Uses features this version does not know and that must not be ignored. The checksum is right.
    UnknownFeatures {
        /// The bits that are not known.
        bits: u32,
    },
    /// The checksum does not fit the bytes.
    Checksum,
    /// A field holds what no version writes, though the checksum is right: a forgery or an error of the writer.
    Field(&'static str),
    /// A path or the target of a symlink breaks the rules.
    Path(PathError),
    /// The entries of a manifest do not make a tree.
    Manifest(ManifestError),
}

impl DecodeError {
    /// The stable code: `UNT-FORMAT-...`, or that of the broken path rule.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Length => "UNT-FORMAT-LENGTH",
            Self::Magic => "UNT-FORMAT-MAGIC",
            Self::NewerFormat { .. } => "UNT-FORMAT-NEWER",
            Self::UnknownFeatures { .. } => "UNT-FORMAT-FEATURES",
            Self::Checksum => "UNT-FORMAT-CHECKSUM",
            Self::Field(_) => "UNT-FORMAT-FIELD",
            Self::Path(error) => error.code(),
            Self::Manifest(error) => error.code(),
        }
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length => f.write_str("the document was cut off, or something stands behind its end; get it again"),
            Self::Magic => f.write_str("this is another kind of document, or none of untorn's"),
            Self::NewerFormat { found } => {
                write!(f, "written in format {found}, which this version cannot read; use a newer untorn")
            }
            Self::UnknownFeatures { bits } => {
                write!(f, "uses features ({bits:#x}) that this version does not know; use a newer untorn")
            }
            Self::Checksum => f.write_str("the document is damaged: its checksum does not fit; get it again"),
            Self::Field(field) => write!(f, "the document is whole, but no version of untorn writes such a value ({field})"),
            Self::Path(error) => error.fmt(f),
            Self::Manifest(error) => error.fmt(f),
        }
    }
}

impl Error for DecodeError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Path(error) => error.source(),
            Self::Manifest(error) => error.source(),
            _ => None,
        }
    }
}

impl From<PathError> for DecodeError {
    fn from(error: PathError) -> Self {
        Self::Path(error)
    }
}

impl From<ManifestError> for DecodeError {
    fn from(error: ManifestError) -> Self {
        Self::Manifest(error)
    }
}
