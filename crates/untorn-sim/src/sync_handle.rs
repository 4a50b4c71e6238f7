//! The handle that makes everything durable.

use std::{
    fmt, io,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use untorn_fs::SyncAll;

use crate::{effect::Barrier, state::Shared};

pub(crate) struct SimSyncAll {
    shared: Arc<Shared>,
    process: u32,
    /// Changes only under the lock of `shared`.
    errors_heard: AtomicU32,
}

impl SimSyncAll {
    pub(crate) fn new(shared: Arc<Shared>, process: u32, errors_heard: u32) -> Self {
        Self { shared, process, errors_heard: AtomicU32::new(errors_heard) }
    }
}

impl SyncAll for SimSyncAll {
    fn sync_all(&self) -> io::Result<()> {
        let mut state = self.shared.lock();
        state.check_alive(self.process)?;
        let mut heard = self.errors_heard.load(Ordering::Relaxed);
        let answer = state.sync(Barrier::All, &mut heard);
        self.errors_heard.store(heard, Ordering::Relaxed);
        answer
    }
}

impl fmt::Debug for SimSyncAll {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimSyncAll").field("process", &self.process).finish_non_exhaustive()
    }
}
