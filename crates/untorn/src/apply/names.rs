//! The names of the new build: everything a patch changes but the bytes of files.
//!
//! The order makes every step possible, whatever changes places with whatever: first all that moves is taken out of the way, then what goes is removed, then
//! what comes is made, outermost first. In a transaction all that costs nothing: only the result is written.

use untorn_format::{
    TreePath,
    patch::{After, Before, Change, Changes},
};
use untorn_fs::Fs;
use untorn_txn::{Cause, Transaction};

use super::left_out::LeftOut;
use crate::Result;

/// Stages all changes of names but those that are left out; what comes from elsewhere gives way here, too. Gives the directories that stay because they hold what the patch does not know.
pub(super) fn stage(tx: &mut Transaction<'_>, fs: &dyn Fs, changes: &Changes, left_out: &LeftOut) -> Result<Vec<String>> {
    let waiting = move_out(tx, fs, changes, left_out)?;
    remove_files(tx, fs, changes, left_out)?;
    let kept = remove_dirs(tx, changes)?;
    for change in changes.as_slice().iter().filter(|change| change.after == After::Dir) {
        tx.create_dir_all(change.path.as_str())?;
    }
    for (place, change) in waiting {
        tx.rename(&place, change.path.as_str())?;
        if let After::Moved { executable, .. } = change.after {
            tx.set_executable(change.path.as_str(), executable)?;
        }
    }
    for change in changes.as_slice() {
        if let After::Symlink { target } = &change.after {
            tx.symlink(target, change.path.as_str())?;
        }
    }
    Ok(kept)
}

/// Gives every file that moves a name that nothing else has.
fn move_out<'c>(
    tx: &mut Transaction<'_>,
    fs: &dyn Fs,
    changes: &'c Changes,
    left_out: &LeftOut,
) -> Result<Vec<(String, &'c Change)>> {
    let mut waiting = Vec::new();
    let mut free = (0_u32..).map(|number| format!("untorn-moving-{number}"));
    for change in changes.as_slice().iter().filter(|change| !left_out.contains(&change.path)) {
        let After::Moved { from, .. } = &change.after else { continue };
        let Some(place) = free.find(|name| is_free(fs, changes, name)) else { break };
        tx.rename(from.as_str(), &place)?;
        waiting.push((place, change));
    }
    Ok(waiting)
}

fn is_free(fs: &dyn Fs, changes: &Changes, name: &str) -> bool {
    fs.metadata(name).is_err() && TreePath::new(name).is_ok_and(|path| changes.number(&path).is_none())
}

/// Removes what does not stand there any more, or gives way to something of another kind.
fn remove_files(tx: &mut Transaction<'_>, fs: &dyn Fs, changes: &Changes, left_out: &LeftOut) -> Result<()> {
    let stays = changes.as_slice().iter().filter(|change| !left_out.contains(&change.path));
    let mut moved = std::collections::BTreeSet::new();
    moved.extend(stays.filter_map(|change| if let After::Moved { from, .. } = &change.after { Some(from) } else { None }));
    for change in changes.as_slice() {
        let goes = match (&change.before, &change.after) {
            (Before::File { .. }, After::Absent | After::Dir) => !moved.contains(&change.path),
            (Before::Symlink { .. }, After::Absent | After::Dir | After::File(_)) => true,
            _ => false,
        };
        // What comes from elsewhere may be lost, and then nothing stands there.
        let is_there = !left_out.brought.contains(&change.path) || fs.metadata(change.path.as_str()).is_ok();
        if goes && is_there && !left_out.kept.contains_key(&change.path) {
            tx.remove(change.path.as_str())?;
        }
    }
    Ok(())
}

/// Innermost first. One that should be gone but is not empty stays: what others put there is not ours.
fn remove_dirs(tx: &mut Transaction<'_>, changes: &Changes) -> Result<Vec<String>> {
    let mut kept = Vec::new();
    for change in changes.as_slice().iter().rev() {
        if change.before != Before::Dir {
            continue;
        }
        match tx.remove_dir(change.path.as_str()) {
            Err(error) if change.after == After::Absent && matches!(error.cause(), Cause::NotEmpty | Cause::Foreign { .. }) => {
                kept.push(change.path.to_string());
            }
            other => other?,
        }
    }
    kept.reverse();
    Ok(kept)
}
