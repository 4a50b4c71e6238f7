//! Messages as they go out: one a line, never two at once.

use std::{
    io::{Write, stdout},
    sync::{Mutex, PoisonError},
};

use serde_json::Value;

/// Standard output.
#[derive(Debug, Default)]
pub(super) struct Output(Mutex<()>);

impl Output {
    /// Says whether anybody could hear it.
    pub(super) fn send(&self, message: &Value) -> bool {
        let _one_at_a_time = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut stdout = stdout().lock();
        writeln!(stdout, "{message}").and_then(|()| stdout.flush()).is_ok()
    }
}
