//! Undo document to bytes and back.

use super::{
    After, Before, Blob, MAX_UNDO_LEN, Source, Undo, UndoEntry,
    plan_codec::{read_blob, write_blob},
    range::{read_pieces, read_ranges, write_pieces, write_ranges},
};
use crate::{
    DecodeError,
    bytes::{Field, Reader, Writer, count},
    document::{CRITICAL, FORMAT, Kind, MAGIC, PREAMBLE_LEN, seal},
    layout::{Row, rows},
};

const KIND: Kind = Kind { magic: *b"untorn:u", format: 1, len_max: MAX_UNDO_LEN };

const HEAD_LEN: usize = 152;
const TREE_ID: Field<16> = Field::at(16);
const TXID: Field<8> = Field::at(32);
const FROM: Field<32> = Field::at(40);
const TO: Field<32> = Field::at(72);
const DATA_LEN: Field<8> = Field::at(104);
const DATA_HASH: Field<32> = Field::at(112);
const KEPT_COUNT: Field<4> = Field::at(144);
const ENTRY_COUNT: Field<4> = Field::at(148);

pub(crate) const ROWS: &[Row] = rows!(HEAD_LEN;
    MAGIC, FORMAT, CRITICAL, TREE_ID, TXID, FROM, TO, DATA_LEN, DATA_HASH, KEPT_COUNT, ENTRY_COUNT);

const KEPT_LEN: usize = 40;
/// That of an entry with the shortest path, absent before and after.
const ENTRY_LEN_MIN: usize = 5;

const ABSENT: u8 = 0;
const DIR: u8 = 1;
const SYMLINK: u8 = 2;
const FILE: u8 = 3;

const SOURCE_KEPT: u8 = 1;
const SOURCE_CURRENT: u8 = 2;

pub(super) fn encode(undo: &Undo) -> Vec<u8> {
    let mut writer = Writer(head(undo).to_vec());
    for blob in &undo.kept {
        write_blob(&mut writer, blob);
    }
    for entry in &undo.entries {
        writer.text(entry.path.as_str());
        write_before(&mut writer, &entry.before);
        write_after(&mut writer, &entry.after);
    }
    seal(writer)
}

pub(super) fn decode(bytes: &[u8]) -> Result<Undo, DecodeError> {
    let mut reader = KIND.open(bytes)?;
    reader.take(HEAD_LEN - PREAMBLE_LEN)?;
    let head = &bytes[..HEAD_LEN];
    let undo = Undo {
        tree_id: TREE_ID.get(head),
        txid: TXID.u64(head),
        from: FROM.hash(head),
        to: TO.hash(head),
        data: Blob { len: DATA_LEN.u64(head), hash: DATA_HASH.hash(head) },
        kept: reader.list(KEPT_COUNT.u32(head), KEPT_LEN, read_blob)?,
        entries: reader.list(ENTRY_COUNT.u32(head), ENTRY_LEN_MIN, read_entry)?,
    };
    reader.end()?;
    Ok(undo)
}

fn head(undo: &Undo) -> [u8; HEAD_LEN] {
    let mut head = [0; HEAD_LEN];
    KIND.begin(&mut head);
    TREE_ID.put(&mut head, undo.tree_id);
    TXID.put(&mut head, undo.txid.to_le_bytes());
    FROM.put(&mut head, undo.from.0);
    TO.put(&mut head, undo.to.0);
    DATA_LEN.put(&mut head, undo.data.len.to_le_bytes());
    DATA_HASH.put(&mut head, undo.data.hash.0);
    KEPT_COUNT.put(&mut head, count(undo.kept.len()).to_le_bytes());
    ENTRY_COUNT.put(&mut head, count(undo.entries.len()).to_le_bytes());
    head
}

fn read_entry(reader: &mut Reader<'_>) -> Result<UndoEntry, DecodeError> {
    Ok(UndoEntry { path: reader.path()?, before: read_before(reader)?, after: read_after(reader)? })
}

fn write_before(writer: &mut Writer, before: &Before) {
    match before {
        Before::Absent => writer.u8(ABSENT),
        Before::Dir { permissions } => {
            writer.u8(DIR);
            writer.u32(*permissions);
        }
        Before::Symlink { target } => {
            writer.u8(SYMLINK);
            writer.text(target);
        }
        Before::File { source, len, executable, ranges } => {
            writer.u8(FILE);
            write_source(writer, source);
            writer.u64(*len);
            writer.bool(*executable);
            write_ranges(writer, ranges);
        }
    }
}

fn read_before(reader: &mut Reader<'_>) -> Result<Before, DecodeError> {
    Ok(match reader.u8()? {
        ABSENT => Before::Absent,
        DIR => Before::Dir { permissions: reader.u32()? },
        SYMLINK => Before::Symlink { target: reader.text("target of a symlink")?.to_owned() },
        FILE => Before::File {
            source: read_source(reader)?,
            len: reader.u64()?,
            executable: reader.bool("executable")?,
            ranges: read_ranges(reader)?,
        },
        _ => return Err(DecodeError::Field("kind of what stood before")),
    })
}

fn write_after(writer: &mut Writer, after: &After) {
    match after {
        After::Absent => writer.u8(ABSENT),
        After::Dir => writer.u8(DIR),
        After::Symlink { target } => {
            writer.u8(SYMLINK);
            writer.text(target);
        }
        After::File { len, executable, written, hash } => {
            writer.u8(FILE);
            writer.u64(*len);
            writer.bool(*executable);
            write_pieces(writer, written);
            writer.hash(hash);
        }
    }
}

fn read_after(reader: &mut Reader<'_>) -> Result<After, DecodeError> {
    Ok(match reader.u8()? {
        ABSENT => After::Absent,
        DIR => After::Dir,
        SYMLINK => After::Symlink { target: reader.text("target of a symlink")?.to_owned() },
        FILE => After::File {
            len: reader.u64()?,
            executable: reader.bool("executable")?,
            written: read_pieces(reader)?,
            hash: reader.hash()?,
        },
        _ => return Err(DecodeError::Field("kind of what stands after")),
    })
}

fn write_source(writer: &mut Writer, source: &Source) {
    match source {
        Source::Kept(number) => {
            writer.u8(SOURCE_KEPT);
            writer.u32(*number);
        }
        Source::Current(path) => {
            writer.u8(SOURCE_CURRENT);
            writer.text(path.as_str());
        }
    }
}

fn read_source(reader: &mut Reader<'_>) -> Result<Source, DecodeError> {
    match reader.u8()? {
        SOURCE_KEPT => Ok(Source::Kept(reader.u32()?)),
        SOURCE_CURRENT => Ok(Source::Current(reader.path()?)),
        _ => Err(DecodeError::Field("kind of a source")),
    }
}
