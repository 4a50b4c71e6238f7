//! Putting a preface before a patch.

use std::{
    io::{self, Read, Write},
    path::Path,
};

use untorn_delta::PatchReader;
use untorn_format::{
    Hash,
    release::{PatchObject, Preface},
};

use super::Intake;
use crate::{
    Error, Result,
    part_file::{self, PartFile},
};

/// What a release says of a patch.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PatchFacts {
    /// The bare patch.
    pub object: PatchObject,
    /// What stands before it.
    pub preface: Option<Preface>,
}

/// Reads the patch at `path` to its end, and says what a release has to say of it.
///
/// # Errors
/// [`Error::Patch`]; [`Error::Io`].
pub fn patch_facts(path: &Path) -> Result<PatchFacts> {
    let intake = Intake::read(part_file::reader(path)?)?;
    let preface = intake.preface;
    let mut counted = Counted { inner: intake.stream, hasher: untorn_format::Hasher::new(), len: 0 };
    let (header, memory) = {
        let reader = PatchReader::new(&mut counted)?;
        let memory = reader.memory_len(1);
        (reader.finish()?.header, memory)
    };
    let object = PatchObject {
        from: header.from,
        to: header.to,
        hash: counted.hasher.finish(),
        len: counted.len,
        header_hash: Hash::of(&header.encode()),
        memory,
    };
    Ok(PatchFacts { object, preface })
}

/// Puts `preface` before the patch at `path`, in the place of one that is there. After this returns, the whole signed patch is there and durable; after an error, or a
/// crash, what was there before.
///
/// # Errors
/// [`Error::Patch`]; [`Error::Io`].
pub fn sign_patch(path: &Path, preface: &Preface) -> Result<()> {
    let mut intake = Intake::read(part_file::reader(path)?)?;
    let mut part = PartFile::new(path, "part")?;
    let mut write = || {
        part.write_all(&preface.encode())?;
        io::copy(&mut intake.stream, &mut part)
    };
    write().map_err(|source| Error::io("write", path, source))?;
    // Windows, before it learned to, replaces nothing that is open.
    drop(intake);
    part.publish()
}

/// What was read, as it went by.
struct Counted<R> {
    inner: R,
    hasher: untorn_format::Hasher,
    len: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buf)?;
        self.hasher.update(&buf[..read]);
        self.len = self.len.saturating_add(read as u64);
        Ok(read)
    }
}
