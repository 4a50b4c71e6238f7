//! Everything there is: the disk, the locks, the updaters, and what was promised.

use super::{disk::Cell, script::Step};

/// Numbers of transactions: that of the folder (from 1), and that of what it wants (from 1; 0 is the tree in the beginning).
pub(super) type Txid = u8;
pub(super) type Wish = u8;

/// Folders of transactions that there can be.
pub(super) const FOLDERS: usize = 3;

/// A staged file, by what it holds: nothing is there, something that nobody wrote, or what a wish needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Staged {
    Absent,
    Torn,
    Of(Wish),
}

/// A file of the tree: as some wish wants it, perhaps with what a game has saved in it since.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Content {
    Torn,
    Of(Wish),
    Saved(Wish),
}

impl Content {
    pub(super) fn wish(self) -> Option<Wish> {
        match self {
            Self::Torn => None,
            Self::Of(wish) | Self::Saved(wish) => Some(wish),
        }
    }
}

/// As much of a record as the protocol depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Rec {
    pub(super) seq: u8,
    pub(super) says: Says,
    pub(super) txid: Txid,
    /// Stands for the hash of the plan.
    pub(super) wish: Wish,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Says {
    Idle,
    Committed,
    Aborted,
}

/// A slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Slot {
    Blank,
    Bad,
    Holds(Rec),
}

/// The folder of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Folder {
    pub(super) is_there: Cell<bool>,
    pub(super) plan: Cell<Staged>,
    pub(super) redo: Cell<Staged>,
    pub(super) staged: Cell<Staged>,
    /// The staged file went into the tree, and no sync has made that durable.
    pub(super) moving: Wish,
}

/// A process that changes the tree.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Updater {
    /// What it will do, last first; empty when there is no process.
    pub(super) script: Vec<Step>,
    /// The slots as it knows them.
    pub(super) slots: [Slot; 3],
    pub(super) ruling: Rec,
    /// The record on its way, and its slot.
    pub(super) record: Rec,
    pub(super) at: u8,
    pub(super) txid: Txid,
    pub(super) wish: Wish,
    pub(super) phase: Phase,
    /// Whether the file had been saved by the game when it was staged.
    pub(super) saw_save: bool,
    /// The system could not write something back, and has not told this process.
    pub(super) has_error: bool,
}

/// What an error means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Phase {
    Opening,
    Staging,
    Deciding,
    GivingUp,
    /// Decided: the wish that will come true.
    Completing(Wish),
}

/// What has rotted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Rotted {
    Nothing,
    Record,
    Stage,
}

/// A promise that was not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Broken {
    /// The tree is a mixture.
    Torn,
    /// The tree is whole, and another than what was said.
    Untrue,
    /// Nobody had touched the journal, and it is not understood.
    Refused,
    /// A folder is left.
    LeftBehind,
    /// What a game had saved is gone.
    SaveLost,
}

/// Everything.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct State {
    pub(super) slots: [Cell<Slot>; 3],
    pub(super) folders: [Folder; FOLDERS],
    /// The names of the slots are durable.
    pub(super) has_names: bool,
    /// A file that is changed in place, and one that is replaced.
    pub(super) in_place: Cell<Content>,
    pub(super) replaced: Cell<Content>,
    pub(super) updaters: [Updater; 2],
    pub(super) lock: Option<u8>,
    pub(super) readers_out: Option<u8>,
    /// The trees there may be, a bit for each wish.
    pub(super) allowed: u8,
    /// A game has saved, and nobody who knew of it has changed the file since.
    pub(super) owes_save: bool,
    /// A game can begin: somebody has opened the tree and nothing went wrong since.
    pub(super) may_play: bool,
    pub(super) rotted: Rotted,
    pub(super) wishes: Wish,
    pub(super) left: Budget,
    pub(super) broken: Option<Broken>,
}

/// What may still happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Budget {
    pub(super) starts: u8,
    pub(super) wishes: u8,
    pub(super) cuts: u8,
    pub(super) kills: u8,
    pub(super) faults: u8,
    pub(super) rots: u8,
    pub(super) saves: u8,
}

