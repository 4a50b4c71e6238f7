//! A store that stops in the middle of things.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use untorn_publish::{Backend, BackendError, Body, Listed, Object, Put, Trouble, Version};

/// When one call goes wrong, and all after it, as if the process had been killed there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kill {
    /// Before the call does anything.
    Before,
    /// After it has done what it does: only the answer is lost.
    After,
}

/// A store that works for so many calls.
pub(crate) struct Faulty<'s> {
    inner: &'s dyn Backend,
    kill: Kill,
    at: usize,
    calls: AtomicUsize,
}

impl<'s> Faulty<'s> {
    /// Call number `at`, counted from 0, is the one that goes wrong.
    pub(crate) fn new(inner: &'s dyn Backend, at: usize, kill: Kill) -> Self {
        Self { inner, kill, at, calls: AtomicUsize::new(0) }
    }

    /// How many calls there were.
    pub(crate) fn calls(&self) -> usize {
        self.calls.load(SeqCst)
    }

    fn call<T>(&self, name: &str, act: impl FnOnce() -> Result<T, BackendError>) -> Result<T, BackendError> {
        let number = self.calls.fetch_add(1, SeqCst);
        let dead = || BackendError {
            doing: "go on",
            name: name.into(),
            place: "test".into(),
            trouble: Trouble::Service("killed".into()),
        };
        if number < self.at {
            return act();
        }
        if number == self.at && self.kill == Kill::After {
            drop(act());
        }
        Err(dead())
    }
}

impl Backend for Faulty<'_> {
    fn place(&self) -> &str {
        "test"
    }

    fn get(&self, name: &str, len_max: u64) -> Result<Option<Object>, BackendError> {
        self.call(name, || self.inner.get(name, len_max))
    }

    fn get_range(&self, name: &str, start: u64, len: usize) -> Result<Vec<u8>, BackendError> {
        self.call(name, || self.inner.get_range(name, start, len))
    }

    fn head(&self, name: &str) -> Result<Option<u64>, BackendError> {
        self.call(name, || self.inner.head(name))
    }

    fn put_new(&self, name: &str, body: Body<'_>) -> Result<Put, BackendError> {
        self.call(name, || self.inner.put_new(name, body))
    }

    fn put_if(&self, name: &str, version: Option<&Version>, bytes: &[u8]) -> Result<(), BackendError> {
        self.call(name, || self.inner.put_if(name, version, bytes))
    }

    fn list(&self, prefix: &str) -> Result<Vec<Listed>, BackendError> {
        self.call(prefix, || self.inner.list(prefix))
    }

    fn delete(&self, name: &str) -> Result<(), BackendError> {
        self.call(name, || self.inner.delete(name))
    }
}
