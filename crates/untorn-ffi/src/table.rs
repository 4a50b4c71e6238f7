//! Handles are numbers that are never used twice, so that one that was closed, or is of another kind, can be told from one that works.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError},
    thread::{self, ThreadId},
};

use untorn::ReadGuard;

use crate::{boundary::held_tree::HeldTree, failure::Misuse};

/// What a handle stands for.
pub(crate) enum Held {
    Tree(Box<HeldTree>),
    /// Kept until it is dropped.
    Guard(#[expect(dead_code, reason = "it works by being there")] ReadGuard),
}

struct Slot {
    /// The only thread that may use it, if there is only one.
    thread: Option<ThreadId>,
    held: Mutex<Option<Held>>,
}

struct Table {
    next: u64,
    slots: BTreeMap<u64, Arc<Slot>>,
}

static TABLE: Mutex<Table> = Mutex::new(Table { next: 1, slots: BTreeMap::new() });

fn table() -> MutexGuard<'static, Table> {
    TABLE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A new handle.
pub(crate) fn insert(held: Held, is_bound: bool) -> u64 {
    let slot = Slot { thread: is_bound.then(|| thread::current().id()), held: Mutex::new(Some(held)) };
    let mut table = table();
    let handle = table.next;
    table.next += 1;
    table.slots.insert(handle, Arc::new(slot));
    handle
}

/// Does something with the tree behind a handle, if nobody else does.
pub(crate) fn with_tree<T, E: From<Misuse>>(handle: u64, job: impl FnOnce(&mut HeldTree) -> Result<T, E>) -> Result<T, E> {
    let slot = slot(handle)?;
    let mut held = lock(&slot)?;
    match held.as_mut() {
        Some(Held::Tree(tree)) => job(tree),
        _ => Err(Misuse::Handle.into()),
    }
}

/// Takes a handle out of use, if nobody uses it, and `is_wanted` says that it is of the right kind.
pub(crate) fn remove(handle: u64, is_wanted: fn(&Held) -> bool) -> Result<Held, Misuse> {
    let slot = slot(handle)?;
    let mut held = lock(&slot)?;
    if !held.as_ref().is_some_and(is_wanted) {
        return Err(Misuse::Handle);
    }
    table().slots.remove(&handle);
    held.take().ok_or(Misuse::Handle)
}

fn slot(handle: u64) -> Result<Arc<Slot>, Misuse> {
    let slot = table().slots.get(&handle).cloned().ok_or(Misuse::Handle)?;
    let is_right = slot.thread.is_none_or(|thread| thread == thread::current().id());
    if is_right { Ok(slot) } else { Err(Misuse::Thread) }
}

/// Waiting here could be forever: a callback that uses the handle it was called for.
fn lock(slot: &Slot) -> Result<MutexGuard<'_, Option<Held>>, Misuse> {
    match slot.held.try_lock() {
        Ok(held) => Ok(held),
        // A panic in a call before; what is behind the handle looks after itself.
        Err(TryLockError::Poisoned(poisoned)) => Ok(poisoned.into_inner()),
        Err(TryLockError::WouldBlock) => Err(Misuse::Concurrent),
    }
}
