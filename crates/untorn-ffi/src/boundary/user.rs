//! Callbacks of the caller.

use std::{ffi::c_void, sync::Arc};

use crate::{
    boundary::types::{Options, Progress, ShouldStop},
    observer::{Listener, Pacing},
};

/// The caller's functions, and what it wants to be handed to them.
struct User {
    progress: Progress,
    should_stop: ShouldStop,
    user: *mut c_void,
}

// SAFETY: the pointer is never followed here. The header says that both functions are called on any thread, and `Pacing` calls them one at a time.
unsafe impl Send for User {}

impl Listener for User {
    fn progress(&self, phase: u32, done: u64, total: u64) {
        if let Some(progress) = self.progress {
            progress(self.user, phase, done, total);
        }
    }

    fn should_stop(&self) -> bool {
        self.should_stop.is_some_and(|should_stop| should_stop(self.user) != 0)
    }
}

/// Who hears of it, if anybody wants to.
pub(super) fn observer(options: &Options) -> Option<Arc<dyn untorn::Observer>> {
    let &Options { progress, should_stop, user, .. } = options;
    (progress.is_some() || should_stop.is_some()).then(|| Arc::new(Pacing::new(User { progress, should_stop, user })) as _)
}
