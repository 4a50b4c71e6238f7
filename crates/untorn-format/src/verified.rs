//! What was found intact, so that it need not be read again soon.

use crate::{
    DecodeError, Hash, Hasher, TreePath,
    bytes::{Field, Reader, Writer, count, require},
    document::{self, CRITICAL, FORMAT, MAGIC, PREAMBLE_LEN, seal},
    layout::{Row, rows},
    manifest::ENTRY_COUNT_MAX,
};

const KIND: document::Kind = document::Kind { magic: *b"untorn:v", format: 1, len_max: 1 << 26 };

const HEAD_LEN: usize = 24;
const STAMP_COUNT: Field<4> = Field::at(16);
const RESERVED: Field<4> = Field::at(20);

pub(crate) const ROWS: &[Row] = rows!(HEAD_LEN; MAGIC, FORMAT, CRITICAL, STAMP_COUNT, RESERVED);

const STAMP_LEN: usize = 16;

/// A file that was found intact: its path and content, and what the system said about it then. Half of a BLAKE3 hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stamp([u8; STAMP_LEN]);

/// What the system says about a file that changes whenever somebody writes to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    /// Which file of the file system it is; 0 where it does not say.
    pub id: u128,
    /// When anything of it changed.
    pub changed: i128,
    /// When its bytes changed.
    pub written: i128,
}

impl Stamp {
    /// That of the file `path`, which has `len` bytes with `hash`, while the system says `times`.
    #[must_use]
    pub fn of(path: &TreePath, len: u64, hash: &Hash, times: &Times) -> Self {
        let mut hasher = Hasher::new();
        hasher.update(&hash.0);
        hasher.update(&len.to_le_bytes());
        hasher.update(&times.id.to_le_bytes());
        hasher.update(&times.changed.to_le_bytes());
        hasher.update(&times.written.to_le_bytes());
        hasher.update(path.as_str().as_bytes());
        let hash = hasher.finish();
        let mut stamp = [0; STAMP_LEN];
        stamp.copy_from_slice(&hash.0[..STAMP_LEN]);
        Self(stamp)
    }
}

/// The files that a verification has found intact.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    stamps: Vec<Stamp>,
}

impl Verified {
    /// Those with these stamps, in any order.
    #[must_use]
    pub fn new(mut stamps: Vec<Stamp>) -> Self {
        stamps.sort_unstable();
        stamps.dedup();
        Self { stamps }
    }

    /// Whether the file with this stamp is among them.
    #[must_use]
    pub fn contains(&self, stamp: &Stamp) -> bool {
        self.stamps.binary_search(stamp).is_ok()
    }

    /// The bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut head = [0; HEAD_LEN];
        KIND.begin(&mut head);
        STAMP_COUNT.put(&mut head, count(self.stamps.len()).to_le_bytes());
        let mut writer = Writer(head.to_vec());
        self.stamps.iter().for_each(|stamp| writer.bytes(&stamp.0));
        seal(writer)
    }

    /// Reads a record.
    ///
    /// # Errors
    /// [`DecodeError`] for anything that [`Verified::encode`] would not have written.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = KIND.open(bytes)?;
        reader.take(HEAD_LEN - PREAMBLE_LEN)?;
        let head = &bytes[..HEAD_LEN];
        require(RESERVED.u32(head) == 0, "reserved bytes")?;
        let stamps = reader.list(STAMP_COUNT.u32(head), STAMP_LEN, read_stamp)?;
        reader.end()?;
        require(stamps.len() <= ENTRY_COUNT_MAX, "number of stamps")?;
        require(stamps.windows(2).all(|pair| pair[0] < pair[1]), "order of the stamps")?;
        Ok(Self { stamps })
    }
}

fn read_stamp(reader: &mut Reader<'_>) -> Result<Stamp, DecodeError> {
    let mut stamp = [0; STAMP_LEN];
    stamp.copy_from_slice(reader.take(STAMP_LEN)?);
    Ok(Stamp(stamp))
}
