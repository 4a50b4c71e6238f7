//! Locks: the kernel's, so that the death of a process releases them whatever it died of.

use std::{
    fs::{File, TryLockError},
    io,
    sync::atomic::AtomicBool,
};

use crate::{Lock, LockKind};

/// Released by unlocking, not by closing alone: a process that another thread is just starting holds a copy of every
/// descriptor until it runs its program, and with a copy the lock.
#[derive(Debug)]
struct OsLock {
    file: File,
    /// Processes started since then hold the lock as well; it ends with the last of them.
    handed_on: AtomicBool,
}

impl Lock for OsLock {
    #[cfg(unix)]
    fn hand_on(&self) -> io::Result<()> {
        self.handed_on.store(true, std::sync::atomic::Ordering::Relaxed);
        Ok(rustix::io::fcntl_setfd(&self.file, rustix::io::FdFlags::empty())?)
    }
}

impl Drop for OsLock {
    fn drop(&mut self) {
        if !*self.handed_on.get_mut() {
            // Closing, which comes next, releases it where this fails.
            self.file.unlock().ok();
        }
    }
}

pub(crate) fn lock(file: File, kind: LockKind, wait: bool) -> io::Result<Option<Box<dyn Lock>>> {
    let locked = if wait { wait_for(&file, kind).map(|()| true) } else { try_for(&file, kind) };
    Ok(locked?.then(|| Box::new(OsLock { file, handed_on: AtomicBool::new(false) }) as Box<dyn Lock>))
}

fn wait_for(file: &File, kind: LockKind) -> io::Result<()> {
    loop {
        let result = match kind {
            LockKind::Shared => file.lock_shared(),
            LockKind::Exclusive => file.lock(),
        };
        match result {
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}

fn try_for(file: &File, kind: LockKind) -> io::Result<bool> {
    loop {
        let result = match kind {
            LockKind::Shared => file.try_lock_shared(),
            LockKind::Exclusive => file.try_lock(),
        };
        match result {
            Ok(()) => return Ok(true),
            Err(TryLockError::WouldBlock) => return Ok(false),
            Err(TryLockError::Error(e)) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(TryLockError::Error(e)) => return Err(e),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn held(file: &File) -> Box<dyn Lock> {
        lock(file.try_clone().unwrap(), LockKind::Exclusive, false).unwrap().unwrap()
    }

    #[test]
    fn a_copy_of_the_descriptor_in_a_child_that_is_just_being_started_does_not_keep_the_lock() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let copied = file.reopen().unwrap();
        drop(held(&copied));
        assert!(try_for(&file.reopen().unwrap(), LockKind::Exclusive).unwrap());
    }

    #[cfg(unix)]
    #[test]
    fn a_lock_that_was_handed_on_is_kept_by_whoever_has_it() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let copied = file.reopen().unwrap();
        let lock = held(&copied);
        lock.hand_on().unwrap();
        drop(lock);
        assert!(!try_for(&file.reopen().unwrap(), LockKind::Exclusive).unwrap());
    }
}
