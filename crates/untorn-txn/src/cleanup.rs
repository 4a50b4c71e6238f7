//! Deleting what no transaction needs any more. Nothing depends on its success: what stays is deleted when the tree is opened next.

use std::io;

use untorn_fs::{FileKind, Fs};

use crate::{
    error::{Context, Error, Result},
    interrupted,
    layout::{NUMBER_MAX, TRANSACTIONS, TxLayout},
};

/// The transaction folders that are there.
pub(crate) fn folders(fs: &dyn Fs) -> Result<Vec<u64>> {
    match fs.read_dir(TRANSACTIONS) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(Error::io("list", TRANSACTIONS, error)),
        Ok(entries) => Ok(entries.into_iter().filter_map(|entry| number_of(&entry.name.ok()?)).collect()),
    }
}

/// The number of the transaction whose folder has this name: only as we would write it, and one that can be ours.
fn number_of(name: &str) -> Option<u64> {
    name.parse().ok().filter(|number: &u64| *number <= NUMBER_MAX && number.to_string() == name)
}

/// Whether there is anything that [`after`] would delete.
pub(crate) fn has_leftovers(fs: &dyn Fs, folders: &[u64], kept: Option<TxLayout>) -> bool {
    let unwanted = |folder: TxLayout| {
        Some(folder) != kept || names(fs, &folder.dir()).iter().any(|name| !TxLayout::KEPT.contains(&name.as_str()))
    };
    folders.iter().copied().map(TxLayout).any(unwanted)
}

/// The names in a directory, as far as they can be read.
pub(crate) fn names(fs: &dyn Fs, dir: &str) -> Vec<String> {
    fs.read_dir(dir).unwrap_or_default().into_iter().filter_map(|entry| entry.name.ok()).collect()
}

/// After a transaction: every folder goes, save what is kept for going back.
pub(crate) fn after(fs: &dyn Fs, kept: Option<TxLayout>) {
    for folder in folders(fs).unwrap_or_default().into_iter().map(TxLayout) {
        if Some(folder) == kept { remove_below(fs, &folder.dir(), &TxLayout::KEPT) } else { remove_folder(fs, folder) }
    }
}

/// Leaves something that [`has_leftovers`] finds. What cannot be left must do without.
pub(crate) fn leave_something(fs: &dyn Fs, folder: TxLayout) {
    for dir in [TRANSACTIONS.to_owned(), folder.dir(), folder.objects()] {
        drop(fs.create_dir(&dir, None));
    }
}

/// Removes the folder of a transaction that was never decided. After this returns, its plan is gone for good, and so, mostly, is the folder: no record torn later can make it
/// doubtful. Says whether what it had staged was set aside, to be taken up again.
pub(crate) fn discard(fs: &dyn Fs, folder: TxLayout) -> Result<bool> {
    match fs.remove_file(&folder.plan()) {
        // Somebody has put a file of that name there.
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => {}
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(Error::io("remove", &folder.plan(), error)),
        _ => fs.sync_dir(&folder.dir()).context("sync", &folder.dir())?,
    }
    let is_aside = interrupted::set_aside(fs, folder);
    fs.sync_dir(TRANSACTIONS).context("sync", TRANSACTIONS)?;
    Ok(is_aside)
}

/// Removes the folder of a transaction.
pub(crate) fn remove_folder(fs: &dyn Fs, folder: TxLayout) {
    // The plan first: see `discard`.
    drop(fs.remove_file(&folder.plan()));
    remove_all(fs, &folder.dir());
}

/// Removes a directory with everything in it.
pub(crate) fn remove_all(fs: &dyn Fs, dir: &str) {
    remove_below(fs, dir, &[]);
    if fs.remove_dir(dir).is_err_and(|error| error.kind() == io::ErrorKind::NotADirectory) {
        drop(fs.remove_file(dir));
    }
}

/// Removes what is in a directory, save some names. Results are dropped: see the top of this file.
pub(crate) fn remove_below(fs: &dyn Fs, dir: &str, save: &[&str]) {
    for name in names(fs, dir).into_iter().filter(|name| !save.contains(&name.as_str())) {
        let path = format!("{dir}/{name}");
        if fs.remove_file(&path).is_err() && fs.metadata(&path).is_ok_and(|meta| meta.kind == FileKind::Dir) {
            remove_all(fs, &path);
        }
    }
}

#[cfg(test)]
mod tests {
    use untorn_sim::{HookFs, Method, SimFs, SimOptions, Verdict, write};

    use super::*;

    const FOLDER: TxLayout = TxLayout(9);

    fn disk() -> SimFs {
        let fs = SimFs::new(SimOptions::strict());
        for dir in [".untorn", TRANSACTIONS] {
            fs.create_dir(dir, None).unwrap();
        }
        fs
    }

    #[test]
    fn a_plan_that_cannot_be_removed_is_told() {
        let fs = disk();
        fs.create_dir(&FOLDER.dir(), None).unwrap();
        write(&fs, &FOLDER.plan(), b"plan").unwrap();
        let hook = HookFs::on_sim(&fs, |call| match call.method {
            Method::RemoveFile if call.path == FOLDER.plan() => Verdict::Refuse(io::ErrorKind::Other),
            _ => Verdict::Pass,
        });
        assert_eq!(discard(&hook, FOLDER).unwrap_err().path(), Some(&*FOLDER.plan()));
        assert!(fs.metadata(&FOLDER.plan()).is_ok());
        assert!(!discard(&fs, FOLDER).unwrap());
        assert!(folders(&fs).unwrap().is_empty());
    }

    #[test]
    fn a_file_that_is_called_like_a_folder_goes() {
        let fs = disk();
        write(&fs, &FOLDER.dir(), b"?").unwrap();
        assert!(!discard(&fs, FOLDER).unwrap());
        assert!(folders(&fs).unwrap().is_empty());
    }
}
