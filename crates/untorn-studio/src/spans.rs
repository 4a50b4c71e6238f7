//! Where each stretch of a new file comes from, and what it costs.

use untorn::{Shares, TreePath};
use untorn_format::patch::{Change, Index, Op};

/// Where bytes of a new file come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// They stand in their place.
    Kept,
    /// They stand in another place of the old file.
    Moved,
    /// They stand in another file.
    Copied,
    /// They are in the patch.
    New,
    /// They are packed again, from what the old bytes hold and the patch.
    Restored,
}

/// A stretch of a new file. The spans of a file cover it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) len: u64,
    pub(crate) origin: Origin,
    /// Bytes of the patch that are there for it.
    pub(crate) bytes: u64,
}

/// How many bytes of each origin there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sums {
    pub(crate) kept: u64,
    pub(crate) moved: u64,
    pub(crate) copied: u64,
    pub(crate) new: u64,
    pub(crate) restored: u64,
    pub(crate) bytes: u64,
}

impl Sums {
    pub(crate) fn add(&mut self, span: &Span) {
        let part = match span.origin {
            Origin::Kept => &mut self.kept,
            Origin::Moved => &mut self.moved,
            Origin::Copied => &mut self.copied,
            Origin::New => &mut self.new,
            Origin::Restored => &mut self.restored,
        };
        *part = part.saturating_add(span.len);
        self.bytes = self.bytes.saturating_add(span.bytes);
    }

    pub(crate) fn of(spans: &[Span]) -> Self {
        let mut sums = Self::default();
        spans.iter().for_each(|span| sums.add(span));
        sums
    }
}

/// The spans of a file that changes. `shares` must stand at its first operation.
pub(crate) fn of_change(index: &Index, change: &Change, shares: &mut Shares) -> Vec<Span> {
    let ops = change.file().map(|file| file.ops.as_slice()).unwrap_or_default();
    ops.iter().flat_map(|op| of_op(index, &change.path, op, shares)).filter(|span| span.len > 0).collect()
}

/// Where the literal bytes of an adapted file are, only its program knows: they count as its end.
fn of_op(index: &Index, path: &TreePath, op: &Op, shares: &mut Shares) -> [Span; 2] {
    let span = |len, origin, bytes| Span { len, origin, bytes };
    let from = op.source().and_then(|source| index.sources().get(source as usize));
    let origin = if from.is_some_and(|source| source.path == *path) { Origin::Moved } else { Origin::Copied };
    let literal = op.literal_len();
    let share = shares.next(op);
    match op {
        Op::Keep { len } => [span(*len, Origin::Kept, 0), span(0, Origin::Kept, 0)],
        Op::Restore { len, .. } => [span(*len, Origin::Restored, share.bytes()), span(0, Origin::New, 0)],
        Op::Literal { len } => [span(*len, Origin::New, share.bytes()), span(0, Origin::New, 0)],
        // Nothing but literal bytes may be left of what is adapted.
        _ if literal == op.len() => [span(literal, Origin::New, share.bytes()), span(0, Origin::New, 0)],
        _ => [span(op.len().saturating_sub(literal), origin, share.between), span(literal, Origin::New, share.literal)],
    }
}

/// Adds up the spans of a file within stretches of it. The stretches are sorted and do not overlap.
pub(crate) fn within(spans: &[Span], stretches: &[(u64, u64)]) -> Vec<Sums> {
    let mut sums = vec![Sums::default(); stretches.len()];
    let (mut first, mut at) = (0, 0_u64);
    for span in spans {
        let end = at.saturating_add(span.len);
        while stretches.get(first).is_some_and(|(_, stretch_end)| *stretch_end <= at) {
            first += 1;
        }
        for (number, (start, stretch_end)) in stretches.iter().enumerate().skip(first) {
            if *start >= end {
                break;
            }
            let (from, to) = ((*start).max(at), (*stretch_end).min(end));
            sums[number].add(&Span { len: to.saturating_sub(from), bytes: part(span, from - at, to - at), ..*span });
        }
        at = end;
    }
    sums
}

/// The share of a part, so that all shares together are all bytes.
fn part(span: &Span, from: u64, to: u64) -> u64 {
    let up_to = |at: u64| u128::from(span.bytes) * u128::from(at) / u128::from(span.len.max(1));
    u64::try_from(up_to(to).saturating_sub(up_to(from))).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_get_their_shares_to_the_last_byte() {
        let span = |len, origin, bytes| Span { len, origin, bytes };
        let spans = [span(10, Origin::Kept, 0), span(30, Origin::New, 10), span(10, Origin::Moved, 0)];
        let sums = within(&spans, &[(0, 5), (5, 20), (20, 45), (45, 50)]);
        assert_eq!(sums[0], Sums { kept: 5, ..Sums::default() });
        assert_eq!(sums[1], Sums { kept: 5, new: 10, bytes: 3, ..Sums::default() });
        assert_eq!(sums[2], Sums { new: 20, moved: 5, bytes: 7, ..Sums::default() });
        assert_eq!(sums[3], Sums { moved: 5, ..Sums::default() });
        assert_eq!(sums.iter().map(|sums| sums.bytes).sum::<u64>(), Sums::of(&spans).bytes);
    }
}
