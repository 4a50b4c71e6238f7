//! A document with its signatures, in one file.

use super::RELEASE_LEN_MAX;
use crate::{
    DecodeError, Hash,
    bytes::{Field, Writer, count, require},
    document::{CHECKSUM_LEN, CRITICAL, FORMAT, Kind, MAGIC, PREAMBLE_LEN, seal},
    layout::{Row, rows},
};

/// The most bytes of signatures: about 50 of them.
pub const SIGNATURES_LEN_MAX: u64 = 16 << 10;

/// The longest file, in bytes. One that holds a channel or a root has at most 64 KiB.
pub const SIGNED_LEN_MAX: u64 = RELEASE_LEN_MAX + SIGNATURES_LEN_MAX + SIGNED_FRAME_LEN;

const KIND: Kind = Kind { magic: *b"untorn:s", format: 1, len_max: SIGNED_LEN_MAX };

/// What a signed file takes besides document and signatures.
pub(super) const SIGNED_FRAME_LEN: u64 = (HEAD_LEN + CHECKSUM_LEN) as u64;

const HEAD_LEN: usize = 24;
const SIGNATURES_LEN: Field<4> = Field::at(16);
const DOCUMENT_LEN: Field<4> = Field::at(20);

pub(crate) const ROWS: &[Row] = rows!(HEAD_LEN; MAGIC, FORMAT, CRITICAL, SIGNATURES_LEN, DOCUMENT_LEN);

/// A document with its signatures. Reading one checks neither: what is in it comes from whoever wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// What stands in the file `.minisig` beside the document: one or more signatures of minisign, one after the other.
    pub signatures: String,
    /// The document, as it was signed.
    pub document: Vec<u8>,
}

impl Signed {
    /// The hash of the document: its id.
    #[must_use]
    pub fn id(&self) -> Hash {
        Hash::of(&self.document)
    }

    /// The bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut head = [0; HEAD_LEN];
        KIND.begin(&mut head);
        SIGNATURES_LEN.put(&mut head, count(self.signatures.len()).to_le_bytes());
        DOCUMENT_LEN.put(&mut head, count(self.document.len()).to_le_bytes());
        let mut writer = Writer(head.to_vec());
        writer.bytes(self.signatures.as_bytes());
        writer.bytes(&self.document);
        seal(writer)
    }

    /// Reads a file.
    ///
    /// # Errors
    /// [`DecodeError`] for anything that [`Signed::encode`] would not have written.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = KIND.open(bytes)?;
        reader.take(HEAD_LEN - PREAMBLE_LEN)?;
        let head = &bytes[..HEAD_LEN];
        require(u64::from(SIGNATURES_LEN.u32(head)) <= SIGNATURES_LEN_MAX, "length of the signatures")?;
        require(u64::from(DOCUMENT_LEN.u32(head)) <= RELEASE_LEN_MAX, "length of the document")?;
        let signatures = reader.bytes(SIGNATURES_LEN.u32(head))?;
        let document = reader.bytes(DOCUMENT_LEN.u32(head))?;
        reader.end()?;
        let signatures = std::str::from_utf8(signatures).map_err(|_| DecodeError::Field("signatures"))?;
        Ok(Self { signatures: signatures.to_owned(), document: document.to_vec() })
    }
}
