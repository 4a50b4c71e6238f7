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

    const KINDS: usize = 7;

    /// Every kind of slot: three without a record, and records of each number.
    fn kind(number: usize) -> SlotRead {
        [SlotRead::Blank, SlotRead::Bad, SlotRead::Newer(9)].get(number).cloned().unwrap_or_else(|| record(number as u64 - 2))
    }

    /// All arrangements.
    fn all_slots() -> impl Iterator<Item = SlotReads> {
        let three = (0..KINDS).flat_map(|a| (0..KINDS).flat_map(move |b| (0..KINDS).map(move |c| [a, b, c])));
        three.map(|kinds| kinds.map(kind))
    }

    fn seq(slot: &SlotRead) -> u64 {
        if let SlotRead::Valid(record) = slot { record.seq } else { 0 }
    }

    #[test]
    fn the_highest_record_rules_in_all_arrangements() {
        for slots in all_slots() {
            let highest = slots.iter().map(seq).max().filter(|&seq| seq > 0);
            assert_eq!(ruling(&slots).map(|record| record.seq), highest, "{slots:?}");
            assert_eq!(are_sound(&slots), slots.iter().all(|slot| seq(slot) > 0), "{slots:?}");
        }
    }

    /// However often records are written, and whatever becomes of each, durable, torn, or nothing at all: the one that rules is the last that became durable, and so it is
    /// when that one rots, save for the one before.
    #[test]
    fn a_record_is_never_written_over_the_one_that_rules_nor_over_its_deputy() {
        fn go_on(slots: &SlotReads, durable: [u64; 2], left: u32) {
            assert_eq!(ruling(slots).map(|record| record.seq), Some(durable[1]));
            let mut rotten = slots.clone();
            rotten.iter_mut().filter(|slot| seq(slot) == durable[1]).for_each(|slot| *slot = SlotRead::Bad);
            assert_eq!(ruling(&rotten).map(|record| record.seq), Some(durable[0]));
            if left == 0 {
                return;
            }
            let (at, next) = (next_slot(slots), durable[1] + 1);
            for (becomes, durable) in [
                (record(next), [durable[1], next]),
                (SlotRead::Bad, durable),
                (SlotRead::Blank, durable),
                (slots[at].clone(), durable),
            ] {
                let mut slots = slots.clone();
                slots[at] = becomes;
                go_on(&slots, durable, left - 1);
            }
        }
        for order in [[1, 2, 3], [1, 3, 2], [2, 1, 3], [2, 3, 1], [3, 1, 2], [3, 2, 1]] {
            go_on(&order.map(record), [2, 3], 6);
        }
    }

    #[test]
    fn what_is_in_a_slot_is_told_by_its_bytes() {
        let SlotRead::Valid(sound) = record(7) else { unreachable!() };
        let bytes = sound.encode();
        assert_eq!(classify(&bytes), SlotRead::Valid(sound.clone()));
        assert_eq!(classify(&[0; RECORD_LEN]), SlotRead::Blank);
        for bit in 0..RECORD_LEN * 8 {
            let mut bytes = bytes;
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(classify(&bytes), SlotRead::Bad, "bit {bit}");
        }
        for (seq, txid, is_valid) in [
            (NUMBER_MAX, 0, true),
            (NUMBER_MAX + 1, 0, false),
            (1, NUMBER_MAX, true),
            (1, NUMBER_MAX + 1, false),
            (u64::MAX, u64::MAX, false),
        ] {
            let read = classify(&Record { seq, txid, ..sound.clone() }.encode());
            assert_eq!(matches!(read, SlotRead::Valid(_)), is_valid, "{seq} {txid}");
            assert_eq!(read == SlotRead::Bad, !is_valid);
        }
    }

    #[test]
    fn a_slot_that_is_missing_short_or_empty_is_told_from_one_that_is_torn() {
        let SlotRead::Valid(sound) = record(7) else { unreachable!() };
        let bytes = sound.encode();
        let fs = untorn_sim::SimFs::new(untorn_sim::SimOptions::strict());
        fs.create_dir(crate::layout::STATE, None).unwrap();
        assert_eq!(read_one(&fs, SLOTS[0]).unwrap(), SlotRead::Blank);
        for len in [0, 1, 511, 512, 513, SLOT_LEN] {
            let zeros = vec![0; len];
            untorn_sim::write(&fs, SLOTS[0], &zeros).unwrap();
            assert_eq!(read_one(&fs, SLOTS[0]).unwrap(), SlotRead::Blank, "{len} zeros");
            let mut torn = zeros;
            torn[..len.min(RECORD_LEN)].copy_from_slice(&bytes[..len.min(RECORD_LEN)]);
            untorn_sim::write(&fs, SLOTS[0], &torn).unwrap();
            let wanted = match len {
                0 => SlotRead::Blank,
                1..RECORD_LEN => SlotRead::Bad,
                _ => SlotRead::Valid(sound.clone()),
            };
            assert_eq!(read_one(&fs, SLOTS[0]).unwrap(), wanted, "{len} bytes of a record");
        }
    }

    /// `fs` whose first call of this kind on a slot fails.
    fn failing(fs: &untorn_sim::SimFs, method: untorn_sim::Method, kind: ErrorKind) -> untorn_sim::HookFs {
        let failed = std::sync::atomic::AtomicBool::new(false);
        untorn_sim::HookFs::on_sim(fs, move |call| {
            let is_it = call.method == method && call.path == SLOTS[0];
            let fails = is_it && !failed.swap(true, std::sync::atomic::Ordering::Relaxed);
            if fails { untorn_sim::Verdict::Fail(kind) } else { untorn_sim::Verdict::Pass }
        })
    }

    #[test]
    fn a_slot_that_cannot_be_opened_or_made_is_an_error_and_not_empty() {
        let fs = untorn_sim::SimFs::new(untorn_sim::SimOptions::strict());
        fs.create_dir(crate::layout::STATE, None).unwrap();
        let failing = failing(&fs, untorn_sim::Method::Open, ErrorKind::PermissionDenied);
        let error = lay_out_one(&failing, SLOTS[0], &[]).unwrap_err();
        assert!(
            matches!(error.cause(), crate::Cause::Io { source, .. } if source.kind() == ErrorKind::PermissionDenied),
            "{error}"
        );
        lay_out_one(&fs, SLOTS[0], &[]).unwrap();
        assert!(read(&self::failing(&fs, untorn_sim::Method::Open, ErrorKind::PermissionDenied)).is_err());
    }

    /// On a full disk room is made once, by whoever can; where none can be made, that is the error.
    #[test]
    fn a_record_is_written_again_where_room_was_made() {
        for makes_room in [true, false] {
            let fs = untorn_sim::SimFs::new(untorn_sim::SimOptions::strict());
            fs.create_dir(crate::layout::STATE, None).unwrap();
            let SlotRead::Valid(first) = record(1) else { unreachable!() };
            let (mut slots, second) = lay_out(&fs, &first).unwrap();
            slots[0] = SlotRead::Bad;
            let full = failing(&fs, untorn_sim::Method::WriteAt, ErrorKind::StorageFull);
            let asked = std::cell::Cell::new(0);
            let next = Record { seq: 3, ..second };
            let answer = write(&full, &mut slots, &next, || {
                asked.set(asked.get() + 1);
                makes_room
            });
            assert_eq!((answer.is_ok(), asked.get()), (makes_room, 1));
            assert_eq!(ruling(&read(&fs).unwrap()).unwrap().seq, if makes_room { 3 } else { 2 });
        }
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
