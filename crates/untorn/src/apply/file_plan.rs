//! How the bytes of one changed file are made, and where they are written.

use untorn_delta::{Cost, Way as Composition};
use untorn_format::patch::{Before, Change, FilePatch};
use untorn_fs::Fs;
use untorn_txn::{Options, Transaction, Way, WayChoice, Why};

use crate::Result;

/// How the bytes of one changed file are made, and where they are written. What a transaction does with them is its own affair; these are its rules, told
/// beforehand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FilePlan {
    pub(super) composition: Composition,
    /// Bytes to be made.
    pub(super) made_len: u64,
    /// Bytes for the redo file.
    pub(super) redo_len: u64,
    /// Bytes for a staged file.
    pub(super) staged_len: u64,
    /// Bytes written in place.
    pub(super) in_place_len: u64,
    /// Old bytes that are lost.
    pub(super) undo_len: u64,
    /// Bytes by which a file grows in place.
    pub(super) growth_len: u64,
    /// Length of the new file.
    pub(super) whole_len: u64,
}

/// Files up to this long go through the redo file when they come as a whole: see `Transaction::replace`.
pub(super) const SPOOL_LEN_MAX: u64 = 64 << 10;

/// What is written in place is written in blocks of this length, with what stands beside it.
const BLOCK_LEN: u64 = 4096;

impl FilePlan {
    /// Decides for one change with a file afterwards; `None` for any other.
    pub(super) fn of(tx: &Transaction<'_>, fs: &dyn Fs, options: &Options, change: &Change) -> Result<Option<Self>> {
        let (Some(file), Some(cost)) = (change.file(), Cost::of(change)) else { return Ok(None) };
        let old_len = match change.before {
            Before::File { len, .. } => len,
            Before::Absent => return Ok(Some(Self::new_file(file.len, spools(fs, options, file.len)))),
            Before::Dir | Before::Symlink { .. } => {
                return Ok(Some(Self::in_place_of_other(file.len, spools(fs, options, file.len))));
            }
        };
        let written = written_in_place(file, old_len);
        let way = tx.way_for(change.path.as_str(), file.len, written, cost.replaced_len)?;
        Ok(Some(match way {
            // Only the executable bit changes; under other names of the file it must not.
            (_, why) if cost.in_place_len == 0 && file.len == old_len => Self {
                staged_len: if why == Why::HardLinked { file.len } else { 0 },
                ..Self::made(Composition::InPlace, file, 0)
            },
            (Way::Put, _) => Self { staged_len: file.len, ..Self::made(Composition::Whole, file, file.len) },
            (Way::Clone, _) => {
                Self { staged_len: cost.in_place_len, ..Self::made(Composition::InPlace, file, cost.in_place_len) }
            }
            _ => Self {
                redo_len: written,
                in_place_len: written,
                undo_len: cost.replaced_len,
                growth_len: file.len.saturating_sub(old_len),
                ..Self::made(Composition::InPlace, file, cost.in_place_len)
            },
        }))
    }

    /// Where something else stands than the patch starts from.
    pub(super) fn whole(file: &FilePatch) -> Self {
        Self { staged_len: file.len, ..Self::made(Composition::Whole, file, file.len) }
    }

    /// Where nothing stood.
    fn new_file(len: u64, spools: bool) -> Self {
        let plan = Self { whole_len: len, made_len: len, ..Self::NOTHING };
        if spools { Self { redo_len: len, in_place_len: len, growth_len: len, ..plan } } else { Self { staged_len: len, ..plan } }
    }

    /// Where something else than a file stood: whatever came through the redo file is staged in the end.
    fn in_place_of_other(len: u64, spools: bool) -> Self {
        Self { whole_len: len, made_len: len, staged_len: len, redo_len: if spools { len } else { 0 }, ..Self::NOTHING }
    }

    fn made(composition: Composition, file: &FilePatch, made_len: u64) -> Self {
        Self { composition, made_len, whole_len: file.len, ..Self::NOTHING }
    }

    const NOTHING: Self = Self {
        composition: Composition::Whole,
        made_len: 0,
        redo_len: 0,
        staged_len: 0,
        in_place_len: 0,
        undo_len: 0,
        growth_len: 0,
        whole_len: 0,
    };
}

/// Whether a file that comes as a whole goes through the redo file.
fn spools(fs: &dyn Fs, options: &Options, len: u64) -> bool {
    let in_place = fs.capabilities().in_place && matches!(options.way, WayChoice::Auto | WayChoice::Patch);
    len <= SPOOL_LEN_MAX && in_place
}

/// How many bytes are written when a file is changed in place.
fn written_in_place(file: &FilePatch, old_len: u64) -> u64 {
    blocks(file, old_len).into_iter().fold(0, |sum, (start, end)| sum.saturating_add(end - start))
}

/// The blocks (start, end) that are written when a file is changed in place: those of every written stretch, and that of the place where it is cut or
/// grows.
fn blocks(file: &FilePatch, old_len: u64) -> Vec<(u64, u64)> {
    let edge = old_len.min(file.len);
    let edge = (file.len != old_len && !edge.is_multiple_of(BLOCK_LEN)).then_some((edge, 0));
    let mut blocks: Vec<(u64, u64)> = Vec::new();
    let mut stretches: Vec<_> = file.written_ranges().chain(edge).collect();
    stretches.sort_unstable();
    for (at, len) in stretches {
        let start = at / BLOCK_LEN * BLOCK_LEN;
        let end = at.saturating_add(len).checked_next_multiple_of(BLOCK_LEN).unwrap_or(u64::MAX).min(file.len);
        match blocks.last_mut() {
            Some((_, last)) if start <= *last => *last = end.max(*last),
            _ => blocks.push((start, end.max(start))),
        }
    }
    blocks
}
