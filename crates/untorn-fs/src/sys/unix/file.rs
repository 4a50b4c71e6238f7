//! An open regular file.

use std::{
    any::Any,
    fs, io,
    os::{fd::OwnedFd, unix::fs::FileExt},
    sync::atomic::{AtomicU64, Ordering},
};

use rustix::{
    fs::{Mode, RawMode},
    io::retry_on_intr,
};

use super::{
    stat::{self, Identity},
    system,
};
use crate::{File, FileKind, Metadata, Permissions};

/// The permission bits we ever give: no set-user-ID, set-group-ID or sticky bit. A staged copy belongs to whoever runs the
/// update; inheriting such a bit from the old file would hand that user's rights to everybody.
pub(super) const GRANTABLE: u32 = 0o777;

/// `fdatasync` need not write the permissions, and is twice as cheap on a journaling file system. So a sync is a full one
/// until the permissions are known to be on the medium: the first of each handle (somebody may have changed them before), and the next
/// one after each change through this handle.
#[derive(Debug)]
pub(crate) struct OsFile {
    file: fs::File,
    identity: Identity,
    permission_changes: AtomicU64,
    permission_changes_synced: AtomicU64,
}

impl OsFile {
    pub(super) fn new(file: OwnedFd, identity: Identity) -> Self {
        Self { file: file.into(), identity, permission_changes: AtomicU64::new(1), permission_changes_synced: AtomicU64::new(0) }
    }

    pub(super) const fn as_std(&self) -> &fs::File {
        &self.file
    }

    pub(super) fn into_std(self) -> fs::File {
        self.file
    }

    pub(super) fn require_regular(self) -> io::Result<Self> {
        match stat::kind(&rustix::fs::fstat(&self.file)?) {
            FileKind::File => Ok(self),
            FileKind::Dir => Err(io::ErrorKind::IsADirectory.into()),
            FileKind::Symlink | FileKind::Other => Err(io::ErrorKind::InvalidInput.into()),
        }
    }
}

impl File for OsFile {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        uninterrupted(|| self.file.read_at(buf, offset))
    }

    fn write_at(&self, buf: &[u8], offset: u64) -> io::Result<usize> {
        match uninterrupted(|| self.file.write_at(buf, offset))? {
            0 if !buf.is_empty() => Err(io::ErrorKind::WriteZero.into()),
            written => Ok(written),
        }
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.file.set_len(len)
    }

    fn allocate(&self, offset: u64, len: u64) -> io::Result<()> {
        if len == 0 { Ok(()) } else { system::allocate(&self.file, offset, len) }
    }

    fn metadata(&self) -> io::Result<Metadata> {
        Ok(self.identity.metadata(&rustix::fs::fstat(&self.file)?))
    }

    fn set_permissions(&self, permissions: Permissions) -> io::Result<()> {
        retry_on_intr(|| rustix::fs::fchmod(&self.file, mode(permissions.bits() & GRANTABLE)))?;
        self.permission_changes.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        let changes = self.permission_changes.load(Ordering::SeqCst);
        if changes == self.permission_changes_synced.load(Ordering::SeqCst) {
            return self.file.sync_data();
        }
        self.file.sync_all()?;
        self.permission_changes_synced.fetch_max(changes, Ordering::SeqCst);
        Ok(())
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

#[allow(clippy::cast_possible_truncation, clippy::unnecessary_cast, reason = "twelve bits; the width differs between systems")]
pub(super) const fn mode(bits: u32) -> Mode {
    Mode::from_bits_retain((bits & 0o7777) as RawMode)
}

fn uninterrupted<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}
