//! What an interrupted staging has got done: hints, no part of any guarantee. A file of them only grows; each part is written when everything it
//! names was made durable.

use super::{
    Blob, Range,
    range::{check_ranges, read_ranges, write_ranges},
};
use crate::{
    DecodeError, Hash, TreePath,
    bytes::{Field, Reader, Writer, count, require},
    document::{CRITICAL, FORMAT, Kind, MAGIC, PREAMBLE_LEN, seal},
    layout::{Row, rows},
};

const KIND: Kind = Kind { magic: *b"untorn:g", format: 1, len_max: MAX_PROGRESS_LEN };

/// The longest part of a progress record, in bytes.
pub const MAX_PROGRESS_LEN: u64 = 1 << 26;

const HEAD_LEN: usize = 172;
const TREE_ID: Field<16> = Field::at(16);
const KEY: Field<32> = Field::at(32);
const TO: Field<32> = Field::at(64);
const NUMBER: Field<8> = Field::at(96);
const DONE: Field<8> = Field::at(104);
const TOTAL: Field<8> = Field::at(112);
const REDO_LEN: Field<8> = Field::at(120);
const REDO_HASH: Field<32> = Field::at(128);
const ENTRY_COUNT: Field<4> = Field::at(160);
const RESERVED: Field<8> = Field::at(164);

pub(crate) const ROWS: &[Row] = rows!(HEAD_LEN;
    MAGIC, FORMAT, CRITICAL, TREE_ID, KEY, TO, NUMBER, DONE, TOTAL, REDO_LEN, REDO_HASH, ENTRY_COUNT, RESERVED);

/// That of an entry with the shortest path, new, without ranges.
const ENTRY_LEN_MIN: usize = 25;

const NOTHING: u8 = 0;
const TREE: u8 = 1;
const STAGED: u8 = 2;

/// One part of a progress record: what was staged since the part before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The tree.
    pub tree_id: [u8; 16],
    /// What is staged: equal keys mean that the same transaction is made of the same bytes.
    pub key: Hash,
    /// The build it leads to; [`Hash::NONE`] where that is no build.
    pub to: Hash,
    /// Parts are counted from 0.
    pub number: u64,
    /// Bytes made so far, of `total`.
    pub done: u64,
    /// Bytes to be made.
    pub total: u64,
    /// The redo file as far as it is durable.
    pub redo: Blob,
    /// Files of which something was staged, sorted by path. What a later part says of a path replaces what an earlier one said.
    pub entries: Vec<StagedFile>,
}

/// One file, as it is staged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StagedFile {
    /// Where it goes.
    pub path: TreePath,
    /// Whether nothing more comes.
    pub is_whole: bool,
    /// How far it is made, in bytes from its beginning.
    pub made: u64,
    /// Its length, so far.
    pub len: u64,
    /// What it stands on.
    pub base: StagedBase,
}

/// What a staged file stands on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StagedBase {
    /// Nothing: its bytes are in the redo file.
    Nothing {
        /// Which ones, and where they go.
        ranges: Vec<Range>,
    },
    /// The file of the tree, with bytes of the redo file over it.
    Tree {
        /// How many of its bytes still count.
        base_len: u64,
        /// Its length.
        old_len: u64,
        /// Which file of the file system it is; 0 where that does not say.
        id: u128,
        /// When anything of it changed.
        changed: i128,
        /// The bytes over it.
        ranges: Vec<Range>,
    },
    /// A staged object.
    Object {
        /// Its number.
        number: u32,
        /// Hash of what was written to it.
        hash: Hash,
    },
}

impl Progress {
    /// The bytes. `None` when there are too many.
    #[must_use]
    pub fn encode(&self) -> Option<Vec<u8>> {
        let mut head = [0; HEAD_LEN];
        KIND.begin(&mut head);
        TREE_ID.put(&mut head, self.tree_id);
        KEY.put(&mut head, self.key.0);
        TO.put(&mut head, self.to.0);
        NUMBER.put(&mut head, self.number.to_le_bytes());
        DONE.put(&mut head, self.done.to_le_bytes());
        TOTAL.put(&mut head, self.total.to_le_bytes());
        REDO_LEN.put(&mut head, self.redo.len.to_le_bytes());
        REDO_HASH.put(&mut head, self.redo.hash.0);
        ENTRY_COUNT.put(&mut head, count(self.entries.len()).to_le_bytes());
        let mut writer = Writer(head.to_vec());
        self.entries.iter().for_each(|entry| write_entry(&mut writer, entry));
        Some(seal(writer)).filter(|bytes| bytes.len() as u64 <= MAX_PROGRESS_LEN)
    }

