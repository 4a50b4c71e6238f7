//! A patch that can be read at any place, wherever it lies.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
};

/// What a patch lies in.
pub(crate) trait ReadAt {
    /// Reads some bytes from `at` on; none at the end.
    fn read_at(&self, buf: &mut [u8], at: u64) -> io::Result<usize>;
}

impl ReadAt for File {
    fn read_at(&self, buf: &mut [u8], at: u64) -> io::Result<usize> {
        let mut file = self;
        file.seek(SeekFrom::Start(at))?;
        file.read(buf)
    }
}

/// A place in it. Copies are places of their own.
#[derive(Clone, Copy)]
pub(crate) struct PatchFile<'p> {
    from: &'p dyn ReadAt,
    at: u64,
}

impl<'p> PatchFile<'p> {
    /// Its beginning.
    pub(crate) fn of(from: &'p dyn ReadAt) -> Self {
        Self { from, at: 0 }
    }
}

impl Read for PatchFile<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let len = self.from.read_at(buf, self.at)?;
        self.at += len as u64;
        Ok(len)
    }
}

impl Seek for PatchFile<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.at = match to {
            SeekFrom::Start(at) => at,
            SeekFrom::Current(by) => self.at.checked_add_signed(by).ok_or(io::ErrorKind::InvalidInput)?,
            SeekFrom::End(_) => return Err(io::ErrorKind::Unsupported.into()),
        };
        Ok(self.at)
    }
}
