//! The header: what the patch is for, and how long its parts are.

use super::{Features, MAX_DIGESTS_LEN, MAX_FACTS_LEN, MAX_FILE_LEN};
use crate::{
    DecodeError, Hash,
    bytes::{Field, require},
    document::{CHECKSUM_LEN, CRITICAL, FORMAT, Kind, MAGIC},
    layout::{Row, rows},
};

/// Bytes of a header.
pub const HEADER_LEN: usize = 176;

/// The format of the patches that this version writes; it reads no other.
pub const FORMAT_NUMBER: u32 = 2;

/// The feature of patches that restore members: see [`Header::restores`].
const RESTORES: u32 = 1;
/// The feature of patches that were joined from two: see [`Header::joined`].
const JOINED: u32 = 2;
/// The feature of patches that compress members as zstd does: see [`Header::zstd`].
const ZSTD: u32 = 4;

const KIND: Kind = Kind { magic: *b"untorn:d", format: FORMAT_NUMBER, len_max: HEADER_LEN as u64 };

const FROM: Field<32> = Field::at(16);
const TO: Field<32> = Field::at(48);
const FACTS_STORED_LEN: Field<8> = Field::at(80);
const FACTS_LEN: Field<8> = Field::at(88);
const DIGESTS_LEN: Field<8> = Field::at(96);
const FRAMES_LEN: Field<8> = Field::at(104);
const INDEX_HASH: Field<32> = Field::at(112);
const CHECKSUM: Field<CHECKSUM_LEN> = Field::at(144);

pub(crate) const ROWS: &[Row] = rows!(
    HEADER_LEN; MAGIC, FORMAT, CRITICAL, FROM, TO, FACTS_STORED_LEN, FACTS_LEN, DIGESTS_LEN, FRAMES_LEN, INDEX_HASH, CHECKSUM
);

/// The first bytes of a patch. What follows: the stored facts, the digests, the frames, and nothing more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Whether members of files are unpacked, and packed again: a critical feature, without which all is as if there were none.
    pub restores: bool,
    /// Whether it was joined from two patches: a critical feature, with which it says less of the old files, and makes some bytes on the way that are in no file.
    pub joined: bool,
    /// Whether any of these members are frames of zstd: a critical feature, too.
    pub zstd: bool,
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
    /// How a patch begins.
    pub const MAGIC: [u8; 8] = KIND.magic;

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
        let mut block = [0; HEADER_LEN];
        let features = [(self.restores, RESTORES), (self.joined, JOINED), (self.zstd, ZSTD)];
        KIND.begin_with(&mut block, features.iter().filter(|(has, _)| *has).map(|(_, bit)| bit).sum());
        FROM.put(&mut block, self.from.0);
        TO.put(&mut block, self.to.0);
        FACTS_STORED_LEN.put(&mut block, self.facts_stored_len.to_le_bytes());
        FACTS_LEN.put(&mut block, self.facts_len.to_le_bytes());
        DIGESTS_LEN.put(&mut block, self.digests_len.to_le_bytes());
        FRAMES_LEN.put(&mut block, self.frames_len.to_le_bytes());
        INDEX_HASH.put(&mut block, self.index_hash.0);
        let checksum = Hash::of(&block[..CHECKSUM.at]);
        CHECKSUM.put(&mut block, checksum.0);
        block
    }

    /// The features that the index is read by.
    #[must_use]
    pub fn features(&self) -> Features {
        Features { restores: self.restores, joined: self.joined, zstd: self.zstd }
    }

    /// Reads a header.
    ///
    /// # Errors
    /// [`DecodeError`] for anything that [`Header::encode`] would not have written, or when a part is longer than is read.
    pub fn decode(block: &[u8; HEADER_LEN]) -> Result<Self, DecodeError> {
        let (_, features) = KIND.open_knowing(block, RESTORES | JOINED | ZSTD)?;
        let header = Self {
            restores: features & RESTORES != 0,
            joined: features & JOINED != 0,
            zstd: features & ZSTD != 0,
            from: FROM.hash(block),
            to: TO.hash(block),
            facts_stored_len: FACTS_STORED_LEN.u64(block),
            facts_len: FACTS_LEN.u64(block),
            digests_len: DIGESTS_LEN.u64(block),
            frames_len: FRAMES_LEN.u64(block),
            index_hash: INDEX_HASH.hash(block),
        };
        require(header.facts_len.max(header.facts_stored_len) <= MAX_FACTS_LEN, "length of the facts")?;
        require(header.digests_len <= MAX_DIGESTS_LEN, "length of the digests")?;
        require(header.patch_len() <= MAX_FILE_LEN, "length of the frames")?;
        Ok(header)
    }
}
