//! A PNG picture (ISO/IEC 15948): one zlib stream, cut into chunks.

use std::io;

use crate::{Kind, Plain, ReadAt, Stream, fill};

pub(crate) const SIGNATURE: [u8; 8] = *b"\x89PNG\r\n\x1a\n";

/// The most chunks that are looked at.
const CHUNKS_MAX: usize = 1 << 18;
/// Length and kind before the bytes of a chunk, checksum behind.
const AROUND: u64 = 12;
/// Header and checksum of zlib.
const ZLIB_LEN: u64 = 6;

/// The stream, from the first byte of the first chunk that has some of it to the last byte of the last.
pub(crate) fn stream(file: &ReadAt<'_>, len: u64) -> io::Result<Result<Stream, Plain>> {
    let (mut at, mut data) = (SIGNATURE.len() as u64, Data::default());
    for _ in 0..CHUNKS_MAX {
        let mut head = [0; 8];
        if fill(file, &mut head, at)? < head.len() {
            return Ok(Err(Plain::Doubtful("it ends too early")));
        }
        let [one, two, three, four, kind @ ..] = head;
        let chunk_len = u64::from(u32::from_be_bytes([one, two, three, four]));
        let end = at + AROUND + chunk_len;
        if end > len {
            return Ok(Err(Plain::Doubtful("it ends too early")));
        }
        match &kind {
            b"IDAT" if !data.add(at + 8, chunk_len) => {
                return Ok(Err(Plain::Doubtful("its chunks are of different lengths")));
            }
            b"IEND" if end < len => return Ok(Err(Plain::Doubtful("something stands behind its end"))),
            b"IEND" => return data.stream(file),
            _ => {}
        }
        at = end;
    }
    Ok(Err(Plain::Doubtful("it has too many chunks")))
}

/// The chunks of the stream.
#[derive(Default)]
struct Data {
    at: u64,
    end: u64,
    piece_len: u64,
    last_len: u64,
    len: u64,
}

impl Data {
    /// Adds a chunk. All must follow each other, and be of one length but for the last, which may be shorter.
    fn add(&mut self, at: u64, len: u64) -> bool {
        let is_first = self.end == 0;
        if is_first {
            (self.at, self.piece_len, self.last_len) = (at, len, len);
        }
        let follows = is_first || self.end + AROUND == at && self.last_len == self.piece_len && len <= self.piece_len;
        (self.end, self.last_len, self.len) = (at + len, len, self.len + len);
        follows && len > 0
    }

    fn stream(&self, file: &ReadAt<'_>) -> io::Result<Result<Stream, Plain>> {
        let mut header = [0; 2];
        let begins = self.len > ZLIB_LEN && self.piece_len >= 2 && fill(file, &mut header, self.at)? == 2;
        let is_zlib = header[0] & 15 == 8 && header[1] & 1 << 5 == 0 && u16::from_be_bytes(header).is_multiple_of(31);
        Ok(match u32::try_from(self.piece_len) {
            Ok(piece_len) if begins && is_zlib => Ok(Stream {
                name: Vec::new(),
                at: self.at,
                len: self.end - self.at,
                raw_len: None,
                raw_sum: None,
                kind: Kind::Picture { piece_len },
            }),
            _ => Err(Plain::Doubtful("its bytes are no zlib stream")),
        })
    }
}
