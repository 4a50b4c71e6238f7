//! An open regular file.

use std::{
    any::Any,
    fs, io,
    os::{fd::OwnedFd, unix::fs::FileExt},
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

#[derive(Debug)]
pub(crate) struct OsFile {
    file: fs::File,
    identity: Identity,
    /// Whether the file system says where holes are.
    tells_holes: bool,
    /// Whether the file had any when it was opened.
    has_holes: bool,
}

/// Shorter reads are done sooner than the question whether they lie in a hole is answered.
const HOLE_LEN_MIN: usize = 64 << 10;
/// The unit in which a file says how much space it takes.
const SPACE_UNIT: u64 = 512;

impl OsFile {
    pub(super) fn new(file: OwnedFd, identity: Identity, tells_holes: bool) -> Self {
        Self { file: file.into(), identity, tells_holes, has_holes: false }
    }

    pub(super) const fn as_std(&self) -> &fs::File {
        &self.file
    }

    pub(super) fn into_std(self) -> fs::File {
        self.file
    }

    pub(super) fn require_regular(self) -> io::Result<Self> {
        let found = rustix::fs::fstat(&self.file)?;
        match stat::kind(&found) {
            FileKind::File => {
                let taken = u64::try_from(found.st_blocks).unwrap_or(u64::MAX).saturating_mul(SPACE_UNIT);
                let has_holes = self.tells_holes && taken < u64::try_from(found.st_size).unwrap_or(0);
                Ok(Self { has_holes, ..self })
            }
            FileKind::Dir => Err(io::ErrorKind::IsADirectory.into()),
            FileKind::Symlink | FileKind::Other => Err(io::ErrorKind::InvalidInput.into()),
        }
    }
}

impl OsFile {
    /// How many of `len` bytes from `offset` on are zeros that nothing stands for on the disk. Reading them would fill the page cache.
    fn hole_len(&self, offset: u64, len: usize) -> usize {
        if !self.has_holes || len < HOLE_LEN_MIN {
            return 0;
        }
        let data = system::data_after(&self.file, offset);
        // Behind the last data there is a hole up to the end.
        let end = data.or_else(|| self.file.metadata().ok().map(|meta| meta.len()));
        usize::try_from(end.unwrap_or(offset).saturating_sub(offset)).map_or(len, |hole| hole.min(len))
    }
}

impl File for OsFile {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        let hole = self.hole_len(offset, buf.len());
        if hole > 0 {
            buf[..hole].fill(0);
            return Ok(hole);
        }
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
        Ok(retry_on_intr(|| rustix::fs::fchmod(&self.file, mode(permissions.bits() & GRANTABLE)))?)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    /// A file may have been made executable through another handle, even by a process that was killed: only `fsync` writes all of that.
    fn sync(&self) -> io::Result<()> {
        self.file.sync_all()
    }

    fn write_out(&self) -> io::Result<()> {
        system::write_out(&self.file)
    }

    fn write_back_soon(&self, offset: u64, len: u64) {
        system::write_back_soon(&self.file, offset, len);
    }

    fn read_soon(&self, offset: u64, len: u64) {
        system::read_soon(&self.file, offset, len);
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