impl Folder {
    pub(super) fn none() -> Self {
        let absent = Cell::durable(Staged::Absent);
        Self { is_there: Cell::durable(false), plan: absent, redo: absent, staged: absent, moving: 0 }
    }

    fn files(&mut self) -> [&mut Cell<Staged>; 3] {
        [&mut self.plan, &mut self.redo, &mut self.staged]
    }

    /// All names in it go, and its own.
    pub(super) fn remove(&mut self) {
        for file in self.files() {
            if file.now != Staged::Absent {
                file.rename(Staged::Absent);
            }
        }
        if self.is_there.now {
            self.is_there.rename(false);
        }
    }

    pub(super) fn waits(&mut self) -> bool {
        self.files().iter().any(|file| file.waits_with_bytes())
    }

    fn choices(&self) -> u64 {
        self.is_there.choices() * self.plan.choices() * self.redo.choices() * self.staged.choices()
    }
}

impl State {
    /// Everything that was written becomes durable.
    pub(super) fn sync_all(&mut self) {
        self.has_names = true;
        self.slots.iter_mut().for_each(Cell::sync);
        for folder in &mut self.folders {
            if folder.moving != 0 {
                folder.staged = Cell::durable(Staged::Absent);
                folder.moving = 0;
            }
            folder.is_there.sync();
            folder.files().into_iter().for_each(Cell::sync);
        }
        self.in_place.sync();
        self.replaced.sync();
    }

    /// A sync of everything fails.
    pub(super) fn fail_all(&mut self) {
        self.slots.iter_mut().for_each(Cell::fail);
        self.fail_files();
    }

    /// Nothing but slots is written back.
    pub(super) fn fail_files(&mut self) {
        self.folders.iter_mut().flat_map(Folder::files).for_each(Cell::fail);
        self.in_place.fail();
    }

    /// How many different disks a power cut can leave.
    pub(super) fn choices(&self) -> u64 {
        let slots: u64 = self.slots.iter().map(Cell::choices).product();
        let folders: u64 = self.folders.iter().map(Folder::choices).product();
        slots * folders * self.in_place.choices() * self.replaced.choices()
    }

    /// The power fails: no process is left, and of each thing one of the values that it can have.
    pub(super) fn cut(&mut self, mut choice: u64) {
        self.replaced.cut(&mut choice);
        self.in_place.cut(&mut choice);
        for slot in &mut self.slots {
            slot.cut(&mut choice);
        }
        for folder in &mut self.folders {
            folder.is_there.cut(&mut choice);
            for file in folder.files() {
                file.cut(&mut choice);
            }
            // A rename is old or new: what is in the tree is not in the stage. Its bytes may be torn, where they were not durable before.
            if folder.moving != 0 {
                if self.replaced.now == Content::Of(folder.moving) {
                    if folder.staged.now == Staged::Torn {
                        self.replaced = Cell::durable(Content::Torn);
                    }
                    folder.staged = Cell::durable(Staged::Absent);
                }
                folder.moving = 0;
            }
            if !folder.is_there.now {
                *folder = Folder::none();
            }
        }
        // A name that is there after a power cut is durable, and one that is not is made anew.
        self.has_names = self.slots.iter().all(|slot| slot.now != Slot::Blank);
        self.updaters.iter_mut().for_each(Updater::end);
        (self.lock, self.readers_out, self.may_play) = (None, None, false);
    }

    /// Which wish the tree is, if it is whole.
    pub(super) fn tree(&self) -> Option<Wish> {
        self.in_place.now.wish().filter(|wish| self.replaced.now.wish() == Some(*wish))
    }
}

impl Updater {
    pub(super) fn none() -> Self {
        let nothing = Rec { seq: 0, says: Says::Idle, txid: 0, wish: 0 };
        Self {
            script: Vec::new(),
            slots: [Slot::Blank; 3],
            ruling: nothing,
            record: nothing,
            at: 0,
            txid: 0,
            wish: 0,
            phase: Phase::Opening,
            saw_save: false,
            has_error: false,
        }
    }

    pub(super) fn end(&mut self) {
        *self = Self::none();
    }

    pub(super) fn is_running(&self) -> bool {
        !self.script.is_empty()
    }
}
