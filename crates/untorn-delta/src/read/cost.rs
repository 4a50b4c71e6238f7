//! What a file costs to write.

use untorn_format::patch::{Change, FilePatch};

/// What a file with new content costs to write, either way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Bytes written when it is written whole.
    pub whole_len: u64,
    /// Bytes written when it is changed in place.
    pub in_place_len: u64,
    /// Old bytes that are overwritten or cut off in place: what going back needs.
    pub replaced_len: u64,
    /// Stretches that are written in place.
    pub ranges: u64,
}

impl Cost {
    /// The cost of a change's file; `None` when it has no new content.
    #[must_use]
    pub fn of(change: &Change) -> Option<Self> {
        change.file().map(|file| Self {
            whole_len: file.len,
            in_place_len: sum(file.written_ranges()),
            replaced_len: sum(file.replaced_ranges(change.old_len())),
            ranges: FilePatch::written_ranges(file).count() as u64,
        })
    }
}

fn sum(ranges: impl Iterator<Item = (u64, u64)>) -> u64 {
    ranges.fold(0, |sum, (_, len)| sum.saturating_add(len))
}
