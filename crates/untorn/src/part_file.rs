//! A file that appears under its name only when it is complete.

use std::{
    fmt,
    io::{self, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use untorn_fs::{File, Fs, OpenMode, OsFs};

use crate::{Error, Result, open};

/// How many names are tried: others are left by processes that died and had the same number.
const NAMES_MAX: u32 = 1000;

/// Reads a patch that a user names.
pub(crate) fn reader(path: &Path) -> Result<impl Read + use<>> {
    let file = std::fs::File::open(path).map_err(|source| Error::io("open", path, source))?;
    Ok(io::BufReader::new(file))
}

/// A file to read anywhere in.
pub(crate) type Seekable = std::fs::File;

/// The same, to be read at any place.
pub(crate) fn seekable(path: &Path) -> Result<Seekable> {
    std::fs::File::open(path).map_err(|source| Error::io("open", path, source))
}

/// A file that is being written beside its final place, under a passing name. Dropping it removes it.
pub struct PartFile {
    fs: OsFs,
    file: Box<dyn File>,
    /// Where reading and writing go on.
    at: u64,
    name: String,
    target: PathBuf,
}

impl PartFile {
    /// Makes an empty file beside `target`, with `suffix` in its name.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn new(target: &Path, suffix: &str) -> Result<Self> {
        let (fs, name) = open::beside(target)?;
        for number in 0..NAMES_MAX {
            let part = format!(".{name}.{}-{number}.{suffix}", std::process::id());
            match fs.open(&part, OpenMode::CreateNew { executable: false }) {
                Ok(file) => return Ok(Self { fs, file, at: 0, name: part, target: target.to_owned() }),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(source) => return Err(Error::io("make", target, source)),
            }
        }
        Err(Error::io("make", target, io::ErrorKind::AlreadyExists.into()))
    }

    /// Puts the file in its place, replacing what is there. After this returns, that is the whole file, also after a power cut.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn publish(self) -> Result<()> {
        let (_, name) = open::beside(&self.target)?;
        self.file.sync_data().map_err(|source| Error::io("sync", &self.target, source))?;
        self.fs.rename(&self.name, &name).map_err(|source| Error::io("make", &self.target, source))?;
        self.fs.sync_dir("").map_err(|source| Error::io("sync", &self.target, source))
    }
}

impl fmt::Debug for PartFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PartFile").field("target", &self.target).field("at", &self.at).finish_non_exhaustive()
    }
}

impl Drop for PartFile {
    fn drop(&mut self) {
        // After publishing there is nothing under this name; else what cannot be removed is only in the way.
        drop(self.fs.remove_file(&self.name));
    }
}

impl Read for PartFile {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let len = self.file.read_at(buf, self.at)?;
        self.at += len as u64;
        Ok(len)
    }
}

impl Write for PartFile {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let len = self.file.write_at(buf, self.at)?;
        self.at += len as u64;
        Ok(len)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for PartFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
            SeekFrom::End(by) => self.file.metadata()?.len.checked_add_signed(by),
        };
        self.at = at.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}
