//! The whole-tree switch: the tree is cloned, the clone is changed, and the two directories change places in one rename.
//!
//! What it guarantees, and where it works, is said at [`Switch`].
//!
//! # How
//! Everything happens in the state directory, until the very end:
//! ```text
//! game/                        the tree
//!   .untorn/switch/ticket      one half of the ticket: a random number, and which half this is
//!   .untorn/switch/next/       the new tree, with the other half in its own .untorn/switch/ticket
//! .game.untorn-switch          at first a symlink with the ticket's number: it reserves the name
//! ```
//! 1. *Announce*: the ticket is made durable; the name beside the tree is claimed, and a trial exchange shows that the system can.
//! 2. *Clone*: directories are made, symlinks made again, files share their blocks, or else are linked. Its state directory says the same tree, the same
//!    installed head.
//! 3. *Change*: ordinary transactions on the clone. It is an ordinary tree, in which every file with a second name is replaced, not written into. None of its
//!    own barriers reaches the disk: before B1 nobody relies on it.
//! 4. *Carry over*, with other updaters and all readers locked out: what differs from the tree that was cloned is cloned again, unless the update changes it, too.
//! 5. **B1**: everything in `next` is durable.
//! 6. *Move out*: `next` is renamed to the name beside the tree. 7. **The exchange**: the commit point.
//! 8. **B2**: the directory that holds both is synced. Now the switch is durable, and success may be reported.
//! 9. *Put away*: what stands beside, now the old tree, is moved into the state directory of the new one, where it is kept or removed.
//!
//! # Why that survives a power cut
//! - Before 7 the name refers to the old tree, to which nothing was done: files got further names, no bytes were written. What is in its state directory is ours by
//!   its place, and is removed.
//! - Steps 6 and 7 change names in directories; either, or both, may be lost, but 7 cannot be there without 6, since it exchanges the name that 6 made. The
//!   exchange is one step (measured on ext4, XFS, Btrfs), so the name always refers to one of two whole trees: the new one is whole wherever it is found, since B1 was
//!   passed before it got its first name outside.
//! - A tree beside is ours if and only if the two tickets are halves of one. Both were durable before it could stand there, and it is moved into the state
//!   directory, durably, before the first file in it is removed: it never stands there without its ticket. Which half stands *under the name* says
//!   which of the two trees it is, so nothing needs to be recorded about the exchange itself.
//! - The ticket goes after what it vouches for. A crash in tidying up finds the same state, or less.
//!
//! Without B1 the exchange may be on the disk and the bytes of the new tree not: a test takes it away and sees the torn tree.

mod back;
mod beneath;
mod carry;
mod claim;
mod clone;
mod hold;
mod listing;
mod options;
mod place;
mod report;
mod ticket;
mod tidy;

use std::{path::Path, sync::Arc, time::Instant};

use untorn_fs::Fs;

use self::{
    beneath::Syncs,
    carry::{Trees, carry_over},
    hold::Hold,
    listing::Listing,
    place::Place,
    ticket::Origin,
};
pub use self::{
    options::{Meanwhile, SwitchOptions},
    report::{SwitchRecovery, SwitchReport},
};
use crate::{
    error::Result,
    layout::{NEXT, SWITCH, TICKET, sibling_of},
    lock,
    options::{Options, Readers},
    transaction::Transaction,
    tree::Tree,
};

