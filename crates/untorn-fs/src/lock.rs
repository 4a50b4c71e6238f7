//! Locks: the kernel's, so that the death of a process releases them whatever it died of.

use std::{
    fs::{File, TryLockError},
    io,
};

use crate::{Lock, LockKind};

/// Closing the file releases the lock; nothing else refers to its open file description.
#[derive(Debug)]
struct OsLock {
    #[cfg_attr(not(unix), expect(dead_code, reason = "held for what dropping it does"))]
    file: File,
}

impl Lock for OsLock {
    #[cfg(unix)]
    fn hand_on(&self) -> io::Result<()> {
        Ok(rustix::io::fcntl_setfd(&self.file, rustix::io::FdFlags::empty())?)
    }
}

pub(crate) fn lock(file: File, kind: LockKind, wait: bool) -> io::Result<Option<Box<dyn Lock>>> {
    let locked = if wait { wait_for(&file, kind).map(|()| true) } else { try_for(&file, kind) };
    Ok(locked?.then(|| Box::new(OsLock { file }) as Box<dyn Lock>))
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
