//! One file written from front to back, hashed on the way: the redo file, the undo file.

use std::io::ErrorKind;

use untorn_format::{Hasher, journal::Blob};
use untorn_fs::{File, Fs, OpenMode};

use crate::{
    error::{Context, Error, Result},
    pool::beside,
    stage::buffer_len,
};

/// Bytes gathered before they are written.
const BUFFER_LEN: usize = 1 << 20;
/// Bytes that the system is told at a time to begin to write.
const WRITE_BACK_LEN: u64 = 8 << 20;
/// Fewer bytes are hashed sooner than a thread is started.
const BESIDE_LEN_MIN: usize = 512 << 10;

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
    /// What the system was told to begin to write.
    begun: u64,
    hasher: Hasher,
}

impl Spool {
    /// Nothing is made yet.
    pub(crate) fn new(path: String) -> Self {
        Self { path, file: None, buffer: Vec::new(), len: 0, written: 0, begun: 0, hasher: Hasher::new() }
    }

    /// One whose first bytes are in the file at `path` already, and what follows them is of no use. `None` when they are not those with the length and hash of `blob`.
    pub(crate) fn reopen(fs: &dyn Fs, path: String, blob: Blob) -> Result<Option<Self>> {
        if blob.len == 0 {
            return match fs.remove_file(&path) {
                Err(error) if error.kind() != ErrorKind::NotFound => Err(Error::io("remove", &path, error)),
                _ => Ok(Some(Self::new(path))),
            };
        }
        let Ok(file) = fs.open(&path, OpenMode::Write) else { return Ok(None) };
        let Some(hasher) = hash_beginning(&*file, &path, blob.len)? else { return Ok(None) };
        if hasher.finish() != blob.hash {
            return Ok(None);
        }
        file.set_len(blob.len).context("set the length of", &path)?;
        let (len, written, begun) = (blob.len, blob.len, blob.len);
        Ok(Some(Self { path, file: Some(file), buffer: Vec::new(), len, written, begun, hasher }))
    }

    /// Goes on at the next multiple of `len`, so that nothing that stands before is ever written to again.
    pub(crate) fn pad(&mut self, fs: &dyn Fs, len: u64) -> Result<()> {
        match usize::try_from(self.len.next_multiple_of(len) - self.len) {
            Ok(missing @ 1..) => self.append(fs, &vec![0; missing]).map(drop),
            _ => Ok(()),
        }
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
            write_hashed(&**file, &self.path, bytes, self.written, &mut self.hasher)?;
            self.written += bytes.len() as u64;
            self.begun = begin_write_back(&**file, self.begun, self.written);
        }
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

/// Hashes the first `len` bytes of a file; `None` when it has fewer.
pub(crate) fn hash_beginning(file: &dyn File, path: &str, len: u64) -> Result<Option<Hasher>> {
    let (mut hasher, mut at) = (Hasher::new(), 0);
    let mut buffer = vec![0; buffer_len(len)];
    while at < len {
        let n = buffer_len(len - at);
        match file.read_at(&mut buffer[..n], at).context("read", path)? {
            0 => return Ok(None),
            n => {
                hasher.update(&buffer[..n]);
                at += n as u64;
            }
        }
    }
    Ok(Some(hasher))
}

/// Writes `bytes` to the file at `path`, hashing them meanwhile.
pub(crate) fn write_hashed(file: &dyn File, path: &str, bytes: &[u8], at: u64, hasher: &mut Hasher) -> Result<()> {
    let mut hash = || {
        hasher.update(bytes);
    };
    let write = || file.write_all_at(bytes, at).context("write", path);
    if bytes.len() < BESIDE_LEN_MIN {
        hash();
        write()
    } else {
        beside(hash, write)
    }
}

/// Lets the disk begin early with a file that grows, so that B1 has less to wait for. `begun` is where the last call stopped; says where this one did.
pub(crate) fn begin_write_back(file: &dyn File, begun: u64, written: u64) -> u64 {
    if written - begun < WRITE_BACK_LEN {
        return begun;
    }
    file.write_back_soon(begun, written - begun);
    written
}
