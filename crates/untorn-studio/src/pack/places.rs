//! Where the members of an archive lie. Pure: lengths and old places in, new places out.

use std::collections::BTreeSet;

/// Something that needs a place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Piece {
    /// Length in bytes of what stands before the content.
    pub(super) head_len: u64,
    /// Length in bytes of the content, and of what stands behind it.
    pub(super) body_len: u64,
    pub(super) want: Want,
}

/// Where something would like to lie.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Want {
    /// Wherever there is room.
    #[default]
    Anywhere,
    /// Here it begins, head and all. Those that say so do not overlap.
    Exactly(u64),
    /// Here its content begins, if there is room.
    Body(u64),
}

impl Piece {
    fn len(&self) -> u64 {
        self.head_len + self.body_len
    }
}

/// How something came to its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    Kept,
    Replaced,
    Filled,
    Appended,
}

/// Where each piece begins, and how it came there. Content of at least `align` bytes begins at a multiple of it, but for what keeps its place.
pub(super) fn place(pieces: &[Piece], align: u64) -> Vec<(u64, How)> {
    let mut found = vec![None; pieces.len()];
    let mut room = Room::without(pieces);
    for (number, piece) in pieces.iter().enumerate() {
        if let Want::Exactly(at) = piece.want {
            found[number] = Some((at, How::Kept));
        }
    }
    for number in in_order_of_wishes(pieces) {
        let piece = &pieces[number];
        let Want::Body(body_at) = piece.want else { continue };
        if let Some(at) = body_at.checked_sub(piece.head_len).filter(|at| room.take(*at, piece.len())) {
            found[number] = Some((at, How::Replaced));
        }
    }
    if let Some((number, at)) = first(pieces, &found, &mut room, align) {
        found[number] = Some((at, How::Appended));
    }
    // Long ones first: what is left over is small then.
    let mut left: Vec<usize> = (0..pieces.len()).filter(|number| found[*number].is_none()).collect();
    left.sort_by_key(|number| (std::cmp::Reverse(pieces[*number].len()), *number));
    for number in &left {
        found[*number] = room.fill(&pieces[*number], align).map(|at| (at, How::Filled));
    }
    left.sort_unstable();
    for number in left {
        if found[number].is_none() {
            found[number] = Some(match room.fill_small(&pieces[number], align) {
                Some(at) => (at, How::Appended),
                None => (room.append(&pieces[number], align), How::Appended),
            });
        }
    }
    found.into_iter().map(|found| found.unwrap_or((0, How::Appended))).collect()
}

/// Something begins where the archive begins, if anything fits: many programs look there to see what it is. What need not be aligned is asked first.
fn first(pieces: &[Piece], found: &[Option<(u64, How)>], room: &mut Room, align: u64) -> Option<(usize, u64)> {
    let mut free: Vec<usize> = (0..pieces.len()).filter(|number| found[*number].is_none()).collect();
    free.sort_by_key(|number| (pieces[*number].body_len >= align, *number));
    let is_taken = found.iter().any(|found| matches!(found, Some((0, _))));
    let number = free.into_iter().filter(|_| !is_taken).find(|number| room.take(0, pieces[*number].len()))?;
    Some((number, 0))
}

fn in_order_of_wishes(pieces: &[Piece]) -> Vec<usize> {
    let wish = |number: &usize| if let Want::Body(at) = pieces[*number].want { at } else { u64::MAX };
    let mut numbers: Vec<usize> = (0..pieces.len()).collect();
    numbers.sort_by_key(|number| (wish(number), *number));
    numbers
}

/// What is free before the end: gaps by length and by place.
struct Room {
    by_len: BTreeSet<(u64, u64)>,
    by_at: BTreeSet<(u64, u64)>,
    end: u64,
}

/// How many gaps are tried that are long enough, but may begin in a bad place.
const TRIED_MAX: usize = 16;

impl Room {
    fn without(pieces: &[Piece]) -> Self {
        let taken = |piece: &Piece| if let Want::Exactly(at) = piece.want { Some((at, at + piece.len())) } else { None };
        let mut taken: Vec<_> = pieces.iter().filter_map(taken).collect();
        taken.sort_unstable();
        let mut room = Self { by_len: BTreeSet::new(), by_at: BTreeSet::new(), end: 0 };
        for (at, end) in taken {
            room.free(room.end, at);
            room.end = room.end.max(end);
        }
        room
    }

    fn free(&mut self, at: u64, end: u64) {
        if end > at {
            self.by_len.insert((end - at, at));
            self.by_at.insert((at, end));
        }
    }

