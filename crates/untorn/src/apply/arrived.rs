//! Whether everything a patch changes is in its new state already. Only reads.

use std::path::Path;

use untorn_format::{
    Hash, TreePath,
    manifest::{Entry, Kind},
    patch::{After, Before, Change, Check, Index},
};
use untorn_fs::Fs;

use crate::{Error, Result, VerifyOptions, content::read_one, verify::damage, verify::look};

/// Whether every path that the patch changes is as the patch would leave it. Then a tree that does not say what is installed can be taken for the new build.
pub(super) fn has_arrived(fs: &dyn Fs, dir: &Path, index: &Index) -> Result<bool> {
    let changes = index.changes().as_slice();
    for change in changes {
        if change.after == After::Absent && look(fs, dir, &change.path)?.is_some() {
            return Ok(false);
        }
    }
    let entries: Vec<_> = changes.iter().filter_map(entry).collect();
    if !damage(fs, dir, &entries.iter().collect::<Vec<_>>(), &VerifyOptions::default())?.is_empty() {
        return Ok(false);
    }
    for change in changes {
        if let After::Moved { from, .. } = &change.after
            && !is_moved(fs, dir, &change.path, index.changes().get(from))?
        {
            return Ok(false);
        }
    }
    Ok(true)
}

/// What should stand at a path, where the patch alone can tell.
fn entry(change: &Change) -> Option<Entry> {
    let kind = match &change.after {
        After::Absent | After::Moved { .. } => return None,
        After::Dir => Kind::Dir,
        After::Symlink { target } => Kind::Symlink { target: target.clone() },
        After::File(file) => Kind::File { len: file.len, hash: file.hash, executable: file.executable },
    };
    Some(Entry { path: change.path.clone(), kind })
}

fn is_moved(fs: &dyn Fs, dir: &Path, path: &TreePath, from: Option<&Change>) -> Result<bool> {
    let Some(Before::File { len, replaced }) = from.map(|change| &change.before) else { return Ok(false) };
    if look(fs, dir, path)?.is_none_or(|meta| !meta.is_file() || meta.len != *len) {
        return Ok(false);
    }
    let found: Hash = read_one(fs, path).map_err(|source| Error::io("read", &dir.join(path.as_str()), source))?.hash;
    Ok(Check::from(found) == *replaced)
}
