//! A file system that crashes, for testing what must survive a power cut.
//!
//! [`SimFs`] is a file system in memory behind the traits of [`untorn_fs`]. It records what is done to it; afterwards
//! [`Recording::crashes`] enumerates what power cuts at any moment could have left on the medium, and each [`CrashState`] is a [`SimFs`]
//! again: run the recovery on it, look at the tree, crash it once more. One run of the code under test gives all its crash points;
//! every state has a name ([`CrashId`]) that replays it.
//!
//! ```
//! use untorn_fs::{Fs, OpenMode};
//! use untorn_sim::{Sampling, SimFs, SimOptions, read, write};
//!
//! /// Replaces the save game: write a temporary file, rename it over the old one.
//! fn save(fs: &dyn Fs, bytes: &[u8], careful: bool) -> std::io::Result<()> {
//!     let file = fs.open("save.tmp", OpenMode::CreateNew { executable: false })?;
//!     file.write_all_at(bytes, 0)?;
//!     if careful {
//!         file.sync_data()?;
//!     }
//!     fs.rename("save.tmp", "save")?;
//!     fs.sync_dir("")
//! }
//!
//! /// Whether every crash leaves the old or the new save game, and the new one once `save` has returned.
//! fn survives(careful: bool) -> bool {
//!     let fs = SimFs::new(SimOptions::strict());
//!     write(&fs, "save", b"level 6").unwrap();
//!     fs.settle(); // what was there before is not in question
//!     save(&fs, b"level 7", careful).unwrap();
//!     fs.mark(1); // crashes from here on know that `save` has returned
//!     fs.recording().crashes(&Sampling::default()).all(|state| {
//!         let found = read(&state.fs(), "save").unwrap();
//!         found == b"level 7" || (found == b"level 6" && state.marks().is_empty())
//!     })
//! }
//!
//! assert!(survives(true));
//! assert!(!survives(false)); // the name was new, the bytes were not there yet
//! ```
//!
//! # Guarantees and freedoms of the model
//! It promises what [`untorn_fs::Fs`] and [`untorn_fs::File`] promise, and nothing that real file systems merely happen to do:
//! - Every effect waits for its own barrier: bytes, length and permissions for [`untorn_fs::File::sync_data`], names for
//!   [`untorn_fs::Fs::sync_dir`], everything for [`untorn_fs::SyncAll`]. A crash keeps **any subset** of what waits: a name without its bytes, a
//!   length without bytes, the second write without the first.
//! - The exceptions: one name changes in order; a rename within a directory, a move of a directory and an exchange happen whole or not at all; a file
//!   renamed across directories is never lost, but may have both names; a directory that was removed had been emptied before.
//! - Writes tear at sectors of 512 bytes. Each sector of a write that waits is old, new, zero or, if
//!   [`SimOptions::garbage`], garbage.
//! - A failed sync loses what it covered: a crash may keep it or not, reads see it, later syncs succeed without writing it (but see
//!   [`SimOptions::journaled_names`]). See
//!   [`SimFs::fail_next_sync`].
//! - New bytes may be found under an old time of change, and the identity of an object that is gone may be given to a new one.
//!
//! [`SimOptions`] makes other file systems of it: friendlier, poorer, smaller. [`Faults`] fails the k-th call, [`HookFs`] shows every call to the
//! test and lets it be dropped, redirected or changed, and [`conformance`] is the list of checks that keeps model and reality together.
//!
//! # Limitations
//! - It is a model: bugs of real file systems, and damage to what was durable, are not in it.
//! - Files live in memory and have one owner; there are no mounts, devices, or names that are not UTF-8.
//! - With more than [`Sampling::exhaustive_max`] effects waiting, and for torn writes always, states are sampled, not enumerated.
//! - What truncation writes into the last sector is not torn. A clone counts as its full size.
//! - Locks are never inherited, and waiting for one gives up after ten seconds, since most tests have one thread.

mod bits;
mod call;
pub mod conformance;
mod content;
mod crash;
mod effect;
mod enumerate;
mod fault;
mod hook;
mod hook_file;
mod image;
mod inode;
mod lock;
mod names;
mod options;
mod path;
mod pending;
mod recording;
mod rng;
mod sim_file;
mod sim_fs;
mod snapshot;
mod state;
mod sync;
mod sync_errors;
mod sync_handle;

pub use call::{Call, Method, Verdict};
pub use crash::{CrashId, CrashIdError, CrashState};
pub use enumerate::Sampling;
pub use fault::{FailedCall, Fault, FaultKind, Faults};
pub use hook::HookFs;
pub use image::Image;
pub use options::SimOptions;
pub use recording::{Crashes, Recording};
pub use rng::Rng;
pub use sim_fs::SimFs;
pub use snapshot::{Entry, Snapshot, read, write};
