//! The bytes of a stretch of a new file, read once from its start to its end.

use std::ops::Range;

use untorn_format::{Hasher, TreePath};

use crate::DiffError;
use crate::files::{Files, fill, piece_len};

const WINDOW_LEN: usize = 1 << 20;

/// Looks at a stretch of a new file.
pub(super) struct NewWindow<'a> {
    files: &'a dyn Files,
    path: &'a TreePath,
    stretch: Range<u64>,
    /// Offset in the file of the first byte held.
    base: u64,
    bytes: Vec<u8>,
    /// Sees every byte of the stretch.
    hasher: &'a mut Hasher,
}

impl<'a> NewWindow<'a> {
    pub(super) fn new(files: &'a dyn Files, path: &'a TreePath, stretch: Range<u64>, hasher: &'a mut Hasher) -> Self {
        Self { files, path, base: stretch.start, stretch, bytes: Vec::new(), hasher }
    }

    /// Reads on until `needed` bytes from `at` on are held or the stretch ends; what stands before `keep_from` may be forgotten.
    pub(super) fn fill(&mut self, keep_from: u64, at: u64, needed: usize) -> Result<(), DiffError> {
        if self.held_from(at) >= needed || self.end() == self.stretch.end {
            return Ok(());
        }
        let forget = usize::try_from(keep_from.saturating_sub(self.base)).unwrap_or(0).min(self.bytes.len());
        self.bytes.drain(..forget);
        self.base += forget as u64;
        let held = self.bytes.len();
        let more = piece_len(self.stretch.end - self.end(), WINDOW_LEN);
        let start = self.end();
        self.bytes.resize(held + more, 0);
        fill(self.files, self.path, &mut self.bytes[held..], start)?;
        self.hasher.update(&self.bytes[held..]);
        Ok(())
    }

    /// Reads what is left, for the hasher.
    pub(super) fn read_to_end(&mut self) -> Result<(), DiffError> {
        while self.end() < self.stretch.end {
            self.fill(self.end(), self.end(), 1)?;
        }
        Ok(())
    }

    /// The bytes held from `at` on.
    pub(super) fn after(&self, at: u64) -> &[u8] {
        usize::try_from(at.saturating_sub(self.base)).ok().and_then(|at| self.bytes.get(at..)).unwrap_or(&[])
    }

    /// The bytes held between two offsets.
    pub(super) fn between(&self, start: u64, end: u64) -> &[u8] {
        let len = usize::try_from(end.saturating_sub(start)).unwrap_or(0);
        let bytes = self.after(start);
        &bytes[..len.min(bytes.len())]
    }

    /// Offset of the first byte held.
    pub(super) fn base(&self) -> u64 {
        self.base
    }

    fn held_from(&self, at: u64) -> usize {
        self.after(at).len()
    }

    fn end(&self) -> u64 {
        self.base + self.bytes.len() as u64
    }
}