/// A whole-tree switch under way: a clone of the tree, to be changed and put in its place in one step. Dropping it gives it up.
///
/// # Guarantees
/// After any number of kills and power cuts, followed by one completed [`Tree::open`]:
/// 1. under the tree's name stands exactly the old or exactly the new tree, the new one whenever [`Switch::commit`] returned `Ok`. That holds at every
///    moment for whoever opens the directory: there is no mixture in between, and no journal to be applied before the files may be read;
/// 2. files that others changed meanwhile, such as saved games, are in the new tree, or the commit was refused with the list of them;
/// 3. nothing is left, inside or beside the tree, but the previous tree where that was asked for;
/// 4. nothing beside the tree is moved or removed that cannot be proven to be ours.
///
/// A process that holds the old directory open goes on seeing the old tree, as long as that is kept ([`SwitchOptions::keep_previous`]).
///
/// # Limitations
/// - The system must be able to exchange two directories in one step (Linux: ext4, XFS, Btrfs and others), the directory that holds the tree must be
///   writable, and the tree must not be a mount point nor hold one. Everything else is refused with [`Cause::Unsupported`](crate::Cause::Unsupported), before anything is staged.
/// - Where the file system cannot share blocks, unchanged files are in both trees under a further name (hard link) until the old tree is gone. A program
///   that writes *into* such a file, instead of replacing it, changes both trees. Untorn itself never does.
/// - Where the file system does share blocks, clones have new times and identities.
/// - Extended attributes and owners of directories are not taken over; directories come out writable for their owner.
/// - The exchange waits for readers, or is refused, as with any commit. A program that writes into the old tree without holding it, and while the exchange
///   happens, may find its writes in the previous tree only.
/// - A transaction whose undo was kept in the old tree cannot be undone in the new one; going back to the old tree brings it back.
///
///
/// ```
/// use untorn_txn::{Cause, Switch, SwitchOptions};
/// # let dir = tempfile::tempdir()?;
/// # let dir = dir.path().join("game");
/// # std::fs::create_dir(&dir)?;
/// # let dir = dir.as_path();
/// let mut switch = match Switch::begin(dir, SwitchOptions::default()) {
///     Err(error) if matches!(error.cause(), Cause::Unsupported { .. }) => return Ok(()), // use a transaction on the tree itself
///     other => other?,
/// };
/// let mut tx = switch.transaction()?;
/// tx.write_at("data/level.map", 0, b"new map")?;
/// tx.commit()?;                              // in the clone
/// assert!(!dir.join("data").exists());
/// switch.commit()?;                          // all of it, durable
/// assert!(dir.join("data/level.map").exists());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Switch {
    /// Dropped before `hold`, which removes what it stands on.
    next: Tree,
    hold: Hold,
    options: SwitchOptions,
    /// The old tree as it was cloned.
    was: Listing,
    /// The clone as it was made.
    twin: Listing,
    report: SwitchReport,
}

impl Switch {
    /// Takes the tree in `dir` under care, and clones it. The clone is seen by nobody.
    ///
    /// # Errors
    /// [`crate::Cause::Unsupported`] where a switch cannot work, and why; [`crate::Cause::Exists`] when something else has the name `.NAME.untorn-switch` beside
    /// the tree; [`crate::Cause::Foreign`] when the tree holds something that cannot be cloned; else as [`Tree::open`].
    pub fn begin(dir: &Path, options: SwitchOptions) -> Result<Self> {
        let switch = Self::begin_at(Place::of(dir)?, options)?;
        for fs in [switch.hold.tree.fs(), switch.next.fs()] {
            lock::announce(&**fs);
        }
        Ok(switch)
    }

    /// As [`Switch::begin`], for the tree `name` in the root of any file system.
    ///
    /// # Errors
    /// As [`Switch::begin`].
    pub fn begin_on(parent: Arc<dyn Fs>, name: &str, options: SwitchOptions) -> Result<Self> {
        Self::begin_at(Place::on(parent, name), options)
    }

    fn begin_at(place: Place, options: SwitchOptions) -> Result<Self> {
        place.refuse()?;
        // 1: announce.
        let mut hold = Hold::open(place)?;
        let ticket = hold.announce(Origin::Cloned, options.keep_previous)?;
        // 2: clone.
        let mut report = SwitchReport::default();
        let was = clone::clone_tree(&hold.place, &mut report)?;
        let fs = hold.place.fs(NEXT, Syncs::Deferred);
        let twin = Listing::of(&*fs)?;
        clone::lay_out_state(&*fs, &hold.tree)?;
        hold.hand_out(NEXT, &ticket)?;
        let next = Tree::open_with(fs, hold.place.repeatable)?;
        Ok(Self { next, hold, options, was, twin, report })
    }

