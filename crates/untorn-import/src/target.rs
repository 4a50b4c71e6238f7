//! The file as it shall be: it comes in order, and of it only the blocks that differ are written.

use untorn::{Hash, Transaction};

use crate::{
    error::{Error, Result},
    old::Old,
};

/// What is read at once.
const PIECE_LEN: usize = 64 << 10;
/// What is written if any byte of it differs.
const BLOCK_LEN: usize = 4096;

/// Takes the new content in order.
pub(crate) struct Target<'a, 't> {
    tx: &'a mut Transaction<'t>,
    path: &'a str,
    old: &'a Old,
    pending: Vec<u8>,
    hasher: blake3::Hasher,
    /// How many bytes came.
    pub(crate) len: u64,
    /// How many of them were not there already.
    pub(crate) written: u64,
}

impl<'a, 't> Target<'a, 't> {
    pub(crate) fn new(tx: &'a mut Transaction<'t>, path: &'a str, old: &'a Old) -> Self {
        Self { tx, path, old, pending: Vec::with_capacity(PIECE_LEN), hasher: blake3::Hasher::new(), len: 0, written: 0 }
    }

    /// The next bytes.
    pub(crate) fn put(&mut self, mut bytes: &[u8]) -> Result<()> {
        self.hasher.update(bytes);
        while !bytes.is_empty() {
            let (now, later) = bytes.split_at(bytes.len().min(PIECE_LEN - self.pending.len()));
            self.pending.extend_from_slice(now);
            bytes = later;
            if self.pending.len() == PIECE_LEN {
                self.flush()?;
            }
        }
        Ok(())
    }

    /// The hash of all that came.
    pub(crate) fn hash(&self) -> Hash {
        Hash(*self.hasher.finalize().as_bytes())
    }

    /// There is no more.
    pub(crate) fn finish(mut self) -> Result<(u64, u64)> {
        self.flush()?;
        if !self.old.exists() || self.len != self.old.len {
            self.tx.set_len(self.path, self.len)?;
        }
        Ok((self.len, self.written))
    }

    fn flush(&mut self) -> Result<()> {
        let old = self.there()?;
        let mut at = 0;
        while at < self.pending.len() {
            let differs = |at: usize| {
                let block = at..(at + BLOCK_LEN).min(self.pending.len());
                old.get(block.clone()) != Some(&self.pending[block])
            };
            let mut end = at;
            while end < self.pending.len() && differs(end) {
                end += BLOCK_LEN;
            }
            let end = end.min(self.pending.len());
            if end > at {
                self.tx.write_at(self.path, self.len + at as u64, &self.pending[at..end])?;
                self.written += (end - at) as u64;
            }
            at = end.next_multiple_of(BLOCK_LEN) + if end > at { 0 } else { BLOCK_LEN };
        }
        self.len += self.pending.len() as u64;
        self.pending.clear();
        Ok(())
    }

    /// What the old file has at this place, as far as it goes.
    fn there(&self) -> Result<Vec<u8>> {
        let len = self.old.len.saturating_sub(self.len).min(self.pending.len() as u64);
        let mut old = vec![0; usize::try_from(len).unwrap_or_default()];
        self.old.read(&mut old, self.len).map_err(|source| Error::Io { path: self.path.to_owned(), source })?;
        Ok(old)
    }
}
