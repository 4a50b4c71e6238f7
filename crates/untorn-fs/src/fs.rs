//! Names: everything that is done to a tree by path.

use std::io;

use crate::{Capabilities, DirEntry, File, Metadata, Permissions, Space, SyncAll};

/// How [`Fs::open`] opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpenMode {
    /// An existing regular file, for reading.
    Read,
    /// An existing regular file, for reading and writing.
    Write,
    /// A new file, for reading and writing; fails with [`io::ErrorKind::AlreadyExists`] when the name is taken.
    CreateNew {
        /// Whether the file starts out executable.
        executable: bool,
    },
}

/// What [`Fs::may`] is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Right {
    /// Making, replacing and removing a name.
    Name,
    /// Setting the permissions of the file it stands for.
    Permissions,
}

/// How a lock is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockKind {
    /// By any number of holders at once.
    Shared,
    /// By one holder alone.
    Exclusive,
}

/// A held lock; dropping it releases it, and so does the death of the process.
pub trait Lock: Send + Sync {
    /// After this returns, the programs that this process starts, or becomes, hold the lock too: it is released when the last of them has ended or closed it.
    ///
    /// # Errors
    /// [`io::ErrorKind::Unsupported`] where a lock cannot be handed on.
    fn hand_on(&self) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

/// A file system, seen from one directory: the root of the tree.
///
/// # Paths
/// A path is relative to the root, its components separated by `/`; the root itself is `""`. Absolute paths and the components
/// `.`, `..` and empty are refused with [`io::ErrorKind::InvalidInput`]. Resolution never follows a symlink, not even as the
/// last component, and never leaves the root or its mount: such a path is refused with the error of [`crate::outside_tree`].
///
/// # Durability
/// | effect | durable after | a power cut before that may leave |
/// |---|---|---|
/// | a name made, removed or replaced (`open` with `CreateNew`, `create_dir`, `symlink`, `hard_link`, `clone_file`, `remove_*`) | `sync_dir` of its directory (or `write_out_dir` and a sync of any file), or `SyncAll` | the name old or new, independent of every other name and of the bytes of the file |
/// | `rename`, `exchange` | the same for both directories | where `atomic_rename`: each name old or new; a file renamed across directories under both its names or one, never under none |
/// | bytes, length, permissions of a file | see [`File`] | see [`File`] |
///
/// # Errors
/// All methods answer with the [`io::ErrorKind`] that fits ([`io::ErrorKind::NotFound`], [`io::ErrorKind::AlreadyExists`],
/// [`io::ErrorKind::NotADirectory`], [`io::ErrorKind::IsADirectory`], [`io::ErrorKind::DirectoryNotEmpty`],
/// [`io::ErrorKind::StorageFull`], [`io::ErrorKind::Unsupported`], ...) and never with [`io::ErrorKind::Interrupted`].
pub trait Fs: Send + Sync {
    /// Opens a regular file. Anything else is refused without blocking: a directory with [`io::ErrorKind::IsADirectory`], other
    /// kinds (also a symlink) with [`io::ErrorKind::InvalidInput`] or the error of [`crate::outside_tree`].
    fn open(&self, path: &str, mode: OpenMode) -> io::Result<Box<dyn File>>;

    /// What `path` is, without following a symlink.
    fn metadata(&self, path: &str) -> io::Result<Metadata>;

    /// The names in a directory, in no particular order, without `.` and `..`.
    fn read_dir(&self, path: &str) -> io::Result<Vec<DirEntry>>;

    /// The names in a directory with what [`Fs::metadata`] says of each: one resolution for all of them, where the system can. Of a name that is not UTF-8
    /// nothing is said ([`io::ErrorKind::InvalidInput`]).
    fn read_dir_metadata(&self, path: &str) -> io::Result<Vec<(DirEntry, io::Result<Metadata>)>> {
        let join = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") };
        let look = |entry: DirEntry| {
            let metadata = match &entry.name {
                Ok(name) => self.metadata(&join(name)),
                Err(_) => Err(io::ErrorKind::InvalidInput.into()),
            };
            (entry, metadata)
        };
        Ok(self.read_dir(path)?.into_iter().map(look).collect())
    }

    /// The target of a symlink; [`io::ErrorKind::InvalidInput`] when it is none, [`io::ErrorKind::InvalidData`] when the target is not UTF-8.
    fn read_link(&self, path: &str) -> io::Result<String>;

    /// Makes a directory; `None` means the system's default permissions.
    fn create_dir(&self, path: &str, permissions: Option<Permissions>) -> io::Result<()>;

    /// Makes a symlink that says `target`.
    fn symlink(&self, target: &str, path: &str) -> io::Result<()>;

    /// Gives the file `from` a second name `to`; never replaces.
    fn hard_link(&self, from: &str, to: &str) -> io::Result<()>;

    /// Makes `to` a new file that shares the blocks and has the permissions of `from`; [`io::ErrorKind::Unsupported`] where the
    /// file system cannot (then nothing is left at `to`).
    fn clone_file(&self, from: &str, to: &str) -> io::Result<()>;

    /// Renames, replacing a file or symlink at `to`. When both names refer to the same file, nothing happens (and `from` stays).
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Exchanges what two existing names refer to; [`io::ErrorKind::Unsupported`] where the system cannot.
    fn exchange(&self, a: &str, b: &str) -> io::Result<()>;

    /// Removes a file, symlink, or anything else that is not a directory.
    fn remove_file(&self, path: &str) -> io::Result<()>;

    /// Removes an empty directory.
    fn remove_dir(&self, path: &str) -> io::Result<()>;

    /// After this returns, every change of names in this directory that happened before is durable. A no-op where names become durable by
    /// other means.
    fn sync_dir(&self, path: &str) -> io::Result<()>;

    /// As [`Fs::sync_dir`], but durable only with the next [`File::sync`] of any file: see [`File::write_out`].
    fn write_out_dir(&self, path: &str) -> io::Result<()> {
        self.sync_dir(path)
    }

    /// A handle for making everything durable; see [`SyncAll`] for when to open it. [`io::ErrorKind::Unsupported`] where
    /// [`Capabilities::sync_all`] is false.
    fn sync_handle(&self) -> io::Result<Box<dyn SyncAll>>;

    /// Locks the existing file `path`; `Ok(None)` when somebody else's lock is in the way and `wait` is false. Locks are advisory: they bind
    /// only those who ask for them.
    fn lock(&self, path: &str, kind: LockKind, wait: bool) -> io::Result<Option<Box<dyn Lock>>>;

    /// Whether this process may do that to `path`, as far as the system tells without doing it: an error says that it may not
    /// ([`io::ErrorKind::PermissionDenied`], [`io::ErrorKind::ReadOnlyFilesystem`], or why `path` cannot be reached), success
    /// that nothing is known to speak against it. Changes nothing.
    fn may(&self, right: Right, path: &str) -> io::Result<()>;

    /// How much space there is.
    fn space(&self) -> io::Result<Space>;

    /// What this file system can be trusted with. Cheap: decided when the `Fs` was opened.
    fn capabilities(&self) -> Capabilities;

    /// Sixteen bytes that nobody has seen before.
    fn random_id(&self) -> io::Result<[u8; 16]>;
}
