//! Members of archives that moved as they are, or were packed anew: shorter ones than a chunk are found only by name, and deflated bytes tell nothing of what they hold.

use std::collections::HashMap;

use untorn_format::escape;

use super::{Work, changes::Change, changes::Content, frames::compressed_anew, stretches::Found};
use crate::{
    builds::Builds,
    parallel,
    report::NOTES_MAX,
    spans::{Origin, Span},
    zip::{self, Packing, same_stored},
};

/// Puts right what chunks alone do not tell, and gives a note of each archive of which they tell too much.
pub(super) fn refine(builds: &Builds, changes: &[Change], found: &mut [Found], work: &Work<'_>) -> Vec<String> {
    let known = parallel::each(work.jobs, changes.len(), &|number| members(builds, &changes[number]).unwrap_or_default());
    let mut notes = Vec::new();
    for ((found, known), change) in found.iter_mut().zip(known).zip(changes) {
        if !known.stretches.is_empty() {
            *found = overlaid(found, &known.stretches);
        }
        if known.deflated > 0 && notes.len() < NOTES_MAX {
            notes.push(note(&change.item.path, known.deflated));
        }
    }
    notes
}

fn note(path: &str, deflated: usize) -> String {
    let path = escape(path.as_bytes());
    let members = if deflated == 1 { "1 member that changed is" } else { &format!("{deflated} members that changed are") };
    format!("{path}: {members} deflated: a patch makes that of what was deflated before, for less than is said here")
}

/// Where stored bytes begin and end that the old archive has, too, or that are deflated of what it has, and whether they stand where they stood.
type Stretch = (u64, u64, Origin);

/// What is known of the members of a new archive.
#[derive(Default)]
struct Members {
    stretches: Vec<Stretch>,
    /// How many changed, and are deflated as they were.
    deflated: usize,
}

fn members(builds: &Builds, change: &Change) -> Option<Members> {
    let item = &change.item;
    if change.content != Content::Read || !change.is_pool {
        return None;
    }
    let (old_file, new_file) = (builds.old.file(&item.path, item.old_len)?, builds.new.file(&item.path, item.new_len)?);
    let anew = compressed_anew((&*old_file, item.old_len), (&*new_file, item.new_len));
    let mut known = Members { stretches: anew.into_iter().map(|(at, end)| (at, end, Origin::Restored)).collect(), deflated: 0 };
    let (Ok(Ok(old)), Ok(Ok(new))) = (zip::read(&*old_file, item.old_len), zip::read(&*new_file, item.new_len)) else {
        return Some(known);
    };
    let before: HashMap<_, _> = old.members.iter().map(|member| (&member.name, member)).collect();
    for member in new.members.iter().filter(|member| member.stored_len() > 0) {
        let Some(old) = before.get(&member.name) else { continue };
        let are_deflated = old.packing == Packing::Deflated && member.packing == Packing::Deflated;
        let origin = if (old.crc, old.len) != (member.crc, member.len) {
            known.deflated += usize::from(are_deflated);
            continue;
        } else if same_stored((&*old_file, old), (&*new_file, member)) {
            if old.data_at == member.data_at { Origin::Kept } else { Origin::Moved }
        } else if are_deflated {
            Origin::Restored
        } else {
            continue;
        };
        known.stretches.push((member.data_at, member.data_end, origin));
    }
    // A member that changed has frames, and one that did not is whole: they do not overlap.
    known.stretches.sort_unstable_by_key(|(at, ..)| *at);
    Some(known)
}

/// The spans with these stretches in their places.
fn overlaid(found: &Found, stretches: &[Stretch]) -> Found {
    let (mut out, mut at, mut number) = (Found::default(), 0_u64, 0);
    for (span, shift) in found.spans.iter().zip(&found.shifts) {
        let end = at + span.len;
        while at < end {
            while stretches.get(number).is_some_and(|stretch| stretch.1 <= at) {
                number += 1;
            }
            let (until, origin) = match stretches.get(number) {
                Some((start, stretch_end, origin)) if *start <= at => (end.min(*stretch_end), *origin),
                Some((start, ..)) => (end.min(*start), span.origin),
                None => (end, span.origin),
            };
            out.push(Span { len: until - at, origin, bytes: 0 }, *shift);
            at = until;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_that_are_the_same_take_the_place_of_what_chunks_say() {
        let mut found = Found::default();
        found.push(Span { len: 10, origin: Origin::New, bytes: 0 }, 0);
        found.push(Span { len: 10, origin: Origin::Moved, bytes: 0 }, 5);
        let out = overlaid(&found, &[(2, 4, Origin::Kept), (8, 12, Origin::Moved), (18, 20, Origin::Kept)]);
        let lens: Vec<_> = out.spans.iter().map(|span| (span.len, span.origin)).collect();
        let expected = [(2, Origin::New), (2, Origin::Kept), (4, Origin::New), (10, Origin::Moved), (2, Origin::Kept)];
        assert_eq!(lens, expected);
        assert_eq!(out.spans.len(), out.shifts.len());
    }
}
