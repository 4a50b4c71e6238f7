//! What each step does to the disk, and what recovery decides: by the functions of the library itself.

use untorn_format::{
    Hash,
    journal::{Record, SlotState},
};

use super::{
    Protocol,
    disk::Cell,
    mistake::Mistake,
    script::{self, Step},
    state::{Broken, Content, FOLDERS, Folder, Phase, Rec, Rotted, Says, Slot, Staged, State, Txid, Updater},
};
use crate::{
    decide::{Evidence, Verdict, decide},
    slots::{self, SlotRead, SlotReads},
};

/// A record of which only what the model knows means anything.
fn record(rec: Rec) -> Record {
    let state = match rec.says {
        Says::Idle => SlotState::Idle,
        Says::Committed => SlotState::Committed,
        Says::Aborted => SlotState::Aborted,
    };
    let (seq, txid) = (rec.seq.into(), rec.txid.into());
    Record { seq, state, txid, plan_hash: Hash::of(&[rec.wish]), plan_len: rec.wish.into(), ..slots::first_record([7; 16], 5) }
}

fn rec(record: &Record) -> Rec {
    let says = match record.state {
        SlotState::Idle => Says::Idle,
        SlotState::Committed => Says::Committed,
        SlotState::Aborted => Says::Aborted,
    };
    let small = |number: u64| u8::try_from(number).unwrap();
    Rec { seq: small(record.seq), says, txid: small(record.txid), wish: small(record.plan_len) }
}

fn reads(slots: [Slot; 3]) -> SlotReads {
    slots.map(|slot| match slot {
        Slot::Blank => SlotRead::Blank,
        Slot::Bad => SlotRead::Bad,
        Slot::Holds(rec) => SlotRead::Valid(record(rec)),
    })
}

impl Protocol {
    /// The next step of an updater; with `fails`, a sync that does not succeed.
    pub(super) fn perform(&self, state: &mut State, who: u8, fails: bool) {
        let mut updater = state.updaters[usize::from(who)].clone();
        let Some(step) = updater.script.pop() else { return };
        let fails = fails || (step == Step::SyncAll && updater.has_error && !self.makes(Mistake::LateHandle));
        if fails {
            self.fail(state, &mut updater, who, step);
        } else {
            self.step(state, &mut updater, who, step);
        }
        if updater.script.is_empty() {
            release(state, who);
            updater.end();
        }
        state.updaters[usize::from(who)] = updater;
    }

    pub(super) fn makes(&self, mistake: Mistake) -> bool {
        self.mistake == Some(mistake)
    }

    fn step(&self, state: &mut State, updater: &mut Updater, who: u8, step: Step) {
        let folder = usize::from(updater.txid);
        match step {
            Step::Look => self.look(state, updater),
            Step::TakeLock => state.lock = Some(who),
            Step::LayOut { at, seq } => {
                updater.at = at;
                if seq > 0 {
                    updater.ruling = Rec { seq, says: Says::Idle, txid: 0, wish: 0 };
                    updater.slots[usize::from(at)] = Slot::Holds(updater.ruling);
                    state.slots[usize::from(at)].write(Slot::Holds(updater.ruling), Slot::Bad);
                }
            }
            Step::SyncNames => {
                state.has_names = true;
                state.slots.iter_mut().for_each(Cell::sync);
            }
            Step::SyncSlots => (0..3).for_each(|at| sync_record(state, at)),
            Step::LeaveSomething => state.folders[usize::from(updater.ruling.txid)].is_there.rename(true),
            Step::RemovePlan(txid) => state.folders[usize::from(txid)].plan.rename(Staged::Absent),
            Step::SyncFolder(txid) => state.folders[usize::from(txid)].plan.sync(),
            Step::RemoveFolder(txid) => state.folders[usize::from(txid)].remove(),
            Step::SyncFolders => state.folders.iter_mut().for_each(|folder| folder.is_there.sync()),
            Step::RemoveFolders => state.folders.iter_mut().for_each(Folder::remove),
            Step::Write(says) => self.write_record(state, updater, says),
            Step::SyncRecord => sync_record(state, updater.at.into()),
            Step::Opened => self.opened(state),
            Step::Begin => {
                let newest = (0..FOLDERS).filter(|&at| state.folders[at].is_there.now).max().unwrap_or(0);
                state.wishes += 1;
                updater.wish = state.wishes;
                updater.txid = updater.ruling.txid.max(u8::try_from(newest).unwrap()) + 1;
                updater.phase = Phase::Staging;
                state.folders[usize::from(updater.txid)].is_there.rename(true);
            }
            Step::Stage => {
                updater.saw_save = matches!(state.in_place.now, Content::Saved(_));
                state.folders[folder].redo.write(Staged::Of(updater.wish), Staged::Torn);
                state.folders[folder].staged.write(Staged::Of(updater.wish), Staged::Torn);
            }
            Step::StagePlan => {
                // Where records rot, what was staged whole may come true before anybody decides it.
                state.allowed |= u8::from(self.limits.rots > 0) << updater.wish;
                state.folders[folder].plan.write(Staged::Of(updater.wish), Staged::Torn);
            }
            Step::KeepReadersOut if state.readers_out.is_some_and(|other| other != who) => abandon(updater),
            Step::KeepReadersOut => state.readers_out = Some(who),
            Step::Recheck => {
                if matches!(state.in_place.now, Content::Saved(_)) != updater.saw_save {
                    abandon(updater);
                }
            }
            Step::Decide => {
                updater.phase = Phase::Deciding;
                state.allowed |= 1 << updater.wish;
                state.owes_save &= !updater.saw_save;
            }
            Step::Complete(wish) => updater.phase = Phase::Completing(wish),
            Step::WriteRanges => match state.folders[folder].redo.now {
                Staged::Of(wish) => state.in_place.write(Content::Of(wish), Content::Torn),
                Staged::Torn => state.in_place.write(Content::Torn, Content::Torn),
                Staged::Absent => stop(state, updater),
            },
            Step::Put => {
                let folder = &mut state.folders[folder];
                match folder.staged.now {
                    Staged::Of(wish) => {
                        state.replaced.rename(Content::Of(wish));
                        folder.moving = wish;
                    }
                    Staged::Torn => state.replaced.rename(Content::Torn),
                    Staged::Absent => {}
                }
                folder.staged.now = Staged::Absent;
            }
            Step::SyncAll => state.sync_all(),
            Step::LetReadersIn => state.readers_out = None,
            Step::Succeeded => {
                state.allowed = 1 << updater.wish;
                self.opened(state);
            }
            Step::GivenUp => {
                state.allowed &= !(1 << updater.wish);
                judge(state);
            }
        }
    }

