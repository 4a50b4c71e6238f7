//! What was fetched for an update and is not used yet. No part of any guarantee.

use std::{io, sync::Arc};

use untorn_fs::{File, FileKind, Fs, OpenMode, Permissions};

use crate::{
    cleanup,
    error::{Context, Error, Result},
    layout::{self, FETCHED},
    tree::Tree,
};

/// Files in the state directory of a tree that hold what was fetched for an update, so that it need not be fetched again after a crash. They survive recovery, and
/// nothing depends on them: whoever reads one must know, by a hash, what it should hold. Names are single components of letters, digits, `.` and `-`.
#[derive(Clone)]
pub struct Fetched {
    fs: Arc<dyn Fs>,
}

impl Fetched {
    /// Those of a tree. They belong to whoever holds it.
    #[must_use]
    pub fn of(tree: &Tree) -> Self {
        Self { fs: tree.fs().clone() }
    }

    /// Opens a file of the tree that `fs` sees, for reading, without holding the tree: whoever holds it may change or remove the file meanwhile. `None` when there is none, or it
    /// cannot be opened.
    #[must_use]
    pub fn look(fs: &dyn Fs, name: &str) -> Option<Box<dyn File>> {
        fs.open(&path_of(name).ok()?, OpenMode::Read).ok()
    }

    /// The names that are there, sorted.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        let entries = self.fs.read_dir(FETCHED).unwrap_or_default();
        let mut names: Vec<_> = entries.into_iter().filter_map(|entry| entry.name.ok()).filter(|name| is_name(name)).collect();
        names.sort();
        names
    }

    /// Opens a file for reading; `None` when there is none.
    ///
    /// # Errors
    /// [`Cause::Io`](crate::Cause::Io).
    pub fn open(&self, name: &str) -> Result<Option<Box<dyn File>>> {
        let path = path_of(name)?;
        match self.fs.open(&path, OpenMode::Read) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            other => other.map(Some).context("open", &path),
        }
    }

    /// Opens a file for reading and writing, and makes it when there is none. What is written is durable only as the file system pleases: after a power cut anything may
    /// stand there.
    ///
    /// # Errors
    /// [`Cause::Io`](crate::Cause::Io).
    pub fn make(&self, name: &str) -> Result<Box<dyn File>> {
        let path = path_of(name)?;
        match self.fs.create_dir(FETCHED, Some(Permissions::from_bits(0o700))) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(Error::io("make", FETCHED, error)),
            _ => {}
        }
        match self.fs.open(&path, OpenMode::CreateNew { executable: false }) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                self.fs.open(&path, OpenMode::Write).context("open", &path)
            }
            other => other.context("make", &path),
        }
    }

    /// Removes every file whose name is not to be kept, and whatever else lies there. What cannot be removed stays.
    pub fn retain(&self, keep: impl Fn(&str) -> bool) {
        for entry in self.fs.read_dir(FETCHED).unwrap_or_default() {
            let Ok(name) = entry.name else { continue };
            if !keep(&name) {
                let path = format!("{FETCHED}/{name}");
                if self.fs.metadata(&path).is_ok_and(|meta| meta.kind == FileKind::Dir) {
                    cleanup::remove_all(&*self.fs, &path);
                } else {
                    // Nothing depends on it.
                    drop(self.fs.remove_file(&path));
                }
            }
        }
        // Refused while anything is in there.
        drop(self.fs.remove_dir(FETCHED));
    }

    /// How many bytes all of them take.
    #[must_use]
    pub fn len(&self) -> u64 {
        let len = |name: &String| self.fs.metadata(&format!("{FETCHED}/{name}")).map_or(0, |meta| meta.len);
        self.names().iter().map(len).sum()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.names().is_empty()
    }
}

fn path_of(name: &str) -> Result<String> {
    if is_name(name) {
        Ok(layout::fetched(name))
    } else {
        Err(Error::io("use the name", name, io::ErrorKind::InvalidFilename.into()))
    }
}

fn is_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'-');
    !name.is_empty() && name.len() <= 128 && !name.starts_with('.') && name.bytes().all(plain)
}

impl std::fmt::Debug for Fetched {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Fetched").field("names", &self.names()).finish()
    }
}
