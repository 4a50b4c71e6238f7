//! What all documents have in common: how they begin and how they end.
//!
//! A document begins with its magic (8 bytes), the number of its format (u32) and its critical features (u32), and ends with the BLAKE3 hash of
//! everything before. These places are the same in every format, so that a version can always tell damage from a newer format.

use crate::{
    DecodeError, Hash,
    bytes::{Field, Reader, Writer},
};

/// Length of the beginning.
pub(crate) const PREAMBLE_LEN: usize = 16;
/// Length of the end.
pub(crate) const CHECKSUM_LEN: usize = 32;

pub(crate) const MAGIC: Field<8> = Field::at(0);
pub(crate) const FORMAT: Field<4> = Field::at(8);
/// Features a reader must know, one bit each: only a patch has one so far. Features that may be ignored, or that only forbid writing, would get fields of
/// their own in a later format; until then there is no place where they could stand unseen.
pub(crate) const CRITICAL: Field<4> = Field::at(12);

/// A kind of document, as this version writes it.
pub(crate) struct Kind {
    pub(crate) magic: [u8; 8],
    pub(crate) format: u32,
    /// The longest that is read, in bytes.
    pub(crate) len_max: u64,
}

impl Kind {
    /// Puts the beginning into a block.
    pub(crate) fn begin(&self, block: &mut [u8]) {
        self.begin_with(block, 0);
    }

    /// The same, with features a reader must know.
    pub(crate) fn begin_with(&self, block: &mut [u8], features: u32) {
        MAGIC.put(block, self.magic);
        FORMAT.put(block, self.format.to_le_bytes());
        CRITICAL.put(block, features.to_le_bytes());
    }

    /// What stands between beginning and end, once both are right.
    ///
    /// The checksum is compared before the format: a number that rotted is damage, not news from the future.
    pub(crate) fn open<'a>(&self, bytes: &'a [u8]) -> Result<Reader<'a>, DecodeError> {
        self.open_knowing(bytes, 0).map(|(reader, _)| reader)
    }

    /// The same, of a document that may have the features `known`; and those that it has.
    pub(crate) fn open_knowing<'a>(&self, bytes: &'a [u8], known: u32) -> Result<(Reader<'a>, u32), DecodeError> {
        let (before, checksum) = bytes.split_last_chunk::<CHECKSUM_LEN>().ok_or(DecodeError::Length)?;
        let (preamble, body) = before.split_at_checked(PREAMBLE_LEN).ok_or(DecodeError::Length)?;
        if MAGIC.get(preamble) != self.magic {
            return Err(DecodeError::Magic);
        }
        if u64::try_from(bytes.len()).map_or(true, |len| len > self.len_max) {
            return Err(DecodeError::Length);
        }
        if Hash::of(before).0 != *checksum {
            return Err(DecodeError::Checksum);
        }
        self.check_format(FORMAT.u32(preamble))?;
        match CRITICAL.u32(preamble) {
            features if features & !known == 0 => Ok((Reader(body), features)),
            features => Err(DecodeError::UnknownFeatures { bits: features & !known }),
        }
    }

    fn check_format(&self, found: u32) -> Result<(), DecodeError> {
        match found {
            0 => Err(DecodeError::Field("format number 0")),
            _ if found > self.format => Err(DecodeError::NewerFormat { found }),
            _ => Ok(()),
        }
    }
}

/// Adds the end.
pub(crate) fn seal(mut writer: Writer) -> Vec<u8> {
    let checksum = Hash::of(&writer.0);
    writer.hash(&checksum);
    writer.0
}
