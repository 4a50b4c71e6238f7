//! An open file. The standard library has no positioned access that exists everywhere, so the cursor is kept to one user at a
//! time.

use std::{
    any::Any,
    fs,
    io::{self, Read, Seek, SeekFrom, Write},
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::{File, FileKind, Metadata, Permissions};

#[derive(Debug)]
pub(crate) struct OsFile {
    file: Mutex<fs::File>,
}

impl OsFile {
    pub(super) fn new(file: fs::File) -> Self {
        Self { file: Mutex::new(file) }
    }

    pub(super) fn into_std(self) -> fs::File {
        self.file.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn require_regular(self) -> io::Result<Self> {
        match self.metadata()?.kind {
            FileKind::File => Ok(self),
            FileKind::Dir => Err(io::ErrorKind::IsADirectory.into()),
            FileKind::Symlink | FileKind::Other => Err(io::ErrorKind::InvalidInput.into()),
        }
    }

    /// Every use sets the cursor first, so a panic in another thread leaves nothing behind that matters.
    fn file(&self) -> MutexGuard<'_, fs::File> {
        self.file.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn file_at(&self, offset: u64) -> io::Result<MutexGuard<'_, fs::File>> {
        let mut file = self.file();
        file.seek(SeekFrom::Start(offset))?;
        Ok(file)
    }
}

impl File for OsFile {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        let mut file = self.file_at(offset)?;
        uninterrupted(|| file.read(buf))
    }

    fn write_at(&self, buf: &[u8], offset: u64) -> io::Result<usize> {
        let mut file = self.file_at(offset)?;
        match uninterrupted(|| file.write(buf))? {
            0 if !buf.is_empty() => Err(io::ErrorKind::WriteZero.into()),
            written => Ok(written),
        }
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.file().set_len(len)
    }

    fn allocate(&self, _offset: u64, len: u64) -> io::Result<()> {
        if len == 0 { Ok(()) } else { Err(io::ErrorKind::Unsupported.into()) }
    }

    fn metadata(&self) -> io::Result<Metadata> {
        Ok(super::metadata(&self.file().metadata()?))
    }

    /// There is no executable bit, and a read-only file could not be replaced any more: nothing to set.
    fn set_permissions(&self, _permissions: Permissions) -> io::Result<()> {
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        self.file().sync_data()
    }

    fn sync(&self) -> io::Result<()> {
        self.file().sync_all()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

fn uninterrupted<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}
