//! One file written from front to back, hashed on the way: the redo file, the undo file.

use untorn_format::{Hasher, journal::Blob};
use untorn_fs::{File, Fs, OpenMode};

use crate::error::{Context, Result};

/// Bytes gathered before they are written.
const BUFFER_LEN: usize = 1 << 20;

impl std::fmt::Debug for Spool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Spool").field("path", &self.path).field("len", &self.len).finish_non_exhaustive()
    }
}

/// An append-only file that is made with its first byte.
pub(crate) struct Spool {
    path: String,
    file: Option<Box<dyn File>>,
    buffer: Vec<u8>,
    len: u64,
    written: u64,
    hasher: Hasher,
}

impl Spool {
    /// Nothing is made yet.
    pub(crate) fn new(path: String) -> Self {
        Self { path, file: None, buffer: Vec::new(), len: 0, written: 0, hasher: Hasher::new() }
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// How many bytes it holds.
    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    /// Adds `bytes`; says at which offset they stand.
    pub(crate) fn append(&mut self, fs: &dyn Fs, bytes: &[u8]) -> Result<u64> {
        if self.buffer.len() + bytes.len() > BUFFER_LEN {
            self.flush(fs)?;
        }
        if bytes.len() >= BUFFER_LEN {
            self.write(fs, bytes)?;
        } else {
            self.buffer.extend_from_slice(bytes);
        }
        let at = self.len;
        self.len += bytes.len() as u64;
        Ok(at)
    }

    fn flush(&mut self, fs: &dyn Fs) -> Result<()> {
        let buffer = std::mem::take(&mut self.buffer);
        self.write(fs, &buffer)?;
        self.buffer = buffer;
        self.buffer.clear();
        Ok(())
    }

    fn write(&mut self, fs: &dyn Fs, bytes: &[u8]) -> Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        if self.file.is_none() {
            self.file = Some(fs.open(&self.path, OpenMode::CreateNew { executable: false }).context("make", &self.path)?);
        }
        if let Some(file) = &self.file {
            file.write_all_at(bytes, self.written).context("write", &self.path)?;
        }
        self.written += bytes.len() as u64;
        self.hasher.update(bytes);
        Ok(())
    }

    /// Reads back what was added.
    pub(crate) fn read(&mut self, fs: &dyn Fs, buf: &mut [u8], at: u64) -> Result<()> {
        self.flush(fs)?;
        match &self.file {
            Some(file) => file.read_exact_at(buf, at).context("read", &self.path),
            None => Ok(()),
        }
    }

    /// Everything handed to the system; the length and hash of it all. Nothing is made durable here.
    pub(crate) fn finish(&mut self, fs: &dyn Fs) -> Result<Blob> {
        self.flush(fs)?;
        Ok(Blob { len: self.len, hash: self.hasher.finish() })
    }

    /// Whether the file exists.
    pub(crate) fn is_made(&self) -> bool {
        self.file.is_some()
    }
}
