//! Frames of zstd (RFC 8878), one after the other.

use std::io;

use crate::{Kind, Plain, ReadAt, Stream, fill};

pub(crate) const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// The most frames, and blocks of all of them, that are looked at.
const FRAMES_MAX: usize = 1 << 16;
const BLOCKS_MAX: usize = 1 << 20;

/// The frames that a file consists of: their ends follow from the lengths of their blocks.
pub(crate) fn streams(file: &ReadAt<'_>, len: u64) -> io::Result<Result<Vec<Stream>, Plain>> {
    let (mut frames, mut at, mut blocks) = (Vec::new(), 0, 0);
    while at < len {
        if frames.len() >= FRAMES_MAX {
            return Ok(Err(Plain::Doubtful("it has too many frames")));
        }
        let Some(end) = end(file, at, len, &mut blocks)? else {
            return Ok(Err(Plain::Doubtful("it does not consist of frames of zstd alone")));
        };
        let name = frames.len().to_string().into_bytes();
        frames.push(Stream { name, at, len: end - at, raw_len: None, raw_sum: None, kind: Kind::Zstd });
        at = end;
    }
    Ok(Ok(frames))
}

/// Where the frame that begins at `at` ends; `None` when none does.
fn end(file: &ReadAt<'_>, at: u64, len: u64, blocks: &mut usize) -> io::Result<Option<u64>> {
    let mut head = [0; 5];
    if fill(file, &mut head, at)? < head.len() || !head.starts_with(&MAGIC) {
        return Ok(None);
    }
    let flags = head[4];
    let is_single = flags & 1 << 5 != 0;
    let size_len = match flags >> 6 {
        0 => u64::from(is_single),
        log => 1 << log,
    };
    let dictionary_len = [0, 1, 2, 4][usize::from(flags & 3)];
    let mut block_at = at + 5 + u64::from(!is_single) + dictionary_len + size_len;
    loop {
        *blocks += 1;
        let mut header = [0; 4];
        if *blocks > BLOCKS_MAX || fill(file, &mut header[..3], block_at)? < 3 {
            return Ok(None);
        }
        let header = u32::from_le_bytes(header);
        let stored_len = match header >> 1 & 3 {
            1 => 1,
            0 | 2 => u64::from(header >> 3),
            _ => return Ok(None),
        };
        block_at += 3 + stored_len;
        if header & 1 == 1 {
            let end = block_at + if flags & 1 << 2 == 0 { 0 } else { 4 };
            return Ok((end <= len).then_some(end));
        }
    }
}
