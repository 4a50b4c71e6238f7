//! Where the bytes of new files come from, as far as whole chunks tell.

use untorn::Result;

use super::{
    Work,
    changes::{Change, Content},
    chunks::Pool,
};
use crate::{
    builds::Builds,
    parallel,
    spans::{Origin, Span},
};

/// Where the bytes of a new file come from.
#[derive(Default)]
pub(super) struct Found {
    /// Without costs.
    pub(super) spans: Vec<Span>,
    /// For each span: where what stands before it stood in the old file at this path, less where it stands now.
    pub(super) shifts: Vec<i64>,
}

impl Found {
    /// Appends a span, or lengthens the last one.
    pub(super) fn push(&mut self, span: Span, shift: i64) {
        match self.spans.last_mut() {
            Some(last) if last.origin == span.origin => last.len += span.len,
            _ => {
                self.spans.push(span);
                self.shifts.push(shift);
            }
        }
    }
}

/// The spans of each change, without costs.
pub(super) fn find(builds: &Builds, changes: &[Change], pool: &Pool, work: &Work<'_>) -> Result<Vec<Found>> {
    let found = parallel::each(work.jobs, changes.len(), &|number| {
        let item = &changes[number].item;
        match changes[number].content {
            Content::None => Ok(Found::default()),
            Content::Copied => {
                Ok(Found { spans: vec![Span { len: item.new_len, origin: Origin::Copied, bytes: 0 }], shifts: vec![0] })
            }
            Content::Read => of_file(builds, number, &changes[number], pool, work),
        }
    });
    found.into_iter().collect()
}

fn of_file(builds: &Builds, number: usize, change: &Change, pool: &Pool, work: &Work<'_>) -> Result<Found> {
    let me = u32::try_from(number).unwrap_or(u32::MAX);
    let (mut found, mut next, mut shift) = (Found::default(), None, 0_i64);
    pool.cuts.cut(&builds.new, &change.item.path, change.item.new_len, work, &mut |chunk| {
        let place = pool.find(&chunk, (me, chunk.at), next);
        next = place.map(|(file, at)| (file, at + u64::from(chunk.len)));
        if let Some((file, at)) = place
            && file == me
        {
            shift = at.cast_signed().wrapping_sub(chunk.at.cast_signed());
        }
        let origin = match place {
            None => Origin::New,
            Some((file, at)) if file == me && at == chunk.at => Origin::Kept,
            Some((file, _)) if file == me => Origin::Moved,
            Some(_) => Origin::Copied,
        };
        found.push(Span { len: chunk.len.into(), origin, bytes: 0 }, shift);
    })?;
    Ok(found)
}
