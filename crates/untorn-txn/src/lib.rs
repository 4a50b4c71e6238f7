//! Transactions on a plain directory of files: a set of changes becomes real as a whole, or not at all, through errors, kills and power cuts.
//!
//! # Guarantees
//! For a tree and a transaction on it, after any number of kills and power cuts, also during recovery, followed by one completed [`Tree::open`]:
//! 1. every file the transaction names is exactly as before or exactly as wanted, all of them alike: names, types, bytes, lengths, the executable bit,
//!    symlinks;
//! 2. they are as wanted whenever [`Transaction::commit`] returned `Ok`;
//! 3. files the transaction does not name are untouched;
//! 4. nothing is left in the state directory but what is kept for going back;
//! 5. a journal that cannot be understood changes nothing and says what to do.
//!
//! After every error short of a crash, [`Error::state`] says which of the two trees there is.
//!
//! # Limitations
//! - Between the commit point and the end of apply the directory holds a mixture: readers must hold a [`ReadGuard`], and whoever opens files after a crash must open the
//!   tree first. A [`Switch`] knows no such moment, where the system can do it.
//! - Owners, access lists, extended attributes and times are no part of the guarantee: a file that is changed in place, or moves, keeps them; one that is
//!   replaced gets the permissions of the old one, and nothing else of it.
//! - The disk must honour flushes. A file system without atomic renames (FAT) can only promise that damage is found.
//!
//! ```
//! use untorn_txn::Tree;
//! # let dir = tempfile::tempdir()?;
//! # let dir = dir.path();
//! let mut tree = Tree::open(dir)?;                  // locks, and recovers if need be
//! let mut tx = tree.begin()?;
//! tx.write_at("data/level.map", 0, b"new map")?;    // nothing is visible yet
//! tx.replace("readme.txt", &mut "version 2".as_bytes())?;
//! let report = tx.commit()?;                        // all of it, durable
//! assert_eq!(report.files.len(), 3);                // two files and a directory
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod apply;
mod aside;
mod barrier;
mod cleanup;
mod commit;
mod decide;
mod error;
mod expect;
mod extents;
mod fetched;
mod half_way;
mod interrupted;
mod keep;
mod landing;
mod layout;
mod lock;
mod note;
mod options;
mod pool;
mod pouring;
mod prepare;
mod progress;
#[cfg(test)]
mod protocol_model;
mod reader;
mod recover;
mod report;
mod reporting;
mod resume;
mod rollback;
mod rollback_forecast;
mod seal;
mod slots;
mod spool;
mod stage;
mod start_over;
mod status;
mod steps;
mod switch;
mod transaction;
mod tree;
mod trial;
mod update;
mod view;
mod warning;
mod way;

pub use barrier::Barrier;
pub use error::{Cause, Error, Result, TreeState};
pub use expect::Expect;
pub use fetched::Fetched;
pub use interrupted::Interrupted;
pub use note::Note;
pub use options::{Observer, Options, Phase, Readers, WayChoice};
pub use reader::ReadGuard;
pub use report::{Change, FileReport, Recovery, Report};
pub use resume::{Purpose, TakenUp};
pub use rollback_forecast::RollbackForecast;
pub use status::{Condition, Status, head_of, leftover_head};
pub use switch::{Meanwhile, Switch, SwitchOptions, SwitchRecovery, SwitchReport};
pub use transaction::Transaction;
pub use tree::Tree;
pub use update::{Update, UpdateInfo, atomic_update};
pub use warning::Warning;
pub use way::{Way, Why};
