//! Threads that work for one reader, and end with it.

use std::thread::{self, JoinHandle};

/// Threads that are waited for when this is dropped: then no file of the tree stays open. What they hand over to must be gone by then, so that none of them waits for ever.
#[derive(Default)]
pub(super) struct Threads(Vec<JoinHandle<()>>);

impl Threads {
    /// Starts one more; `None` where no thread can be had.
    pub(super) fn start(&mut self, name: &str, work: impl FnOnce() + Send + 'static) -> Option<()> {
        let thread = thread::Builder::new().name(name.to_owned()).spawn(work);
        self.0.retain(|thread| !thread.is_finished());
        self.0.push(thread.ok()?);
        Some(())
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        for thread in self.0.drain(..) {
            drop(thread.join());
        }
    }
}
