//! The operations on names.

use std::{
    fs, io,
    os::windows::io::{AsHandle, BorrowedHandle, OwnedHandle},
};

use windows_sys::{
    Wdk::Storage::FileSystem::{
        FILE_BASIC_INFORMATION, FILE_CREATE, FILE_DISPOSITION_DELETE, FILE_DISPOSITION_IGNORE_READONLY_ATTRIBUTE,
        FILE_DISPOSITION_POSIX_SEMANTICS, FILE_NON_DIRECTORY_FILE, FILE_OPEN, FILE_RENAME_IGNORE_READONLY_ATTRIBUTE,
        FILE_RENAME_POSIX_SEMANTICS, FILE_RENAME_REPLACE_IF_EXISTS, FileBasicInformation, FileDispositionInformation,
        FileDispositionInformationEx, FileLinkInformation, FileRenameInformation, FileRenameInformationEx,
    },
    Win32::{
        Storage::FileSystem::{
            DELETE, FILE_ATTRIBUTE_NORMAL, FILE_ATTRIBUTE_READONLY, FILE_GENERIC_READ, FILE_GENERIC_WRITE, FILE_READ_ATTRIBUTES,
            FILE_WRITE_ATTRIBUTES,
        },
        System::SystemServices::FLUSH_FLAGS_NO_SYNC,
    },
};

use super::{
    Root,
    file::{Lifted, OsFile},
    nt,
    resolve::{CHANGE, DirHandle, LIST, said},
    stat::{Stat, link_target},
    status::{Status, patiently},
};
use crate::{
    DirEntry, FileKind, LockKind, Metadata, OpenMode, Permissions, Right, is_in_use, outside_tree,
    path::{EntryPath, RelativePath},
};

const READ: u32 = FILE_GENERIC_READ;
const WRITE: u32 = FILE_GENERIC_READ | FILE_GENERIC_WRITE;

impl Root {
    pub(crate) fn open_file(&self, path: EntryPath<'_>, mode: OpenMode) -> io::Result<OsFile> {
        match mode {
            OpenMode::Read => self.open_existing_file(path, READ),
            OpenMode::Write => self.open_to_write(path),
            OpenMode::CreateNew { .. } => {
                let made = self.open_entry(path, WRITE, FILE_CREATE, FILE_NON_DIRECTORY_FILE)?;
                Ok(OsFile::new(made, self.file_system.stable_ids()))
            }
        }
    }

    pub(crate) fn open_to_lock(&self, path: EntryPath<'_>, _kind: LockKind) -> io::Result<fs::File> {
        self.open_existing_file(path, WRITE).map(OsFile::into_std)
    }

    pub(crate) fn metadata(&self, path: RelativePath<'_>) -> io::Result<Metadata> {
        let stat = match EntryPath::new(path.as_str()) {
            Ok(entry) => Stat::of(self.open_existing(entry, 0)?.as_handle())?,
            Err(_) => Stat::of(self.dir.as_handle())?,
        };
        Ok(stat.metadata(self.file_system.stable_ids()))
    }

    pub(crate) fn read_dir(&self, path: RelativePath<'_>) -> io::Result<Vec<DirEntry>> {
        // A handle of its own: how far it was read belongs to the handle, and others may be reading the root.
        let dir = match EntryPath::new(path.as_str()) {
            Ok(_) => self.directory(path, LIST)?,
            Err(_) => DirHandle::Opened(nt::open(
                self.dir.as_handle(),
                "",
                super::nt::Opening { access: LIST, disposition: FILE_OPEN, options: 0 },
            )?),
        };
        let (mut entries, mut restart) = (Vec::new(), true);
        loop {
            let names = nt::next_names(dir.as_handle(), restart)?;
            if names.is_empty() {
                return Ok(entries);
            }
            restart = false;
            entries.extend(names.into_iter().filter(|name| !is_dots(name)).map(|name| DirEntry { name: decode_name(&name) }));
        }
    }

