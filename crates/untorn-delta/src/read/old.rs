//! Reading the old tree.

use std::io;

use untorn_format::patch::{Before, Change, Check, Hint, Replaced};
use untorn_format::{Hash, Hasher, TreePath};

use super::announced::Ranges;
use crate::files::{piece_len, read_exact_at, read_range};
use crate::{Files, PatchError};

/// Fills `buf` from an old file; one that ends too early is not the one meant.
pub(super) fn read_old(old: &dyn Files, path: &TreePath, buf: &mut [u8], at: u64) -> Result<(), PatchError> {
    read_exact_at(old, path, buf, at).map_err(|source| old_error(path, source))
}

fn old_error(path: &TreePath, source: io::Error) -> PatchError {
    let path = path.clone();
    if source.kind() == io::ErrorKind::UnexpectedEof { PatchError::Old { path } } else { PatchError::Read { path, source } }
}

/// Makes sure that the file a change replaces, removes or moves is the one it starts from, by its length and all bytes that do not stay in their place.
/// Does nothing when there is no file before.
///
/// Of a file of which no byte stays, the patch has only two bytes of its hash: the whole hash is given back, and the hash of all these hashes, in the
/// order of the changes, must be [`Sums::before`](untorn_format::patch::Sums::before). A joined patch has nothing: the whole hash is given back, and must be that of the old manifest.
///
/// # Errors
/// [`PatchError::Old`] when it is another, [`PatchError::Read`] when it cannot be read.
pub fn check_replaced(change: &Change, old: &dyn Files) -> Result<Option<Hash>, PatchError> {
    let Before::File { len, replaced } = change.before else { return Ok(None) };
    let mut hasher = Hasher::new();
    let parts = change.file().filter(|_| replaced != Replaced::Unsaid);
    let longest = parts.map_or(len, |file| file.replaced_ranges(len).map(|(_, len)| len).max().unwrap_or(0));
    // Of the length that is needed: most files are small, and clearing memory would cost more than reading them.
    let mut buf = vec![0; piece_len(longest, 256 << 10)];
    let mut announced = Ranges::new(&change.path, len, || parts.map(|file| file.replaced_ranges(len)));
    let mut add = |range: (u64, u64)| {
        if let Some(announced) = &mut announced {
            announced.go_on(range.1, old);
        }
        read_range(old, &change.path, range, &mut buf, |bytes| hasher.update(bytes))
            .map_err(|source| old_error(&change.path, source))
    };
    match parts {
        Some(file) => file.replaced_ranges(len).try_for_each(&mut add)?,
        None => add((0, len))?,
    }
    let longer = old.read_at(&change.path, &mut [0], len).map_err(|source| old_error(&change.path, source))? > 0;
    let found = hasher.finish();
    match replaced {
        Replaced::Whole(hint) if !longer && Hint::from(found) == hint => Ok(Some(found)),
        Replaced::Unsaid if !longer => Ok(Some(found)),
        Replaced::Parts(check) if !longer && Check::from(found) == check => Ok(None),
        _ => Err(PatchError::Old { path: change.path.clone() }),
    }
}
