//! Why bytes were refused.
use std::fmt;

/// Why bytes were refused.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DecodeError {
    /// The bytes end too early or go on too long.
    Length,
    /// Not this kind of document.
    Magic,
    /// Written by a newer version.
    NewerFormat {
        /// Its format number.
        found: u32,
    },
    /// The checksum does not fit the bytes.
    Checksum,
    /// A field holds what no version writes.
    Field(&'static str),
}
impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}
impl std::error::Error for DecodeError {}
