//! A directory under care.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use untorn_format::{
    Hash,
    journal::{Plan, Record, SlotState, UndoKept},
};
use untorn_fs::{Fs, OsFs, Permissions};

use crate::{
    barrier::Syncer,
    cleanup,
    error::{Cause, Context, Error, Result},
    half_way,
    layout::{STATE, TxLayout},
    lock::{self, Held},
    options::Options,
    recover,
    report::{Recovery, Report},
    rollback,
    rollback_forecast::{self, RollbackForecast},
    slots::{self, SlotRead, SlotReads},
    switch::{self, SwitchRecovery},
    transaction::Transaction,
    warning::Warning,
};

/// How many syncs may be under way at once where each file must be synced by itself: more share the device's flushes better.
const SYNC_JOBS: usize = 16;

/// How often a directory that was switched away between opening and locking is opened again.
const TRIES: usize = 8;

/// A directory under care, held by this process alone until it is dropped.
pub struct Tree {
    fs: Arc<dyn Fs>,
    _lock: Held,
    syncer: Syncer,
    slots: SlotReads,
    ruling: Record,
    recovery: Recovery,
    switch_recovery: SwitchRecovery,
    warnings: Vec<Warning>,
    /// Whether the same calls come in the same order every time: no threads.
    repeatable: bool,
    is_poisoned: bool,
}

impl std::fmt::Debug for Tree {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tree").field("ruling", &self.ruling).field("recovery", &self.recovery).finish_non_exhaustive()
    }
}

impl Tree {
    /// Takes the directory `dir` under care: locks it, and completes or discards whatever an earlier process left. A directory seen for the first time gets
    /// its state directory `.untorn`.
    ///
    /// After this returns, the tree is exactly the old or exactly the new one of the last transaction.
    ///
    /// # Errors
    /// [`Cause::Busy`] when another updater holds it; [`Cause::DangerousRoot`]; [`Cause::JournalDamaged`], [`Cause::JournalForeign`],
    /// [`Cause::JournalNewer`] when the journal cannot be understood (nothing is changed then); [`Cause::Io`].
    pub fn open(dir: &Path) -> Result<Self> {
        for _ in 0..TRIES {
            let fs = open_dir(dir)?;
            let is_outranked = fs.outranks_owner().context("look at", "")?;
            let opened = Self::open_with(fs.clone(), false);
            // A directory that was switched away meanwhile may be gone by now: what it answered does not count.
            if is_still_at(&*fs, dir)? {
                let mut tree = opened?;
                lock::announce(&*fs);
                tree.warnings.extend(is_outranked.then_some(Warning::Outranks));
                tree.switch_recovery = switch::recover_at(dir, &*fs)?;
                return Ok(tree);
            }
        }
        Err(Error::new(Cause::Busy { holder: None }))
    }

    /// As [`Tree::open`], on any file system: a simulated one in tests. Calls it from the caller's thread only, and in the same order every time.
    ///
    /// # Errors
    /// As [`Tree::open`].
    pub fn open_on(fs: Arc<dyn Fs>) -> Result<Self> {
        Self::open_with(fs, true)
    }

    pub(crate) fn open_with(fs: Arc<dyn Fs>, repeatable: bool) -> Result<Self> {
        let lock = Self::lock(&*fs).map_err(Error::before_knowing)?;
        // Before anything is written: see `SyncAll`.
        let syncer = Syncer::new(&*fs, sync_jobs(repeatable)).map_err(Error::before_knowing)?;
        let evidence = recover::evidence(&*fs).map_err(Error::before_knowing)?;
        let mut tree = Self {
            fs,
            _lock: lock,
            syncer,
            slots: [SlotRead::Blank, SlotRead::Blank, SlotRead::Blank],
            ruling: slots::first_record([0; 16], 0),
            recovery: Recovery::Clean,
            switch_recovery: SwitchRecovery::Clean,
            warnings: Vec::new(),
            repeatable,
            is_poisoned: false,
        };
        tree.recovery = recover::recover(&mut tree, evidence)?;
        if recover::is_forgotten(&*tree.fs, tree.ruling.to) {
            tree.warnings.push(Warning::Forgotten);
        }
        Ok(tree)
    }

