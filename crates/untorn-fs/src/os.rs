//! The file system of this machine.

use std::{io, path::Path};

use crate::{
    Capabilities, DirEntry, File, Fs, Lock, LockKind, Metadata, OpenMode, Permissions, Right, Space, SyncAll,
    path::{EntryPath, RelativePath},
    sys,
};

/// The file system of this machine, seen from one directory.
///
/// The directory is held open: when somebody renames it, or puts something else under its name, this `OsFs` goes on seeing the
/// directory it was opened on.
///
/// # How it stays inside
/// On Linux the kernel resolves every path from the held directory (`openat2`, since 5.6) and refuses symlinks, magic links and
/// mount points on the way; what is then made, renamed or removed, or told of each name in a list, is named by its parent's handle and one last component. Where
/// that call is missing, each directory on the way is opened in turn without following symlinks, and its device compared. On Windows each
/// name is opened from the handle of its directory, a link as itself, which then is refused. Nothing is cached between calls: a path which was fine a moment ago is resolved again.
///
/// # Permissions
/// Special bits (set-user-ID, set-group-ID, sticky) are given to nothing: [`File::set_permissions`], [`Fs::create_dir`] and
/// [`Fs::clone_file`] leave them away. The executable bit and permissions that were asked for do not depend on the umask.
///
/// # Durability
/// [`File::sync_data`] is `fdatasync`, [`File::sync`] is `fsync`. On macOS a sync goes through to the medium (`F_FULLFSYNC`), and
/// [`File::write_out`] to the drive (`fsync`); on Windows they are `NtFlushBuffersFileEx`, with and without the flush of the device.
///
/// # Windows
/// What programs hold is told by [`crate::is_in_use`], with their names where the system knows them, after a second of trying. There are no executable
/// bits, and no symlinks are made. Files with the read-only attribute are opened, replaced and removed all the same.
///
/// # Limits
/// - Without `openat2` a mount is recognised by its device number, so a bind mount of the same file system is not seen. A Btrfs
///   subvolume is taken for a mount with and without it: no name can be moved into one.
/// - Outside Unix and Windows every component is looked at before the call, not held by handle: whoever may write into the tree can swap a
///   directory for a symlink in between.
/// - On Windows a placeholder of a cloud folder, and what else is a reparse point but no link, is not opened as a file.
/// - Opening a device file, before it is recognised and refused, is visible to its driver.
/// - File systems are recognised on Linux, Windows and macOS. Elsewhere, and for FUSE, nothing is promised beyond hard links, and
///   callers take the careful way.
#[derive(Debug)]
pub struct OsFs {
    root: sys::Root,
    capabilities: Capabilities,
}

impl OsFs {
    /// Opens the directory `root`, which may be reached through symlinks (it is resolved once, here).
    ///
    /// # Errors
    /// [`io::ErrorKind::NotFound`], [`io::ErrorKind::NotADirectory`], [`io::ErrorKind::PermissionDenied`], ...
    pub fn open(root: &Path) -> io::Result<Self> {
        let root = sys::Root::open(root)?;
        let capabilities = root.capabilities()?;
        Ok(Self { root, capabilities })
    }

    /// Whether this process has more rights than somebody who may write into the directory: it is the superuser's, and the directory is not, or others may
    /// write there. What they put there it would read, and act upon, in their stead. Never where the system has no superuser.
    ///
    /// # Errors
    /// What the system says when it is asked about the directory.
    pub fn outranks_owner(&self) -> io::Result<bool> {
        self.root.outranks_owner()
    }

    /// Rules ways out: a promise is kept only if it is also in `allowed`, and a method whose way is ruled out answers
    /// [`io::ErrorKind::Unsupported`]. For trying what happens on poorer file systems; no promise can be added.
    #[must_use]
    pub fn with_capabilities(mut self, allowed: Capabilities) -> Self {
        self.capabilities = common(self.capabilities, allowed);
        self
    }

    /// Resolves paths directory by directory even where the kernel could do it in one call. For trying what happens on older
    /// systems; elsewhere it changes nothing.
    #[must_use]
    pub fn resolving_stepwise(mut self) -> Self {
        self.root.resolve_stepwise();
        self
    }
}

