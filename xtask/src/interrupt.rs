//! Ctrl-C, or a signal to end: what is under way ends by itself, and leaves nothing.

use std::sync::{
    Once,
    atomic::{AtomicBool, Ordering},
};

static HAPPENED: AtomicBool = AtomicBool::new(false);
static LISTENING: Once = Once::new();

/// From now on a signal ends nothing by itself: who works asks [`happened`].
pub(crate) fn listen() {
    // Where nobody can listen, a signal ends the program at once.
    LISTENING.call_once(|| drop(ctrlc::set_handler(|| HAPPENED.store(true, Ordering::Relaxed))));
}

/// Whether somebody wants it to end.
pub(crate) fn happened() -> bool {
    HAPPENED.load(Ordering::Relaxed)
}