    fn lock(fs: &dyn Fs) -> Result<Held> {
        match lock::updater(fs) {
            Err(error) if matches!(error.cause(), Cause::Io { source, .. } if source.kind() == std::io::ErrorKind::NotFound) => {
                match fs.create_dir(STATE, Some(Permissions::from_bits(0o700))) {
                    Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
                        return Err(Error::io("make", STATE, error));
                    }
                    _ => lock::lay_out(fs)?,
                }
                lock::updater(fs)
            }
            other => other,
        }
    }

    /// What opening found and did.
    #[must_use]
    pub fn recovery(&self) -> &Recovery {
        &self.recovery
    }

    /// What others did to the tree that opening could not undo, or to its journal.
    #[must_use]
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// What opening found of a whole-tree switch, and did about it. Only [`Tree::open`] looks.
    #[must_use]
    pub fn switch_recovery(&self) -> &SwitchRecovery {
        &self.switch_recovery
    }

    /// Begins a set of changes.
    ///
    /// # Errors
    /// [`Cause::Poisoned`] after an error past the commit point; [`Cause::HalfWay`]; [`Cause::Io`].
    pub fn begin(&mut self) -> Result<Transaction<'_>> {
        self.begin_with(Options::default())
    }

    /// As [`Tree::begin`], with choices.
    ///
    /// # Errors
    /// As [`Tree::begin`].
    pub fn begin_with(&mut self, options: Options) -> Result<Transaction<'_>> {
        self.refuse_poisoned()?;
        if !options.half_way {
            half_way::refuse(&*self.fs, self.installed())?;
        }
        let options = options.with_jobs(self.repeatable);
        Transaction::new(self, options)
    }

    /// Goes back to the tree before the last transaction, if that kept its undo. After this returns, the tree is that one, also after a power cut. With
    /// `options.keep_undo` this transaction can be undone in turn.
    ///
    /// # Errors
    /// [`Cause::NoUndo`]; [`Cause::ChangedSince`] when somebody changed a file since, unless `force`; else as [`Transaction::commit`].
    pub fn rollback(&mut self, options: Options, force: bool) -> Result<Report> {
        self.refuse_poisoned()?;
        half_way::refuse(&*self.fs, self.installed())?;
        rollback::rollback(self, options, force, None)
    }

    /// [`Tree::rollback`], but with another head document than the tree had then, replaced in the same step: what must not be forgotten by going back is
    /// carried over by whoever understands the document.
    ///
    /// # Errors
    /// As [`Tree::rollback`].
    pub fn rollback_with_head(&mut self, options: Options, force: bool, head: Option<Vec<u8>>) -> Result<Report> {
        self.refuse_poisoned()?;
        half_way::refuse(&*self.fs, self.installed())?;
        rollback::rollback(self, options, force, Some(head))
    }

    /// The head document the tree had before the last transaction; `None` when nothing said then what was installed. Only reads.
    ///
    /// # Errors
    /// [`Cause::NoUndo`]; [`Cause::JournalDamaged`].
    pub fn previous_head(&self) -> Result<Option<Vec<u8>>> {
        self.refuse_poisoned()?;
        rollback::previous_head(self)
    }

    /// What [`Tree::rollback`] would write. Only reads.
    ///
    /// # Errors
    /// As [`Tree::rollback`].
    pub fn rollback_forecast(&self, options: &Options, force: bool) -> Result<RollbackForecast> {
        self.refuse_poisoned()?;
        half_way::refuse(&*self.fs, self.installed())?;
        rollback_forecast::forecast(self, options, force)
    }

    /// Whether there is something to go back with.
    #[must_use]
    pub fn can_roll_back(&self) -> bool {
        self.ruling.undo != 0
    }

    /// Hash of the head document; [`Hash::NONE`] when nothing says what is installed.
    #[must_use]
    pub fn installed(&self) -> Hash {
        self.ruling.to
    }

    /// The document that says what is installed.
    ///
    /// # Errors
    /// [`Cause::JournalDamaged`] when it does not fit its hash.
    pub fn head(&self) -> Result<Option<Vec<u8>>> {
        crate::status::head(&*self.fs, self.ruling.to)
    }

    /// The file system the tree is on, for reading.
    #[must_use]
    pub fn fs(&self) -> &Arc<dyn Fs> {
        &self.fs
    }

    /// The number chosen at random when the directory came under care.
    #[must_use]
    pub fn id(&self) -> [u8; 16] {
        self.ruling.tree_id
    }

    /// The record that rules.
    pub(crate) fn ruling(&self) -> &Record {
        &self.ruling
    }

    /// Lets go of everything but the lock.
    pub(crate) fn into_lock(self) -> Held {
        self._lock
    }

    pub(crate) fn syncer(&self) -> Result<&Syncer> {
        Ok(&self.syncer)
    }

    /// The options recovery works with.
    pub(crate) fn recovery_options(&self) -> Options {
        Options::default().with_jobs(self.repeatable)
    }

    pub(crate) fn is_poisoned(&self) -> bool {
        self.is_poisoned
    }

    pub(crate) fn set_poisoned(&mut self) {
        self.is_poisoned = true;
    }

    pub(crate) fn warn(&mut self, warnings: impl IntoIterator<Item = Warning>) {
        self.warnings.extend(warnings);
    }

    pub(crate) fn set_slots(&mut self, slots: SlotReads) {
        self.slots = slots;
    }

    pub(crate) fn set_ruling(&mut self, ruling: Record) {
        self.ruling = ruling;
    }

    pub(crate) fn kept_folder(&self) -> Option<TxLayout> {
        recover::kept(&self.ruling)
    }

    /// A number no transaction has had, nor any folder that is still there.
    pub(crate) fn next_txid(&self) -> Result<u64> {
        Ok(cleanup::folders(&*self.fs)?.into_iter().fold(self.ruling.txid, u64::max) + 1)
    }

    pub(crate) fn next_record(&self, state: SlotState, plan: &Plan, plan_hash: Hash, plan_len: u64) -> Record {
        Record {
            seq: self.ruling.seq + 1,
            state,
            txid: plan.txid,
            plan_len,
            plan_hash,
            from: plan.from,
            to: plan.to,
            ..self.ruling.clone()
        }
    }

    /// The record that clears the journal after `plan`.
    pub(crate) fn idle_after(&self, plan: &Plan) -> Record {
        let undo = match plan.undo {
            UndoKept::Nothing => 0,
            UndoKept::Own => plan.txid,
            UndoKept::Earlier => self.ruling.undo,
        };
        Record { undo, ..self.next_record(SlotState::Idle, plan, Hash::NONE, 0) }
    }

    /// Writes a record and makes it durable: from then on it rules.
    pub(crate) fn decide(&mut self, record: &Record) -> Result<()> {
        slots::write(&*self.fs, &mut self.slots, record, || false)?;
        self.ruling = record.clone();
        Ok(())
    }

    /// As [`Tree::decide`] where there is no way back: on a full disk the space that the transaction has set aside is used.
    pub(crate) fn decide_from_ballast(&mut self, record: &Record) -> Result<()> {
        let ballast = TxLayout(record.txid).ballast();
        slots::write(&*self.fs, &mut self.slots, record, || self.fs.remove_file(&ballast).is_ok())?;
        self.ruling = record.clone();
        Ok(())
    }

    /// Whether every slot holds a record: so it is once B0 has passed, but for damage.
    pub(crate) fn slots_are_sound(&self) -> bool {
        slots::are_sound(&self.slots)
    }

    /// Writes what rules into every slot anew, one after the other, and makes it durable: whatever a failed sync has left in one of them, seen but not on the disk,
    /// is gone then. Should that fail in turn, what is left behind has the next opening do it again; who deletes leftovers afterwards deletes that, too.
    pub(crate) fn decide_again(&mut self, home: u128) -> Result<()> {
        cleanup::leave_something(&*self.fs, TxLayout(self.ruling.txid));
        for _ in slots::all() {
            let next = Record {
                seq: self.ruling.seq + 1,
                state: SlotState::Idle,
                home,
                plan_len: 0,
                plan_hash: Hash::NONE,
                ..self.ruling.clone()
            };
            self.decide_from_ballast(&next)?;
        }
        Ok(())
    }

    /// B0: lays out the state directory. The record in the last slot comes when all names are durable: without it, the next opening begins again here.
    pub(crate) fn init(&mut self, home: u128) -> Result<()> {
        let tree_id = self.fs.random_id().context("ask for a random number for", "")?;
        (self.slots, self.ruling) = slots::lay_out(&*self.fs, &slots::first_record(tree_id, home))?;
        sync_names(&*self.fs)?;
        self.decide_again(home)?;
        cleanup::after(&*self.fs, None);
        Ok(())
    }

    /// Makes whole what a crash left of B0.
    pub(crate) fn mend(&self) -> Result<()> {
        if self.slots_are_sound() {
            return Ok(());
        }
        slots::mend(&*self.fs, &self.slots)?;
        sync_names(&*self.fs)
    }
}

