//! Where a file is cut into chunks.
//!
//! FastCDC in the variant of 2020 (Xia and others, "The Design of Fast Content-Defined Chunking for Data Deduplication Based Storage Systems"), from the crate
//! `fastcdc`: a rolling hash of the last bytes decides, so that a cut stays where it is when bytes are inserted before it. The search begins anew at every cut, which
//! is why a file can be cut from any place where a chunk begins, without what stands before it. Where the cuts are is part of the format in that two publishers who
//! cut otherwise share nothing; readers take the lengths from the index. A test keeps the cuts of known bytes.

use std::io::{self, Read};

use untorn_format::{Hash, index::CHUNK_LEN_MAX, index::Chunk};

/// No chunk but the last of a file is shorter, in bytes.
pub const CHUNK_LEN_MIN: u32 = 16 << 10;

const LEN_MIN: usize = CHUNK_LEN_MIN as usize;
const LEN_MAX: usize = CHUNK_LEN_MAX as usize;
/// From here on a cut is 16 times as likely, in bytes: so that lengths lie close together, around 64 KiB on average.
const LEN_TURN: usize = 52 << 10;
/// Up to [`LEN_TURN`], one position in 2^18 is a cut; then one in 2^14. The bits are spread as in the paper.
const MASK_BEFORE: u64 = 0x0000_d907_0753_7000;
const MASK_AFTER: u64 = 0x0000_d903_1353_0000;

/// How much is read at once, in bytes.
const BUFFER_LEN: usize = 1 << 20;
const _: () = assert!(BUFFER_LEN > LEN_MAX);

/// Cuts what a reader gives into chunks. Memory: 1 MiB at most.
#[derive(Debug)]
pub struct Chunker<R> {
    reader: R,
    buffer: Vec<u8>,
    /// What of the buffer is not given out yet.
    start: usize,
    end: usize,
    is_at_end: bool,
    /// Whether a short whole is left in one piece.
    whole: bool,
}

impl<R: Read> Chunker<R> {
    /// For a file from its beginning to its end. One up to [`CHUNK_LEN_MAX`] is one chunk.
    pub fn new(reader: R) -> Self {
        Self { reader, buffer: Vec::new(), start: 0, end: 0, is_at_end: false, whole: true }
    }

    /// For a part of a longer file, from a place where a chunk begins.
    pub fn within(reader: R) -> Self {
        Self { whole: false, ..Self::new(reader) }
    }

    /// The bytes of the next chunk; `None` at the end.
    ///
    /// # Errors
    /// Whatever the reader answers.
    pub fn next_bytes(&mut self) -> io::Result<Option<&[u8]>> {
        if self.end - self.start <= LEN_MAX && !self.is_at_end {
            self.fill()?;
        }
        let rest = &self.buffer[self.start..self.end];
        let is_short = self.is_at_end && rest.len() <= LEN_MAX;
        let len = if is_short && self.whole { rest.len() } else { cut(rest) };
        let chunk = &self.buffer[self.start..self.start + len];
        (self.start, self.whole) = (self.start + len, false);
        Ok(Some(chunk).filter(|chunk| !chunk.is_empty()))
    }

    fn fill(&mut self) -> io::Result<()> {
        self.buffer.copy_within(self.start..self.end, 0);
        (self.start, self.end) = (0, self.end - self.start);
        while !self.is_at_end {
            if self.buffer.len() == self.end {
                if self.end == BUFFER_LEN {
                    break;
                }
                // Most files are small.
                self.buffer.resize((self.end * 2).clamp(LEN_MIN, BUFFER_LEN), 0);
            }
            match self.reader.read(&mut self.buffer[self.end..]) {
                Ok(0) => self.is_at_end = true,
                Ok(len) => self.end += len,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

impl<R: Read> Iterator for Chunker<R> {
    type Item = io::Result<Chunk>;

    /// The next chunk, by length and hash.
    fn next(&mut self) -> Option<io::Result<Chunk>> {
        self.next_bytes().map(|bytes| bytes.map(chunk_of)).transpose()
    }
}

/// The chunk that `bytes` are.
#[expect(clippy::cast_possible_truncation, reason = "a chunk is short")]
pub(crate) fn chunk_of(bytes: &[u8]) -> Chunk {
    Chunk { len: bytes.len() as u32, hash: Hash::of(bytes) }
}

fn cut(rest: &[u8]) -> usize {
    let (before, after) = (MASK_BEFORE, MASK_AFTER);
    fastcdc::v2020::cut(rest, LEN_MIN, LEN_TURN, LEN_MAX, before, after, before << 1, after << 1).1
}

/// How many chunks, or files, come together before their content may end a span or a group.
const RUN_MIN: usize = 128;

/// Whether a span, or a group, ends with the chunk, or file, of this hash, being the `count`th of it. Decided by content, so that most pages of an index are those of
/// the index before: 256 on average.
pub(crate) fn ends_run(count: usize, hash: &Hash) -> bool {
    count >= untorn_format::index::PAGE_ITEMS_MAX || count >= RUN_MIN && hash.0[0] & 0x7f == 0
}
