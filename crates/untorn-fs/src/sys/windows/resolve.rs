//! From a path to a handle: every directory on the way is opened from the handle of the one before, as itself, and must be no link.

use std::{
    io,
    os::windows::io::{AsHandle, BorrowedHandle, OwnedHandle},
};

use windows_sys::{
    Wdk::Storage::FileSystem::{FILE_CREATE, FILE_DIRECTORY_FILE, FILE_OPEN},
    Win32::Storage::FileSystem::{
        FILE_ADD_FILE, FILE_ADD_SUBDIRECTORY, FILE_LIST_DIRECTORY, FILE_READ_ATTRIBUTES, FILE_TRAVERSE,
    },
};

use super::{
    Root, holders, nt,
    nt::Opening,
    stat::Stat,
    status::{Status, patiently},
};
use crate::{
    FileKind, in_use, outside_tree,
    path::{EntryPath, RelativePath},
};

pub(super) use windows_sys::Win32::Storage::FileSystem::SYNCHRONIZE;

/// For a directory that only serves as a starting point.
pub(super) const SEARCH: u32 = FILE_TRAVERSE | FILE_READ_ATTRIBUTES;
/// For a directory whose names are read.
pub(super) const LIST: u32 = FILE_LIST_DIRECTORY | SEARCH;
/// For a directory in which names are made, and which is flushed.
pub(super) const CHANGE: u32 = FILE_ADD_FILE | FILE_ADD_SUBDIRECTORY;

/// The handle of a directory; the root's own is not opened again.
pub(super) enum DirHandle<'a> {
    Root(BorrowedHandle<'a>),
    Opened(OwnedHandle),
}

impl AsHandle for DirHandle<'_> {
    fn as_handle(&self) -> BorrowedHandle<'_> {
        match self {
            Self::Root(dir) => *dir,
            Self::Opened(dir) => dir.as_handle(),
        }
    }
}

impl Root {
    /// A directory, through no link.
    pub(super) fn directory(&self, path: RelativePath<'_>, access: u32) -> io::Result<DirHandle<'_>> {
        let mut dir = DirHandle::Root(self.dir.as_handle());
        let mut names = path.as_str().split('/').filter(|name| !name.is_empty()).peekable();
        while let Some(name) = names.next() {
            let access = if names.peek().is_none() { access } else { SEARCH };
            dir = DirHandle::Opened(open_directory(dir.as_handle(), name, access)?);
        }
        Ok(dir)
    }

    /// The directory that `entry` is in.
    pub(super) fn parent(&self, entry: EntryPath<'_>) -> io::Result<DirHandle<'_>> {
        self.directory(entry.parent(), SEARCH)
    }

    /// Opens what `entry` names, a link itself. Something in use is tried again for a moment, and then told with those who have it open.
    pub(super) fn open_entry(
        &self,
        entry: EntryPath<'_>,
        access: u32,
        disposition: u32,
        options: u32,
    ) -> io::Result<OwnedHandle> {
        let parent = self.parent(entry)?;
        self.open_in(&parent, entry, access, disposition, options).map_err(|status| said(status, &parent, entry))
    }

    pub(super) fn open_in(
        &self,
        parent: &DirHandle<'_>,
        entry: EntryPath<'_>,
        access: u32,
        disposition: u32,
        options: u32,
    ) -> Result<OwnedHandle, Status> {
        patiently(|| nt::open(parent.as_handle(), entry.name(), Opening { access, disposition, options }))
    }

    /// An existing name, whatever it is.
    pub(super) fn open_existing(&self, entry: EntryPath<'_>, access: u32) -> io::Result<OwnedHandle> {
        self.open_entry(entry, access | FILE_READ_ATTRIBUTES, FILE_OPEN, 0)
    }

    pub(super) fn make_directory(&self, entry: EntryPath<'_>) -> io::Result<()> {
        self.open_entry(entry, SEARCH, FILE_CREATE, FILE_DIRECTORY_FILE).map(drop)
    }
}

/// The error of a call on a name. Whoever has it open is asked for only now, when there is time.
pub(super) fn said(status: Status, parent: &DirHandle<'_>, entry: EntryPath<'_>) -> io::Error {
    if !status.is_in_use() {
        return status.into();
    }
    let path = nt::path_of(parent.as_handle()).map(|mut path| {
        path.push(u16::from(b'\\'));
        path.extend(entry.name().encode_utf16());
        path
    });
    in_use(path.map(|path| holders::holders(&path)).unwrap_or_default())
}

/// A directory is asked for by what it is afterwards: the kernel would say of a link to a directory that it is one.
fn open_directory(dir: BorrowedHandle<'_>, name: &str, access: u32) -> io::Result<OwnedHandle> {
    let opening = Opening { access: access | FILE_READ_ATTRIBUTES, disposition: FILE_OPEN, options: 0 };
    let opened = patiently(|| nt::open(dir, name, opening)).map_err(|status| {
        // Rights to a directory mean other things for a file: a program that is running may not be "added a file to".
        let look = Opening { access: FILE_READ_ATTRIBUTES, ..opening };
        match nt::open(dir, name, look).and_then(|found| Stat::of(found.as_handle())).map(|stat| stat.kind) {
            Ok(FileKind::Symlink) => outside_tree(),
            Ok(FileKind::File | FileKind::Other) => io::ErrorKind::NotADirectory.into(),
            _ => io::Error::from(status),
        }
    })?;
    match Stat::of(opened.as_handle())?.kind {
        FileKind::Dir => Ok(opened),
        FileKind::Symlink => Err(outside_tree()),
        FileKind::File | FileKind::Other => Err(io::ErrorKind::NotADirectory.into()),
    }
}