/// The names in the state directory, and its own, are durable after this.
fn sync_names(fs: &dyn Fs) -> Result<()> {
    fs.sync_dir(STATE).context("sync", STATE)?;
    fs.sync_dir("").context("sync", "")
}

/// How many syncs may be under way at once.
pub(crate) const fn sync_jobs(repeatable: bool) -> usize {
    if repeatable { 1 } else { SYNC_JOBS }
}

/// Opens the file system at a directory that may be put under care.
pub(crate) fn open_dir(dir: &Path) -> Result<Arc<OsFs>> {
    Ok(Arc::new(OsFs::open(&real_dir(dir)?).context("open", &dir.to_string_lossy())?))
}

/// Whether `dir` still is the directory that `fs` was opened on: a whole-tree switch may have put another one there. Asked under a lock of the tree, which
/// keeps switches out.
pub(crate) fn is_still_at(fs: &dyn Fs, dir: &Path) -> Result<bool> {
    let there = open_dir(dir)?;
    Ok(there.metadata("").context("look at", "")?.id == fs.metadata("").context("look at", "")?.id)
}

/// Where a directory that may be put under care really is.
pub(crate) fn real_dir(dir: &Path) -> Result<PathBuf> {
    let shown = dir.to_string_lossy();
    let real = dir.canonicalize().context("open", &shown)?;
    let home = std::env::home_dir().and_then(|home| home.canonicalize().ok());
    if real.parent().is_none() || home.as_deref() == Some(&real) {
        return Err(Error::new(Cause::DangerousRoot).at(shown));
    }
    Ok(real)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_that_was_switched_away_is_not_there_any_more() {
        let above = tempfile::tempdir().unwrap();
        let (dir, other) = (above.path().join("game"), above.path().join("other"));
        std::fs::create_dir(&dir).unwrap();
        std::fs::create_dir(&other).unwrap();
        let fs = open_dir(&dir).unwrap();
        if fs.metadata("").unwrap().id.is_none() {
            eprintln!("skipped: directories have no identity here");
            return;
        }
        assert!(is_still_at(&*fs, &dir).unwrap());
        std::fs::rename(&dir, above.path().join("away")).unwrap();
        std::fs::rename(&other, &dir).unwrap();
        assert!(!is_still_at(&*fs, &dir).unwrap());
    }
}
