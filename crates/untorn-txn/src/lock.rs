//! Who may do what, by kernel locks that die with their holder.
//!
//! `lock` is the updater's, from open to drop. `readers` is shared by everything that uses the tree, such as the running game, and held exclusively
//! while a transaction is applied. Staging needs only the first, so it goes on beside readers.

use std::{fmt, io};

use untorn_fs::{Fs, Lock, LockKind, OpenMode};

use crate::{
    error::{Cause, Context, Error, Result},
    layout::{HOLDER, LOCK, READERS},
};

/// A lock that is held.
pub(crate) struct Held {
    lock: Box<dyn Lock>,
}

impl Held {
    /// Lets the programs that this process starts, or becomes, hold it too.
    pub(crate) fn hand_on(&self, path: &str) -> Result<()> {
        self.lock.hand_on().context("hand on", path)
    }
}

impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Held")
    }
}

/// Makes the lock files where they are missing.
pub(crate) fn lay_out(fs: &dyn Fs) -> Result<()> {
    for path in [LOCK, READERS] {
        match fs.open(path, OpenMode::CreateNew { executable: false }) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(Error::io("make", path, error)),
            _ => {}
        }
    }
    Ok(())
}

/// Takes the updater's lock, or says who has it.
pub(crate) fn updater(fs: &dyn Fs) -> Result<Held> {
    match fs.lock(LOCK, LockKind::Exclusive, false).context("lock", LOCK)? {
        Some(lock) => Ok(Held { lock }),
        None => Err(Error::new(Cause::Busy { holder: holder(fs) })),
    }
}

/// Keeps readers out while the tree changes.
pub(crate) fn exclude_readers(fs: &dyn Fs, wait: bool) -> Result<Held> {
    match readers(fs, LockKind::Exclusive, wait)? {
        Some(lock) => Ok(Held { lock }),
        None => Err(Error::new(Cause::InUse)),
    }
}

/// Holds the tree as a reader.
pub(crate) fn reader(fs: &dyn Fs, wait: bool) -> Result<Held> {
    match readers(fs, LockKind::Shared, wait)? {
        Some(lock) => Ok(Held { lock }),
        None => Err(Error::new(Cause::Busy { holder: holder(fs) })),
    }
}

/// The readers' lock, which is made anew where somebody has deleted it: nobody can be holding it then.
fn readers(fs: &dyn Fs, kind: LockKind, wait: bool) -> Result<Option<Box<dyn Lock>>> {
    match fs.lock(READERS, kind, wait) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            lay_out(fs)?;
            fs.lock(READERS, kind, wait).context("lock", READERS)
        }
        other => other.context("lock", READERS),
    }
}

/// Whether somebody holds a lock in a way that excludes `kind`; asks without waiting and lets go at once.
pub(crate) fn is_held(fs: &dyn Fs, path: &str, kind: LockKind) -> Result<bool> {
    match fs.lock(path, kind, false) {
        Ok(lock) => Ok(lock.is_none()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(Error::io("lock", path, error)),
    }
}

/// Leaves a note for those who find the tree busy. It decides nothing, so nothing depends on its success.
pub(crate) fn announce(fs: &dyn Fs) {
    let note = format!("process {}", std::process::id());
    let file = fs.open(HOLDER, OpenMode::Write).or_else(|_| fs.open(HOLDER, OpenMode::CreateNew { executable: false }));
    let written = file.and_then(|file| {
        file.write_all_at(note.as_bytes(), 0)?;
        file.set_len(note.len() as u64)
    });
    drop(written);
}

/// What the holder said about itself.
pub(crate) fn holder(fs: &dyn Fs) -> Option<String> {
    let file = fs.open(HOLDER, OpenMode::Read).ok()?;
    let mut note = [0; 64];
    let len = file.read_at(&mut note, 0).ok()?;
    let note = std::str::from_utf8(&note[..len]).ok()?;
    (!note.is_empty()).then(|| note.escape_debug().to_string())
}
