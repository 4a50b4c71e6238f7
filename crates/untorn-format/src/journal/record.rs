//! The record in a slot: the one sector that decides which tree is the right one.

use crate::{
    DecodeError, Hash,
    bytes::{Field, require},
    document::{CHECKSUM_LEN, CRITICAL, FORMAT, Kind, MAGIC},
    layout::{Row, rows},
};

/// Bytes of a slot file. Only the first [`RECORD_LEN`] are used; a slot of its own page keeps one torn write from touching two.
pub const SLOT_LEN: usize = 4096;

/// Bytes of a record: one sector, the largest piece a disk may be expected to write whole.
pub const RECORD_LEN: usize = 512;

/// What a record says about its transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlotState {
    /// No transaction: the tree is what [`Record::to`] says.
    Idle,
    /// The transaction is decided: the tree is, or must be made, the new one.
    Committed,
    /// The transaction was given up: the tree is the old one.
    Aborted,
}

/// What a slot holds. The valid record with the highest `seq` rules.
///
/// [`Record::decode`] checks that a committed record names a plan (of at most [`super::MAX_PLAN_LEN`] bytes), that an idle one names none, and
/// that an aborted one names one or none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Rises by one with every record; never reused.
    pub seq: u64,
    /// What this record says.
    pub state: SlotState,
    /// The tree this journal belongs to, chosen at random when its state directory was made.
    pub tree_id: [u8; 16],
    /// Identity of the state directory itself within its file system, or 0 where identities do not last: a journal copied elsewhere is known by it.
    pub home: u128,
    /// The transaction: names its folder `tx/<txid>`. In an idle record the last one.
    pub txid: u64,
    /// Length of the encoded plan in bytes; 0 when idle.
    pub plan_len: u64,
    /// Hash of the encoded plan; [`Hash::NONE`] when idle.
    pub plan_hash: Hash,
    /// Hash of the head document before the transaction; [`Hash::NONE`] when there is none.
    pub from: Hash,
    /// Hash of the head document after the transaction (committed), or now (idle, aborted).
    pub to: Hash,
    /// The transaction whose undo is kept, 0 when none.
    pub undo: u64,
}

impl Record {
    /// The bytes of this record.
    #[must_use]
    pub fn encode(&self) -> [u8; RECORD_LEN] {
        let mut block = [0; RECORD_LEN];
        KIND.begin(&mut block);
        SEQ.put(&mut block, self.seq.to_le_bytes());
        STATE.put(&mut block, self.state.number().to_le_bytes());
        TREE_ID.put(&mut block, self.tree_id);
        HOME.put(&mut block, self.home.to_le_bytes());
        TXID.put(&mut block, self.txid.to_le_bytes());
        UNDO.put(&mut block, self.undo.to_le_bytes());
        PLAN_LEN.put(&mut block, self.plan_len.to_le_bytes());
        PLAN_HASH.put(&mut block, self.plan_hash.0);
        FROM.put(&mut block, self.from.0);
        TO.put(&mut block, self.to.0);
        let checksum = Hash::of(&block[..CHECKSUM.at]);
        CHECKSUM.put(&mut block, checksum.0);
        block
    }

    /// Reads a record from the first [`RECORD_LEN`] bytes of a slot.
    ///
    /// # Errors
    /// [`DecodeError`] for anything that [`Record::encode`] would not have written; [`DecodeError::NewerFormat`] for a record whose checksum is
    /// right but whose format is not known here.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let block = bytes.get(..RECORD_LEN).ok_or(DecodeError::Length)?;
        KIND.open(block)?;
        require(RESERVED.get(block) == [0; 296], "reserved bytes")?;
        let record = Self {
            seq: SEQ.u64(block),
            state: SlotState::of_number(STATE.u64(block))?,
            tree_id: TREE_ID.get(block),
            home: u128::from_le_bytes(HOME.get(block)),
            txid: TXID.u64(block),
            plan_len: PLAN_LEN.u64(block),
            plan_hash: PLAN_HASH.hash(block),
            from: FROM.hash(block),
            to: TO.hash(block),
            undo: UNDO.u64(block),
        };
        require(record.names_plan_rightly(), "plan of a record")?;
        Ok(record)
    }

    fn names_plan_rightly(&self) -> bool {
        let none = self.plan_len == 0 && self.plan_hash.is_none();
        let one = (1..=super::MAX_PLAN_LEN).contains(&self.plan_len) && !self.plan_hash.is_none();
        match self.state {
            SlotState::Idle => none,
            SlotState::Committed => one,
            SlotState::Aborted => none || one,
        }
    }
}

impl SlotState {
    const fn number(self) -> u64 {
        match self {
            Self::Idle => 1,
            Self::Committed => 2,
            Self::Aborted => 3,
        }
    }

    const fn of_number(number: u64) -> Result<Self, DecodeError> {
        match number {
            1 => Ok(Self::Idle),
            2 => Ok(Self::Committed),
            3 => Ok(Self::Aborted),
            _ => Err(DecodeError::Field("state")),
        }
    }
}

const KIND: Kind = Kind { magic: *b"untorn:r", format: 1, len_max: RECORD_LEN as u64 };

const SEQ: Field<8> = Field::at(16);
const STATE: Field<8> = Field::at(24);
const TREE_ID: Field<16> = Field::at(32);
const HOME: Field<16> = Field::at(48);
const TXID: Field<8> = Field::at(64);
const UNDO: Field<8> = Field::at(72);
const PLAN_LEN: Field<8> = Field::at(80);
const PLAN_HASH: Field<32> = Field::at(88);
const FROM: Field<32> = Field::at(120);
const TO: Field<32> = Field::at(152);
const RESERVED: Field<296> = Field::at(184);
const CHECKSUM: Field<CHECKSUM_LEN> = Field::at(480);

pub(crate) const ROWS: &[Row] = rows!(RECORD_LEN;
    MAGIC, FORMAT, CRITICAL, SEQ, STATE, TREE_ID, HOME, TXID, UNDO, PLAN_LEN, PLAN_HASH, FROM, TO, RESERVED, CHECKSUM);