    /// The tree is what it will be from now on: one of those there may be, whole, with nothing left beside it.
    pub(super) fn opened(&self, state: &mut State) {
        judge(state);
        if let Some(wish) = state.tree() {
            // Where records rot, it never goes back.
            let forward = u8::MAX << wish;
            state.allowed &= if self.limits.rots > 0 { forward } else { 1 << wish };
        }
        if state.folders.iter().any(|folder| folder.is_there.now) {
            state.broken = state.broken.or(Some(Broken::LeftBehind));
        }
        state.may_play = true;
    }

    /// A sync fails.
    fn fail(&self, state: &mut State, updater: &mut Updater, who: u8, step: Step) {
        match step {
            Step::SyncAll => state.fail_all(),
            Step::SyncRecord => state.slots[usize::from(updater.at)].fail(),
            Step::SyncSlots => state.slots.iter_mut().for_each(Cell::fail),
            _ => {}
        }
        if self.makes(Mistake::FailedSyncIgnored) {
            return;
        }
        if self.makes(Mistake::FailedSyncBelieved) {
            self.step(state, updater, who, step);
            return;
        }
        match updater.phase {
            Phase::Deciding => {
                updater.phase = Phase::GivingUp;
                updater.script = script::give_up(self.mistake);
                updater.script.reverse();
            }
            _ => stop(state, updater),
        }
    }

    fn write_record(&self, state: &mut State, updater: &mut Updater, says: Says) {
        let is_own = !matches!(updater.phase, Phase::Opening);
        let txid = if is_own { updater.txid } else { updater.ruling.txid };
        let wish = match (says, updater.phase) {
            (Says::Committed, Phase::Opening) => updater.ruling.wish,
            (Says::Committed, _) => updater.wish,
            _ => 0,
        };
        let next = Rec { seq: updater.ruling.seq + 1, says, txid, wish };
        let at = self.next_slot(updater.slots);
        // Whoever writes one that cannot be made durable goes on with the number after it, if at all.
        updater.ruling = next;
        updater.slots[at] = Slot::Holds(next);
        updater.at = u8::try_from(at).unwrap();
        let torn = if self.limits.tears_records { Slot::Bad } else { state.slots[at].now };
        state.slots[at].write(Slot::Holds(next), torn);
    }

    fn next_slot(&self, slots: [Slot; 3]) -> usize {
        let seq = |at: &usize| if let Slot::Holds(rec) = slots[*at] { rec.seq } else { 0 };
        match self.mistake {
            Some(Mistake::TwoSlots) => (0..2).min_by_key(seq).unwrap(),
            Some(Mistake::RulingOverwritten) => (0..3).max_by_key(seq).unwrap(),
            _ => slots::next_slot(&reads(slots)),
        }
    }