    /// Begins a set of changes to the clone. Committing it changes the clone only; several may follow each other. What its errors say about "the tree" is
    /// about the clone: the tree itself stays as it is until [`Switch::commit`].
    ///
    /// # Errors
    /// As [`Tree::begin`].
    pub fn transaction(&mut self) -> Result<Transaction<'_>> {
        self.transaction_with(Options::default())
    }

    /// As [`Switch::transaction`], with choices.
    ///
    /// # Errors
    /// As [`Tree::begin`].
    pub fn transaction_with(&mut self, options: Options) -> Result<Transaction<'_>> {
        self.next.begin_with(options)
    }

    /// The clone, as a tree of its own.
    #[must_use]
    pub fn clone_tree(&self) -> &Tree {
        &self.next
    }

    /// What was left of an earlier switch, and what was done about it.
    #[must_use]
    pub fn recovery(&self) -> &SwitchRecovery {
        &self.hold.recovery
    }

    /// Puts the clone in the tree's place. After this returns, the tree is the new one, also after a power cut.
    ///
    /// # Errors
    /// [`crate::Cause::InUse`] when a reader holds the tree; [`crate::Cause::Conflict`] for files that others changed meanwhile; [`crate::Cause::Poisoned`] after a
    /// transaction on the clone failed half-way; [`crate::Cause::Io`]. After each the tree is unchanged, save where [`crate::Error::state`] says that a failed
    /// sync leaves it in doubt.
    pub fn commit(mut self) -> Result<SwitchReport> {
        let started = Instant::now();
        self.next.refuse_poisoned()?;
        // 4: carry over, and from here on nobody else changes either tree.
        let now = self.hold.place.fs("", Syncs::Done);
        let readers = lock::exclude_readers(&*now, self.options.readers == Readers::Wait)?;
        self.carry_over(&*now)?;
        let Self { next, mut hold, mut report, .. } = self;
        let next_readers = lock::exclude_readers(&**next.fs(), false)?;
        let next_lock = next.into_lock();
        // 5 to 9.
        hold.exchange(NEXT, &mut report)?;
        drop((readers, next_readers, next_lock));
        report.elapsed = started.elapsed();
        Ok(report)
    }

    fn carry_over(&mut self, now: &dyn Fs) -> Result<()> {
        let place = &self.hold.place;
        let (now, next) = (Listing::of(now)?, Listing::of(&**self.next.fs())?);
        let mut touched = next.changed_since(&self.twin);
        // A file in both trees that somebody wrote into: not the update's doing.
        touched.retain(|path| !matches!((now.get(path), next.get(path)), (Some(a), Some(b)) if a.is_one_with(b)));
        let trees = Trees { was: &self.was, now: &now, next: &next, touched: &touched };
        let dirs = (place.name.as_str(), place.path(NEXT));
        carry_over(&*place.parent, (dirs.0, &dirs.1), &trees, self.options.meanwhile, &mut self.report)?;
        back::write(place, NEXT, self.options.keep_previous, touched)
    }

    /// Opens the tree `name` in the root of any file system, and tidies up after an earlier switch: what [`Tree::open`] does for a directory.
    ///
    /// After this returns, the tree is exactly the old or exactly the new one of the last switch and of the last transaction.
    ///
    /// # Errors
    /// As [`Tree::open`].
    pub fn recover_on(parent: Arc<dyn Fs>, name: &str) -> Result<SwitchRecovery> {
        let hold = Hold::open(Place::on(parent, name))?;
        Ok(hold.recovery.clone())
    }

    /// Whether the last switch of the tree that `fs` is rooted at kept the previous tree.
    #[must_use]
    pub fn can_go_back(fs: &dyn Fs) -> bool {
        fs.metadata(crate::layout::PREVIOUS).is_ok_and(|meta| meta.is_dir())
    }
}

/// Tidies up after an earlier switch of the tree in `dir`, whose updater's lock is held and which `fs` is rooted at.
pub(crate) fn recover_at(dir: &Path, fs: &dyn Fs) -> Result<SwitchRecovery> {
    if !tidy::exists(fs, SWITCH)? {
        return Ok(SwitchRecovery::Clean);
    }
    match Place::of(dir) {
        Ok(place) => tidy::tidy(&place),
        // Nothing can be done about what stands beside, if anything does; the tree is whole.
        Err(_) if tidy::exists(fs, TICKET)? => {
            Ok(SwitchRecovery::Left { name: sibling_of(&dir.file_name().unwrap_or_default().to_string_lossy()) })
        }
        Err(_) => Ok(SwitchRecovery::Clean),
    }
}
