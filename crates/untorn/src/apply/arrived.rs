//! Whether everything a patch changes is in its new state already. Only reads.

use std::path::Path;

use untorn_format::{
    TreePath,
    manifest::{Entry, Kind},
    patch::{After, Before, Change, FilePatch, Index, Sums},
};
use untorn_fs::{Fs, Metadata};

use crate::{
    Error, Result, VerifyOptions,
    content::{Content, read_one},
    verify::{damage, file_by_metadata, look},
};

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
    let mut hashes = Vec::new();
    for change in changes {
        let Some((len, executable)) = expected(index, change) else { continue };
        let Some(found) = found(fs, dir, &change.path, len, executable)? else { return Ok(false) };
        hashes.push(found.hash);
    }
    Ok(Sums::of([], hashes).after == index.sums().after)
}

/// What should stand at a path, where the patch alone can tell.
fn entry(change: &Change) -> Option<Entry> {
    let kind = match &change.after {
        After::Absent | After::Moved { .. } => return None,
        After::Dir => Kind::Dir,
        After::Symlink { target } => Kind::Symlink { target: target.clone() },
        After::File(FilePatch { len, hash, executable, .. }) => Kind::File { len: *len, hash: (*hash)?, executable: *executable },
    };
    Some(Entry { path: change.path.clone(), kind })
}

/// The length and the executable bit of a file that has no hash of its own.
fn expected(index: &Index, change: &Change) -> Option<(u64, Option<bool>)> {
    match &change.after {
        After::File(file) if file.hash.is_none() => Some((file.len, Some(file.executable))),
        After::Moved { from, .. } => match index.changes().get(from)?.before {
            Before::File { len, .. } => Some((len, None)),
            _ => None,
        },
        _ => None,
    }
}

/// What is in a file, when it is as long and as executable as it should be.
fn found(fs: &dyn Fs, dir: &Path, path: &TreePath, len: u64, executable: Option<bool>) -> Result<Option<Content>> {
    let fits = |meta: &Metadata| {
        let executable = executable.unwrap_or(meta.permissions.executable());
        meta.is_file() && file_by_metadata(len, executable, meta).is_none()
    };
    if !look(fs, dir, path)?.as_ref().is_some_and(fits) {
        return Ok(None);
    }
    read_one(fs, path).map(Some).map_err(|source| Error::io("read", &dir.join(path.as_str()), source))
}
