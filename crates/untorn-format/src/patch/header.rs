//! The header: what the patch is for, and how long its parts are.

use super::fields::Fields;
use super::{MAX_DIGESTS_LEN, MAX_FACTS_LEN};
use crate::{DecodeError, Hash};

/// The first bytes of a patch.
pub const MAGIC: [u8; 8] = *b"UNTPATCH";
/// The format this code writes, and the only one it reads.
pub const FORMAT: u32 = 1;
/// Bytes of a header.
pub const HEADER_LEN: usize = 176;

/// The first bytes of a patch. What follows: the stored facts, the digests, the frames, and nothing more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Hash of the manifest of the build it starts from.
    pub from: Hash,
    /// Hash of the manifest of the build it leads to.
    pub to: Hash,
    /// Length in bytes of the facts as stored: one zstd frame.
    pub facts_stored_len: u64,
    /// Length in bytes of the facts once decompressed.
    pub facts_len: u64,
    /// Length in bytes of the digests.
    pub digests_len: u64,
    /// Length in bytes of all frames together.
    pub frames_len: u64,
    /// Hash of the stored facts and the digests behind them.
    pub index_hash: Hash,
}

impl Header {
    /// Length in bytes of the whole patch.
    #[must_use]
    pub fn patch_len(&self) -> u64 {
        [self.facts_stored_len, self.digests_len, self.frames_len]
            .iter()
            .fold(HEADER_LEN as u64, |sum, len| sum.saturating_add(*len))
    }

    /// The bytes of this header.
    #[must_use]
    pub fn encode(&self) -> [u8; HEADER_LEN] {
        let mut out = Vec::with_capacity(HEADER_LEN);
        out.extend_from_slice(&MAGIC);
        out.extend_from_slice(&FORMAT.to_le_bytes());
        out.extend_from_slice(&0_u32.to_le_bytes());
        out.extend_from_slice(&self.from.0);
        out.extend_from_slice(&self.to.0);
        for len in [self.facts_stored_len, self.facts_len, self.digests_len, self.frames_len] {
            out.extend_from_slice(&len.to_le_bytes());
        }
        out.extend_from_slice(&self.index_hash.0);
        out.extend_from_slice(&Hash::of(&out).0);
        let mut bytes = [0; HEADER_LEN];
        bytes.copy_from_slice(&out);
        bytes
    }

    /// Reads a header.
    ///
    /// # Errors
    /// [`DecodeError`] for anything that [`Header::encode`] would not have written; [`DecodeError::NewerFormat`] for a patch of another
    /// format, [`DecodeError::UnknownFeatures`] for one with flags that are not known here.
    pub fn decode(bytes: &[u8; HEADER_LEN]) -> Result<Self, DecodeError> {
        let mut fields = Fields(bytes);
        if fields.array()? != MAGIC {
            return Err(DecodeError::Magic);
        }
        let format = u32::from_le_bytes(fields.array()?);
        if Hash::of(&bytes[..HEADER_LEN - 32]).0 != bytes[HEADER_LEN - 32..] {
            return Err(DecodeError::Checksum);
        }
        if format != FORMAT {
            return Err(DecodeError::NewerFormat { found: format });
        }
        let bits = u32::from_le_bytes(fields.array()?);
        if bits != 0 {
            return Err(DecodeError::UnknownFeatures { bits });
        }
        Self::decode_fields(&mut fields)?.check()
    }

    fn decode_fields(fields: &mut Fields<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            from: Hash(fields.array()?),
            to: Hash(fields.array()?),
            facts_stored_len: u64::from_le_bytes(fields.array()?),
            facts_len: u64::from_le_bytes(fields.array()?),
            digests_len: u64::from_le_bytes(fields.array()?),
            frames_len: u64::from_le_bytes(fields.array()?),
            index_hash: Hash(fields.array()?),
        })
    }

    fn check(self) -> Result<Self, DecodeError> {
        if self.facts_len > MAX_FACTS_LEN || self.facts_stored_len > MAX_FACTS_LEN || self.digests_len > MAX_DIGESTS_LEN {
            return Err(DecodeError::Field("length of the index"));
        }
        if self.patch_len() > i64::MAX.unsigned_abs() {
            return Err(DecodeError::Field("length of the frames"));
        }
        Ok(self)
    }
}
