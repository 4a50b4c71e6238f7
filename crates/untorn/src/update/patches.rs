//! Patches: fetched into the state directory, then applied one after the other.

use std::{
    cell::Cell,
    io::{self, Read, Write},
};

use untorn_format::{Hash, Hasher, release::PatchObject};
use untorn_fs::File;
use untorn_remote::{Error as NetError, Fault, Mirrors, Remote};
use untorn_store::layout::Name;
use untorn_txn::{Fetched, Observer};

use crate::{Error, Result, apply::ReadAt, releases::Progress};

/// How much is read at once to hash what has come.
const PIECE_LEN: usize = 1 << 20;

/// What a patch is called among what was fetched.
pub(super) fn name_of(patch: &PatchObject) -> String {
    format!("patch-{}", patch.hash)
}

/// How many bytes of a patch have come.
pub(super) fn at_hand(fetched: &Fetched, patch: &PatchObject) -> u64 {
    let file = fetched.open(&name_of(patch)).ok().flatten();
    file.and_then(|file| file.metadata().ok()).map_or(0, |meta| meta.len.min(patch.len))
}

/// Fetches what of a patch has not come yet. After this returns, the file among what was fetched has the right hash.
pub(super) fn fetch(remote: &Remote, fetched: &Fetched, patch: &PatchObject, progress: &Progress<'_>) -> Result<()> {
    let (file, name) = (fetched.make(&name_of(patch))?, Name::Patch(patch.hash).to_string());
    let mut distrusted = Mirrors::default();
    let mut began = at_hand(fetched, patch);
    loop {
        let mut sink = Growing { file: &*file, at: began, progress, end: patch.len };
        let used = remote.stream(&name, began..patch.len, &mut sink, distrusted)?;
        if hash_of(&*file, patch.len).map_err(kept)? == patch.hash {
            return Ok(());
        }
        file.set_len(0).map_err(kept)?;
        // What an earlier process fetched may have been wrong, or cut off by a power failure: then nobody here is to blame yet.
        if began == 0 {
            distrusted = distrusted.and(used);
        }
        began = 0;
    }
}

fn kept(source: io::Error) -> Error {
    Error::Io { doing: "keep", path: "what was fetched".into(), source }
}

fn hash_of(file: &dyn File, len: u64) -> io::Result<Hash> {
    let (mut hasher, mut buffer, mut at) = (Hasher::new(), vec![0; PIECE_LEN], 0);
    while at < len {
        let got = file.read_at(&mut buffer, at)?;
        if got == 0 {
            break;
        }
        let piece = usize::try_from(len - at).unwrap_or(got).min(got);
        hasher.update(&buffer[..piece]);
        at += piece as u64;
    }
    Ok(hasher.finish())
}

/// A file that grows as bytes come.
struct Growing<'g> {
    file: &'g dyn File,
    at: u64,
    end: u64,
    progress: &'g Progress<'g>,
}

impl Write for Growing<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.progress.observer.is_some_and(Observer::should_stop) {
            return Err(io::Error::other("stopped"));
        }
        self.file.write_all_at(bytes, self.at)?;
        self.at = (self.at + bytes.len() as u64).min(self.end);
        self.progress.add(bytes.len() as u64);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A patch that was fetched, to be read.
pub(super) struct Stored {
    file: Box<dyn File>,
    at: Cell<u64>,
    len: u64,
}

impl Stored {
    pub(super) fn open(fetched: &Fetched, patch: &PatchObject) -> Result<Self> {
        let missing = || NetError::new(Name::Patch(patch.hash).to_string(), Fault::Missing);
        let file = fetched.open(&name_of(patch))?.ok_or_else(missing)?;
        Ok(Self { file, at: Cell::new(0), len: patch.len })
    }
}

impl ReadAt for Stored {
    fn read_at(&self, buf: &mut [u8], at: u64) -> io::Result<usize> {
        let left = usize::try_from(self.len.saturating_sub(at)).unwrap_or(buf.len()).min(buf.len());
        self.file.read_at(&mut buf[..left], at)
    }
}

impl Read for Stored {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.len - self.at.get()).unwrap_or(buf.len()).min(buf.len());
        let got = self.file.read_at(&mut buf[..left], self.at.get())?;
        self.at.set(self.at.get() + got as u64);
        Ok(got)
    }
}
