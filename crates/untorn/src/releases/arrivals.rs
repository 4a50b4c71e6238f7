//! Whether something is still on its way: what one thread fetches, another one waits for.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Whether something is still on its way.
#[derive(Debug, Default)]
pub(crate) struct Arrivals {
    is_under_way: Mutex<bool>,
    changed: Condvar,
}

impl Arrivals {
    /// From now on, until what this gives is dropped.
    pub(crate) fn begin(&self) -> UnderWay<'_> {
        *self.lock() = true;
        UnderWay(self)
    }

    fn lock(&self) -> MutexGuard<'_, bool> {
        self.is_under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says that something has come.
    pub(crate) fn came(&self) {
        // Whoever has looked, and does not wait yet, holds the lock.
        drop(self.lock());
        self.changed.notify_all();
    }

    pub(crate) fn is_under_way(&self) -> bool {
        *self.lock()
    }

    /// Waits until `is_there` says so, or nothing comes any more.
    pub(crate) fn wait(&self, is_there: impl Fn() -> bool) {
        let mut is_under_way = self.lock();
        while *is_under_way && !is_there() {
            is_under_way = self.changed.wait(is_under_way).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// As long as this lives, something may come.
pub(crate) struct UnderWay<'a>(&'a Arrivals);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        *self.0.lock() = false;
        self.0.changed.notify_all();
    }
}
