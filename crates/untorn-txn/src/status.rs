//! Asking about a tree without changing anything.

use std::path::Path;

use untorn_format::{Hash, release::Steps};
use untorn_fs::{Fs, LockKind};

use crate::{
    decide::{Refusal, Verdict, decide},
    error::{Error, Result},
    half_way,
    interrupted::{self, Interrupted},
    layout::{HEAD, LOCK, READERS, STATE},
    lock,
    recover::{evidence, is_forgotten, read_document},
    tree::open_dir,
    warning::Warning,
};

/// What state a tree is in.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Condition {
    /// It was never put under care.
    Unmanaged,
    /// No transaction is open.
    Clean,
    /// A transaction is decided and will be completed when the tree is opened next.
    Pending {
        /// Its number.
        txid: u64,
    },
    /// A transaction was being prepared and will be discarded, or a record is unreadable: opening the tree sorts it out.
    Unfinished,
    /// The journal cannot be understood.
    Damaged {
        /// Why.
        what: String,
    },
    /// A newer version wrote the journal.
    Newer {
        /// The format's number.
        format: u32,
    },
    /// The journal belongs to another tree and has a transaction open.
    Foreign,
}

/// All that can be told about a tree from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Status {
    /// Its condition. While an updater is at work this is what a crash would leave, not what is going to be.
    pub condition: Condition,
    /// The updater that holds it, if one does; empty when it did not say who it is.
    pub updater: Option<String>,
    /// Whether readers hold it.
    pub in_use: bool,
    /// Hash of the head document; [`Hash::NONE`] when nothing says what is installed.
    pub installed: Hash,
    /// How far an update in steps is that is half way: until its last step the tree is neither the old nor the new build.
    pub half_way: Option<Steps>,
    /// The number of the last transaction.
    pub txid: u64,
    /// Whether there is something to go back with.
    pub can_roll_back: bool,
    /// What was staged, durably, by a transaction that was interrupted, or is at work now. Everything it consists of is there; whether it is what it should be is found
    /// out by whoever takes it up.
    pub interrupted: Option<Interrupted>,
    /// What was lost of the journal.
    pub warnings: Vec<Warning>,
}

impl Status {
    /// Looks at the tree in `dir`. Changes nothing.
    ///
    /// # Errors
    /// As [`crate::Tree::open`], but a damaged journal is an answer, not an error.
    pub fn of(dir: &Path) -> Result<Self> {
        Self::on(&*open_dir(dir)?)
    }

    /// As [`Status::of`], on any file system.
    ///
    /// # Errors
    /// As [`Status::of`].
    pub fn on(fs: &dyn Fs) -> Result<Self> {
        let mut status = Self {
            condition: Condition::Unmanaged,
            updater: None,
            in_use: false,
            installed: Hash::NONE,
            half_way: None,
            txid: 0,
            can_roll_back: false,
            interrupted: None,
            warnings: Vec::new(),
        };
        if fs.metadata(STATE).is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound) {
            return Ok(status);
        }
        if lock::is_held(fs, LOCK, LockKind::Exclusive)? {
            status.updater = Some(lock::holder(fs).unwrap_or_default());
        }
        status.in_use = lock::is_held(fs, READERS, LockKind::Exclusive)?;
        let evidence = evidence(fs)?;
        if let Some(ruling) = crate::slots::ruling(&evidence.slots) {
            (status.installed, status.txid, status.can_roll_back) = (ruling.to, ruling.txid, ruling.undo != 0);
        }
        status.half_way = half_way::steps(fs, status.installed);
        let undecided = evidence.folders.iter().copied().filter(|&folder| folder > status.txid).max();
        status.interrupted = interrupted::look(fs, undecided);
        let verdict = decide(&evidence);
        if matches!(verdict, Verdict::Init | Verdict::Clean(_)) && is_forgotten(fs, status.installed) {
            status.warnings.push(Warning::Forgotten);
        }
        status.condition = condition(verdict, undecided.is_some());
        Ok(status)
    }
}

fn condition(verdict: Verdict, unfinished: bool) -> Condition {
    match verdict {
        Verdict::Init => Condition::Unmanaged,
        Verdict::Clean(_) if unfinished => Condition::Unfinished,
        Verdict::Clean(_) => Condition::Clean,
        Verdict::Forward(record) => Condition::Pending { txid: record.txid },
        Verdict::Doubtful { .. } => Condition::Unfinished,
        Verdict::Refuse(Refusal::Newer(format)) => Condition::Newer { format },
        Verdict::Refuse(Refusal::Foreign) => Condition::Foreign,
        Verdict::Refuse(Refusal::Damaged(what)) => Condition::Damaged { what: what.to_owned() },
    }
}

/// The head document, if there should be one.
pub(crate) fn head(fs: &dyn Fs, installed: Hash) -> Result<Option<Vec<u8>>> {
    if installed.is_none() {
        return Ok(None);
    }
    let document = read_document(fs, HEAD)?;
    if Hash::of(&document) == installed {
        Ok(Some(document))
    } else {
        Err(Error::damaged("the head document does not fit its hash").at(HEAD))
    }
}

/// The document in the place of the head document, though no record may vouch for it: what was installed when the journal was lost. For whoever makes a tree whole again, and
/// checks what it says.
#[must_use]
pub fn leftover_head(fs: &dyn Fs) -> Option<Vec<u8>> {
    read_document(fs, HEAD).ok()
}

/// The head document of the tree in `dir`: what is installed, without taking the tree's lock.
///
/// # Errors
/// As [`Status::of`]; [`crate::Cause::JournalDamaged`] when the document does not fit its hash.
pub fn head_of(dir: &Path) -> Result<Option<Vec<u8>>> {
    let fs = open_dir(dir)?;
    head(&*fs, Status::on(&*fs)?.installed)
}
