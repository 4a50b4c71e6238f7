//! The protocol as lists of steps: the same order as in `commit.rs`, `recover.rs` and `tree.rs`. A test compares it with what these do on a disk.

use super::{
    mistake::Mistake,
    state::{Rec, Says, Txid, Wish},
};

/// What is done without anything else coming between.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Step {
    /// Looks at slots and folders and decides what to do about them.
    Look,
    /// Takes the lock behind the look: a mistake.
    TakeLock,
    /// Makes a slot file, with a record or without.
    LayOut {
        at: u8,
        seq: u8,
    },
    /// B0: the names of the state directory.
    SyncNames,
    /// Makes all records durable where they stand.
    SyncSlots,
    /// Leaves a folder for the next opening to find.
    LeaveSomething,
    /// Removes the plan of a folder; syncs the folder; removes it; syncs the names of the folders.
    RemovePlan(Txid),
    SyncFolder(Txid),
    RemoveFolder(Txid),
    SyncFolders,
    RemoveFolders,
    /// Writes a record into the next slot.
    Write(Says),
    /// B2, B4: and makes it durable.
    SyncRecord,
    /// The opening is done: the tree is what it will be.
    Opened,
    /// A transaction begins.
    Begin,
    Stage,
    StagePlan,
    KeepReadersOut,
    Recheck,
    /// Decides from here on.
    Decide,
    /// Is decided.
    Complete(Wish),
    WriteRanges,
    Put,
    /// B1, B3.
    SyncAll,
    LetReadersIn,
    /// `commit` returns.
    Succeeded,
    GivenUp,
}

use Step::*;

/// From the record that is read again to the cleared journal.
pub(super) fn complete(mistake: Option<Mistake>) -> Vec<Step> {
    let apply = vec![Put, WriteRanges];
    let clear = vec![Write(Says::Idle), SyncRecord];
    match mistake {
        Some(Mistake::B3Dropped) => [apply, clear].concat(),
        Some(Mistake::B4Dropped) => [apply, vec![SyncAll, Write(Says::Idle)]].concat(),
        Some(Mistake::ClearedBeforeB3) => [apply, clear, vec![SyncAll]].concat(),
        Some(Mistake::StageDeletedBeforeB4) => [apply, vec![SyncAll, RemoveFolders], clear].concat(),
        Some(Mistake::ReadersLetInBeforeB4) => [apply, vec![SyncAll, LetReadersIn], clear].concat(),
        _ => [apply, vec![SyncAll], clear].concat(),
    }
}

/// A transaction, in the tree that was opened.
pub(super) fn commit(wish: Wish, mistake: Option<Mistake>) -> Vec<Step> {
    let stage = vec![Begin, Stage, StagePlan, KeepReadersOut];
    let recheck = if mistake == Some(Mistake::NoRecheck) { vec![] } else { vec![Recheck] };
    let decide = match mistake {
        Some(Mistake::B1Dropped) => vec![Decide, Write(Says::Committed), SyncRecord],
        Some(Mistake::B2Dropped) => vec![SyncAll, Decide, Write(Says::Committed)],
        Some(Mistake::DecidedBeforeB1) => vec![Decide, Write(Says::Committed), SyncRecord, SyncAll],
        _ => vec![SyncAll, Decide, Write(Says::Committed), SyncRecord],
    };
    let end = vec![RemoveFolders, LetReadersIn, Succeeded];
    [stage, recheck, decide, vec![Complete(wish)], complete(mistake), end].concat()
}

/// What is written over must not be the last that is durable.
fn sync_slots(mistake: Option<Mistake>) -> Vec<Step> {
    if mistake == Some(Mistake::SlotsNotSynced) { vec![] } else { vec![SyncSlots] }
}

/// A decided transaction, found by an opening; in doubt, nobody knows whether B1 has passed.
pub(super) fn forward(record: Rec, is_doubtful: bool, mistake: Option<Mistake>) -> Vec<Step> {
    let b1 = if is_doubtful && mistake != Some(Mistake::DoubtWithoutB1) { vec![SyncAll] } else { vec![] };
    let again = match mistake {
        Some(Mistake::CachedRecordTrusted) => vec![],
        _ => [sync_slots(mistake), vec![Write(Says::Committed), SyncRecord]].concat(),
    };
    let third = match mistake {
        Some(Mistake::ThirdSlotLeft) => vec![],
        _ => vec![Write(Says::Idle), SyncRecord],
    };
    let end = vec![RemoveFolders, LetReadersIn, Opened];
    [b1, vec![KeepReadersOut], again, vec![Complete(record.wish)], complete(mistake), third, end].concat()
}

/// What rules, into every slot.
pub(super) fn decide_again(mistake: Option<Mistake>) -> Vec<Step> {
    let times = if mistake == Some(Mistake::OneSlotWrittenAnew) { 1 } else { 3 };
    [vec![LeaveSomething], [Write(Says::Idle), SyncRecord].repeat(times)].concat()
}

/// Nothing is open.
pub(super) fn clean(undecided: &[Txid], is_anew: bool, has_leftovers: bool, mistake: Option<Mistake>) -> Vec<Step> {
    let discard = |&txid: &Txid| match (is_anew, mistake) {
        (true, Some(Mistake::DiscardedWithoutSync)) => vec![RemovePlan(txid), RemoveFolder(txid)],
        (true, _) => vec![RemovePlan(txid), SyncFolder(txid), RemoveFolder(txid), SyncFolders],
        (false, _) => vec![RemoveFolder(txid)],
    };
    let discarded: Vec<Step> = undecided.iter().flat_map(discard).collect();
    let again = if is_anew { [sync_slots(mistake), decide_again(mistake)].concat() } else { vec![] };
    let rest = if has_leftovers || is_anew { vec![RemoveFolders] } else { vec![] };
    [discarded, again, rest, vec![Opened]].concat()
}

/// The journal was cleared, and its record lost.
pub(super) fn cleared(mistake: Option<Mistake>) -> Vec<Step> {
    [sync_slots(mistake), decide_again(mistake), vec![RemoveFolders, Opened]].concat()
}

/// A directory comes under care.
pub(super) fn init(mistake: Option<Mistake>) -> Vec<Step> {
    let slots = (0..3).flat_map(|at| [LayOut { at, seq: if at == 2 { 0 } else { at + 1 } }, SyncRecord]).collect();
    let names = if mistake == Some(Mistake::B0Dropped) { vec![] } else { vec![SyncNames] };
    [slots, names, decide_again(mistake), vec![RemoveFolders, Opened]].concat()
}

/// A failed B2: one more record takes back what may have been written.
pub(super) fn give_up(mistake: Option<Mistake>) -> Vec<Step> {
    match mistake {
        Some(Mistake::NothingTakenBack) => vec![GivenUp],
        _ => vec![Write(Says::Aborted), SyncRecord, GivenUp],
    }
}
