//! What an undo document must keep besides being readable.

use super::{
    After, Before, Source, Undo,
    plan_check::{PERMISSIONS_MAX, check_foreign_target},
    range::{check_pieces, check_ranges},
};
use crate::{DecodeError, bytes::require};

pub(super) fn check(undo: &Undo) -> Result<(), DecodeError> {
    require(undo.entries.windows(2).all(|pair| pair[0].path < pair[1].path), "order of the entries")?;
    undo.entries.iter().try_for_each(|entry| {
        check_before(undo, &entry.before)?;
        check_after(&entry.after)
    })
}

fn check_before(undo: &Undo, before: &Before) -> Result<(), DecodeError> {
    match before {
        Before::Absent => Ok(()),
        Before::Dir { permissions } => require(*permissions <= PERMISSIONS_MAX, "permissions of a directory"),
        Before::Symlink { target } => check_foreign_target(target),
        Before::File { source, len, ranges, .. } => {
            require(exists(undo, source), "number of a kept file")?;
            check_ranges(ranges, *len, &undo.data)
        }
    }
}

fn check_after(after: &After) -> Result<(), DecodeError> {
    match after {
        After::Absent | After::Dir => Ok(()),
        After::Symlink { target } => check_foreign_target(target),
        After::File { len, written, .. } => check_pieces(written.iter().copied(), *len),
    }
}

fn exists(undo: &Undo, source: &Source) -> bool {
    match source {
        Source::Kept(number) => usize::try_from(*number).is_ok_and(|number| number < undo.kept.len()),
        Source::Current(_) => true,
    }
}
