//! Sorted paths: each says how much of the one before it repeats.

use super::fields::{Fields, put_number};
use crate::{DecodeError, TreePath, bytes::require};

/// Appends paths: how many bytes each shares with the start of the one before, then what follows in each, ended by a zero byte.
pub(super) fn put_paths<'a>(facts: &mut Vec<u8>, paths: impl Iterator<Item = &'a TreePath>) {
    let (mut before, mut rests) = (&b""[..], Vec::new());
    for path in paths {
        let path = path.as_str().as_bytes();
        let shared = shared_len(before, path);
        put_number(facts, shared as u64);
        rests.extend_from_slice(&path[shared..]);
        rests.push(0);
        before = path;
    }
    facts.extend_from_slice(&rests);
}

/// Reads `count` paths. `bytes_left` is how long all paths of the patch together may still be: what repeats costs nothing in the patch, but in memory.
pub(super) fn take_paths(facts: &mut Fields<'_>, count: usize, bytes_left: &mut u64) -> Result<Vec<TreePath>, DecodeError> {
    let shared = (0..count).map(|_| facts.number()).collect::<Result<Vec<_>, _>>()?;
    let (mut before, mut paths) = (Vec::new(), Vec::new());
    for shared in shared {
        let mut path = before.clone();
        let shared = usize::try_from(shared).ok().filter(|shared| *shared <= path.len()).ok_or(DecodeError::Field("path"))?;
        path.truncate(shared);
        path.extend_from_slice(facts.until_zero()?);
        require(shared_len(&before, &path) == shared, "path")?;
        *bytes_left = bytes_left.checked_sub(path.len() as u64).ok_or(DecodeError::Field("length of all paths"))?;
        let text = std::str::from_utf8(&path).map_err(|_| DecodeError::Field("text"))?;
        paths.push(TreePath::new(text).map_err(DecodeError::Path)?);
        before = path;
    }
    Ok(paths)
}

/// How many bytes two paths have in common at their start.
fn shared_len(one: &[u8], other: &[u8]) -> usize {
    one.iter().zip(other).take_while(|(one, other)| one == other).count()
}
