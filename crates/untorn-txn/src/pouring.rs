//! A staged file that is filled from front to back.

use std::io::Read;

use untorn_format::{Hash, Hasher};
use untorn_fs::File;

use crate::{
    error::{Cause, Error, Result},
    spool::{begin_write_back, write_hashed},
    stage::{buffer_len, fill},
};

/// A staged file that is filled from front to back.
pub(crate) struct Pouring {
    pub(crate) number: u32,
    file: Box<dyn File>,
    pub(crate) len: u64,
    begun: u64,
    /// Has seen everything, unless nobody knows what came first.
    hasher: Option<Hasher>,
}

impl Pouring {
    /// Begins behind the first `len` bytes, of which `hasher` has seen all, if it is given.
    pub(crate) fn new(number: u32, file: Box<dyn File>, len: u64, hasher: Option<Hasher>) -> Self {
        Self { number, file, len, begun: len, hasher }
    }

    /// The hash of what was poured so far.
    pub(crate) fn hash(&self) -> Option<Hash> {
        self.hasher.as_ref().map(Hasher::finish)
    }

    /// Adds `content`, up to about `max` bytes. Says whether that was all.
    pub(crate) fn pour(&mut self, content: &mut dyn Read, path: &str, buffer: &mut [u8], max: u64) -> Result<bool> {
        let end = self.len.saturating_add(max);
        // Where nobody knows the beginning, it is hashed when all is there.
        let mut unused = Hasher::new();
        let room = buffer_len(max).min(buffer.len());
        while self.len < end {
            let n = fill(content, &mut buffer[..room]).map_err(|source| Error::new(Cause::Producer(Box::new(source))))?;
            write_hashed(&*self.file, path, &buffer[..n], self.len, self.hasher.as_mut().unwrap_or(&mut unused))?;
            self.len += n as u64;
            if n < room {
                return Ok(true);
            }
            self.begun = begin_write_back(&*self.file, self.begun, self.len);
        }
        Ok(false)
    }
}
