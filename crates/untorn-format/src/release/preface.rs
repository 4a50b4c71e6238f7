//! What stands before a signed patch: who says that it leads to a release.

use super::{ROOT_LEN_MAX, SIGNATURES_LEN_MAX, SIGNED_LEN_MAX, Signed, signed::SIGNED_FRAME_LEN};
use crate::{
    DecodeError,
    bytes::{Field, Reader, Writer, count, require},
    document::{CHECKSUM_LEN, CRITICAL, FORMAT, Kind, MAGIC, PREAMBLE_LEN, seal},
    layout::{Row, rows},
};

/// The most roots before a patch.
pub const PREFACE_ROOT_COUNT_MAX: usize = 256;

/// The longest preface, in bytes.
pub const PREFACE_LEN_MAX: u64 = (PREFACE_ROOT_COUNT_MAX as u64) * (4 + ROOT_LEN_MAX + SIGNATURES_LEN_MAX + SIGNED_FRAME_LEN)
    + SIGNED_LEN_MAX
    + (PREFACE_HEAD_LEN + CHECKSUM_LEN) as u64;

/// How many bytes tell how long a preface is.
pub const PREFACE_HEAD_LEN: usize = 40;

const KIND: Kind = Kind { magic: *b"untorn:f", format: 1, len_max: PREFACE_LEN_MAX };

const LEN: Field<4> = Field::at(16);
const ROOT_COUNT: Field<4> = Field::at(20);
const FIRST_ROOT: Field<8> = Field::at(24);
const RELEASE_LEN: Field<4> = Field::at(32);
const RESERVED: Field<4> = Field::at(36);

pub(crate) const ROWS: &[Row] =
    rows!(PREFACE_HEAD_LEN; MAGIC, FORMAT, CRITICAL, LEN, ROOT_COUNT, FIRST_ROOT, RELEASE_LEN, RESERVED);

/// What stands before a signed patch: the release it leads to, and the roots that lead to whoever signed that. The bare patch follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preface {
    /// The version of the first root, as is said.
    pub first_root: u64,
    /// Roots of versions that follow each other.
    pub roots: Vec<Signed>,
    /// The release the patch leads to; it lists the patch.
    pub release: Signed,
}

impl Preface {
    /// How a file with a preface begins.
    pub const MAGIC: [u8; 8] = KIND.magic;

    /// Whether a file begins with a preface, by its first 8 bytes.
    #[must_use]
    pub fn begins(bytes: [u8; 8]) -> bool {
        bytes == Self::MAGIC
    }

    /// How long the whole preface is, in bytes, by its first [`PREFACE_HEAD_LEN`] bytes. What a damaged one says is bounded.
    ///
    /// # Errors
    /// [`DecodeError::Magic`]; [`DecodeError::Length`] for what cannot be the length of one.
    pub fn len(head: &[u8; PREFACE_HEAD_LEN]) -> Result<usize, DecodeError> {
        if MAGIC.get(head) != KIND.magic {
            return Err(DecodeError::Magic);
        }
        let len = LEN.u32(head);
        if u64::from(len) > PREFACE_LEN_MAX {
            return Err(DecodeError::Length);
        }
        let len = usize::try_from(len).map_err(|_| DecodeError::Length)?;
        if len < PREFACE_HEAD_LEN + CHECKSUM_LEN { Err(DecodeError::Length) } else { Ok(len) }
    }

    /// The bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let (roots, release): (Vec<_>, _) = (self.roots.iter().map(Signed::encode).collect(), self.release.encode());
        let len = roots.iter().map(|root| 4 + root.len()).sum::<usize>() + release.len() + PREFACE_HEAD_LEN + CHECKSUM_LEN;
        let mut head = [0; PREFACE_HEAD_LEN];
        KIND.begin(&mut head);
        LEN.put(&mut head, count(len).to_le_bytes());
        ROOT_COUNT.put(&mut head, count(roots.len()).to_le_bytes());
        FIRST_ROOT.put(&mut head, self.first_root.to_le_bytes());
        RELEASE_LEN.put(&mut head, count(release.len()).to_le_bytes());
        let mut writer = Writer(head.to_vec());
        for root in &roots {
            writer.u32(count(root.len()));
            writer.bytes(root);
        }
        writer.bytes(&release);
        seal(writer)
    }

    /// Reads a preface: all of it, and nothing behind it.
    ///
    /// # Errors
    /// [`DecodeError`] for anything that [`Preface::encode`] would not have written.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = KIND.open(bytes)?;
        reader.take(PREFACE_HEAD_LEN - PREAMBLE_LEN)?;
        let head = &bytes[..PREFACE_HEAD_LEN];
        require(RESERVED.u32(head) == 0, "reserved bytes")?;
        require(usize::try_from(LEN.u32(head)).is_ok_and(|len| len == bytes.len()), "length of the preface")?;
        let preface = Self {
            first_root: FIRST_ROOT.u64(head),
            roots: reader.list(ROOT_COUNT.u32(head), ROOT_LEN_MIN, read_root)?,
            release: Signed::decode(reader.bytes(RELEASE_LEN.u32(head))?)?,
        };
        reader.end()?;
        require(preface.roots.len() <= PREFACE_ROOT_COUNT_MAX, "number of roots")?;
        require(preface.first_root > 0, "version of the first root")?;
        Ok(preface)
    }
}

/// A length, and the shortest signed file.
const ROOT_LEN_MIN: usize = 4 + 56;

fn read_root(reader: &mut Reader<'_>) -> Result<Signed, DecodeError> {
    let len = reader.u32()?;
    Signed::decode(reader.bytes(len)?)
}
