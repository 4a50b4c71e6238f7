//! First pass: what of each changed file stays in its place.

use std::ops::Range;

use untorn_format::{Hash, Hasher};

use super::draft::{Content, Draft};
use super::in_place::{Differences, STRETCHES_MAX};
use super::{Build, Progress};
use crate::DiffError;
use crate::files::{fill, piece_len};

const PIECE_LEN: usize = 512 << 10;
/// How many stretches are told apart in all files together.
const STRETCHES_ALL: usize = 256 << 10;

/// Finds the stretches of every made file that do not stay in place.
pub(super) fn scan(
    drafts: &mut [Draft<'_>],
    old: Build<'_>,
    new: Build<'_>,
    progress: &mut dyn FnMut(Progress),
) -> Result<(), DiffError> {
    let total = drafts.iter().filter_map(Draft::made).map(|made| made.len).fold(0, u64::saturating_add);
    let mut scanner = Scanner { old, new, old_bytes: vec![0; PIECE_LEN], new_bytes: vec![0; PIECE_LEN] };
    let (mut done, mut stretches) = (0, 0);
    for draft in drafts {
        let Some(made) = draft.made() else { continue };
        match draft.old_file() {
            Some(old) if made.hash == old.hash && made.len == old.len => {}
            Some(old) => draft.stretches = scanner.compare(draft, old.len, made, stretches_max(stretches))?,
            None => draft.stretches = if made.len > 0 { std::iter::once(0..made.len).collect() } else { Vec::new() },
        }
        stretches += draft.stretches.len();
        done += made.len;
        progress(Progress::Compared { done, total });
    }
    Ok(())
}

/// How many stretches the next file may have, after as many in those before.
fn stretches_max(before: usize) -> usize {
    STRETCHES_ALL.saturating_sub(before).clamp(4, STRETCHES_MAX)
}

struct Scanner<'a> {
    old: Build<'a>,
    new: Build<'a>,
    old_bytes: Vec<u8>,
    new_bytes: Vec<u8>,
}

impl Scanner<'_> {
    /// Compares both files at equal offsets; the new one is read whole, and must be what its manifest says.
    fn compare(
        &mut self,
        draft: &Draft<'_>,
        old_len: u64,
        made: Content,
        stretches_max: usize,
    ) -> Result<Vec<Range<u64>>, DiffError> {
        let (mut differences, mut hasher, mut at) = (Differences::new(stretches_max), Hasher::new(), 0);
        while at < made.len {
            let new_bytes = &mut self.new_bytes[..piece_len(made.len - at, PIECE_LEN)];
            fill(self.new.files, draft.path, new_bytes, at)?;
            hasher.update(new_bytes);
            let old_bytes = &mut self.old_bytes[..piece_len(old_len.saturating_sub(at), new_bytes.len())];
            fill(self.old.files, draft.path, old_bytes, at)?;
            let both = old_bytes.len();
            differences.compare(old_bytes, &new_bytes[..both], at);
            let end = at + new_bytes.len() as u64;
            if both < new_bytes.len() {
                differences.add(at + both as u64..end);
            }
            at = end;
        }
        expect(hasher.finish(), made.hash, draft)?;
        Ok(differences.finish(made.len))
    }
}

/// The file of a draft must be what its manifest says.
pub(super) fn expect(found: Hash, expected: Hash, draft: &Draft<'_>) -> Result<(), DiffError> {
    if found == expected { Ok(()) } else { Err(DiffError::Changed { path: draft.path.clone() }) }
}
