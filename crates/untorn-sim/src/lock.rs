//! Advisory locks, as the kernel keeps them: gone when their holder is.

use std::{fmt, sync::Arc};

use untorn_fs::{Lock, LockKind};

use crate::{inode::Ino, state::Shared};

/// All locks that are held.
#[derive(Clone, Debug, Default)]
pub(crate) struct Locks {
    held: Vec<Held>,
    next: u64,
}

#[derive(Clone, Debug)]
struct Held {
    ino: Ino,
    kind: LockKind,
    token: u64,
}

impl Locks {
    /// The token of the new lock, or `None` when another one is in the way.
    pub(crate) fn take(&mut self, ino: Ino, kind: LockKind) -> Option<u64> {
        let excludes = |held: &Held| held.ino == ino && (kind == LockKind::Exclusive || held.kind == LockKind::Exclusive);
        if self.held.iter().any(excludes) {
            return None;
        }
        self.next += 1;
        self.held.push(Held { ino, kind, token: self.next });
        Some(self.next)
    }

    pub(crate) fn release(&mut self, token: u64) {
        self.held.retain(|held| held.token != token);
    }

    pub(crate) fn release_all(&mut self) {
        self.held.clear();
    }
}

/// A lock of a simulated process.
pub(crate) struct SimLock {
    pub(crate) shared: Arc<Shared>,
    pub(crate) token: u64,
}

impl Lock for SimLock {}

impl fmt::Debug for SimLock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimLock").field("token", &self.token).finish_non_exhaustive()
    }
}

impl Drop for SimLock {
    fn drop(&mut self) {
        self.shared.lock().locks.release(self.token);
        self.shared.released.notify_all();
    }
}
