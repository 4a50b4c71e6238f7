//! Which files are written whole: the compressor sees the old bytes then, and says shorter than operations what is equal.

use std::ops::Range;

use untorn_format::manifest::Manifest;
use untorn_format::patch::{Op, Reference};

use super::draft::{Draft, WHOLE_LEN_MAX, number_of};

/// Up to this length a file is written through the redo file in any case, and nothing is won by keeping bytes of it in place: 64 KiB.
const SMALL_LEN_MAX: u64 = 64 << 10;
/// A longer file of which more than half would be written is written whole, up to this length: 2 MiB.
const MIDDLE_LEN_MAX: u64 = 2 << 20;
/// The most bytes that are copied from elsewhere and can be seen instead: 1 MiB.
const COPIED_LEN_MAX: u64 = 1 << 20;

/// Bytes of a new file that are not from the old one at its path.
pub(super) struct Loose {
    /// Number of the draft.
    pub(super) draft: usize,
    /// Where they stand in the new file.
    pub(super) range: Range<u64>,
    /// Where the search found them.
    pub(super) found: Option<Reference>,
}

/// Turns the operations of such files into literal bytes, and notes which old bytes they should be compressed against. Says which bytes of these files, and of those
/// that are literal anyway, are loose.
pub(super) fn make_solid(drafts: &mut [Draft<'_>], old: &Manifest) -> Vec<Loose> {
    let mut loose = Vec::new();
    for (number, draft) in drafts.iter_mut().enumerate() {
        let is_solid = is_solid(draft);
        if is_solid || draft.is_literal() {
            loose.extend(loose_ranges(draft, old).map(|(range, found)| Loose { draft: number, range, found }));
        }
        if is_solid {
            draft.seen = draft.ops.iter().filter_map(copied).collect();
            let len = draft.made().map_or(0, |made| made.len);
            draft.ops = vec![Op::Literal { len }];
        }
    }
    loose
}

fn loose_ranges<'a>(draft: &'a Draft<'_>, old: &Manifest) -> impl Iterator<Item = (Range<u64>, Option<Reference>)> + 'a {
    let own = draft.old_file().map(|_| number_of(old, draft.path));
    let mut at = 0;
    draft.ops.iter().filter_map(move |op| {
        at += op.len();
        let is_loose = match op {
            Op::Literal { .. } => true,
            Op::Copy { source, .. } => Some(*source) != own,
            Op::Keep { .. } | Op::Adapt { .. } | Op::Restore { .. } => false,
        };
        is_loose.then_some((at - op.len()..at, copied(op)))
    })
}

fn is_solid(draft: &Draft<'_>) -> bool {
    let Some(made) = draft.made().filter(|_| draft.members.is_empty()) else { return false };
    let sum = |of: fn(&Op) -> bool| draft.ops.iter().filter(|op| of(op)).map(Op::len).fold(0, u64::saturating_add);
    let kept_len = sum(|op| matches!(op, Op::Keep { .. }));
    let copied_len = sum(|op| matches!(op, Op::Copy { .. }));
    let old_len = draft.old_file().map_or(0, |old| old.len);
    let is_whole_anyway = made.len <= SMALL_LEN_MAX || made.len <= MIDDLE_LEN_MAX && kept_len < made.len / 2;
    is_whole_anyway && draft.ops.len() > 1 && old_len <= WHOLE_LEN_MAX && copied_len <= COPIED_LEN_MAX
}

fn copied(op: &Op) -> Option<Reference> {
    if let Op::Copy { source, at, len } = *op { Some(Reference { source, at, len }) } else { None }
}
