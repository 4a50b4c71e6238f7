//! A model of the protocol, and a checker that looks at everything that can happen in it.
//!
//! The crash tests run the code itself on a simulated disk, and must sample where there is too much to try. The model is small enough to try all: any subset of what was
//! not synced, torn bytes, syncs that fail and are forgotten, processes that are killed and that take turns, power cuts inside recovery, rot, a game that saves; in any order. What
//! the code decides by pure functions is decided here by the same functions (`decide`, `next_slot`, `are_sound`). The order of the steps is written down once more, in
//! `script.rs`, and compared with what the code does.
//!
//! Not in it: contents, permissions and many files; kept undo; the disk's size.

mod disk;
mod mistake;
mod perform;
mod script;
mod state;
mod tests;

use std::sync::atomic::{AtomicU64, Ordering};

use stateright::{Model, Property};

use self::{
    disk::Cell,
    mistake::Mistake,
    script::Step,
    state::{Broken, Budget, Content, FOLDERS, Folder, Rec, Rotted, Says, Slot, Staged, State, Updater},
};
use crate::decide::Verdict;

/// How much may happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Limits {
    /// Processes.
    starts: u8,
    /// Transactions.
    wishes: u8,
    /// Power cuts: with two, also in recovery.
    cuts: u8,
    kills: u8,
    /// Syncs that fail, or bytes that cannot be written back.
    faults: u8,
    /// Pieces of the journal that rot while nobody runs.
    rots: u8,
    /// Times that a game saves.
    saves: u8,
    /// The directory is not under care yet.
    is_new: bool,
    /// The third slot holds a record, too.
    has_third: bool,
    /// A record can be torn as everything else can.
    tears_records: bool,
}

impl Limits {
    const SMALL: Self = Self {
        starts: 3,
        wishes: 1,
        cuts: 1,
        kills: 0,
        faults: 0,
        rots: 0,
        saves: 0,
        is_new: false,
        has_third: true,
        tears_records: true,
    };
    const FAULT: Self = Self { faults: 1, kills: 1, ..Self::SMALL };
    const NEXT: Self = Self { starts: 4, wishes: 2, cuts: 2, kills: 0, ..Self::FAULT };
    const ROT: Self = Self { rots: 1, kills: 1, ..Self::SMALL };
    const GAME: Self = Self { saves: 1, ..Self::SMALL };
}

/// The protocol, or the protocol with a mistake.
struct Protocol {
    mistake: Option<Mistake>,
    limits: Limits,
    /// How often recovery decided what.
    verdicts: [AtomicU64; 5],
}

/// What happens next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    /// A process begins and takes the lock.
    Start(u8),
    Step(u8),
    /// A process that has opened the tree makes a transaction.
    Commit(u8),
    /// The sync that is next fails.
    Fail(u8),
    Kill(u8),
    /// A power cut leaves this one of all the disks that it can.
    Cut(u64),
    /// Bytes that wait cannot be written; another program asks, and is told.
    FailWriteback,
    RotSlot(u8),
    RotRedo(u8),
    RotStaged(u8),
    Save,
}

impl Protocol {
    fn new(mistake: Option<Mistake>, limits: Limits) -> Self {
        Self { mistake, limits, verdicts: Default::default() }
    }

    fn note(&self, verdict: &Verdict) {
        let kind = match verdict {
            Verdict::Init => 0,
            Verdict::Clean(_) => 1,
            Verdict::Forward(_) => 2,
            Verdict::Doubtful { .. } => 3,
            Verdict::Refuse(_) => 4,
        };
        self.verdicts[kind].fetch_add(1, Ordering::Relaxed);
    }

    /// Whether a process can begin: who would find it locked changes nothing.
    fn can_start(&self, state: &State, who: usize) -> bool {
        let is_free = state.lock.is_none() || self.makes(Mistake::NoLock) || self.makes(Mistake::LookedBeforeLocking);
        // They are alike.
        let is_first = who == 0 || state.updaters[0].is_running();
        state.left.starts > 0 && is_free && is_first && !state.updaters[who].is_running()
    }

    fn of_updater(&self, state: &State, who: u8, actions: &mut Vec<Action>) {
        let at = usize::from(who);
        if self.can_start(state, at) {
            actions.push(Action::Start(who));
        }
        let Some(next) = state.updaters[at].script.last() else { return };
        if state.left.kills > 0 {
            actions.push(Action::Kill(who));
        }
        if *next == Step::TakeLock && state.lock.is_some() {
            return;
        }
        actions.push(Action::Step(who));
        if *next == Step::Opened && state.left.wishes > 0 {
            actions.push(Action::Commit(who));
        }
        let is_sync = [Step::SyncAll, Step::SyncRecord, Step::SyncSlots, Step::SyncNames, Step::SyncFolders].contains(next)
            || matches!(next, Step::SyncFolder(_));
        if is_sync && state.left.faults > 0 {
            actions.push(Action::Fail(who));
        }
    }

