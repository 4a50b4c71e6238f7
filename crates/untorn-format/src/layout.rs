//! Where the fields of the fixed blocks are: the tables of `docs/format/`, as constants that the codecs themselves use.

use crate::{index, journal, manifest, patch, release, verified};

/// One field of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its offset from the start of the block, in bytes.
    pub at: usize,
    /// Its size in bytes.
    pub len: usize,
    /// Its name, in upper case.
    pub name: &'static str,
}

/// Every fixed block by the name of its table, its fields in order and without gaps.
pub const BLOCKS: &[(&str, &[Row])] = &[
    ("record", journal::RECORD_ROWS),
    ("plan head", journal::PLAN_ROWS),
    ("undo head", journal::UNDO_ROWS),
    ("progress head", journal::PROGRESS_ROWS),
    ("range", journal::RANGE_ROWS),
    ("manifest head", manifest::HEAD_ROWS),
    ("index head", index::HEAD_ROWS),
    ("page head", index::PAGE_ROWS),
    ("bridge head", index::BRIDGE_ROWS),
    ("verified head", verified::ROWS),
    ("patch header", patch::HEADER_ROWS),
    ("root head", release::ROOT_ROWS),
    ("release head", release::RELEASE_ROWS),
    ("channel head", release::CHANNEL_ROWS),
    ("signed head", release::SIGNED_ROWS),
    ("preface head", release::PREFACE_ROWS),
    ("installed head", release::INSTALLED_ROWS),
    ("halfway head", release::HALF_WAY_ROWS),
    ("following", release::FOLLOWING_ROWS),
];

/// Whether fields follow each other from 0 to `len`.
pub(crate) const fn is_gapless(rows: &[Row], len: usize) -> bool {
    let mut end = 0;
    let mut at = 0;
    while at < rows.len() {
        if rows[at].at != end {
            return false;
        }
        end += rows[at].len;
        at += 1;
    }
    end == len
}

/// The rows of a block of `$len` bytes, from the constants of its fields; does not compile when they leave a gap or overlap.
macro_rules! rows {
    ($len:expr; $($field:ident),+ $(,)?) => {{
        const ROWS: &[$crate::layout::Row] =
            &[$($crate::layout::Row { at: $field.at, len: $field.len(), name: stringify!($field) }),+];
        const _: () = assert!($crate::layout::is_gapless(ROWS, $len), "the fields leave a gap or overlap");
        ROWS
    }};
}
pub(crate) use rows;
