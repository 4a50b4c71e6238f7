//! The operations on names.

use std::{
    fs, io,
    os::fd::{AsFd, OwnedFd},
};

use rustix::{
    fs::{AtFlags, Dir, Mode, OFlags},
    io::{Errno, retry_on_intr},
};

use super::{
    Root, error,
    escape_name::decode_name,
    file::{GRANTABLE, OsFile, mode},
    stat, system,
};
use crate::{
    DirEntry, File, FileKind, LockKind, Metadata, OpenMode, Permissions,
    path::{EntryPath, RelativePath},
};

const DIR_TO_READ: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY);

/// Neither waits for the other end of a pipe, nor follows, nor takes over a terminal.
const FILE: OFlags = OFlags::NOFOLLOW.union(OFlags::NONBLOCK).union(OFlags::NOCTTY);

impl Root {
    pub(crate) fn open_file(&self, path: EntryPath<'_>, mode: OpenMode) -> io::Result<OsFile> {
        match mode {
            OpenMode::Read => self.open_existing(path, OFlags::RDONLY),
            OpenMode::Write => self.open_existing(path, OFlags::RDWR),
            OpenMode::CreateNew { executable } => self.create_file(path, executable),
        }
    }

    /// Exclusive locks of network file systems want a file open for writing.
    pub(crate) fn open_to_lock(&self, path: EntryPath<'_>, kind: LockKind) -> io::Result<fs::File> {
        let access = match kind {
            LockKind::Shared => OFlags::RDONLY,
            LockKind::Exclusive => OFlags::RDWR,
        };
        self.open_existing(path, access).map(OsFile::into_std)
    }

    pub(crate) fn metadata(&self, path: RelativePath<'_>) -> io::Result<Metadata> {
        Ok(self.identity.metadata(&self.stat_beneath(path)?))
    }

    pub(crate) fn read_dir(&self, path: RelativePath<'_>) -> io::Result<Vec<DirEntry>> {
        Ok(self.list(path)?.1)
    }

    pub(crate) fn read_dir_metadata(&self, path: RelativePath<'_>) -> io::Result<Vec<(DirEntry, io::Result<Metadata>)>> {
        let (dir, entries) = self.list(path)?;
        let dir = dir.fd()?;
        let look = |entry: DirEntry| {
            let metadata = match &entry.name {
                Ok(name) => self.metadata_in(dir, name),
                Err(_) => Err(io::ErrorKind::InvalidInput.into()),
            };
            (entry, metadata)
        };
        Ok(entries.into_iter().map(look).collect())
    }

    /// The directory, opened, and what is in it.
    fn list(&self, path: RelativePath<'_>) -> io::Result<(Dir, Vec<DirEntry>)> {
        let mut dir = Dir::new(self.open_beneath(path, DIR_TO_READ, Mode::empty())?)?;
        let mut entries = Vec::new();
        while let Some(entry) = dir.read() {
            let entry = entry?;
            let name = entry.file_name().to_bytes();
            if !matches!(name, b"." | b"..") {
                entries.push(DirEntry { name: decode_name(name) });
            }
        }
        Ok((dir, entries))
    }

    pub(crate) fn read_link(&self, path: EntryPath<'_>) -> io::Result<String> {
        let parent = self.parent(path)?;
        let target = retry_on_intr(|| rustix::fs::readlinkat(&parent, path.name(), Vec::new()))?;
        target.into_string().map_err(|_| io::ErrorKind::InvalidData.into())
    }

    pub(crate) fn create_dir(&self, path: EntryPath<'_>, permissions: Option<Permissions>) -> io::Result<()> {
        let parent = self.parent(path)?;
        let Some(permissions) = permissions else {
            return Ok(retry_on_intr(|| rustix::fs::mkdirat(&parent, path.name(), mode(0o777)))?);
        };
        // Only ours until it has its permissions.
        retry_on_intr(|| rustix::fs::mkdirat(&parent, path.name(), mode(0o700)))?;
        set_dir_permissions(&parent, path.name(), permissions).inspect_err(|_| {
            // The first error is the one to tell; an empty directory left over is harmless.
            rustix::fs::unlinkat(&parent, path.name(), AtFlags::REMOVEDIR).unwrap_or_default();
        })
    }

    pub(crate) fn symlink(&self, target: &str, path: EntryPath<'_>) -> io::Result<()> {
        let parent = self.parent(path)?;
        Ok(retry_on_intr(|| rustix::fs::symlinkat(target, &parent, path.name()))?)
    }

    pub(crate) fn hard_link(&self, from: EntryPath<'_>, to: EntryPath<'_>) -> io::Result<()> {
        let (from_dir, to_dir) = (self.parent(from)?, self.parent(to)?);
        retry_on_intr(|| rustix::fs::linkat(&from_dir, from.name(), &to_dir, to.name(), AtFlags::empty()))
            .map_err(|errno| self.link_refused(from, errno))
    }

    pub(crate) fn clone_file(&self, from: EntryPath<'_>, to: EntryPath<'_>) -> io::Result<()> {
        let source = self.open_existing(from, OFlags::RDONLY)?;
        if system::CLONES_BY_NAME {
            return system::clone_as(source.as_std(), self.parent(to)?.as_fd(), to.name());
        }
        let target = self.create_file(to, false)?;
        let cloned = system::clone_bytes(source.as_std(), target.as_std());
        let finished = cloned.and_then(|()| target.set_permissions(source.metadata()?.permissions));
        finished.inspect_err(|_| self.take_back(to))
    }

