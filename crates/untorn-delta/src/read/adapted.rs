//! The bytes of an adapted file.

use untorn_format::DecodeError;
use untorn_format::patch::Index;

use crate::PatchError;
use crate::adapt::{Decoder, LEAD_LEN, Lengths, Map, OVERHANG_LEN, Place, Program, Stretch, Walker};
use crate::files::piece_len;

/// How many bytes are made at a time.
const PIECE_LEN: usize = 64 << 10;

/// What a program works on.
pub(super) trait Feed {
    /// Fills `buf` from a source.
    fn source(&mut self, number: u32, buf: &mut [u8], at: u64) -> Result<(), PatchError>;

    /// The next literal bytes: at least one, at most `max`.
    fn literal(&mut self, max: usize) -> Result<&[u8], PatchError>;
}

/// Makes the bytes of an adapted file, from the first to the last.
pub(super) struct Adapted<'r> {
    /// Number of the source, and where it begins in the file that the program counts in: at 0, but for bytes in between.
    source: (u32, u64),
    walker: Walker<Decoder<'r>>,
    stretches: std::vec::IntoIter<Stretch>,
    /// What is left of the current stretch, and the literal bytes before it.
    current: Stretch,
    /// How many bytes are made.
    made: u64,
    /// Bytes made and not handed out yet.
    held: Vec<u8>,
    held_at: usize,
    old_bytes: Vec<u8>,
}

impl<'r> Adapted<'r> {
    /// Reads what a program begins with.
    pub(super) fn new(
        program: &'r [u8],
        index: &Index,
        source: u32,
        (len, literal_len): (u64, u64),
    ) -> Result<Self, DecodeError> {
        let file = index.sources().get(source as usize).map(|file| (0, file.len));
        let middle = || index.middle_of(source).and_then(|number| index.middles().get(number)).map(|it| (it.at, it.file_len));
        let (source_at, source_len) = file.or_else(middle).ok_or(DecodeError::Field("number of a source"))?;
        let (first, second) = Program::streams(program)?;
        let mut first = Decoder::new(first);
        let Program { layout, stretches } =
            Program::take(&mut first, Lengths { old: source_len, new: len, literal: literal_len })?;
        let map = Map::new(&stretches, source_len);
        Ok(Self {
            source: (source, source_at),
            walker: Walker::new(layout, map, source_len, first, Decoder::new(second)),
            stretches: stretches.into_iter(),
            current: Stretch { literal_len: 0, at: 0, len: 0 },
            made: 0,
            held: Vec::new(),
            held_at: 0,
            old_bytes: Vec::new(),
        })
    }

    /// The next bytes: at least one, at most `max`, which is no more than are left.
    pub(super) fn take<'b>(&'b mut self, feed: &'b mut dyn Feed, max: usize) -> Result<&'b [u8], PatchError> {
        if self.held_at == self.held.len() && self.current.literal_len == 0 && self.current.len == 0 {
            // Behind the last stretch the file ends with literal bytes.
            self.current = self.stretches.next().unwrap_or(Stretch { literal_len: max as u64, at: 0, len: 0 });
        }
        if self.held_at == self.held.len() && self.current.literal_len == 0 {
            self.make(feed)?;
        }
        if self.held_at == self.held.len() {
            let bytes = feed.literal(piece_len(self.current.literal_len, max))?;
            self.current.literal_len -= bytes.len() as u64;
            self.made += bytes.len() as u64;
            return Ok(bytes);
        }
        let start = self.held_at;
        self.held_at += max.min(self.held.len() - start);
        Ok(&self.held[start..self.held_at])
    }

    /// Makes more bytes of the current stretch.
    fn make(&mut self, feed: &mut dyn Feed) -> Result<(), PatchError> {
        let Stretch { at, len, .. } = self.current;
        let lead = piece_len(at, LEAD_LEN);
        let piece = piece_len(len, PIECE_LEN + OVERHANG_LEN);
        self.old_bytes.resize(lead + piece, 0);
        let (source, source_at) = self.source;
        let from = (at - lead as u64).checked_sub(source_at).ok_or(DecodeError::Length)?;
        feed.source(source, &mut self.old_bytes, from)?;
        self.held.clear();
        self.held.extend_from_slice(&self.old_bytes[lead..]);
        let place = Place { old: at, new: self.made };
        let made = self.walker.go(&self.old_bytes, lead, &mut self.held, PIECE_LEN, place);
        self.held.truncate(made);
        self.held_at = 0;
        self.made += made as u64;
        self.current = Stretch { literal_len: 0, at: at + made as u64, len: len - made as u64 };
        Ok(())
    }
}