    /// Reads a part.
    ///
    /// # Errors
    /// [`DecodeError`] for anything that [`Progress::encode`] would not have written, or that contradicts itself.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = KIND.open(bytes)?;
        reader.take(HEAD_LEN - PREAMBLE_LEN)?;
        let head = &bytes[..HEAD_LEN];
        require(RESERVED.u64(head) == 0, "reserved bytes")?;
        let progress = Self {
            tree_id: TREE_ID.get(head),
            key: KEY.hash(head),
            to: TO.hash(head),
            number: NUMBER.u64(head),
            done: DONE.u64(head),
            total: TOTAL.u64(head),
            redo: Blob { len: REDO_LEN.u64(head), hash: REDO_HASH.hash(head) },
            entries: reader.list(ENTRY_COUNT.u32(head), ENTRY_LEN_MIN, read_entry)?,
        };
        reader.end()?;
        progress.check()?;
        Ok(progress)
    }

    fn check(&self) -> Result<(), DecodeError> {
        require(self.done <= self.total, "bytes made")?;
        require(self.entries.windows(2).all(|pair| pair[0].path < pair[1].path), "order of the staged files")?;
        self.entries.iter().try_for_each(|entry| entry.check(&self.redo))
    }
}

impl StagedFile {
    fn check(&self, redo: &Blob) -> Result<(), DecodeError> {
        require(self.made <= self.len && (!self.is_whole || self.made == self.len), "how far a staged file is made")?;
        match &self.base {
            StagedBase::Nothing { ranges } => check_ranges(ranges, self.len, redo),
            StagedBase::Tree { base_len, old_len, ranges, .. } => {
                require(base_len <= old_len && *base_len <= self.len, "length of what a staged file stands on")?;
                check_ranges(ranges, self.len, redo)
            }
            StagedBase::Object { .. } => require(self.made == self.len, "how far a staged file is made"),
        }
    }
}

fn write_entry(writer: &mut Writer, entry: &StagedFile) {
    writer.text(entry.path.as_str());
    writer.bool(entry.is_whole);
    writer.u64(entry.made);
    writer.u64(entry.len);
    match &entry.base {
        StagedBase::Nothing { ranges } => {
            writer.u8(NOTHING);
            write_ranges(writer, ranges);
        }
        StagedBase::Tree { base_len, old_len, id, changed, ranges } => {
            writer.u8(TREE);
            writer.u64(*base_len);
            writer.u64(*old_len);
            writer.bytes(&id.to_le_bytes());
            writer.bytes(&changed.to_le_bytes());
            write_ranges(writer, ranges);
        }
        StagedBase::Object { number, hash } => {
            writer.u8(STAGED);
            writer.u32(*number);
            writer.hash(hash);
        }
    }
}

fn read_entry(reader: &mut Reader<'_>) -> Result<StagedFile, DecodeError> {
    Ok(StagedFile {
        path: reader.path()?,
        is_whole: reader.bool("whole")?,
        made: reader.u64()?,
        len: reader.u64()?,
        base: read_base(reader)?,
    })
}

fn read_base(reader: &mut Reader<'_>) -> Result<StagedBase, DecodeError> {
    Ok(match reader.u8()? {
        NOTHING => StagedBase::Nothing { ranges: read_ranges(reader)? },
        TREE => StagedBase::Tree {
            base_len: reader.u64()?,
            old_len: reader.u64()?,
            id: u128::from_le_bytes(reader.array()?),
            changed: i128::from_le_bytes(reader.array()?),
            ranges: read_ranges(reader)?,
        },
        STAGED => StagedBase::Object { number: reader.u32()?, hash: reader.hash()? },
        _ => return Err(DecodeError::Field("what a staged file stands on")),
    })
}
