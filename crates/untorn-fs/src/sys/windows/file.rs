//! An open regular file.

use std::{
    any::Any,
    fs, io,
    os::windows::{
        fs::FileExt,
        io::{AsHandle, OwnedHandle},
    },
};

use windows_sys::{
    Wdk::Storage::FileSystem::FILE_OPEN,
    Win32::{Storage::FileSystem::FILE_GENERIC_WRITE, System::SystemServices::FLUSH_FLAGS_NO_SYNC},
};

use super::{nt, nt::Opening, stat::Stat, status::Status};
use crate::{File, FileKind, Metadata, Permissions, in_use, is_in_use};

#[derive(Debug)]
pub(crate) struct OsFile {
    file: fs::File,
    stable_ids: bool,
    lifted: Option<Lifted>,
}

/// The read-only attribute was taken off to open the file. That is no change to anybody but us: the time of change shows as it was before.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lifted {
    pub(super) before: i64,
    pub(super) after: i64,
}

impl OsFile {
    pub(super) fn new(handle: OwnedHandle, stable_ids: bool) -> Self {
        Self { file: handle.into(), stable_ids, lifted: None }
    }

    pub(super) fn having_lifted(self, lifted: Option<Lifted>) -> Self {
        Self { lifted, ..self }
    }

    pub(super) fn into_std(self) -> fs::File {
        self.file
    }

    pub(super) fn require_regular(self) -> io::Result<Self> {
        match self.stat()?.kind {
            FileKind::File => Ok(self),
            FileKind::Dir => Err(io::ErrorKind::IsADirectory.into()),
            FileKind::Symlink | FileKind::Other => Err(io::ErrorKind::InvalidInput.into()),
        }
    }

    /// Only who may write may flush: a handle for reading is opened once more, by itself, not by its name.
    fn flush(&self, flags: u32) -> Result<(), Status> {
        match nt::flush(self.file.as_handle(), flags) {
            Err(Status::ACCESS_DENIED) => {
                let writing = Opening { access: FILE_GENERIC_WRITE, disposition: FILE_OPEN, options: 0 };
                nt::flush(nt::open(self.file.as_handle(), "", writing)?.as_handle(), flags)
            }
            other => other,
        }
    }

    pub(super) fn stat(&self) -> io::Result<Stat> {
        let mut stat = Stat::of(self.file.as_handle())?;
        if let Some(lifted) = self.lifted.filter(|lifted| lifted.after == stat.changed) {
            stat.changed = lifted.before;
        }
        Ok(stat)
    }
}

impl File for OsFile {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        uninterrupted(|| self.file.seek_read(buf, in_range(offset)?))
    }

    fn write_at(&self, buf: &[u8], offset: u64) -> io::Result<usize> {
        match uninterrupted(|| self.file.seek_write(buf, in_range(offset)?))? {
            0 if !buf.is_empty() => Err(io::ErrorKind::WriteZero.into()),
            written => Ok(written),
        }
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.file.set_len(in_range(len)?).map_err(mapped)
    }

    /// What is set aside behind the end of a file is given back when it is closed: nothing to promise.
    fn allocate(&self, _offset: u64, len: u64) -> io::Result<()> {
        if len == 0 { Ok(()) } else { Err(io::ErrorKind::Unsupported.into()) }
    }

    fn metadata(&self) -> io::Result<Metadata> {
        Ok(self.stat()?.metadata(self.stable_ids))
    }

    /// There is no executable bit, and the read-only attribute would only be in the way of the next update: nothing to set.
    fn set_permissions(&self, _permissions: Permissions) -> io::Result<()> {
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        self.sync()
    }

    fn sync(&self) -> io::Result<()> {
        Ok(self.flush(0)?)
    }

    fn write_out(&self) -> io::Result<()> {
        match self.flush(FLUSH_FLAGS_NO_SYNC) {
            Err(status) if status.is_unknown_call() => self.sync(),
            other => Ok(other?),
        }
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// The kernel's offsets have a sign, and two negative ones have a meaning of their own.
fn in_range(offset: u64) -> io::Result<u64> {
    if i64::try_from(offset).is_ok() { Ok(offset) } else { Err(io::ErrorKind::InvalidInput.into()) }
}

/// A program has the file mapped into its memory: then it cannot be cut.
fn mapped(error: io::Error) -> io::Error {
    const ERROR_USER_MAPPED_FILE: i32 = 1224;
    let is_mapped = error.raw_os_error() == Some(ERROR_USER_MAPPED_FILE) && !is_in_use(&error);
    if is_mapped { in_use(Vec::new()) } else { error }
}

fn uninterrupted<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}
