//! The seam between untorn and a file system.
//!
//! Everything untorn does to a disk goes through two small traits: [`Fs`] (names) and [`File`] (one open file, positioned
//! access, no cursor). [`OsFs`] is the real one; `untorn-sim` has one that crashes. Commit and recovery are compiled once and
//! run unchanged on both.
//!
//! # What an implementation guarantees
//! - **Nothing outside the root.** Every path is relative to the directory the `Fs` was opened on and is resolved by handle,
//!   beneath it, without following a symlink and without crossing a mount. ([`OsFs`] says where a system cannot do that.)
//! - **Nothing is durable before its barrier.** Each method's table says which barrier makes its effect durable, and what a
//!   power cut before it may leave. The tables promise what every journaling file system keeps, not what one of them does.
//! - **No promise that does not hold.** What differs between file systems is said by [`Fs::capabilities`]; a way that is not
//!   promised answers [`Unsupported`](std::io::ErrorKind::Unsupported), and the caller takes another.
//!
//! # Limitations
//! - The seam has no clock, chooses no names, and keeps no state besides the handle of the root.
//! - A path is UTF-8 with `/` between components. Names on disk that are not UTF-8 are listed (see [`DirEntry::name`]) but
//!   cannot be opened.
//! - Of permissions only the executable bit has a meaning here; owners, access lists and extended attributes have none.
//! - Which root is a sensible one (not `/`, not a home directory) is for the caller to say.
//!
//! # The two halves of "written"
//! A file has bytes and it has a name, and a disk remembers them independently: after a power cut the name may be there without
//! the bytes, or the bytes without the name. Each half has its barrier.
//!
//! ```
//! use untorn_fs::{Fs, OpenMode, OsFs};
//! # let dir = tempfile::tempdir()?;
//! let fs = OsFs::open(dir.path())?;
//! let file = fs.open("save.dat", OpenMode::CreateNew { executable: false })?;
//! file.write_all_at(b"level 7", 0)?;
//! file.sync_data()?;          // the bytes and the length are durable
//! fs.sync_dir("")?;           // the name is durable
//! assert_eq!(fs.metadata("save.dat")?.len, 7);
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! The order matters where a name already stands for something: the new bytes have to be durable *before* the rename, else a
//! power cut may leave the name with an empty file. Where [`Capabilities::sync_all`] holds, one call is the barrier for any
//! number of files.
//!
//! ```
//! # use untorn_fs::{Fs, OpenMode, OsFs};
//! # let dir = tempfile::tempdir()?;
//! # let fs = OsFs::open(dir.path())?;
//! let everything = if fs.capabilities().sync_all { Some(fs.sync_handle()?) } else { None };   // before the first write
//! let new = fs.open("save.new", OpenMode::CreateNew { executable: false })?;
//! new.write_all_at(b"level 8", 0)?;
//! match &everything {
//!     Some(handle) => handle.sync_all()?,
//!     None => new.sync()?,
//! }
//! fs.rename("save.new", "save.dat")?;     // from here on a power cut leaves level 7 or level 8
//! fs.sync_dir("")?;                       // from here on it leaves level 8
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! # Errors
//! Every method answers with a [`std::io::Error`] whose kind fits, the same on each system. Two errors must be told apart from the
//! others: a path that leads out of the tree ([`is_outside_tree`]) is a sign that somebody tampers with it, or that it is not the
//! tree it is taken for; a file that a program keeps from being changed ([`is_in_use`], on Windows) may yet be renamed.

mod escape;
mod file;
mod fs;
mod in_use;
mod lock;
mod metadata;
mod os;
mod path;
mod spelling;
mod sys;

pub use escape::{is_outside_tree, outside_tree};
pub use file::{File, SyncAll};
pub use fs::{Fs, Lock, LockKind, OpenMode, Right};
pub use in_use::{in_use, is_in_use};
pub use metadata::{Capabilities, DirEntry, FileId, FileKind, Metadata, Permissions, Space};
pub use os::OsFs;
pub use spelling::is_spelled;
