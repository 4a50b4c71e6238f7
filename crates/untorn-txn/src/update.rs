//! The call untorn was made for: a set of updates to files of one directory, all or none.

use std::{error::Error as StdError, path::Path};

use crate::{
    error::{Cause, Error, Result},
    report::Report,
    transaction::Transaction,
    tree::Tree,
};

/// New bytes for a place in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpdateInfo {
    /// The file, relative to the directory, with `/` between components. Made when missing, with the directories above it.
    pub file: String,
    /// The bytes.
    pub data: Vec<u8>,
    /// Where they go, in bytes from the start of the file. A place beyond its end extends it with zeros.
    pub at: u64,
}

/// What a producer of updates may produce.
///
/// An [`UpdateInfo`], or a [`Result`] of one: then the end of the iterator is the end of the set. Or an [`Option`] of one (or a [`Result`] of that): then `None` is the end
/// of the set, and an iterator that ends without it, such as a channel whose sender died, leaves the old state.
pub trait Update {
    /// Whether the set needs an end mark.
    const NEEDS_END: bool;

    /// The update; `None` for the end mark.
    ///
    /// # Errors
    /// What the producer reports.
    fn into_update(self) -> Result<Option<UpdateInfo>, Box<dyn StdError + Send + Sync>>;
}

impl Update for UpdateInfo {
    const NEEDS_END: bool = false;
    fn into_update(self) -> Result<Option<UpdateInfo>, Box<dyn StdError + Send + Sync>> {
        Ok(Some(self))
    }
}

impl<U: Update> Update for Option<U> {
    const NEEDS_END: bool = true;
    fn into_update(self) -> Result<Option<UpdateInfo>, Box<dyn StdError + Send + Sync>> {
        self.map_or(Ok(None), U::into_update)
    }
}

impl<U: Update, E: Into<Box<dyn StdError + Send + Sync>>> Update for std::result::Result<U, E> {
    const NEEDS_END: bool = U::NEEDS_END;
    fn into_update(self) -> Result<Option<UpdateInfo>, Box<dyn StdError + Send + Sync>> {
        self.map_err(Into::into)?.into_update()
    }
}

/// Applies all of `updates` to the directory `dir`, or none. Later updates win where they overlap. The updates may come from any iterator, also from the receiver of a
/// channel as it is.
///
/// A receiver of plain [`UpdateInfo`] cannot tell a sender that has finished from one that has died: send `Some(update)` and a final `None` where that matters.
///
/// After this returns `Ok`, every update is applied and durable. After an error, [`Error::state`] says which of the two trees there is; an error of the producer always
/// leaves the old one.
///
/// # Errors
/// [`Cause::Producer`]; [`Cause::Unfinished`] when the end mark is missing; else as [`Tree::open`], [`Transaction::write_at`] and [`Transaction::commit`].
///
/// ```
/// use untorn_txn::{UpdateInfo, atomic_update};
/// # let dir = tempfile::tempdir()?;
/// # let dir = dir.path();
/// let (send, updates) = std::sync::mpsc::channel();
/// std::thread::spawn(move || {
///     for level in 1..=3 {
///         send.send(Some(UpdateInfo { file: format!("levels/{level}.map"), data: vec![level; 64], at: 0 })).ok();
///     }
///     send.send(None).ok(); // the set is complete
/// });
/// let report = atomic_update(dir, updates)?;
/// assert_eq!(report.files.len(), 4); // three files and their directory
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn atomic_update<I>(dir: &Path, updates: I) -> Result<Report>
where
    I: IntoIterator,
    I::Item: Update,
{
    let mut tree = Tree::open(dir)?;
    let mut tx = tree.begin()?;
    tx.update(updates)?;
    tx.commit()
}

impl Transaction<'_> {
    /// Adds all of `updates` to this transaction.
    ///
    /// # Errors
    /// [`Cause::Producer`]; [`Cause::Unfinished`]; else as [`Transaction::write_at`]. The transaction should then be dropped.
    pub fn update<I>(&mut self, updates: I) -> Result<()>
    where
        I: IntoIterator,
        I::Item: Update,
    {
        for update in updates {
            match update.into_update().map_err(|error| Error::new(Cause::Producer(error)))? {
                Some(UpdateInfo { file, data, at }) => self.write_at(&file, at, &data)?,
                None => return Ok(()),
            }
        }
        if I::Item::NEEDS_END { Err(Error::new(Cause::Unfinished)) } else { Ok(()) }
    }
}
