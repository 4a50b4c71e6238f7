//! The file as it is.

use std::{io, ops::Range};

use untorn_fs::File;

/// The file as it is; empty where there is none.
pub(crate) struct Old {
    file: Option<Box<dyn File>>,
    pub(crate) len: u64,
}

impl Old {
    pub(crate) fn new(file: Option<Box<dyn File>>) -> io::Result<Self> {
        let len = file.as_ref().map_or(Ok(0), |file| file.metadata().map(|meta| meta.len))?;
        Ok(Self { file, len })
    }

    /// Whether there is one.
    pub(crate) fn exists(&self) -> bool {
        self.file.is_some()
    }

    /// Reads at `offset`, all of `buf`.
    pub(crate) fn read(&self, buf: &mut [u8], offset: u64) -> io::Result<()> {
        match &self.file {
            Some(file) => file.read_exact_at(buf, offset),
            None if buf.is_empty() => Ok(()),
            None => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }

    /// Whether all of `range` is there.
    pub(crate) fn has(&self, range: &Range<u64>) -> bool {
        range.start <= range.end && range.end <= self.len
    }
}
