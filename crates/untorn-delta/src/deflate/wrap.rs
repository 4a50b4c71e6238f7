//! Streams as they stand in pictures: wrapped by zlib, and cut into chunks.

use untorn_format::patch::{CHUNK_LEN, Wrap};

use super::Bad;

const KIND: [u8; 4] = *b"IDAT";
const HEADER_LEN: usize = 2;
const SUM_LEN: usize = 4;

/// The stream within `stored`, which is wrapped so; header and checksum are not looked at.
pub(crate) fn bare(stored: Vec<u8>, wrap: Wrap) -> Result<Vec<u8>, Bad> {
    let Wrap::Png { piece_len, .. } = wrap else { return Ok(stored) };
    let mut bytes = joined(&stored, piece_len);
    let len = bytes.len().checked_sub(SUM_LEN).filter(|len| *len > HEADER_LEN).ok_or(Bad("it ends too early"))?;
    bytes.truncate(len);
    bytes.drain(..HEADER_LEN);
    Ok(bytes)
}

/// What chunks hold.
fn joined(stored: &[u8], piece_len: u32) -> Vec<u8> {
    let (piece_len, around) = (size(piece_len.into()).max(1), size(CHUNK_LEN));
    let mut bytes = Vec::with_capacity(stored.len());
    stored
        .chunks(piece_len.saturating_add(around))
        .for_each(|chunk| bytes.extend_from_slice(&chunk[..chunk.len().min(piece_len)]));
    bytes
}

/// The stream as it stands in its file: what [`bare`] takes away, put around it again.
pub(crate) fn wrapped(stream: Vec<u8>, raw: &[u8], wrap: Wrap) -> Vec<u8> {
    let Wrap::Png { piece_len, header } = wrap else { return stream };
    let mut bytes = Vec::with_capacity(stream.len() + HEADER_LEN + SUM_LEN);
    bytes.extend_from_slice(&header.to_be_bytes());
    bytes.extend_from_slice(&stream);
    drop(stream);
    bytes.extend_from_slice(&sum_of(raw).to_be_bytes());
    let piece_len = size(piece_len.into()).max(1);
    if bytes.len() <= piece_len {
        return bytes;
    }
    let mut stored = Vec::with_capacity(bytes.len() + bytes.len() / piece_len * size(CHUNK_LEN));
    let mut pieces = bytes.chunks(piece_len).peekable();
    while let Some(piece) = pieces.next() {
        stored.extend_from_slice(piece);
        if let Some(next) = pieces.peek() {
            let mut sum = crc32fast::Hasher::new();
            sum.update(&KIND);
            sum.update(piece);
            stored.extend_from_slice(&sum.finalize().to_be_bytes());
            stored.extend_from_slice(&u32::try_from(next.len()).unwrap_or(u32::MAX).to_be_bytes());
            stored.extend_from_slice(&KIND);
        }
    }
    stored
}

/// The checksum of zlib (Adler-32): a dozen lines, and the crates that a game takes along are counted.
fn sum_of(bytes: &[u8]) -> u32 {
    const MODULUS: u32 = 65521;
    let (mut one, mut two) = (1_u32, 0_u32);
    // So many bytes fit before a sum may overflow.
    for part in bytes.chunks(5552) {
        for byte in part {
            one += u32::from(*byte);
            two += one;
        }
        (one, two) = (one % MODULUS, two % MODULUS);
    }
    two << 16 | one
}

fn size(len: u64) -> usize {
    usize::try_from(len).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_that_of_zlib() {
        // As RFC 1950 computes it; the last one would overflow if it were reduced later.
        for (bytes, sum) in [(&b""[..], 1), (b"a", 0x0062_0062), (b"Wikipedia", 0x11e6_0398), (&[0xff; 100_000], 0x149a_302c)] {
            assert_eq!(sum_of(bytes), sum, "{}", bytes.len());
        }
    }
}
