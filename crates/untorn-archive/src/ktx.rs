//! A KTX 2 texture (Khronos, KTX File Format 2.0): its levels are frames of zstd, each by itself.

use std::io;

use crate::{Kind, Plain, ReadAt, Stream, fill};

pub(crate) const SIGNATURE: [u8; 12] = *b"\xabKTX 20\xbb\r\n\x1a\n";

/// Where the number of levels stands, how they are compressed, and their table.
const COUNT_AT: usize = 40;
const SCHEME_AT: usize = 44;
const TABLE_AT: usize = 80;
/// A row of the table: offset, length, and length of what it holds.
const ROW_LEN: usize = 24;
/// Levels halve, and lengths have 32 bits.
const LEVELS_MAX: usize = 32;
/// The scheme that says zstd.
const ZSTD: u32 = 2;

/// The levels, in the order of their offsets; a texture that is compressed otherwise, or not at all, has none.
pub(crate) fn streams(file: &ReadAt<'_>, len: u64) -> io::Result<Result<Vec<Stream>, Plain>> {
    let mut head = [0; TABLE_AT];
    if fill(file, &mut head, 0)? < head.len() {
        return Ok(Err(Plain::Doubtful("it ends too early")));
    }
    let number = |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
    let count = number(COUNT_AT).max(1);
    if number(SCHEME_AT) != ZSTD {
        return Ok(Ok(Vec::new()));
    }
    let Some(count) = usize::try_from(count).ok().filter(|count| *count <= LEVELS_MAX) else {
        return Ok(Err(Plain::Doubtful("it has more levels than a texture can have")));
    };
    let mut table = vec![0; count * ROW_LEN];
    if fill(file, &mut table, TABLE_AT as u64)? < table.len() {
        return Ok(Err(Plain::Doubtful("it ends too early")));
    }
    let mut levels: Vec<Stream> = table.chunks_exact(ROW_LEN).zip(0_u32..).filter_map(level).collect();
    levels.sort_by_key(|level| level.at);
    let mut end = (TABLE_AT + table.len()) as u64;
    for level in &levels {
        let level_end = level.at.checked_add(level.len).filter(|level_end| level.at >= end && *level_end <= len);
        let Some(level_end) = level_end else { return Ok(Err(Plain::Doubtful("its levels do not lie in it, each apart"))) };
        end = level_end;
    }
    Ok(Ok(levels))
}

fn level((row, number): (&[u8], u32)) -> Option<Stream> {
    let number_at = |at: usize| Some(u64::from_le_bytes(*row.get(at..)?.first_chunk()?));
    Some(Stream {
        name: number.to_string().into_bytes(),
        at: number_at(0)?,
        len: number_at(8)?,
        raw_len: number_at(16),
        raw_sum: None,
        kind: Kind::Zstd,
    })
}