    pub(crate) fn read_link(&self, path: EntryPath<'_>) -> io::Result<String> {
        let found = self.open_existing(path, 0)?;
        if Stat::of(found.as_handle())?.kind != FileKind::Symlink {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        link_target(&nt::reparse_data(found.as_handle())?)
    }

    pub(crate) fn create_dir(&self, path: EntryPath<'_>, _permissions: Option<Permissions>) -> io::Result<()> {
        self.make_directory(path)
    }

    /// Windows wants to know whether the target is a directory, and a right that players do not have.
    pub(crate) fn symlink(&self, _target: &str, path: EntryPath<'_>) -> io::Result<()> {
        self.parent(path)?;
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(crate) fn hard_link(&self, from: EntryPath<'_>, to: EntryPath<'_>) -> io::Result<()> {
        let source = self.open_existing(from, FILE_WRITE_ATTRIBUTES)?;
        match Stat::of(source.as_handle())?.kind {
            FileKind::Dir => return Err(io::ErrorKind::IsADirectory.into()),
            FileKind::File | FileKind::Symlink | FileKind::Other => {}
        }
        let parent = self.parent(to)?;
        match nt::set_name(source.as_handle(), FileLinkInformation, 0, parent.as_handle(), to.name()) {
            Err(status) if status.is_unknown_call() => Err(io::ErrorKind::Unsupported.into()),
            other => Ok(other?),
        }
    }

    pub(crate) fn clone_file(&self, _from: EntryPath<'_>, _to: EntryPath<'_>) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// With POSIX semantics, where whoever has the old file open keeps it; without, where they are not known.
    pub(crate) fn rename(&self, from: EntryPath<'_>, to: EntryPath<'_>) -> io::Result<()> {
        let source = self.open_existing(from, DELETE)?;
        let parent = self.parent(to)?;
        if from.is_same(to) {
            return Ok(());
        }
        self.refuse_other_kind(source.as_handle(), &parent, to)?;
        let flags = FILE_RENAME_REPLACE_IF_EXISTS | FILE_RENAME_POSIX_SEMANTICS | FILE_RENAME_IGNORE_READONLY_ATTRIBUTE;
        let renamed = patiently(|| match rename_to(source.as_handle(), FileRenameInformationEx, flags, &parent, to) {
            Err(status) if status.is_unknown_call() => {
                self.lift_read_only(to);
                rename_to(source.as_handle(), FileRenameInformation, FILE_RENAME_REPLACE_IF_EXISTS, &parent, to)
            }
            other => other,
        });
        renamed.map_err(|status| self.rename_refused(status, source.as_handle(), &parent, to))
    }

    /// With POSIX semantics an empty directory is replaced by a file, and with some drivers a file by a directory.
    fn refuse_other_kind(&self, source: BorrowedHandle<'_>, parent: &DirHandle<'_>, to: EntryPath<'_>) -> io::Result<()> {
        let Ok(target) = self.open_in(parent, to, FILE_READ_ATTRIBUTES, FILE_OPEN, 0) else { return Ok(()) };
        match (Stat::of(source)?.kind, Stat::of(target.as_handle())?.kind) {
            (FileKind::Dir, FileKind::Dir) => Ok(()),
            (_, FileKind::Dir) => Err(io::ErrorKind::IsADirectory.into()),
            (FileKind::Dir, _) => Err(io::ErrorKind::NotADirectory.into()),
            _ => Ok(()),
        }
    }

    /// "Access denied" says that there is no right, that a directory is not empty or has files open in it, or that the file to be replaced is in use.
    fn rename_refused(&self, status: Status, source: BorrowedHandle<'_>, parent: &DirHandle<'_>, to: EntryPath<'_>) -> io::Error {
        let is_dir = Stat::of(source).is_ok_and(|stat| stat.kind == FileKind::Dir);
        match self.open_existing(to, DELETE) {
            Ok(_) if is_dir => io::ErrorKind::DirectoryNotEmpty.into(),
            // It may be removed, and yet not be replaced.
            Ok(_) if status == Status::ACCESS_DENIED => said(Status::SHARING_VIOLATION, parent, to),
            Err(error) if is_in_use(&error) => error,
            _ => said(status, parent, to),
        }
    }

    pub(crate) fn exchange(&self, _a: EntryPath<'_>, _b: EntryPath<'_>) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(crate) fn remove_file(&self, path: EntryPath<'_>) -> io::Result<()> {
        let found = self.open_existing(path, DELETE)?;
        match Stat::of(found.as_handle())?.kind {
            FileKind::Dir => Err(io::ErrorKind::IsADirectory.into()),
            FileKind::File | FileKind::Symlink | FileKind::Other => self.remove(&found, path),
        }
    }

    pub(crate) fn remove_dir(&self, path: EntryPath<'_>) -> io::Result<()> {
        let found = self.open_existing(path, DELETE)?;
        match Stat::of(found.as_handle())?.kind {
            FileKind::Dir => self.remove(&found, path),
            FileKind::Symlink => Err(outside_tree()),
            FileKind::File | FileKind::Other => Err(io::ErrorKind::NotADirectory.into()),
        }
    }

    /// The name is free when this returns, also where others have the file open; without POSIX semantics, when they close it.
    fn remove(&self, found: &OwnedHandle, path: EntryPath<'_>) -> io::Result<()> {
        let flags = FILE_DISPOSITION_DELETE | FILE_DISPOSITION_POSIX_SEMANTICS | FILE_DISPOSITION_IGNORE_READONLY_ATTRIBUTE;
        let removed = match nt::set(found.as_handle(), FileDispositionInformationEx, &flags) {
            Err(status) if status.is_unknown_call() => {
                self.lift_read_only(path);
                nt::set(found.as_handle(), FileDispositionInformation, &1_u8)
            }
            other => other,
        };
        removed.map_err(|status| match self.parent(path) {
            Ok(parent) => said(status, &parent, path),
            Err(error) => error,
        })
    }

    /// What changed in a directory goes to the log of the file system with the flush of its handle.
    pub(crate) fn sync_dir(&self, path: RelativePath<'_>) -> io::Result<()> {
        self.flush_dir(path, 0)
    }

    pub(crate) fn write_out_dir(&self, path: RelativePath<'_>) -> io::Result<()> {
        self.flush_dir(path, FLUSH_FLAGS_NO_SYNC)
    }

    fn flush_dir(&self, path: RelativePath<'_>, flags: u32) -> io::Result<()> {
        let dir = self.directory(path, CHANGE)?;
        match nt::flush(dir.as_handle(), flags) {
            Err(status) if status.is_unknown_call() && flags != 0 => Ok(nt::flush(dir.as_handle(), 0)?),
            other => Ok(other?),
        }
    }

    /// Not asked for: administrators are as many here.
    pub(crate) fn outranks_owner(&self) -> io::Result<bool> {
        let _ = self;
        Ok(false)
    }

    /// Opening asks all that renaming and removing ask, but for files that are mapped.
    pub(crate) fn may(&self, right: Right, path: EntryPath<'_>) -> io::Result<()> {
        match right {
            Right::Permissions => self.metadata(path.into()).map(drop),
            Right::Name => match self.open_existing(path, DELETE) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => self.directory(path.parent(), CHANGE).map(drop),
                other => other.map(drop),
            },
        }
    }

    fn open_existing_file(&self, path: EntryPath<'_>, access: u32) -> io::Result<OsFile> {
        let opened = self.open_entry(path, access, FILE_OPEN, FILE_NON_DIRECTORY_FILE);
        OsFile::new(opened.map_err(|error| self.open_refused(path, error))?, self.file_system.stable_ids()).require_regular()
    }

    /// A link to a directory is one of the kinds that are not opened, but the kernel calls it a directory.
    fn open_refused(&self, path: EntryPath<'_>, error: io::Error) -> io::Error {
        let is_link = || self.metadata(path.into()).is_ok_and(|metadata| metadata.kind == FileKind::Symlink);
        if error.kind() == io::ErrorKind::IsADirectory && is_link() { outside_tree() } else { error }
    }

    /// A read-only file is opened all the same: the attribute is a wish of those who made the tree, and an update is theirs.
    fn open_to_write(&self, path: EntryPath<'_>) -> io::Result<OsFile> {
        match self.open_existing_file(path, WRITE) {
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                let lifted = self.lift_read_only(path).ok_or(error)?;
                Ok(self.open_existing_file(path, WRITE)?.having_lifted(Some(lifted)))
            }
            other => other,
        }
    }

