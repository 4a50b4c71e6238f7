//! Manifest to bytes and back.

use super::{Entry, Kind, MANIFEST_LEN_MAX};
use crate::{
    DecodeError,
    bytes::{Field, Reader, Writer, count, require},
    document::{self, CHECKSUM_LEN, CRITICAL, FORMAT, MAGIC, PREAMBLE_LEN, seal},
    layout::{Row, rows},
};

const KIND: document::Kind = document::Kind { magic: *b"untorn:m", format: 1, len_max: MANIFEST_LEN_MAX };

const HEAD_LEN: usize = 24;
const ENTRY_COUNT: Field<4> = Field::at(16);
const RESERVED: Field<4> = Field::at(20);

pub(crate) const ROWS: &[Row] = rows!(HEAD_LEN; MAGIC, FORMAT, CRITICAL, ENTRY_COUNT, RESERVED);

/// That of a directory with the shortest path.
const ENTRY_LEN_MIN: usize = 4;

const DIR: u8 = 1;
const FILE: u8 = 2;
const SYMLINK: u8 = 3;

pub(super) fn encode(entries: &[Entry]) -> Vec<u8> {
    let mut head = [0; HEAD_LEN];
    KIND.begin(&mut head);
    ENTRY_COUNT.put(&mut head, count(entries.len()).to_le_bytes());
    let mut writer = Writer(head.to_vec());
    for entry in entries {
        write_entry(&mut writer, entry);
    }
    seal(writer)
}

/// How long [`encode`] makes them.
pub(super) fn encoded_len(entries: &[Entry]) -> u64 {
    let len_of = |entry: &Entry| {
        let kind = match &entry.kind {
            Kind::Dir => 0,
            Kind::File { .. } => 8 + 32 + 1,
            Kind::Symlink { target } => 2 + target.len(),
        };
        2 + entry.path.as_str().len() + 1 + kind
    };
    let entries = entries.iter().map(len_of).fold(0_usize, usize::saturating_add);
    (HEAD_LEN + CHECKSUM_LEN).saturating_add(entries) as u64
}

pub(super) fn decode(bytes: &[u8]) -> Result<Vec<Entry>, DecodeError> {
    let mut reader = KIND.open(bytes)?;
    reader.take(HEAD_LEN - PREAMBLE_LEN)?;
    let head = &bytes[..HEAD_LEN];
    require(RESERVED.u32(head) == 0, "reserved bytes")?;
    let entries = reader.list(ENTRY_COUNT.u32(head), ENTRY_LEN_MIN, read_entry)?;
    reader.end()?;
    require(entries.windows(2).all(|pair| pair[0].path < pair[1].path), "order of the entries")?;
    Ok(entries)
}

fn write_entry(writer: &mut Writer, entry: &Entry) {
    writer.text(entry.path.as_str());
    match &entry.kind {
        Kind::Dir => writer.u8(DIR),
        Kind::File { len, hash, executable } => {
            writer.u8(FILE);
            writer.u64(*len);
            writer.hash(hash);
            writer.bool(*executable);
        }
        Kind::Symlink { target } => {
            writer.u8(SYMLINK);
            writer.text(target);
        }
    }
}

fn read_entry(reader: &mut Reader<'_>) -> Result<Entry, DecodeError> {
    Ok(Entry { path: reader.path()?, kind: read_kind(reader)? })
}

fn read_kind(reader: &mut Reader<'_>) -> Result<Kind, DecodeError> {
    Ok(match reader.u8()? {
        DIR => Kind::Dir,
        FILE => Kind::File { len: reader.u64()?, hash: reader.hash()?, executable: reader.bool("executable")? },
        SYMLINK => Kind::Symlink { target: reader.text("target of a symlink")?.to_owned() },
        _ => return Err(DecodeError::Field("kind of an entry")),
    })
}
