//! Updates of a directory of files that are never half done.
//!
//! A *build* is a directory as a studio made it; a *tree* is a directory under untorn's care, as a player has it. [`diff`] makes a patch from one build to another;
//! [`apply`] brings a tree from the one to the other; [`verify`] says whether a tree is what it should be, and [`repair`] writes the bytes that are not. Underneath, [`Tree`] and [`Transaction`] change any
//! set of files as one step, and [`atomic_update`] does so for a stream of [`UpdateInfo`].
//!
//! [`install`] and [`update`] follow a studio's signed releases, from a directory or, with the feature `http`, any static web server, over the way that takes the fewest
//! bytes; [`roll_back`] and [`roll_back_to_release`] lead back.
//!
//! # Guarantees
//! After any number of kills and power cuts at any instant, followed by one completed [`Tree::open`] (or [`ReadGuard::acquire`]):
//! 1. the files an update names are exactly as before or exactly as wanted, all of them alike;
//! 2. they are as wanted whenever [`apply`] or [`Transaction::commit`] returned `Ok`;
//! 3. files the update does not name, such as saves, are untouched;
//! 4. a patch made for another build changes nothing, and the error lists the files that differ;
//! 5. a patch that was not signed by whom the tree trusts changes nothing, unless the caller says that signatures do not matter ([`Trusting`]).
//!
//! # Limitations
//! - Between the commit point and the end of an update the directory holds a mixture: programs that use it must hold a [`ReadGuard`] (`untorn run` does), and
//!   whoever opens files after a crash must open the tree first.
//! - Of what the system knows about a file, only its bytes and its executable bit are part of the guarantee: not owners, times, extended attributes.
//! - Which root to trust first, somebody has to say; see [`Trusting`].
//! - The disk must honour flushes.
//!
//! ```
//! use untorn::{ApplyOptions, DiffOptions, Trusting, VerifyOptions};
//! # let work = tempfile::tempdir()?;
//! # let (old, new, game, patch) = (work.path().join("1.0"), work.path().join("1.1"), work.path().join("game"), work.path().join("1.1.patch"));
//! # for (dir, text) in [(&old, "level one"), (&new, "level one, improved"), (&game, "level one")] {
//! #     std::fs::create_dir(dir)?;
//! #     std::fs::write(dir.join("level.map"), text)?;
//! # }
//! untorn::diff(&old, &new, &patch, &DiffOptions::default())?;          // at the studio
//! let file = std::fs::File::open(&patch)?;
//! let mut options = ApplyOptions::default();
//! options.trusting = Trusting::Unsigned;                               // we made it ourselves; see `sign_patch`
//! untorn::apply(file, &game, &options)?;                               // at the player's: all of it, or nothing
//! assert!(untorn::verify(&game, &VerifyOptions::default())?.is_intact());
//! untorn::Tree::open(&game)?.rollback(untorn::Options::default(), false)?;
//! assert_eq!(std::fs::read_to_string(game.join("level.map"))?, "level one");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod answers;
mod apply;
mod blocks;
mod content;
mod damage;
mod diff;
mod difference;
mod error;
mod index_at_hand;
mod inspect;
mod manifest_file;
mod merge;
mod open;
mod part_file;
mod record;
mod releases;
mod repair;
mod roll_back;
mod scan;
mod shares;
#[cfg(test)]
mod shares_tests;
mod short_files;
mod signed;
mod tree_files;
mod update;
mod verified;
mod verify;
mod walk;

pub use apply::{
    ApplyOptions, ApplyReport, BaseCheck, Forecast, LowDiskOptions, LowDiskReport, Outcome, apply, apply_low_disk,
    apply_low_disk_on,
};
pub use damage::DamagedRanges;
pub use diff::{DiffOptions, DiffReport, diff, diff_both};
pub use difference::{Difference, What};
pub use error::{Error, Result, WrongBase};
pub use inspect::{Inspection, PathCost, Reason, inspect, inspect_index};
pub use manifest_file::{read_manifest, write_document, write_index, write_manifest};
pub use merge::{MergeReport, Merging, merge};
pub use open::{open_mirrors, open_store};
pub use part_file::PartFile;
pub use record::{installed, remembered};
pub use releases::SourceOptions;
pub use repair::{RepairOptions, RepairOutcome, RepairReport, repair, repair_from};
pub use roll_back::{roll_back, roll_back_forecast};
pub use scan::{ScanOptions, scan, scan_with_index};
pub use shares::{Share, Shares};
pub use signed::{PatchFacts, Provenance, Trusting, patch_facts, sign_patch};
pub use update::{
    Announce, Extent, Policies, Policy, Route, UpdateOptions, UpdateOutcome, UpdatePlan, UpdateReport, install,
    roll_back_to_release, update,
};
pub use verify::{VerifyOptions, VerifyReport, verify, verify_against};

pub use untorn_delta::{DiffError, MergeError, MergeReport as JoinedReport, PatchError, Report as DeltaReport, Search};
/// What is signed, and what a tree remembers of it.
pub use untorn_format::release;
pub use untorn_format::{
    DecodeError, Hash, PathError, TreePath, escape,
    manifest::{self, Manifest, ManifestError},
    patch::FORMAT_NUMBER as PATCH_FORMAT,
    release::Signed,
};
#[cfg(feature = "http")]
pub use untorn_remote::HttpOptions;
pub use untorn_remote::{Blame, Error as NetError, Fault, Remote, RemoteOptions};
pub use untorn_store::Error as StoreError;
pub use untorn_store::IndexFile;
/// Whom to believe.
pub use untorn_trust as trust;
pub use untorn_trust::{ExpiryPolicy, TrustError};
pub use untorn_txn::{
    Barrier, Cause, Change, Condition, Error as TreeError, Expect, FileReport, Interrupted, Meanwhile, Observer, Options, Phase,
    Purpose, ReadGuard, Readers, Recovery, Report, RollbackForecast, Status, Switch, SwitchOptions, SwitchReport, TakenUp,
    Transaction, Tree, TreeState, Update, UpdateInfo, Warning, Way, WayChoice, Why, atomic_update, head_of,
};

/// The programs of the front page compile.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
