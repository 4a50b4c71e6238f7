//! Callbacks: one at a time, and not more often than anybody can look.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use untorn::{Observer, Phase};

use crate::boundary::types::{
    PHASE_APPLY, PHASE_COMPARE, PHASE_COMPRESS, PHASE_FETCH, PHASE_READ, PHASE_SEARCH, PHASE_STAGE, PHASE_SYNC, PHASE_WORK,
};

/// How often progress is told at most.
const PAUSE: Duration = Duration::from_millis(100);

/// The caller's functions.
pub(crate) trait Listener: Send {
    fn progress(&self, phase: u32, done: u64, total: u64);
    fn should_stop(&self) -> bool;
}

/// Calls a listener, one call at a time.
pub(crate) struct Pacing<L>(Mutex<Paced<L>>);

struct Paced<L> {
    listener: L,
    last: Option<(Phase, Instant)>,
}

impl<L> Pacing<L> {
    pub(crate) fn new(listener: L) -> Self {
        Self(Mutex::new(Paced { listener, last: None }))
    }
}

impl<L: Listener> Observer for Pacing<L> {
    fn progress(&self, phase: Phase, done: u64, total: u64) {
        let mut paced = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_soon = paced.last.is_some_and(|(before, at)| before == phase && at.elapsed() < PAUSE);
        if !is_soon || done >= total {
            paced.last = Some((phase, Instant::now()));
            paced.listener.progress(number(phase), done, total);
        }
    }

    fn should_stop(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).listener.should_stop()
    }
}

fn number(phase: Phase) -> u32 {
    match phase {
        Phase::Read => PHASE_READ,
        Phase::Fetch => PHASE_FETCH,
        Phase::Compare => PHASE_COMPARE,
        Phase::Search => PHASE_SEARCH,
        Phase::Compress => PHASE_COMPRESS,
        Phase::Stage => PHASE_STAGE,
        Phase::Sync => PHASE_SYNC,
        Phase::Apply => PHASE_APPLY,
        _ => PHASE_WORK,
    }
}
