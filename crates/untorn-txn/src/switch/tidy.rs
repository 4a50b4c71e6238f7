//! After a switch, whether it happened, was given up or was cut off: puts the other tree where it belongs, and removes what is left.
//!
//! Must be called under the updater's lock of the tree that stands under the name.

use std::io;

use untorn_fs::{FileKind, Fs};

use super::{
    claim,
    place::Place,
    report::SwitchRecovery,
    ticket::{Half, Origin, Ticket},
};
use crate::{
    cleanup::remove_all,
    error::{Context, Error, Result},
    layout::{DISCARD, LISTING, NEXT, PREVIOUS, PROBE, SWITCH, TICKET},
};

/// What stands beside the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sibling {
    /// Nothing.
    Absent,
    /// The claim of the switch whose ticket the tree holds.
    Claim,
    /// A tree that holds a ticket.
    Tree(Ticket),
    /// Anything else: none of ours, as far as can be proven.
    Unknown,
}

/// What is to be done about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Nothing,
    Unclaim,
    /// Move the tree beside into the state directory: to where it is kept, or to where it is removed.
    Keep,
    Discard,
    Leave,
}

/// Decides. Only the other half of the ticket in the tree makes the tree beside it ours; which half the tree holds says whether the exchange happened.
fn decide(ticket: &Ticket, sibling: Sibling) -> Verdict {
    match sibling {
        Sibling::Absent => Verdict::Nothing,
        Sibling::Claim => Verdict::Unclaim,
        Sibling::Tree(other) if other == ticket.other() => match (ticket.half, ticket.origin, ticket.keep) {
            (Half::Old, Origin::Cloned, _) | (Half::New, _, false) => Verdict::Discard,
            (Half::Old, Origin::Previous, _) | (Half::New, _, true) => Verdict::Keep,
        },
        Sibling::Tree(_) | Sibling::Unknown => Verdict::Leave,
    }
}

/// Does all that is left to do. Each step may be repeated any number of times.
///
/// After this returns, the tree that stands under the name stands there also after a power cut.
pub(crate) fn tidy(place: &Place) -> Result<SwitchRecovery> {
    let fs = &*place.parent;
    if !exists(fs, &place.path(SWITCH))? {
        return Ok(SwitchRecovery::Clean);
    }
    let Some(ticket) = Ticket::read(fs, &place.path(TICKET))? else {
        // No ticket, no name beside the tree: it is made durable before the claim, and goes after everything else.
        let began = exists(fs, &place.path(NEXT))?;
        sweep(place);
        return Ok(if began { SwitchRecovery::Discarded } else { SwitchRecovery::Clean });
    };
    // An exchange that happened, but that nobody has made durable yet.
    fs.sync_dir("").context("sync", "")?;
    let verdict = decide(&ticket, look(place, &ticket)?);
    act(place, &ticket, verdict)?;
    sweep(place);
    Ok(match (verdict, ticket.half) {
        (Verdict::Leave, _) => SwitchRecovery::Left { name: place.sibling() },
        (_, Half::Old) => SwitchRecovery::Discarded,
        (_, Half::New) => SwitchRecovery::Completed,
    })
}

fn act(place: &Place, ticket: &Ticket, verdict: Verdict) -> Result<()> {
    match verdict {
        Verdict::Nothing | Verdict::Leave => Ok(()),
        Verdict::Unclaim => {
            claim::release(place, ticket)?;
            // Before the ticket goes: a claim without its ticket would be nobody's.
            place.parent.sync_dir("").context("sync", "")
        }
        Verdict::Keep => put_away(place, PREVIOUS),
        Verdict::Discard => {
            remove_all(&*place.parent, &place.path(DISCARD));
            put_away(place, DISCARD)
        }
    }
}

/// Moves the tree beside into the state directory. Durable before anything in it is removed: a tree half removed, its ticket perhaps gone, must
/// never come back beside the tree.
fn put_away(place: &Place, to: &str) -> Result<()> {
    let (fs, sibling, to) = (&*place.parent, place.sibling(), place.path(to));
    fs.rename(&sibling, &to).context("move away", &sibling)?;
    let dir = place.path(SWITCH);
    fs.sync_dir(&dir).context("sync", &dir)?;
    fs.sync_dir("").context("sync", "")
}

fn look(place: &Place, ticket: &Ticket) -> Result<Sibling> {
    let (fs, sibling) = (&*place.parent, place.sibling());
    let meta = match fs.metadata(&sibling) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Sibling::Absent),
        Err(error) if untorn_fs::is_outside_tree(&error) => return Ok(Sibling::Unknown),
        other => other.context("look at", &sibling)?,
    };
    Ok(match meta.kind {
        FileKind::Symlink if fs.read_link(&sibling).is_ok_and(|target| claim::is_of(ticket, &target)) => Sibling::Claim,
        FileKind::Dir => Ticket::read(fs, &format!("{sibling}/{TICKET}"))?.map_or(Sibling::Unknown, Sibling::Tree),
        _ => Sibling::Unknown,
    })
}

/// Removes everything in the folder of switches but the previous tree and the listing that goes with it. Nothing depends on its success: what stays
/// is removed when the tree is opened next.
fn sweep(place: &Place) {
    let fs = &*place.parent;
    for leftover in [NEXT, DISCARD] {
        remove_all(fs, &place.path(leftover));
    }
    // The kept tree's own: its half of the ticket, and what it kept itself.
    remove_all(fs, &place.path(&format!("{PREVIOUS}/{SWITCH}")));
    drop(fs.remove_file(&place.path(PROBE)));
    drop(fs.remove_file(&place.path(TICKET)));
    if matches!(exists(fs, &place.path(PREVIOUS)), Ok(false)) {
        drop(fs.remove_file(&place.path(LISTING)));
        drop(fs.remove_dir(&place.path(SWITCH)));
    }
}

/// Whether something stands at `path`.
pub(crate) fn exists(fs: &dyn Fs, path: &str) -> Result<bool> {
    match fs.metadata(path) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(Error::io("look at", path, error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tickets() -> impl Iterator<Item = Ticket> {
        (0..16).map(|bits| Ticket {
            half: if bits & 1 == 0 { Half::Old } else { Half::New },
            origin: if bits & 2 == 0 { Origin::Cloned } else { Origin::Previous },
            keep: bits & 4 == 0,
            id: [bits & 8; 16],
        })
    }

    #[test]
    fn only_the_other_half_of_the_ticket_is_ever_moved() {
        for ticket in tickets() {
            for other in tickets() {
                let moved = matches!(decide(&ticket, Sibling::Tree(other)), Verdict::Keep | Verdict::Discard);
                assert_eq!(moved, other == ticket.other(), "{ticket:?} {other:?}");
            }
            assert_eq!(decide(&ticket, Sibling::Unknown), Verdict::Leave);
        }
    }

    #[test]
    fn nothing_is_discarded_that_is_to_be_kept_or_cannot_be_made_again() {
        for ticket in tickets().filter(|ticket| decide(ticket, Sibling::Tree(ticket.other())) == Verdict::Discard) {
            let clone_given_up = ticket.half == Half::Old && ticket.origin == Origin::Cloned;
            let old_not_kept = ticket.half == Half::New && !ticket.keep;
            assert!(clone_given_up || old_not_kept, "{ticket:?}");
        }
    }
}
