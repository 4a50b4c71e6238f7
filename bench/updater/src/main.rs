//! A directory made what another is, in the ways of others: `updater HOW NEW TREE`. For `cargo xtask torture`, see `docs/league.md`.
//!
//! # What it guarantees
//! - Each library is used as its own documentation shows: what a crash left is recovered first, then one transaction makes all changes.
//! - What is changed is found by comparing bytes, so running it again mends whatever can be mended.
//!
//! # Limitations
//! - Files and directories only: no symlinks, no permissions.

mod change;

use std::{
    env, fs,
    fs::File,
    io::Write,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use change::Change;
use fs_transaction::{ChangeSet, StdFs, exec::block_on};
use rustix::fs::syncfs;

fn main() -> anyhow::Result<()> {
    let words: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["version"] => println!("fstx 0.1.1, fs-transaction 0.4.2"),
        ["rename", new, tree] => rename_each(Path::new(new), Path::new(tree), false)?,
        ["rename-fsync", new, tree] => rename_each(Path::new(new), Path::new(tree), true)?,
        ["batched", new, tree] => batched(Path::new(new), Path::new(tree))?,
        ["fstx", new, tree] => with_fstx(Path::new(new), Path::new(tree))?,
        ["fstx-recover", tree] => drop(fstx::recover(tree)?),
        ["fs-transaction", new, tree] => with_fs_transaction(Path::new(new), Path::new(tree))?,
        ["fs-transaction-recover", tree] => drop(block_on(fs_transaction::recover(&StdFs, Path::new(tree)))?),
        _ => bail!(
            "updater rename|rename-fsync|batched|fstx|fs-transaction NEW TREE, fstx-recover|fs-transaction-recover TREE, version"
        ),
    }
    Ok(())
}

/// The textbook's recipe for one file, repeated.
fn rename_each(new: &Path, tree: &Path, is_synced: bool) -> anyhow::Result<()> {
    let change = Change::between(tree, new)?;
    for (path, bytes) in &change.written {
        let (file, temporary) = write_beside(&tree.join(path), bytes)?;
        if is_synced {
            file.sync_all()?;
        }
        let target = tree.join(path);
        fs::rename(temporary, &target)?;
        if is_synced {
            sync_dir(&target)?;
        }
    }
    for path in &change.removed {
        fs::remove_file(tree.join(path))?;
        if is_synced {
            sync_dir(&tree.join(path))?;
        }
    }
    remove_dirs(tree, &change)
}

/// The same with its syncs pooled.
fn batched(new: &Path, tree: &Path) -> anyhow::Result<()> {
    let root = File::open(tree)?;
    let change = Change::between(tree, new)?;
    let mut renames = Vec::new();
    for (path, bytes) in &change.written {
        renames.push((write_beside(&tree.join(path), bytes)?.1, tree.join(path)));
    }
    syncfs(&root)?;
    for (temporary, target) in renames {
        fs::rename(temporary, target)?;
    }
    for path in &change.removed {
        fs::remove_file(tree.join(path))?;
    }
    remove_dirs(tree, &change)?;
    Ok(syncfs(&root)?)
}

fn with_fstx(new: &Path, tree: &Path) -> anyhow::Result<()> {
    let mut transaction = fstx::Transaction::begin(tree)?;
    let change = Change::between(tree, new)?;
    for dir in &change.dirs {
        transaction.create_dir_all(dir)?;
    }
    for (path, bytes) in &change.written {
        transaction.write(path, bytes)?;
    }
    for path in change.removed.iter().chain(&change.dirs_removed) {
        transaction.remove(path)?;
    }
    Ok(transaction.commit()?)
}

/// Directories that become empty are none of its business, and go afterwards.
fn with_fs_transaction(new: &Path, tree: &Path) -> anyhow::Result<()> {
    block_on(fs_transaction::recover(&StdFs, tree))?;
    let change = Change::between(tree, new)?;
    let mut set = ChangeSet::new();
    for (path, bytes) in &change.written {
        set.write(path, bytes.clone());
    }
    for path in &change.removed {
        set.remove(path);
    }
    block_on(set.apply(&StdFs, tree))?;
    remove_dirs(tree, &change)
}

fn write_beside(target: &Path, bytes: &[u8]) -> anyhow::Result<(File, PathBuf)> {
    let dir = target.parent().context("a file in no directory")?;
    fs::create_dir_all(dir)?;
    let name = target.file_name().context("a file without a name")?;
    let temporary = dir.join(format!(".{}.tmp", name.to_string_lossy()));
    let mut file = File::create(&temporary)?;
    file.write_all(bytes)?;
    Ok((file, temporary))
}

fn sync_dir(path: &Path) -> anyhow::Result<()> {
    Ok(File::open(path.parent().context("a file in no directory")?)?.sync_all()?)
}

fn remove_dirs(tree: &Path, change: &Change) -> anyhow::Result<()> {
    for dir in &change.dirs_removed {
        fs::remove_dir(tree.join(dir))?;
    }
    Ok(())
}
