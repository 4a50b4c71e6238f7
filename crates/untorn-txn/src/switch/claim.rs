//! The claim: a symlink beside the tree whose target is the number of the switch. It reserves the name, appears and vanishes whole, and shows at the
//! beginning, not after hours of staging, whether the system can do what a switch needs.

use std::io;

use super::{
    place::{Place, unsupported},
    ticket::Ticket,
};
use crate::{
    error::{Cause, Context, Error, Result},
    layout::PROBE,
};

const PREFIX: &str = "untorn-switch-";

/// What the claim of a switch says.
fn says(ticket: &Ticket) -> String {
    ticket.id.iter().fold(PREFIX.to_owned(), |text, byte| format!("{text}{byte:02x}"))
}

/// Whether `target` is what the claim of this switch says.
pub(crate) fn is_of(ticket: &Ticket, target: &str) -> bool {
    target == says(ticket)
}

/// Makes the claim, and exchanges it with its like in the tree: that shows that the parent may be written, that the system exchanges, and that
/// both directories lie on one file system.
pub(crate) fn make(place: &Place, ticket: &Ticket) -> Result<()> {
    let (fs, sibling, probe, says) = (&*place.parent, place.sibling(), place.path(PROBE), says(ticket));
    fs.symlink(&says, &sibling).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => Error::new(Cause::Exists).at(&sibling),
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            unsupported("the directory that holds the tree may not be written").at(&sibling)
        }
        io::ErrorKind::Unsupported => unsupported("this file system has no symlinks").at(&sibling),
        _ => Error::io("make", &sibling, error),
    })?;
    fs.symlink(&says, &probe).context("make", &probe)?;
    fs.exchange(&probe, &sibling).map_err(|error| match error.kind() {
        io::ErrorKind::Unsupported | io::ErrorKind::InvalidInput => {
            unsupported("this file system cannot exchange two names in one step").at(&sibling)
        }
        io::ErrorKind::CrossesDevices => unsupported("the tree lies on another device than its parent").at(&sibling),
        _ => Error::io("exchange", &sibling, error),
    })?;
    fs.remove_file(&probe).context("remove", &probe)
}

/// Frees the name, if the claim still stands there.
pub(crate) fn release(place: &Place, ticket: &Ticket) -> Result<()> {
    let (fs, sibling) = (&*place.parent, place.sibling());
    match fs.read_link(&sibling) {
        Ok(target) if is_of(ticket, &target) => fs.remove_file(&sibling).context("remove", &sibling),
        _ => Err(Error::new(Cause::Exists).at(&sibling)),
    }
}
