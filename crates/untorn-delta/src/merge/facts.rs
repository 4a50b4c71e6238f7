//! The facts of a joined patch that nobody sends: in chunks of LZMA2 that are not compressed. So who only joins what lies there needs no compressor.

/// The longest chunk: its length less one has 16 bits.
const CHUNK_LEN_MAX: usize = 64 << 10;
/// How a chunk begins that is not compressed: the first one, with which the dictionary begins, and the others.
const FIRST: u8 = 1;
const NEXT: u8 = 2;
/// Ends the stream.
const END: u8 = 0;

/// One LZMA2 stream that holds `facts`.
pub(super) fn uncompressed(facts: &[u8]) -> Vec<u8> {
    let mut stream = Vec::with_capacity(facts.len() + 3 * facts.len().div_ceil(CHUNK_LEN_MAX) + 1);
    for (number, chunk) in facts.chunks(CHUNK_LEN_MAX).enumerate() {
        let [high, low] = u16::try_from(chunk.len() - 1).unwrap_or(u16::MAX).to_be_bytes();
        stream.extend_from_slice(&[if number == 0 { FIRST } else { NEXT }, high, low]);
        stream.extend_from_slice(chunk);
    }
    stream.push(END);
    stream
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use lzma_rust2::Lzma2Reader;

    use super::*;

    #[test]
    fn it_is_a_stream_as_any_other() {
        for len in [0, 1, 2, 65_535, 65_536, 65_537, 300_000_u32] {
            let facts: Vec<u8> = (0..len).map(|number| number.to_le_bytes()[number as usize % 3]).collect();
            let (stream, mut read) = (uncompressed(&facts), Vec::new());
            let mut rest = &stream[..];
            Lzma2Reader::new(&mut rest, len.max(4096), None).read_to_end(&mut read).unwrap();
            assert!(read == facts && rest.is_empty(), "{len}");
        }
    }
}
