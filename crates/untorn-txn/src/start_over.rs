//! Giving up a journal that cannot be understood: the way out when nothing else opens a tree any more.

use std::{
    io::{self, ErrorKind},
    path::Path,
    sync::Arc,
};

use untorn_fs::{Fs, OpenMode};

use crate::{
    cleanup,
    error::{Cause, Context, Error, Result, TreeState},
    interrupted,
    layout::{GIVEN_UP, SLOTS, STATE, TRANSACTIONS, TxLayout},
    lock,
    tree::{Tree, open_dir},
};

impl Tree {
    /// As [`Tree::open`]; a journal that cannot be understood is given up, with all it held: a transaction under way, the way back, what is installed. Gives the
    /// error that opening would have answered, if there was one.
    ///
    /// Nothing in the tree itself is changed then. A transaction that was under way stays as far as it had come, so the tree may be a mixture of two builds:
    /// whoever gives a journal up must make the tree whole by other means, such as a manifest and the bytes it names.
    ///
    /// After this returns, the new journal is durable. A crash meanwhile leaves a journal that still cannot be understood, or the new one.
    ///
    /// # Errors
    /// [`Cause::JournalNewer`], which a newer version understands; [`Cause::InUse`] while readers hold the tree; else as [`Tree::open`].
    pub fn start_over(dir: &Path) -> Result<(Self, Option<Error>)> {
        match Self::open(dir) {
            Err(error) if is_given_up(&error) => {
                give_up(&*open_dir(dir)?).map_err(not_yet)?;
                Ok((Self::open(dir)?, Some(error)))
            }
            opened => Ok((opened?, None)),
        }
    }

    /// As [`Tree::start_over`], on any file system.
    ///
    /// # Errors
    /// As [`Tree::start_over`].
    pub fn start_over_on(fs: Arc<dyn Fs>) -> Result<(Self, Option<Error>)> {
        match Self::open_on(fs.clone()) {
            Err(error) if is_given_up(&error) => {
                give_up(&*fs).map_err(not_yet)?;
                Ok((Self::open_on(fs)?, Some(error)))
            }
            opened => Ok((opened?, None)),
        }
    }
}

fn not_yet(error: Error) -> Error {
    error.with_state(TreeState::NotUnderstood)
}

fn is_given_up(error: &Error) -> bool {
    error.state() == TreeState::NotUnderstood && !matches!(error.cause(), Cause::JournalNewer { .. })
}

/// While the mark is there nothing of the journal counts, so that no crash in between leaves a part of it to be believed.
fn give_up(fs: &dyn Fs) -> Result<()> {
    let _updater = lock::updater(fs)?;
    let _readers = lock::exclude_readers(fs, false)?;
    mark(fs)?;
    for slot in SLOTS {
        fs.remove_file(slot).or_else(none_there).context("remove", slot)?;
    }
    for folder in cleanup::folders(fs)?.into_iter().map(TxLayout) {
        cleanup::remove_folder(fs, folder);
    }
    interrupted::discard(fs);
    fs.sync_dir(TRANSACTIONS).or_else(none_there).context("sync", TRANSACTIONS)?;
    fs.sync_dir(STATE).context("sync", STATE)?;
    fs.remove_file(GIVEN_UP).context("remove", GIVEN_UP)?;
    fs.sync_dir(STATE).context("sync", STATE)
}

fn mark(fs: &dyn Fs) -> Result<()> {
    match fs.open(GIVEN_UP, OpenMode::CreateNew { executable: false }) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(Error::io("make", GIVEN_UP, error)),
        _ => fs.sync_dir(STATE).context("sync", STATE),
    }
}

fn none_there(error: io::Error) -> io::Result<()> {
    if error.kind() == ErrorKind::NotFound { Ok(()) } else { Err(error) }
}
