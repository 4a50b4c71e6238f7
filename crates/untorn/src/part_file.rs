//! A file that appears under its name only when it is complete.

use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions},
    io,
    path::{Path, PathBuf},
};

use crate::{Error, Result};

/// A file that is being written beside its final place. Dropping it removes it.
pub(crate) struct PartFile {
    pub(crate) file: File,
    path: PathBuf,
}

impl PartFile {
    /// Makes an empty file beside `target`.
    pub(crate) fn new(target: &Path, suffix: &str) -> Result<Self> {
        for number in 0_u32.. {
            let path = beside(target, &format!(".{}-{number}.{suffix}", std::process::id()));
            match OpenOptions::new().read(true).write(true).create_new(true).open(&path) {
                Ok(file) => return Ok(Self { file, path }),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && number < u32::MAX => {}
                Err(source) => return Err(Error::io("make", &path, source)),
            }
        }
        Err(Error::io("make", target, io::ErrorKind::AlreadyExists.into()))
    }

    /// Puts the file at `target`, replacing what is there. After this returns, `target` is the whole file, also after a power cut.
    pub(crate) fn publish(self, target: &Path) -> Result<()> {
        self.file.sync_all().map_err(|source| Error::io("sync", &self.path, source))?;
        fs::rename(&self.path, target).map_err(|source| Error::io("make", target, source))?;
        sync_parent(target)
    }
}

impl Drop for PartFile {
    fn drop(&mut self) {
        // After publishing there is nothing under this name; else what cannot be removed is only in the way.
        drop(fs::remove_file(&self.path));
    }
}

fn beside(target: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(target.file_name().unwrap_or_default());
    name.push(suffix);
    target.with_file_name(name)
}

#[cfg(unix)]
fn sync_parent(target: &Path) -> Result<()> {
    let parent = target.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(parent).and_then(|dir| dir.sync_all()).map_err(|source| Error::io("sync", parent, source))
}

/// Elsewhere a directory cannot be synced by name: the rename is durable when the system gets round to it.
#[cfg(not(unix))]
fn sync_parent(_: &Path) -> Result<()> {
    Ok(())
}
