//! Bytes that follow from a number: incompressible, the same on every machine, cheaper to make than to read.

use std::io::{self, Read};

/// The endless byte stream of one file in one generation. Words are splitmix64 of their index (Steele, Lea, Flood 2014), so that any
/// range can be made without what comes before it.
#[derive(Clone, Copy, Debug)]
pub struct Content {
    key: u64,
}

impl Content {
    /// The stream of file `file` in generation `generation`.
    pub fn new(file: u64, generation: u64) -> Self {
        Self { key: mix(file.wrapping_mul(2).wrapping_add(generation)) }
    }

    /// Fills `buffer` with the bytes from `offset` on.
    pub fn fill(self, offset: u64, buffer: &mut [u8]) {
        let skip = (offset % 8) as usize;
        let head_len = ((8 - skip) % 8).min(buffer.len());
        let (head, body) = buffer.split_at_mut(head_len);
        head.copy_from_slice(&self.word(offset / 8)[skip..skip + head_len]);
        let mut index = offset.div_ceil(8);
        let (words, tail) = body.as_chunks_mut::<8>();
        for word in words {
            *word = self.word(index);
            index += 1;
        }
        tail.copy_from_slice(&self.word(index)[..tail.len()]);
    }

    /// The first `len` bytes.
    pub fn bytes(self, offset: u64, len: u64) -> Vec<u8> {
        let mut buffer = vec![0; len as usize];
        self.fill(offset, &mut buffer);
        buffer
    }

    /// The first `len` bytes as a reader.
    pub fn reader(self, len: u64) -> ContentReader {
        ContentReader { content: self, offset: 0, len }
    }

    fn word(self, index: u64) -> [u8; 8] {
        mix(self.key.wrapping_add(index.wrapping_mul(0x9e37_79b9_7f4a_7c15))).to_le_bytes()
    }
}

/// Reads a [`Content`] to a given length.
#[derive(Debug)]
pub struct ContentReader {
    content: Content,
    offset: u64,
    len: u64,
}

impl Read for ContentReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = (self.len - self.offset).min(buffer.len() as u64) as usize;
        self.content.fill(self.offset, &mut buffer[..len]);
        self.offset += len as u64;
        Ok(len)
    }
}

fn mix(mut word: u64) -> u64 {
    word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_range_is_a_part_of_the_same_stream() {
        let content = Content::new(3, 1);
        let whole = content.bytes(0, 100);
        for offset in 0..40 {
            for len in 0..40 {
                assert_eq!(content.bytes(offset, len), whole[offset as usize..(offset + len) as usize]);
            }
        }
    }

    #[test]
    fn files_and_generations_differ() {
        assert_ne!(Content::new(0, 0).bytes(0, 64), Content::new(0, 1).bytes(0, 64));
        assert_ne!(Content::new(0, 1).bytes(0, 64), Content::new(1, 0).bytes(0, 64));
    }

    #[test]
    fn the_reader_gives_the_stream_and_ends() {
        let mut read = Vec::new();
        Content::new(5, 0).reader(1001).read_to_end(&mut read).unwrap();
        assert_eq!(read, Content::new(5, 0).bytes(0, 1001));
    }
}