    /// Takes a stretch, if it is free.
    fn take(&mut self, at: u64, len: u64) -> bool {
        let end = at + len;
        if at >= self.end {
            self.free(self.end, at);
            self.end = end;
            return true;
        }
        let Some(&(gap, gap_end)) = self.by_at.range(..=(at, u64::MAX)).next_back() else { return false };
        // The last gap may grow: nothing stands behind it.
        let limit = if gap_end == self.end { u64::MAX } else { gap_end };
        if gap_end <= at || limit < end {
            return false;
        }
        self.by_at.remove(&(gap, gap_end));
        self.by_len.remove(&(gap_end - gap, gap));
        self.free(gap, at);
        self.free(end, gap_end);
        self.end = self.end.max(end);
        true
    }

    /// Where a piece may begin, from `at` on.
    fn start(piece: &Piece, at: u64, align: u64) -> u64 {
        if piece.body_len < align { at } else { (at + piece.head_len).next_multiple_of(align.max(1)) - piece.head_len }
    }

    /// Takes the shortest gap that a piece fits into.
    fn fill(&mut self, piece: &Piece, align: u64) -> Option<u64> {
        let fits = |&(len, at): &(u64, u64)| {
            let start = Self::start(piece, at, align);
            (start + piece.len() <= at + len).then_some(start)
        };
        let start = self.by_len.range((piece.len(), 0)..).take(TRIED_MAX).find_map(fits)?;
        self.take(start, piece.len()).then_some(start)
    }

    /// The same for what is so short that it needs no place of its own: what alignment left free.
    fn fill_small(&mut self, piece: &Piece, align: u64) -> Option<u64> {
        if piece.body_len < align { self.fill(piece, align) } else { None }
    }

    fn append(&mut self, piece: &Piece, align: u64) -> u64 {
        let start = Self::start(piece, self.end, align);
        self.free(self.end, start);
        self.end = start + piece.len();
        start
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn piece(head_len: u64, body_len: u64, want: Want) -> Piece {
        Piece { head_len, body_len, want }
    }

    #[test]
    fn a_changed_one_keeps_its_place_as_long_as_it_fits() {
        let pieces = [
            piece(10, 90, Want::Exactly(0)),
            piece(10, 60, Want::Body(110)),
            piece(10, 90, Want::Exactly(200)),
            piece(10, 91, Want::Body(310)),
            piece(10, 90, Want::Exactly(400)),
        ];
        let found = place(&pieces, 1);
        assert_eq!(found[1], (100, How::Replaced));
        assert_eq!(found[3], (500, How::Appended));
    }

    #[test]
    fn the_shortest_hole_is_filled_first() {
        let pieces = [
            piece(0, 10, Want::Exactly(0)),
            piece(0, 10, Want::Exactly(110)),
            piece(0, 10, Want::Exactly(140)),
            piece(0, 15, Want::Anywhere),
            piece(0, 90, Want::Anywhere),
            piece(0, 110, Want::Anywhere),
        ];
        let found = place(&pieces, 1);
        assert_eq!(found[3..], [(120, How::Filled), (10, How::Filled), (150, How::Appended)]);
    }

    #[test]
    fn the_last_one_may_grow() {
        let pieces = [piece(10, 90, Want::Exactly(0)), piece(10, 9000, Want::Body(110))];
        assert_eq!(place(&pieces, 4096)[1], (100, How::Replaced));
    }

    proptest! {
        #[test]
        fn no_two_overlap_and_long_ones_are_aligned(
            lens in proptest::collection::vec((0_u64..60, 0_u64..9000, 0_u8..3), 0..60),
            align in prop_oneof![Just(1_u64), Just(64), Just(4096)],
        ) {
            let mut at = 0;
            let pieces: Vec<_> = lens.iter().map(|(head_len, body_len, kind)| {
                let want = match kind { 0 => Want::Anywhere, 1 => Want::Exactly(at), _ => Want::Body(at + head_len) };
                at += head_len + body_len * u64::from(*kind) + 7;
                piece(*head_len, *body_len, want)
            }).collect();
            let found = place(&pieces, align);
            prop_assert_eq!(&found, &place(&pieces, align));
            let mut ends: Vec<_> = pieces.iter().zip(&found).map(|(piece, (at, _))| (*at, at + piece.len())).collect();
            ends.sort_unstable();
            for pair in ends.windows(2) {
                prop_assert!(pair[0].1 <= pair[1].0 || pair[0].0 == pair[0].1, "{:?}", pair);
            }
            for (piece, (at, how)) in pieces.iter().zip(&found) {
                match how {
                    How::Kept => prop_assert_eq!(piece.want, Want::Exactly(*at)),
                    How::Replaced => prop_assert_eq!(piece.want, Want::Body(at + piece.head_len)),
                    _ => prop_assert!(piece.body_len < align || (at + piece.head_len) % align == 0 || *at == 0),
                }
            }
        }
    }
}
