//! What a verification notes for the next one. No part of any guarantee.

use std::io;

use untorn_fs::{File, Fs, OpenMode};

use crate::layout::{VERIFIED, VERIFIED_PART};

/// The longest note that is read, in bytes.
const LEN_MAX: u64 = 1 << 26;

/// A note in the state directory of a tree. It is written without the tree's lock and without a sync: whoever reads one must be able to tell whether it is whole.
pub struct Note<'f> {
    fs: &'f dyn Fs,
    part: Box<dyn File>,
    begun: i128,
}

impl<'f> Note<'f> {
    /// The last one that was finished; `None` when there is none that can be read.
    #[must_use]
    pub fn read(fs: &dyn Fs) -> Option<Vec<u8>> {
        let file = fs.open(VERIFIED, OpenMode::Read).ok()?;
        let len = file.metadata().ok()?.len;
        let mut bytes = vec![0; usize::try_from(len).ok().filter(|_| len <= LEN_MAX)?];
        file.read_exact_at(&mut bytes, 0).ok()?;
        Some(bytes)
    }

    /// Begins the next one. Only where there is a state directory.
    ///
    /// # Errors
    /// Whatever the system answers.
    pub fn begin(fs: &'f dyn Fs) -> io::Result<Self> {
        let part = match fs.open(VERIFIED_PART, OpenMode::CreateNew { executable: false }) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => fs.open(VERIFIED_PART, OpenMode::Write)?,
            other => other?,
        };
        // What the file system takes for now.
        part.set_len(0)?;
        part.write_all_at(&[0], 0)?;
        let begun = part.metadata()?.changed;
        Ok(Self { fs, part, begun })
    }

    /// When it was begun, by the clock and in the unit of the file system: comparable with [`untorn_fs::Metadata::changed`] of its files.
    #[must_use]
    pub fn begun(&self) -> i128 {
        self.begun
    }

    /// Writes it, in place of the last one.
    ///
    /// # Errors
    /// Whatever the system answers; then there may be none, or one that is not whole.
    pub fn finish(self, bytes: &[u8]) -> io::Result<()> {
        self.part.write_all_at(bytes, 0)?;
        self.part.set_len(bytes.len() as u64)?;
        self.fs.rename(VERIFIED_PART, VERIFIED)
    }
}

impl std::fmt::Debug for Note<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Note").field("begun", &self.begun).finish_non_exhaustive()
    }
}
