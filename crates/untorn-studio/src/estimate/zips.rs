//! Members of archives that moved as they are: shorter ones than a chunk are found only by name.

use std::collections::HashMap;

use super::{Work, changes::Change, changes::Content, stretches::Found};
use crate::{
    builds::Builds,
    parallel,
    spans::{Origin, Span},
    zip::{self, same_stored},
};

/// Puts right what chunks alone do not tell.
pub(super) fn refine(builds: &Builds, changes: &[Change], found: &mut [Found], work: &Work<'_>) {
    let moved = parallel::each(work.jobs, changes.len(), &|number| stretches(builds, &changes[number]).unwrap_or_default());
    for (found, moved) in found.iter_mut().zip(moved).filter(|(_, moved)| !moved.is_empty()) {
        *found = overlaid(found, &moved);
    }
}

/// Where stored bytes begin and end that the old archive has, too, and whether they stand where they stood.
type Stretch = (u64, u64, Origin);

fn stretches(builds: &Builds, change: &Change) -> Option<Vec<Stretch>> {
    let item = &change.item;
    if change.content != Content::Read || !change.is_pool {
        return None;
    }
    let (old_file, new_file) = (builds.old.file(&item.path, item.old_len)?, builds.new.file(&item.path, item.new_len)?);
    let (Ok(Ok(old)), Ok(Ok(new))) = (zip::read(&*old_file, item.old_len), zip::read(&*new_file, item.new_len)) else {
        return None;
    };
    let before: HashMap<_, _> = old.members.iter().map(|member| (&member.name, member)).collect();
    let mut stretches = Vec::new();
    for member in new.members.iter().filter(|member| member.stored_len() > 0) {
        let Some(old) = before.get(&member.name).filter(|old| old.crc == member.crc && old.len == member.len) else { continue };
        if same_stored((&*old_file, old), (&*new_file, member)) {
            let origin = if old.data_at == member.data_at { Origin::Kept } else { Origin::Moved };
            stretches.push((member.data_at, member.data_end, origin));
        }
    }
    Some(stretches)
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
