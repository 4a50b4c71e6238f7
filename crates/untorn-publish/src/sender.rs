//! Sending what is not there yet, and counting it.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use untorn_store::layout::Name;

use crate::{Backend, Body, Put, Result, objects};

/// Sends objects; in a dry run, only counts them.
pub(crate) struct Sender<'s> {
    pub(crate) store: &'s dyn Backend,
    dry_run: bool,
    sent_objects: AtomicU64,
    sent_len: AtomicU64,
    present_objects: AtomicU64,
}

impl<'s> Sender<'s> {
    pub(crate) fn new(store: &'s dyn Backend, dry_run: bool) -> Self {
        let zero = || AtomicU64::new(0);
        Self { store, dry_run, sent_objects: zero(), sent_len: zero(), present_objects: zero() }
    }

    /// Sends an object that is named by the hash of its bytes, unless it is there.
    pub(crate) fn send(&self, name: &Name, body: Body<'_>) -> Result<()> {
        let put = if self.dry_run { self.look(name, body)? } else { objects::put_hashed(self.store, name, body)? };
        self.count(put, body.len());
        Ok(())
    }

    fn look(&self, name: &Name, body: Body<'_>) -> Result<Put> {
        Ok(if self.store.head(&name.to_string())? == Some(body.len()) { Put::Present } else { Put::Made })
    }

    pub(crate) fn count(&self, put: Put, len: u64) {
        match put {
            Put::Made => {
                self.sent_objects.fetch_add(1, Relaxed);
                self.sent_len.fetch_add(len, Relaxed);
            }
            Put::Present => {
                self.present_objects.fetch_add(1, Relaxed);
            }
        }
    }

    pub(crate) fn is_dry(&self) -> bool {
        self.dry_run
    }

    /// Objects and bytes that were sent, and objects that were there.
    pub(crate) fn counts(&self) -> (u64, u64, u64) {
        (self.sent_objects.load(Relaxed), self.sent_len.load(Relaxed), self.present_objects.load(Relaxed))
    }
}
