//! The operations on names.

use std::{fs, io, path::Path};

use super::{Root, file::OsFile, kind, metadata};
use crate::{
    DirEntry, FileKind, LockKind, Metadata, OpenMode, Permissions, outside_tree,
    path::{EntryPath, RelativePath},
};

impl Root {
    pub(crate) fn open_file(&self, path: EntryPath<'_>, mode: OpenMode) -> io::Result<OsFile> {
        let path = self.entry(path)?;
        let mut options = fs::OpenOptions::new();
        options.read(true);
        match mode {
            OpenMode::Read => require_file(&path)?,
            OpenMode::Write => {
                require_file(&path)?;
                options.write(true);
            }
            OpenMode::CreateNew { .. } => {
                options.write(true).create_new(true);
            }
        }
        OsFile::new(options.open(path)?).require_regular()
    }

    pub(crate) fn open_to_lock(&self, path: EntryPath<'_>, _kind: LockKind) -> io::Result<fs::File> {
        self.open_file(path, OpenMode::Write).map(OsFile::into_std)
    }

    pub(crate) fn metadata(&self, path: RelativePath<'_>) -> io::Result<Metadata> {
        let path = EntryPath::new(path.as_str()).map_or_else(|_| Ok(self.path.clone()), |entry| self.entry(entry))?;
        Ok(metadata(&fs::symlink_metadata(path)?))
    }

    pub(crate) fn read_dir(&self, path: RelativePath<'_>) -> io::Result<Vec<DirEntry>> {
        let entries = fs::read_dir(self.directory(path)?)?;
        entries.map(|entry| Ok(DirEntry { name: entry?.file_name().into_string().map_err(|name| format!("{name:?}")) })).collect()
    }

    pub(crate) fn read_link(&self, path: EntryPath<'_>) -> io::Result<String> {
        let path = self.entry(path)?;
        if kind(&fs::symlink_metadata(&path)?) != FileKind::Symlink {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        fs::read_link(path)?.into_os_string().into_string().map_err(|_| io::ErrorKind::InvalidData.into())
    }

    pub(crate) fn create_dir(&self, path: EntryPath<'_>, _permissions: Option<Permissions>) -> io::Result<()> {
        fs::create_dir(self.entry(path)?)
    }

    /// The standard library has no call that means the same everywhere.
    pub(crate) fn symlink(&self, _target: &str, _path: EntryPath<'_>) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(crate) fn hard_link(&self, from: EntryPath<'_>, to: EntryPath<'_>) -> io::Result<()> {
        fs::hard_link(self.entry(from)?, self.entry(to)?)
    }

    pub(crate) fn clone_file(&self, _from: EntryPath<'_>, _to: EntryPath<'_>) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(crate) fn rename(&self, from: EntryPath<'_>, to: EntryPath<'_>) -> io::Result<()> {
        fs::rename(self.entry(from)?, self.entry(to)?)
    }

    pub(crate) fn exchange(&self, _a: EntryPath<'_>, _b: EntryPath<'_>) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(crate) fn remove_file(&self, path: EntryPath<'_>) -> io::Result<()> {
        let path = self.entry(path)?;
        match kind(&fs::symlink_metadata(&path)?) {
            FileKind::Dir => Err(io::ErrorKind::IsADirectory.into()),
            _ => fs::remove_file(path),
        }
    }

    pub(crate) fn remove_dir(&self, path: EntryPath<'_>) -> io::Result<()> {
        fs::remove_dir(self.directory(path.into())?)
    }

    /// The standard library cannot sync directories.
    pub(crate) fn sync_dir(&self, path: RelativePath<'_>) -> io::Result<()> {
        self.directory(path).map(drop)
    }

    pub(crate) fn write_out_dir(&self, path: RelativePath<'_>) -> io::Result<()> {
        self.sync_dir(path)
    }
}

fn require_file(path: &Path) -> io::Result<()> {
    match kind(&fs::symlink_metadata(path)?) {
        FileKind::File => Ok(()),
        FileKind::Dir => Err(io::ErrorKind::IsADirectory.into()),
        FileKind::Symlink => Err(outside_tree()),
        FileKind::Other => Err(io::ErrorKind::InvalidInput.into()),
    }
}
