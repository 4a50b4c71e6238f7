//! The three slots: reading them as evidence, writing the next record.

use std::io::ErrorKind;

use untorn_format::{
    DecodeError, Hash,
    journal::{RECORD_LEN, Record, SLOT_LEN, SlotState},
};
use untorn_fs::{Fs, OpenMode};

use crate::{
    error::{Context, Error, Result},
    layout::{NUMBER_MAX, SLOTS},
};

/// What one slot says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SlotRead {
    /// Never written: missing, empty, or zeros.
    Blank,
    /// A record.
    Valid(Record),
    /// A sound record of a format that is not known here.
    Newer(u32),
    /// Neither: torn or rotten.
    Bad,
}

/// All three slots as they are now.
pub(crate) type SlotReads = [SlotRead; 3];

/// Reads the slots. A slot of which the system says nothing is an error: it may be the one that rules.
pub(crate) fn read(fs: &dyn Fs) -> Result<SlotReads> {
    Ok([read_one(fs, SLOTS[0])?, read_one(fs, SLOTS[1])?, read_one(fs, SLOTS[2])?])
}

fn read_one(fs: &dyn Fs, path: &str) -> Result<SlotRead> {
    let file = match fs.open(path, OpenMode::Read) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(SlotRead::Blank),
        other => other.context("open", path)?,
    };
    let mut bytes = [0; RECORD_LEN];
    match file.read_exact_at(&mut bytes, 0) {
        Ok(()) => Ok(classify(&bytes)),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof && bytes == [0; RECORD_LEN] => Ok(SlotRead::Blank),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(SlotRead::Bad),
        Err(error) => Err(Error::io("read", path, error)),
    }
}

fn classify(bytes: &[u8; RECORD_LEN]) -> SlotRead {
    if *bytes == [0; RECORD_LEN] {
        return SlotRead::Blank;
    }
    match Record::decode(bytes) {
        // Nobody has made that many; the sums of those who have stay in bounds.
        Ok(record) if record.seq.max(record.txid) > NUMBER_MAX => SlotRead::Bad,
        Ok(record) => SlotRead::Valid(record),
        Err(DecodeError::NewerFormat { found }) => SlotRead::Newer(found),
        Err(_) => SlotRead::Bad,
    }
}

/// The valid record with the highest sequence number.
pub(crate) fn ruling(slots: &SlotReads) -> Option<&Record> {
    slots
        .iter()
        .filter_map(|slot| match slot {
            SlotRead::Valid(record) => Some(record),
            _ => None,
        })
        .max_by_key(|record| record.seq)
}

/// Where the next record goes: never over the one that rules, nor over the one that would rule if that were lost.
///
/// That leaves one of three: a slot without a record if there is one, else the lowest.
pub(crate) fn next_slot(slots: &SlotReads) -> usize {
    let rank = |slot: &SlotRead| match slot {
        SlotRead::Valid(record) => record.seq,
        _ => 0,
    };
    (0..slots.len()).min_by_key(|&at| rank(&slots[at])).unwrap_or(0)
}

/// Writes `record` into the next slot. After this returns, it is durable, and it rules. On a full disk `make_room` is asked once; if it made some, the same
/// bytes are written again to the same place.
pub(crate) fn write(fs: &dyn Fs, slots: &mut SlotReads, record: &Record, make_room: impl Fn() -> bool) -> Result<()> {
    let at = next_slot(slots);
    // Whatever comes of the write, the record may stand there from here on, and a later one must not go over it.
    slots[at] = SlotRead::Valid(record.clone());
    let file = fs.open(SLOTS[at], OpenMode::Write).context("open", SLOTS[at])?;
    let bytes = record.encode();
    let written = file.write_all_at(&bytes, 0).or_else(|error| match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded if make_room() => file.write_all_at(&bytes, 0),
        _ => Err(error),
    });
    written.context("write", SLOTS[at])?;
    file.sync_data().context("sync", SLOTS[at])
}

/// Makes what the slots hold durable. For recovery, before it writes over one of them: the others may stand in the page cache only, since whoever wrote them was killed.
pub(crate) fn sync(fs: &dyn Fs) -> Result<()> {
    SLOTS.iter().try_for_each(|path| fs.open(path, OpenMode::Write).context("open", path)?.sync_data().context("sync", path))
}

/// The record of a tree that nothing has happened to.
pub(crate) fn first_record(tree_id: [u8; 16], home: u128) -> Record {
    Record {
        seq: 1,
        state: SlotState::Idle,
        tree_id,
        home,
        txid: 0,
        plan_len: 0,
        plan_hash: Hash::NONE,
        from: Hash::NONE,
        to: Hash::NONE,
        undo: 0,
    }
}

/// Makes the slot files, all of their bytes allocated and durable, so that writing a later record never needs space; all but the last with a record.
/// Their names become durable with B0. Says what they hold, and which record rules.
pub(crate) fn lay_out(fs: &dyn Fs, first: &Record) -> Result<(SlotReads, Record)> {
    let second = Record { seq: first.seq + 1, ..first.clone() };
    lay_out_one(fs, SLOTS[0], &first.encode())?;
    lay_out_one(fs, SLOTS[1], &second.encode())?;
    lay_out_one(fs, SLOTS[2], &[])?;
    Ok(([SlotRead::Valid(first.clone()), SlotRead::Valid(second.clone()), SlotRead::Blank], second))
}

/// The slots by number.
pub(crate) fn all() -> std::ops::Range<usize> {
    0..SLOTS.len()
}

/// Whether each slot holds a record.
pub(crate) fn are_sound(slots: &SlotReads) -> bool {
    slots.iter().all(|slot| matches!(slot, SlotRead::Valid(_)))
}

/// Makes slot files that are missing or empty whole again.
pub(crate) fn mend(fs: &dyn Fs, slots: &SlotReads) -> Result<()> {
    let blank = slots.iter().zip(SLOTS).filter(|(slot, _)| **slot == SlotRead::Blank);
    blank.map(|(_, path)| path).try_for_each(|path| lay_out_one(fs, path, &[]))
}

fn lay_out_one(fs: &dyn Fs, path: &str, record: &[u8]) -> Result<()> {
    let file = match fs.open(path, OpenMode::CreateNew { executable: false }) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => fs.open(path, OpenMode::Write),
        other => other,
    };
    let file = file.context("make", path)?;
    let mut bytes = [0; SLOT_LEN];
    bytes[..record.len()].copy_from_slice(record);
    file.write_all_at(&bytes, 0).context("write", path)?;
    file.sync_data().context("sync", path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(seq: u64) -> SlotRead {
        SlotRead::Valid(Record { seq, ..first_record([1; 16], 2) })
    }

    #[test]
    fn the_ruling_slot_and_its_deputy_are_never_overwritten() {
        for a in 0..4 {
            for b in 0..4 {
                for c in 0..4 {
                    let slots = [a, b, c].map(|seq| if seq == 0 { SlotRead::Bad } else { record(seq) });
                    let mut seqs = [a, b, c];
                    seqs.sort_unstable();
                    let victim = [a, b, c][next_slot(&slots)];
                    assert_eq!(victim, seqs[0], "{:?}", [a, b, c]);
                }
            }
        }
    }
}