    /// Takes the read-only attribute off; nothing where it is not set, or cannot be taken.
    fn lift_read_only(&self, path: EntryPath<'_>) -> Option<Lifted> {
        // To wine the right to set attributes is the right to write, which it then does not ask for.
        let file = self.open_existing(path, FILE_WRITE_ATTRIBUTES).or_else(|_| self.open_existing(path, 0)).ok()?;
        let before = Stat::of(file.as_handle()).ok().filter(Stat::is_read_only)?;
        let left = before.attributes & !FILE_ATTRIBUTE_READONLY;
        // Times of zero stay as they are.
        let plain = FILE_BASIC_INFORMATION {
            FileAttributes: if left == 0 { FILE_ATTRIBUTE_NORMAL } else { left },
            ..FILE_BASIC_INFORMATION::default()
        };
        nt::set(file.as_handle(), FileBasicInformation, &plain).ok()?;
        let after = Stat::of(file.as_handle()).ok()?;
        Some(Lifted { before: before.changed, after: after.changed })
    }
}

fn rename_to(
    source: BorrowedHandle<'_>,
    class: i32,
    flags: u32,
    parent: &DirHandle<'_>,
    to: EntryPath<'_>,
) -> Result<(), Status> {
    nt::set_name(source, class, flags, parent.as_handle(), to.name())
}

fn is_dots(name: &[u16]) -> bool {
    matches!(name, [46] | [46, 46])
}

/// The name, or where it is not UTF-16, an escaped form that is unambiguous among escaped names.
fn decode_name(name: &[u16]) -> Result<String, String> {
    String::from_utf16(name).map_err(|_| {
        let escaped = char::decode_utf16(name.iter().copied()).map(|unit| match unit {
            Ok('\\') => r"\\".to_owned(),
            Ok(char) => char.to_string(),
            Err(lone) => format!("\\u{{{:x}}}", lone.unpaired_surrogate()),
        });
        escaped.collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utf_16_stays_and_the_rest_is_escaped() {
        let units: Vec<u16> = "ä\\".encode_utf16().collect();
        assert_eq!(decode_name(&units), Ok("ä\\".to_owned()));
        assert_eq!(decode_name(&[97, 0xd800, 92]), Err("a\\u{d800}\\\\".to_owned()));
    }
}
