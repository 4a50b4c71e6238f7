//! Whatever else the standard library runs on: paths below a canonical root.
//!
//! Every component is looked at before the call, and a symlink or junction on the way is refused. Nothing is held by handle, so
//! whoever may write into the tree can swap one in between the look and the call; and a mount is not noticed. No promise is
//! made about the file system, because the standard library does not tell which one it is.

mod file;
mod names;

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::{
    Capabilities, FileKind, Metadata, Permissions, Right, Space, SyncAll, outside_tree,
    path::{EntryPath, RelativePath},
};

/// The root, by its canonical path.
#[derive(Debug)]
pub(crate) struct Root {
    path: PathBuf,
}

impl Root {
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let path = path.canonicalize()?;
        if fs::metadata(&path)?.is_dir() { Ok(Self { path }) } else { Err(io::ErrorKind::NotADirectory.into()) }
    }

    pub(crate) fn resolve_stepwise(&mut self) {}

    pub(crate) fn capabilities(&self) -> io::Result<Capabilities> {
        Ok(Capabilities {
            atomic_rename: false,
            hard_links: true,
            exchange: false,
            reflink: false,
            overwrite_allocates: true,
            sync_all: false,
            in_place: false,
            write_out: false,
            executable_bit: false,
        })
    }

    /// What the standard library does not tell.
    pub(crate) fn outranks_owner(&self) -> io::Result<bool> {
        let _ = self;
        Ok(false)
    }

    /// What the standard library does not tell.
    pub(crate) fn may(&self, _right: Right, path: EntryPath<'_>) -> io::Result<()> {
        self.entry(path).map(drop)
    }

    pub(crate) fn space(&self) -> io::Result<Space> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(crate) fn sync_handle(&self) -> io::Result<Box<dyn SyncAll>> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// The path of `path`, every component of which is a true directory.
    fn directory(&self, path: RelativePath<'_>) -> io::Result<PathBuf> {
        let mut whole = self.path.clone();
        for name in path.as_str().split('/').filter(|name| !name.is_empty()) {
            whole.push(name);
            match kind(&fs::symlink_metadata(&whole)?) {
                FileKind::Dir => {}
                FileKind::Symlink => return Err(outside_tree()),
                FileKind::File | FileKind::Other => return Err(io::ErrorKind::NotADirectory.into()),
            }
        }
        Ok(whole)
    }

    fn entry(&self, path: EntryPath<'_>) -> io::Result<PathBuf> {
        Ok(self.directory(path.parent())?.join(path.name()))
    }
}

fn kind(metadata: &fs::Metadata) -> FileKind {
    let file_type = metadata.file_type();
    // A junction counts as a symlink.
    if file_type.is_symlink() {
        FileKind::Symlink
    } else if file_type.is_dir() {
        FileKind::Dir
    } else if file_type.is_file() {
        FileKind::File
    } else {
        FileKind::Other
    }
}

fn metadata(of: &fs::Metadata) -> Metadata {
    let kind = kind(of);
    Metadata {
        kind,
        len: if kind == FileKind::File { of.len() } else { 0 },
        permissions: Permissions::from_bits(if of.permissions().readonly() { 0o444 } else { 0o644 }),
        links: 1,
        id: None,
        changed: of.modified().map_or(0, since_epoch_ns),
        written: of.modified().map_or(0, since_epoch_ns),
    }
}

fn since_epoch_ns(time: std::time::SystemTime) -> i128 {
    let ns = |duration: std::time::Duration| i128::try_from(duration.as_nanos()).unwrap_or(i128::MAX);
    time.duration_since(std::time::UNIX_EPOCH).map_or_else(|before| -ns(before.duration()), ns)
}