    fn of_the_world(state: &State, actions: &mut Vec<Action>) {
        let is_running = state.updaters.iter().any(Updater::is_running);
        if state.left.cuts > 0 {
            actions.extend((0..state.choices()).map(Action::Cut));
        }
        if state.left.faults > 0 && is_running && state.folders.clone().iter_mut().any(Folder::waits) {
            actions.push(Action::FailWriteback);
        }
        if state.left.saves > 0 && state.may_play && state.readers_out.is_none() {
            actions.push(Action::Save);
        }
        if state.left.rots == 0 || is_running {
            return;
        }
        for at in 0..3 {
            if matches!(state.slots[usize::from(at)].now, Slot::Holds(_)) {
                actions.push(Action::RotSlot(at));
            }
        }
        for (at, folder) in (0..).zip(&state.folders) {
            if matches!(folder.redo.now, Staged::Of(_)) {
                actions.push(Action::RotRedo(at));
            }
            if matches!(folder.staged.now, Staged::Of(_)) {
                actions.push(Action::RotStaged(at));
            }
        }
    }

    fn start(&self, state: &mut State, who: u8) {
        state.left.starts -= 1;
        if !self.makes(Mistake::NoLock) && !self.makes(Mistake::LookedBeforeLocking) {
            state.lock = Some(who);
        }
        state.updaters[usize::from(who)].script = vec![Step::Look];
    }

    fn begin(&self, state: &mut State, who: u8) {
        state.left.wishes -= 1;
        self.opened(state);
        let script = script::commit(state.wishes + 1, self.mistake);
        state.updaters[usize::from(who)].script = script.into_iter().rev().collect();
    }
}

impl Model for Protocol {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let Limits { starts, wishes, cuts, kills, faults, rots, saves, is_new, has_third, .. } = self.limits;
        let record = |seq| Slot::Holds(Rec { seq, says: Says::Idle, txid: 0, wish: 0 });
        let slots = if is_new { [Slot::Blank; 3] } else { [record(4), record(5), if has_third { record(3) } else { Slot::Bad }] };
        vec![State {
            slots: slots.map(Cell::durable),
            folders: [Folder::none(); FOLDERS],
            has_names: !is_new,
            in_place: Cell::durable(Content::Of(0)),
            replaced: Cell::durable(Content::Of(0)),
            updaters: [Updater::none(), Updater::none()],
            lock: None,
            readers_out: None,
            allowed: 1,
            owes_save: false,
            may_play: false,
            rotted: Rotted::Nothing,
            wishes: 0,
            left: Budget { starts, wishes, cuts, kills, faults, rots, saves },
            broken: None,
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        if state.broken.is_none() {
            self.of_updater(state, 0, actions);
            self.of_updater(state, 1, actions);
            Self::of_the_world(state, actions);
        }
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = last.clone();
        match action {
            Action::Start(who) => self.start(&mut state, who),
            Action::Step(who) => self.perform(&mut state, who, false),
            Action::Commit(who) => self.begin(&mut state, who),
            Action::Fail(who) => {
                state.left.faults -= 1;
                self.perform(&mut state, who, true);
            }
            Action::Kill(who) => {
                state.left.kills -= 1;
                state.updaters[usize::from(who)].end();
                perform::release(&mut state, who);
                state.may_play = false;
            }
            Action::Cut(choice) => {
                state.left.cuts -= 1;
                state.cut(choice);
            }
            Action::FailWriteback => {
                state.left.faults -= 1;
                state.fail_files();
                state.updaters.iter_mut().filter(|updater| updater.is_running()).for_each(|updater| updater.has_error = true);
            }
            Action::RotSlot(at) => {
                state.left.rots -= 1;
                state.rotted = Rotted::Record;
                state.slots[usize::from(at)] = Cell::durable(Slot::Bad);
            }
            Action::RotRedo(at) => {
                state.left.rots -= 1;
                state.rotted = Rotted::Stage;
                state.folders[usize::from(at)].redo = Cell::durable(Staged::Torn);
            }
            Action::RotStaged(at) => {
                state.left.rots -= 1;
                state.rotted = Rotted::Stage;
                state.folders[usize::from(at)].staged = Cell::durable(Staged::Torn);
            }
            Action::Save => {
                state.left.saves -= 1;
                let wish = state.in_place.now.wish()?;
                state.in_place = Cell::durable(Content::Saved(wish));
                state.owes_save = true;
            }
        }
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("the tree is one of the two", |_, state: &State| state.broken != Some(Broken::Torn)),
            Property::always("it is the one that was said", |_, state: &State| state.broken != Some(Broken::Untrue)),
            Property::always("the journal is understood", |_, state: &State| state.broken != Some(Broken::Refused)),
            Property::always("nothing is left behind", |_, state: &State| state.broken != Some(Broken::LeftBehind)),
            Property::always("what a game saved is there", |_, state: &State| state.broken != Some(Broken::SaveLost)),
            Property::sometimes("a transaction succeeds", |_, state: &State| state.tree() == Some(1) && state.allowed == 2),
        ]
    }
}
