//! The seam between untorn and a file system.
//!
//! Everything untorn does to a disk goes through two small traits: [`Fs`] (names) and [`File`] (one open file, positioned
//! access, no cursor). [`OsFs`] is the real one; `untorn-sim` has one that crashes. Commit and recovery are compiled once and
//! run unchanged on both.
//!
//! # What an implementation guarantees
//! - **Nothing outside the root.** Every path is relative to the directory the `Fs` was opened on and is resolved by handle,
//!   beneath it, without following a symlink and without crossing a mount.
//! - **Nothing is durable before its barrier.** Each method's table says which barrier makes its effect durable, and what a
//!   power cut before it may leave.
//!
//! # Limitations
//! - The seam has no clock, chooses no names, and keeps no state besides the handle of the root.
//! - A path is UTF-8 with `/` between components. Names on disk that are not UTF-8 are listed (see [`DirEntry::name`]) but
//!   cannot be opened.
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

mod escape;
mod file;
mod fs;
mod lock;
mod metadata;
mod os;
mod path;
mod sys;

pub use escape::{is_outside_tree, outside_tree};
pub use file::{File, SyncAll};
pub use fs::{Fs, Lock, LockKind, OpenMode};
pub use metadata::{Capabilities, DirEntry, FileId, FileKind, Metadata, Permissions, Space};
pub use os::OsFs;
