//! The file system of this machine.
use std::{io, path::Path};

/// The file system of this machine, seen from one directory.
#[derive(Debug)]
pub struct OsFs {}

impl OsFs {
    /// Opens the directory `root`, which may be reached through symlinks (it is resolved once, here).
    ///
    /// # Errors
    /// [`io::ErrorKind::NotFound`], [`io::ErrorKind::NotADirectory`], ...
    pub fn open(_root: &Path) -> io::Result<Self> {
        unimplemented!()
    }
}
