//! Which sync also writes the permissions.

use std::{
    fs::File,
    io,
    sync::atomic::{AtomicU64, Ordering},
};

/// `fdatasync` need not write the permissions, and on a journaling file system it costs one flush where `fsync` costs two or
/// three. So a sync is a full one until the permissions are known to be on the medium: the first of each handle (they may have
/// been changed before it was opened, even by a process that was killed), and the next one after each change through it.
///
/// Changes are counted, not flagged: one that comes in during a sync must not be taken for written.
#[derive(Debug)]
pub(super) struct PermissionsSync {
    changes: AtomicU64,
    synced: AtomicU64,
}

impl PermissionsSync {
    pub(super) const fn unknown() -> Self {
        Self { changes: AtomicU64::new(1), synced: AtomicU64::new(0) }
    }

    pub(super) fn changed(&self) {
        self.changes.fetch_add(1, Ordering::SeqCst);
    }

    pub(super) fn sync(&self, file: &File) -> io::Result<()> {
        match self.pending() {
            None => file.sync_data(),
            Some(changes) => file.sync_all().map(|()| self.written(changes)),
        }
    }

    fn pending(&self) -> Option<u64> {
        let changes = self.changes.load(Ordering::SeqCst);
        (changes != self.synced.load(Ordering::SeqCst)).then_some(changes)
    }

    fn written(&self, changes: u64) {
        self.synced.fetch_max(changes, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_sync_is_full_and_so_is_the_first_after_a_change() {
        let permissions = PermissionsSync::unknown();
        permissions.written(permissions.pending().unwrap());
        assert_eq!(permissions.pending(), None);
        permissions.changed();
        permissions.written(permissions.pending().unwrap());
        assert_eq!(permissions.pending(), None);
    }

    #[test]
    fn a_change_during_a_sync_is_not_taken_for_written() {
        let permissions = PermissionsSync::unknown();
        let before = permissions.pending().unwrap();
        permissions.changed();
        permissions.written(before);
        assert!(permissions.pending().is_some());
    }
}
