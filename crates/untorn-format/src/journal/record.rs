//! The record in a slot: the one sector that decides which tree is the right one.

use crate::{DecodeError, Hash};

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
        unimplemented!()
    }

    /// Reads a record from the first [`RECORD_LEN`] bytes of a slot.
    ///
    /// # Errors
    /// [`DecodeError`] for anything that [`Record::encode`] would not have written; [`DecodeError::NewerFormat`] for a record whose checksum is
    /// right but whose format is not known here.
    pub fn decode(_bytes: &[u8]) -> Result<Self, DecodeError> {
        unimplemented!()
    }
}
