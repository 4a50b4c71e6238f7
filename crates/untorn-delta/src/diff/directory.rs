//! The directory of an archive: when one member gets longer, the offset of every one behind it changes by as much. So it is made of the old directory with differences, of which nearly all are
//! the same number.

use std::ops::Range;

use untorn_format::TreePath;
use untorn_format::patch::Op;

use super::Build;
use super::compress::{Job, compress};
use super::draft::{Adapted, Draft};
use super::effort::Effort;
use crate::DiffError;
use crate::adapt::{LEAD_LEN, Layout, Program, Stretch};
use crate::deflate::align;
use crate::files::bytes_at;

/// The longest directory that is looked at: 16 MiB.
const LEN_MAX: u64 = 16 << 20;
/// The longest archive: what is adapted is made whole by an update in steps. 256 MiB.
const ARCHIVE_LEN_MAX: u64 = 256 << 20;
/// So many bytes between two equal stretches may be different ones.
const GAP_LEN_MAX: u64 = 64;
/// Level at which the other way is tried.
const TRIAL_LEVEL: i32 = 6;

/// An old directory: the number and path of its file, and where it stands in it.
type OldTail<'t> = (u32, &'t TreePath, Range<u64>);

/// Adapts the directory, when that costs less; gives the length of the program.
pub(super) fn adapt(
    draft: &mut Draft<'_>,
    old: Build<'_>,
    new: Build<'_>,
    ((source, old_path, old_tail), tail): (OldTail<'_>, Range<u64>),
    program_len_max: usize,
) -> Result<usize, DiffError> {
    let len = |range: &Range<u64>| range.end.saturating_sub(range.start);
    if len(&old_tail).max(len(&tail)) > LEN_MAX || len(&old_tail).min(len(&tail)) == 0 || old_tail.end > ARCHIVE_LEN_MAX {
        return Ok(0);
    }
    let lead = old_tail.start.min(LEAD_LEN as u64);
    let base = old_tail.start - lead;
    let old_bytes = bytes_at(old.files, old_path, base, old_tail.end - base)?;
    let mut new_bytes = bytes_at(new.files, draft.path, tail.start, len(&tail))?;
    let directory = &old_bytes[usize::try_from(lead).unwrap_or(0)..];
    let stretches = joined(align(directory, &new_bytes), directory.len() as u64, new_bytes.len() as u64, old_tail.start);
    let copied: u64 = stretches.iter().map(|stretch| stretch.len).sum();
    let literal_len = new_bytes.len() as u64 - copied;
    let program = Program { layout: Layout::default(), stretches };
    let Some(bytes) = program.encode((&old_bytes, base), &mut new_bytes) else { return Ok(0) };
    let plain = Job { bytes: [directory, &new_bytes].concat(), reference_len: directory.len() };
    let plain_len = compress(&plain, &Effort::of(TRIAL_LEVEL))?.bytes.len();
    let cost = usize::try_from(literal_len).unwrap_or(usize::MAX).saturating_add(bytes.len());
    if copied == 0 || cost >= plain_len || bytes.len() > program_len_max {
        return Ok(0);
    }
    let program_len = bytes.len();
    draft.tail = Some(Op::Adapt { source, len: new_bytes.len() as u64, literal_len });
    draft.adapted = Some(Adapted { program: bytes, stretches: program.stretches });
    Ok(program_len)
}

/// Equal stretches as such that are alike: with the few bytes between them, before the first and behind the last. Offsets are those in the file then.
fn joined(equal: Vec<Stretch>, old_len: u64, new_len: u64, old_at: u64) -> Vec<Stretch> {
    let mut joined: Vec<Stretch> = Vec::new();
    let (mut made, mut old_end) = (0, 0);
    for stretch in equal {
        let is_next = old_end + stretch.literal_len == stretch.at && stretch.literal_len <= GAP_LEN_MAX;
        match joined.last_mut() {
            Some(last) if is_next => last.len += stretch.literal_len + stretch.len,
            // The first one may begin earlier.
            None if is_next => joined.push(Stretch { literal_len: 0, at: 0, len: stretch.at + stretch.len }),
            _ => joined.push(stretch),
        }
        made += stretch.literal_len + stretch.len;
        old_end = stretch.at + stretch.len;
    }
    let rest = new_len - made;
    if let Some(last) = joined.last_mut().filter(|_| rest <= GAP_LEN_MAX && old_end + rest <= old_len) {
        last.len += rest;
    }
    joined.iter_mut().for_each(|stretch| stretch.at += old_at);
    joined
}
