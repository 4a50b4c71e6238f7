//! A file system seen from one of its directories, so that a clone is an ordinary tree to everything else in this crate.

use std::{any::Any, io, sync::Arc};

use untorn_fs::{Capabilities, DirEntry, File, Fs, Lock, LockKind, Metadata, OpenMode, Permissions, Right, Space, SyncAll};

/// What becomes of syncs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Syncs {
    /// They are done.
    Done,
    /// They do nothing: nobody relies on the directory before it is made durable as a whole (B1 of the switch).
    Deferred,
}

/// Everything beneath `dir` of `fs`. The directory is found by name at every call.
pub(crate) struct Beneath {
    fs: Arc<dyn Fs>,
    dir: String,
    syncs: Syncs,
}

impl Beneath {
    pub(crate) fn new(fs: Arc<dyn Fs>, dir: String, syncs: Syncs) -> Self {
        Self { fs, dir, syncs }
    }

    fn any(&self, path: &str) -> String {
        if path.is_empty() { self.dir.clone() } else { format!("{}/{path}", self.dir) }
    }

    /// The path of a name in a directory; the root has none here.
    fn entry(&self, path: &str) -> io::Result<String> {
        if path.is_empty() { Err(io::ErrorKind::InvalidInput.into()) } else { Ok(self.any(path)) }
    }
}

impl Fs for Beneath {
    fn open(&self, path: &str, mode: OpenMode) -> io::Result<Box<dyn File>> {
        let file = self.fs.open(&self.entry(path)?, mode)?;
        Ok(match self.syncs {
            Syncs::Done => file,
            Syncs::Deferred => Box::new(DeferredFile(file)),
        })
    }

    fn metadata(&self, path: &str) -> io::Result<Metadata> {
        self.fs.metadata(&self.any(path))
    }

    fn read_dir(&self, path: &str) -> io::Result<Vec<DirEntry>> {
        self.fs.read_dir(&self.any(path))
    }

    fn read_link(&self, path: &str) -> io::Result<String> {
        self.fs.read_link(&self.entry(path)?)
    }

    fn create_dir(&self, path: &str, permissions: Option<Permissions>) -> io::Result<()> {
        self.fs.create_dir(&self.entry(path)?, permissions)
    }

    fn symlink(&self, target: &str, path: &str) -> io::Result<()> {
        self.fs.symlink(target, &self.entry(path)?)
    }

    fn hard_link(&self, from: &str, to: &str) -> io::Result<()> {
        self.fs.hard_link(&self.entry(from)?, &self.entry(to)?)
    }

    fn clone_file(&self, from: &str, to: &str) -> io::Result<()> {
        self.fs.clone_file(&self.entry(from)?, &self.entry(to)?)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.fs.rename(&self.entry(from)?, &self.entry(to)?)
    }

    fn exchange(&self, a: &str, b: &str) -> io::Result<()> {
        self.fs.exchange(&self.entry(a)?, &self.entry(b)?)
    }

    fn remove_file(&self, path: &str) -> io::Result<()> {
        self.fs.remove_file(&self.entry(path)?)
    }

    fn remove_dir(&self, path: &str) -> io::Result<()> {
        self.fs.remove_dir(&self.entry(path)?)
    }

    fn sync_dir(&self, path: &str) -> io::Result<()> {
        match self.syncs {
            Syncs::Done => self.fs.sync_dir(&self.any(path)),
            Syncs::Deferred => Ok(()),
        }
    }

    fn write_out_dir(&self, path: &str) -> io::Result<()> {
        match self.syncs {
            Syncs::Done => self.fs.write_out_dir(&self.any(path)),
            Syncs::Deferred => Ok(()),
        }
    }

    fn sync_handle(&self) -> io::Result<Box<dyn SyncAll>> {
        match self.syncs {
            Syncs::Done => self.fs.sync_handle(),
            Syncs::Deferred => Ok(Box::new(DeferredSyncAll)),
        }
    }

    fn lock(&self, path: &str, kind: LockKind, wait: bool) -> io::Result<Option<Box<dyn Lock>>> {
        self.fs.lock(&self.entry(path)?, kind, wait)
    }

    fn may(&self, right: Right, path: &str) -> io::Result<()> {
        self.fs.may(right, &self.entry(path)?)
    }

    fn space(&self) -> io::Result<Space> {
        self.fs.space()
    }

    fn capabilities(&self) -> Capabilities {
        self.fs.capabilities()
    }

    fn random_id(&self) -> io::Result<[u8; 16]> {
        self.fs.random_id()
    }
}

/// A file whose syncs are left to B1.
struct DeferredFile(Box<dyn File>);

impl File for DeferredFile {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        self.0.read_at(buf, offset)
    }

    fn write_at(&self, buf: &[u8], offset: u64) -> io::Result<usize> {
        self.0.write_at(buf, offset)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.set_len(len)
    }

    fn allocate(&self, offset: u64, len: u64) -> io::Result<()> {
        self.0.allocate(offset, len)
    }

    fn metadata(&self) -> io::Result<Metadata> {
        self.0.metadata()
    }

    fn set_permissions(&self, permissions: Permissions) -> io::Result<()> {
        self.0.set_permissions(permissions)
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        Ok(())
    }

    fn as_any(&self) -> &dyn Any {
        self.0.as_any()
    }
}

struct DeferredSyncAll;

impl SyncAll for DeferredSyncAll {
    fn sync_all(&self) -> io::Result<()> {
        Ok(())
    }
}
