//! Deleting what no transaction needs any more. Nothing depends on its success: what stays is deleted when the tree is opened next.

use untorn_fs::{FileKind, Fs};

use crate::layout::{TRANSACTIONS, TxLayout};

/// The transaction folders that are there.
pub(crate) fn folders(fs: &dyn Fs) -> Vec<u64> {
    let Ok(entries) = fs.read_dir(TRANSACTIONS) else { return Vec::new() };
    entries.into_iter().filter_map(|entry| entry.name.ok()?.parse().ok()).collect()
}

/// After a transaction: every folder goes, save what is kept for going back.
pub(crate) fn after(fs: &dyn Fs, kept: Option<TxLayout>) {
    for folder in folders(fs).into_iter().map(TxLayout) {
        if Some(folder) == kept { remove_below(fs, &folder.dir(), &TxLayout::KEPT) } else { remove_folder(fs, folder) }
    }
}

/// Removes the folder of a transaction.
pub(crate) fn remove_folder(fs: &dyn Fs, folder: TxLayout) {
    // The plan first: a folder without one can never be taken for a decided transaction.
    drop(fs.remove_file(&folder.plan()));
    remove_all(fs, &folder.dir());
}

/// Removes a directory with everything in it.
pub(crate) fn remove_all(fs: &dyn Fs, dir: &str) {
    remove_below(fs, dir, &[]);
    drop(fs.remove_dir(dir));
}

/// Removes what is in a directory, save some names. Results are dropped: see the top of this file.
fn remove_below(fs: &dyn Fs, dir: &str, save: &[&str]) {
    let Ok(entries) = fs.read_dir(dir) else { return };
    for name in entries.into_iter().filter_map(|entry| entry.name.ok()).filter(|name| !save.contains(&name.as_str())) {
        let path = format!("{dir}/{name}");
        if fs.remove_file(&path).is_err() && fs.metadata(&path).is_ok_and(|meta| meta.kind == FileKind::Dir) {
            remove_all(fs, &path);
        }
    }
}
