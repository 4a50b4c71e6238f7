//! What happens to a file system, in the order it happened.

use std::sync::Arc;

use untorn_fs::Permissions;

use crate::inode::{Ino, Inode};

/// One entry of the log.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    /// An object came to be. Without a name nobody sees it, so it need not wait for a barrier.
    Made { ino: Ino, inode: Arc<Inode> },
    /// Something a crash may take back.
    Effect(Effect),
    /// A sync returned success.
    Settled(Barrier),
    /// A sync, or the system's own write-back, failed.
    Failed(Barrier),
    /// The test said something.
    Mark(u32),
}

/// Something that is volatile until its barrier.
#[derive(Clone, Debug)]
pub(crate) enum Effect {
    Data { ino: Ino, offset: u64, sectors: Arc<[u8]>, changed: u64 },
    Len { ino: Ino, len: u64, changed: u64 },
    Reserve { ino: Ino, end: u64 },
    Permissions { ino: Ino, permissions: Permissions, changed: u64 },
    Names(Names),
}

/// One or two names that change together.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    pub(crate) first: Change,
    pub(crate) second: Option<Change>,
    pub(crate) needs: Needs,
}

/// One name that changes.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub(crate) dir: Ino,
    pub(crate) name: Arc<str>,
    pub(crate) to: Option<Ino>,
}

/// What must have happened before names may change, so that no crash loses an object that a rename only moves.
#[derive(Clone, Debug, Default)]
pub(crate) struct Needs {
    /// The effect just before: the removing half of a rename needs the adding one.
    pub(crate) previous: bool,
    /// These directories must have their names: the ones that lead to the new name. This also keeps two moved directories from ending inside each
    /// other: the later move needs the latest name of everything above its target.
    pub(crate) reachable: Box<[Ino]>,
    /// This directory must have lost its names: it goes away.
    pub(crate) emptied: Option<Ino>,
}

/// What a sync covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Barrier {
    /// Bytes and length.
    Data(Ino),
    /// Everything about a file but its name.
    File(Ino),
    Dir(Ino),
    All,
}

impl Barrier {
    /// The one file it is about.
    pub(crate) fn file(self) -> Option<Ino> {
        match self {
            Self::Data(ino) | Self::File(ino) => Some(ino),
            Self::Dir(_) | Self::All => None,
        }
    }

    pub(crate) fn covers(self, effect: &Effect) -> bool {
        match (self, effect) {
            (Self::All, _) => true,
            (
                Self::Data(of) | Self::File(of),
                Effect::Data { ino, .. } | Effect::Len { ino, .. } | Effect::Reserve { ino, .. },
            ) => of == *ino,
            (Self::File(of), Effect::Permissions { ino, .. }) => of == *ino,
            (Self::Dir(of), Effect::Names(names)) => names.changes().any(|change| change.dir == of),
            (Self::Data(_) | Self::File(_) | Self::Dir(_), _) => false,
        }
    }
}

impl Names {
    pub(crate) fn one(dir: Ino, name: &Arc<str>, to: Option<Ino>, needs: Needs) -> Self {
        Self { first: Change { dir, name: name.clone(), to }, second: None, needs }
    }

    pub(crate) fn changes(&self) -> impl Iterator<Item = &Change> {
        std::iter::once(&self.first).chain(&self.second)
    }

    /// Removals first: a rename that only changes the case of a name removes and adds the same entry.
    pub(crate) fn in_order(&self) -> impl Iterator<Item = &Change> {
        let removals = self.changes().filter(|change| change.to.is_none());
        removals.chain(self.changes().filter(|change| change.to.is_some()))
    }
}