    pub(crate) fn rename(&self, from: EntryPath<'_>, to: EntryPath<'_>) -> io::Result<()> {
        let (from_dir, to_dir) = (self.parent(from)?, self.parent(to)?);
        retry_on_intr(|| rustix::fs::renameat(&from_dir, from.name(), &to_dir, to.name())).map_err(error::replacing)
    }

    pub(crate) fn exchange(&self, a: EntryPath<'_>, b: EntryPath<'_>) -> io::Result<()> {
        let (a_dir, b_dir) = (self.parent(a)?, self.parent(b)?);
        system::exchange(a_dir.as_fd(), a.name(), b_dir.as_fd(), b.name())
    }

    pub(crate) fn remove_file(&self, path: EntryPath<'_>) -> io::Result<()> {
        let parent = self.parent(path)?;
        retry_on_intr(|| rustix::fs::unlinkat(&parent, path.name(), AtFlags::empty()))
            .map_err(|errno| self.unlink_refused(path, errno))
    }

    pub(crate) fn remove_dir(&self, path: EntryPath<'_>) -> io::Result<()> {
        let parent = self.parent(path)?;
        retry_on_intr(|| rustix::fs::unlinkat(&parent, path.name(), AtFlags::REMOVEDIR)).map_err(error::replacing)
    }

    pub(crate) fn sync_dir(&self, path: RelativePath<'_>) -> io::Result<()> {
        fs::File::from(self.open_beneath(path, DIR_TO_READ, Mode::empty())?).sync_all()
    }

    pub(crate) fn write_out_dir(&self, path: RelativePath<'_>) -> io::Result<()> {
        system::write_out(&self.open_beneath(path, DIR_TO_READ, Mode::empty())?.into())
    }

    fn open_existing(&self, path: EntryPath<'_>, access: OFlags) -> io::Result<OsFile> {
        self.open_as_file(path, access, Mode::empty())?.require_regular()
    }

    fn create_file(&self, path: EntryPath<'_>, executable: bool) -> io::Result<OsFile> {
        let default = mode(if executable { 0o777 } else { 0o666 });
        let file = self.open_as_file(path, OFlags::RDWR | OFlags::CREATE | OFlags::EXCL, default)?;
        if executable {
            make_executable(&file).inspect_err(|_| self.take_back(path))?;
        }
        Ok(file)
    }

    fn open_as_file(&self, path: EntryPath<'_>, flags: OFlags, mode: Mode) -> io::Result<OsFile> {
        let opened: io::Result<OwnedFd> = self.open_beneath(path.into(), flags | FILE, mode);
        Ok(OsFile::new(opened.map_err(error::opening)?, self.identity, self.tells_holes))
    }

    /// Removes what this call has made. The error that led here is the one to tell.
    fn take_back(&self, path: EntryPath<'_>) {
        self.remove_file(path).unwrap_or_default();
    }

    /// EPERM says both "no links on this file system" and "no links to directories".
    fn link_refused(&self, from: EntryPath<'_>, errno: Errno) -> io::Error {
        match errno {
            Errno::PERM if self.is_dir(from) => io::ErrorKind::IsADirectory.into(),
            _ => error::unsupported_if(errno, &[Errno::PERM]),
        }
    }

    /// POSIX says EPERM to the removal of a directory as a file, Linux EISDIR.
    fn unlink_refused(&self, path: EntryPath<'_>, errno: Errno) -> io::Error {
        if errno == Errno::PERM && self.is_dir(path) { io::ErrorKind::IsADirectory.into() } else { errno.into() }
    }

    fn is_dir(&self, path: EntryPath<'_>) -> bool {
        self.metadata(path.into()).is_ok_and(|metadata| metadata.kind == FileKind::Dir)
    }
}

/// A umask may have taken the one bit we promise.
fn make_executable(file: &OsFile) -> io::Result<()> {
    let permissions = file.metadata()?.permissions;
    if permissions.executable() { Ok(()) } else { file.set_permissions(permissions.with_executable(true)) }
}

/// By handle, because changing the permissions of a name follows symlinks. Bits that a directory inherits (set-group-ID) stay.
fn set_dir_permissions(parent: impl AsFd, name: &str, permissions: Permissions) -> io::Result<()> {
    let dir =
        retry_on_intr(|| rustix::fs::openat(&parent, name, DIR_TO_READ | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty()))?;
    let inherited = stat::permissions(&rustix::fs::fstat(&dir)?).bits() & !GRANTABLE;
    let exact = mode(inherited | (permissions.bits() & GRANTABLE));
    Ok(retry_on_intr(|| rustix::fs::fchmod(&dir, exact))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Below the capabilities, so that the attempt is made also where it is bound to fail.
    #[test]
    fn a_clone_that_fails_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("a"), "a").unwrap();
        let root = Root::open(dir.path()).unwrap();
        match root.clone_file(EntryPath::new("a").unwrap(), EntryPath::new("b").unwrap()) {
            Ok(()) => eprintln!("skipped: clones work here"),
            Err(e) => {
                assert_eq!(e.kind(), io::ErrorKind::Unsupported);
                assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
            }
        }
    }
}