impl Fs for OsFs {
    fn open(&self, path: &str, mode: OpenMode) -> io::Result<Box<dyn File>> {
        Ok(Box::new(self.root.open_file(EntryPath::new(path)?, mode)?))
    }

    fn metadata(&self, path: &str) -> io::Result<Metadata> {
        self.root.metadata(RelativePath::new(path)?)
    }

    fn read_dir(&self, path: &str) -> io::Result<Vec<DirEntry>> {
        self.root.read_dir(RelativePath::new(path)?)
    }

    #[cfg(unix)]
    fn read_dir_metadata(&self, path: &str) -> io::Result<Vec<(DirEntry, io::Result<Metadata>)>> {
        self.root.read_dir_metadata(RelativePath::new(path)?)
    }

    fn read_link(&self, path: &str) -> io::Result<String> {
        self.root.read_link(EntryPath::new(path)?)
    }

    fn create_dir(&self, path: &str, permissions: Option<Permissions>) -> io::Result<()> {
        self.root.create_dir(EntryPath::new(path)?, permissions)
    }

    fn symlink(&self, target: &str, path: &str) -> io::Result<()> {
        self.root.symlink(target, EntryPath::new(path)?)
    }

    fn hard_link(&self, from: &str, to: &str) -> io::Result<()> {
        promised(self.capabilities.hard_links)?;
        self.root.hard_link(EntryPath::new(from)?, EntryPath::new(to)?)
    }

    fn clone_file(&self, from: &str, to: &str) -> io::Result<()> {
        promised(self.capabilities.reflink)?;
        self.root.clone_file(EntryPath::new(from)?, EntryPath::new(to)?)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.root.rename(EntryPath::new(from)?, EntryPath::new(to)?)
    }

    fn exchange(&self, a: &str, b: &str) -> io::Result<()> {
        promised(self.capabilities.exchange)?;
        let (a, b) = (EntryPath::new(a)?, EntryPath::new(b)?);
        if a.contains(b) || b.contains(a) {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        self.root.exchange(a, b)
    }

    fn remove_file(&self, path: &str) -> io::Result<()> {
        self.root.remove_file(EntryPath::new(path)?)
    }

    fn remove_dir(&self, path: &str) -> io::Result<()> {
        self.root.remove_dir(EntryPath::new(path)?)
    }

    fn sync_dir(&self, path: &str) -> io::Result<()> {
        self.root.sync_dir(RelativePath::new(path)?)
    }

    fn write_out_dir(&self, path: &str) -> io::Result<()> {
        self.root.write_out_dir(RelativePath::new(path)?)
    }

    fn sync_handle(&self) -> io::Result<Box<dyn SyncAll>> {
        promised(self.capabilities.sync_all)?;
        self.root.sync_handle()
    }

    fn lock(&self, path: &str, kind: LockKind, wait: bool) -> io::Result<Option<Box<dyn Lock>>> {
        let file = self.root.open_to_lock(EntryPath::new(path)?, kind)?;
        crate::lock::lock(file, kind, wait)
    }

    fn may(&self, right: Right, path: &str) -> io::Result<()> {
        self.root.may(right, EntryPath::new(path)?)
    }

    fn space(&self) -> io::Result<Space> {
        self.root.space()
    }

    fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    fn random_id(&self) -> io::Result<[u8; 16]> {
        let mut id = [0; 16];
        getrandom::fill(&mut id)?;
        Ok(id)
    }
}

fn promised(capability: bool) -> io::Result<()> {
    if capability { Ok(()) } else { Err(io::ErrorKind::Unsupported.into()) }
}

/// What both promise. `overwrite_allocates` is a warning, so it stays if either gives it.
fn common(a: Capabilities, b: Capabilities) -> Capabilities {
    Capabilities {
        atomic_rename: a.atomic_rename && b.atomic_rename,
        hard_links: a.hard_links && b.hard_links,
        exchange: a.exchange && b.exchange,
        reflink: a.reflink && b.reflink,
        overwrite_allocates: a.overwrite_allocates || b.overwrite_allocates,
        sync_all: a.sync_all && b.sync_all,
        in_place: a.in_place && b.in_place,
        write_out: a.write_out && b.write_out,
        executable_bit: a.executable_bit && b.executable_bit,
    }
}