    /// Recovery: evidence, decision, and what is to be done.
    fn look(&self, state: &mut State, updater: &mut Updater) {
        let found = [0, 1, 2].map(|at: usize| state.slots[at].now);
        let folders: Vec<Txid> = (0..).zip(&state.folders).filter(|(_, folder)| folder.is_there.now).map(|(at, _)| at).collect();
        let numbers = folders.iter().map(|&txid| txid.into()).collect();
        let evidence = Evidence { slots: reads(found), folders: numbers, is_given_up: false, home: 5 };
        let is_sound = slots::are_sound(&evidence.slots);
        (updater.slots, updater.phase) = (found, Phase::Opening);
        let verdict = decide(&evidence);
        self.note(&verdict);
        let is_init = verdict == Verdict::Init;
        let script = match verdict {
            Verdict::Init => Some(script::init(self.mistake)),
            Verdict::Clean(ruling) => Some(self.clean(updater, rec(&ruling), &folders, is_sound)),
            Verdict::Forward(ruling) if !is_sound && plan(state, rec(&ruling)) == Staged::Absent => {
                updater.ruling = rec(&ruling);
                Some(script::cleared(self.mistake))
            }
            Verdict::Forward(ruling) => self.forward(state, updater, rec(&ruling), false),
            Verdict::Doubtful { ruling, txid } => {
                let ruling = rec(&ruling);
                let lost = Rec { seq: ruling.seq + 1, says: Says::Committed, txid: u8::try_from(txid).unwrap(), wish: 0 };
                match plan(state, lost) {
                    Staged::Of(wish) if !self.makes(Mistake::DoubtPassedOver) => {
                        self.forward(state, updater, Rec { wish, ..lost }, true)
                    }
                    _ => Some(self.clean(updater, ruling, &folders, is_sound)),
                }
            }
            Verdict::Refuse(_) => None,
        };
        match script {
            None => refuse(state),
            Some(mut script) => {
                if !is_sound && !is_init {
                    script.insert(0, Step::SyncNames);
                }
                if self.makes(Mistake::LookedBeforeLocking) {
                    script.insert(0, Step::TakeLock);
                }
                script.reverse();
                updater.script = script;
            }
        }
    }

    fn clean(&self, updater: &mut Updater, ruling: Rec, folders: &[Txid], is_sound: bool) -> Vec<Step> {
        updater.ruling = ruling;
        let (undecided, decided): (Vec<Txid>, Vec<Txid>) = folders.iter().partition(|&&txid| txid > ruling.txid);
        let may_be_in_cache_only = !decided.is_empty() && !self.makes(Mistake::LeftoversTrusted);
        script::clean(&undecided, may_be_in_cache_only || !is_sound, !folders.is_empty(), self.mistake)
    }

    /// `None` where what was staged is not there.
    fn forward(&self, state: &State, updater: &mut Updater, ruling: Rec, is_doubtful: bool) -> Option<Vec<Step>> {
        (updater.ruling, updater.txid, updater.wish) = (ruling, ruling.txid, ruling.wish);
        let (folder, staged) = (&state.folders[usize::from(ruling.txid)], Staged::Of(ruling.wish));
        let is_in_place = state.replaced.now == Content::Of(ruling.wish);
        let is_sound = folder.plan.now == staged
            && (folder.redo.now == staged || self.makes(Mistake::RedoNotChecked))
            && match folder.staged.now {
                Staged::Absent => is_in_place,
                Staged::Torn => self.makes(Mistake::StagedNotChecked),
                other => other == staged,
            };
        let mut script = script::forward(ruling, is_doubtful, self.mistake);
        if self.makes(Mistake::OnlyTheRestApplied) && state.in_place.now == Content::Of(ruling.wish) {
            script.retain(|step| *step != Step::WriteRanges);
        }
        is_sound.then_some(script)
    }
}

fn plan(state: &State, record: Rec) -> Staged {
    state.folders[usize::from(record.txid)].plan.now
}

fn sync_record(state: &mut State, at: usize) {
    let slot = &mut state.slots[at];
    if state.has_names { slot.sync() } else { slot.sync_without_name(Slot::Blank) }
}

/// The process ends with an error, and says what it knows of the tree.
fn stop(state: &mut State, updater: &mut Updater) {
    if let Phase::Completing(wish) = updater.phase {
        state.allowed = 1 << wish;
    }
    state.may_play = false;
    updater.script.clear();
}

/// Not decided, and not to be: what was staged goes.
fn abandon(updater: &mut Updater) {
    updater.script = vec![Step::GivenUp, Step::LetReadersIn, Step::RemoveFolder(updater.txid)];
}

pub(super) fn release(state: &mut State, who: u8) {
    for lock in [&mut state.lock, &mut state.readers_out] {
        if *lock == Some(who) {
            *lock = None;
        }
    }
}

/// Compares the tree with what was said of it.
fn judge(state: &mut State) {
    let broken = match state.tree() {
        None => Some(Broken::Torn),
        Some(wish) if state.allowed & 1 << wish == 0 => Some(Broken::Untrue),
        Some(_) if state.owes_save && !matches!(state.in_place.now, Content::Saved(_)) => Some(Broken::SaveLost),
        Some(_) => None,
    };
    state.broken = state.broken.or(broken);
}

/// The journal is not understood: right only after it was damaged, and where records only were damaged, only of a tree that is whole.
fn refuse(state: &mut State) {
    let broken = match (state.rotted, state.tree()) {
        (Rotted::Nothing, _) => Some(Broken::Refused),
        (Rotted::Record, None) => Some(Broken::Torn),
        (Rotted::Record, Some(_)) | (Rotted::Stage, _) => None,
    };
    state.broken = state.broken.or(broken);
    state.may_play = false;
}
