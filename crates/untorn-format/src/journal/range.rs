//! A piece of a file that is changed in place.

use super::Blob;
use crate::{
    DecodeError,
    bytes::{Field, Reader, Writer, require},
    layout::{Row, rows},
};

/// A piece of a file, and where its bytes stand in the redo file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// Offset in the file.
    pub at: u64,
    /// Length in bytes, never 0.
    pub len: u64,
    /// Offset in the redo file.
    pub redo_at: u64,
}

const RANGE_LEN: usize = 24;
const AT: Field<8> = Field::at(0);
const LEN: Field<8> = Field::at(8);
const REDO_AT: Field<8> = Field::at(16);

pub(crate) const ROWS: &[Row] = rows!(RANGE_LEN; AT, LEN, REDO_AT);

pub(super) fn write_ranges(writer: &mut Writer, ranges: &[Range]) {
    writer.u32(crate::bytes::count(ranges.len()));
    for range in ranges {
        let mut block = [0; RANGE_LEN];
        AT.put(&mut block, range.at.to_le_bytes());
        LEN.put(&mut block, range.len.to_le_bytes());
        REDO_AT.put(&mut block, range.redo_at.to_le_bytes());
        writer.bytes(&block);
    }
}

pub(super) fn read_ranges(reader: &mut Reader<'_>) -> Result<Vec<Range>, DecodeError> {
    let count = reader.u32()?;
    reader.list(count, RANGE_LEN, |reader| {
        let block = reader.take(RANGE_LEN)?;
        Ok(Range { at: AT.u64(block), len: LEN.u64(block), redo_at: REDO_AT.u64(block) })
    })
}

const PIECE_LEN: usize = 16;

/// Pieces (offset, length).
pub(super) fn write_pieces(writer: &mut Writer, pieces: &[(u64, u64)]) {
    writer.u32(crate::bytes::count(pieces.len()));
    for (at, len) in pieces {
        writer.u64(*at);
        writer.u64(*len);
    }
}

pub(super) fn read_pieces(reader: &mut Reader<'_>) -> Result<Vec<(u64, u64)>, DecodeError> {
    let count = reader.u32()?;
    reader.list(count, PIECE_LEN, |reader| Ok((reader.u64()?, reader.u64()?)))
}

/// Sorted, apart, none empty, all within a file of `len` bytes and within the redo (or undo) file.
pub(super) fn check_ranges(ranges: &[Range], len: u64, redo: &Blob) -> Result<(), DecodeError> {
    check_pieces(ranges.iter().map(|range| (range.at, range.len)), len)?;
    let in_redo = |range: &Range| range.redo_at.checked_add(range.len).is_some_and(|end| end <= redo.len);
    require(ranges.iter().all(in_redo), "offset of a range in the redo or undo file")
}

/// Pieces (offset, length): sorted, apart, none empty, all within `len` bytes.
pub(super) fn check_pieces(mut pieces: impl Iterator<Item = (u64, u64)>, len: u64) -> Result<(), DecodeError> {
    let mut free = 0;
    let fits = pieces.all(|(at, piece)| {
        let end = at.checked_add(piece).filter(|end| *end <= len && at >= free && piece > 0);
        free = end.unwrap_or(free);
        end.is_some()
    });
    require(fits, "ranges of a file")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Hash;

    /// Numbers at both ends.
    const EDGES: [u64; 8] = [0, 1, 2, 3, u64::MAX - 2, u64::MAX - 1, u64::MAX, u64::MAX / 2];

    fn pieces() -> impl Iterator<Item = (u64, u64)> {
        EDGES.into_iter().flat_map(|at| EDGES.into_iter().map(move |len| (at, len)))
    }

    /// The rule, in numbers that do not overflow.
    fn are_right(pieces: &[(u64, u64)], len: u64) -> bool {
        let end = |(at, len): (u64, u64)| u128::from(at) + u128::from(len);
        let is_sorted = pieces.windows(2).all(|pair| end(pair[0]) <= pair[1].0.into());
        is_sorted && pieces.iter().all(|&piece| piece.1 > 0 && end(piece) <= len.into())
    }

    #[test]
    fn pieces_are_sorted_apart_and_within_over_all_edges() {
        for len in EDGES {
            assert!(check_pieces([].into_iter(), len).is_ok());
            for a in pieces() {
                assert_eq!(check_pieces([a].into_iter(), len).is_ok(), are_right(&[a], len), "{a:?} in {len}");
                for b in pieces() {
                    assert_eq!(check_pieces([a, b].into_iter(), len).is_ok(), are_right(&[a, b], len), "{a:?} {b:?} in {len}");
                }
            }
        }
        let small = || (0..4).flat_map(|at| (0..4).map(move |len| (at, len)));
        for a in small() {
            for b in small() {
                for c in small() {
                    for len in 0..7 {
                        assert_eq!(check_pieces([a, b, c].into_iter(), len).is_ok(), are_right(&[a, b, c], len));
                    }
                }
            }
        }
    }

    #[test]
    fn bytes_of_ranges_are_within_the_redo_file_over_all_edges() {
        for redo_len in EDGES {
            for (redo_at, len) in pieces().filter(|piece| piece.1 > 0) {
                let redo = Blob { len: redo_len, hash: Hash::NONE };
                let is_right = u128::from(redo_at) + u128::from(len) <= redo_len.into();
                assert_eq!(check_ranges(&[Range { at: 0, len, redo_at }], u64::MAX, &redo).is_ok(), is_right);
            }
        }
    }
}
