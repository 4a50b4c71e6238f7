//! Several patches made one, so that a tree goes over all of them in one transaction.

use std::io::{self, BufWriter, Write};

use untorn_delta::merge_uncompressed;
use untorn_format::{Hash, patch::HEADER_LEN, release::PatchObject};
use untorn_fs::File;
use untorn_txn::{Fetched, Observer};

use super::patches::{Stored, name_of};
use crate::{Error, Result, apply::PatchFile};

/// How much is written at once.
const BUFFER_LEN: usize = 1 << 20;

/// A patch among what was fetched that was made of others. Dropping it removes it.
pub(super) struct Joined<'f> {
    fetched: &'f Fetched,
    pub(super) patch: PatchObject,
}

impl<'f> Joined<'f> {
    /// Of patches that have come, and are what they should be: `first`, and then each of `rest`. `None` where they cannot be joined, for whatever reason: then they are applied one
    /// after the other.
    ///
    /// # Errors
    /// [`Error::Stopped`].
    pub(super) fn of(
        fetched: &'f Fetched,
        first: &PatchObject,
        rest: &[PatchObject],
        observer: Option<&dyn Observer>,
    ) -> Result<Option<Self>> {
        let mut all: Option<Self> = None;
        for second in rest {
            let so_far = all.as_ref().map_or(first, |joined| &joined.patch);
            match Self::of_two(fetched, so_far, second, observer)? {
                Some(joined) => all = Some(joined),
                None => return Ok(None),
            }
        }
        Ok(all)
    }

    fn of_two(
        fetched: &'f Fetched,
        first: &PatchObject,
        second: &PatchObject,
        observer: Option<&dyn Observer>,
    ) -> Result<Option<Self>> {
        // What it is called by: the same of the same two.
        let hash = Hash::of(&[first.hash.0, second.hash.0].concat());
        let patch = PatchObject { from: first.from, to: second.to, hash, len: 0, header_hash: Hash::NONE, memory: 0 };
        let mut joined = Self { fetched, patch };
        if joined.write(first, second, observer).is_some() {
            Ok(Some(joined))
        } else if observer.is_some_and(Observer::should_stop) {
            Err(Error::Stopped)
        } else {
            Ok(None)
        }
    }

    fn write(&mut self, first: &PatchObject, second: &PatchObject, observer: Option<&dyn Observer>) -> Option<()> {
        let file = self.fetched.make(&name_of(&self.patch)).ok()?;
        file.set_len(0).ok()?;
        let (first, second) = (Stored::open(self.fetched, first, None).ok()?, Stored::open(self.fetched, second, None).ok()?);
        let mut out = BufWriter::with_capacity(BUFFER_LEN, Appended { file: &*file, at: 0, observer });
        let report = merge_uncompressed(PatchFile::of(&first), PatchFile::of(&second), &mut out, &mut |_, _| {}).ok()?;
        out.flush().ok()?;
        let mut header = [0; HEADER_LEN];
        file.read_exact_at(&mut header, 0).ok()?;
        (self.patch.len, self.patch.header_hash) = (report.patch_len, Hash::of(&header));
        Some(())
    }
}

impl Drop for Joined<'_> {
    fn drop(&mut self) {
        let name = name_of(&self.patch);
        self.fetched.retain(|other| other != name);
    }
}

/// A file that is written from its beginning, until somebody asks to stop.
struct Appended<'a> {
    file: &'a dyn File,
    at: u64,
    observer: Option<&'a dyn Observer>,
}

impl Write for Appended<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.observer.is_some_and(Observer::should_stop) {
            return Err(io::Error::other("stopped"));
        }
        self.file.write_all_at(bytes, self.at)?;
        self.at += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
