//! The bytes of an adapted file.

use std::sync::Arc;

use untorn_format::DecodeError;
use untorn_format::patch::Index;

use super::beside::Job;
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
    copies: Copies<'r>,
    stretches: Arc<[Stretch]>,
    /// How many of them have begun.
    begun: usize,
    /// What is left of the current stretch, and the literal bytes before it.
    current: Stretch,
    /// How many bytes are made.
    made: u64,
    /// Bytes copied and not handed out yet.
    held: Vec<u8>,
    held_at: usize,
}

/// Who copies, and moves addresses along.
enum Copies<'r> {
    /// Whoever asks, from a source of this number.
    Here(u32, Box<Copier<'r>>),
    /// Another thread.
    Elsewhere(Job),
}

impl<'r> Adapted<'r> {
    /// Reads what a program begins with.
    pub(super) fn new(program: &'r [u8], index: &Index, source: u32, lens: (u64, u64)) -> Result<Self, DecodeError> {
        let file = index.sources().get(source as usize).map(|file| (0, file.len));
        let middle = || index.middle_of(source).and_then(|number| index.middles().get(number)).map(|it| (it.at, it.file_len));
        let place = file.or_else(middle).ok_or(DecodeError::Field("number of a source"))?;
        let (copier, stretches) = Copier::new(program, place, lens)?;
        Ok(Self::of(Copies::Here(source, Box::new(copier)), stretches.into()))
    }

    /// Takes what another thread copies.
    pub(super) fn elsewhere(mut job: Job) -> Result<Self, PatchError> {
        let stretches = job.stretches()?;
        Ok(Self::of(Copies::Elsewhere(job), stretches))
    }

    fn of(copies: Copies<'r>, stretches: Arc<[Stretch]>) -> Self {
        Self {
            copies,
            stretches,
            begun: 0,
            current: Stretch { literal_len: 0, at: 0, len: 0 },
            made: 0,
            held: Vec::new(),
            held_at: 0,
        }
    }

    /// The next bytes: at least one, at most `max`, which is no more than are left.
    pub(super) fn take<'b>(&'b mut self, feed: &'b mut dyn Feed, max: usize) -> Result<&'b [u8], PatchError> {
        if self.current.literal_len == 0 && self.current.len == 0 {
            // Behind the last stretch the file ends with literal bytes.
            let next = self.stretches.get(self.begun).copied();
            self.current = next.unwrap_or(Stretch { literal_len: max as u64, at: 0, len: 0 });
            self.begun += 1;
        }
        if self.current.literal_len > 0 {
            let bytes = feed.literal(piece_len(self.current.literal_len, max))?;
            self.current.literal_len -= bytes.len() as u64;
            self.made += bytes.len() as u64;
            return Ok(bytes);
        }
        if self.held_at == self.held.len() {
            self.held_at = 0;
            match &mut self.copies {
                Copies::Here(source, copier) => {
                    let mut read = |buf: &mut [u8], at| feed.source(*source, buf, at);
                    copier.copy(&self.current, self.made, &mut self.held, &mut read)?;
                }
                Copies::Elsewhere(job) => self.held = job.next()?,
            }
        }
        let start = self.held_at;
        let len = piece_len(self.current.len, max).min(self.held.len() - start);
        self.held_at += len;
        self.made += len as u64;
        self.current = Stretch { literal_len: 0, at: self.current.at + len as u64, len: self.current.len - len as u64 };
        Ok(&self.held[start..self.held_at])
    }
}

/// Fills a buffer with old bytes, from an offset in the source on.
pub(super) type ReadOld<'r> = dyn FnMut(&mut [u8], u64) -> Result<(), PatchError> + 'r;

/// Makes the copied bytes of an adapted file, stretch by stretch.
pub(super) struct Copier<'r> {
    /// Where the source begins in the file that the program counts in: at 0, but for bytes in between.
    source_at: u64,
    walker: Walker<Decoder<'r>>,
    old_bytes: Vec<u8>,
}

impl<'r> Copier<'r> {
    /// Reads what a program begins with. `source_at` and `source_len`: where the source begins in the file that the program counts in, and how long that file is.
    pub(super) fn new(
        program: &'r [u8],
        (source_at, source_len): (u64, u64),
        (len, literal_len): (u64, u64),
    ) -> Result<(Self, Vec<Stretch>), DecodeError> {
        let (first, second) = Program::streams(program)?;
        let mut first = Decoder::new(first);
        let Program { layout, stretches } =
            Program::take(&mut first, Lengths { old: source_len, new: len, literal: literal_len })?;
        let map = Map::new(&stretches, source_len);
        let walker = Walker::new(layout, map, source_len, first, Decoder::new(second));
        Ok((Self { source_at, walker, old_bytes: Vec::new() }, stretches))
    }

    /// Makes the next bytes of the stretch of which `left` is left, as `held`; `made` is how many bytes of the file stand before.
    pub(super) fn copy(
        &mut self,
        left: &Stretch,
        made: u64,
        held: &mut Vec<u8>,
        read: &mut ReadOld<'_>,
    ) -> Result<(), PatchError> {
        let Stretch { at, len, .. } = *left;
        let lead = piece_len(at, LEAD_LEN);
        let piece = piece_len(len, PIECE_LEN + OVERHANG_LEN);
        self.old_bytes.resize(lead + piece, 0);
        let from = (at - lead as u64).checked_sub(self.source_at).ok_or(DecodeError::Length)?;
        read(&mut self.old_bytes, from)?;
        held.clear();
        held.extend_from_slice(&self.old_bytes[lead..]);
        let copied = self.walker.go(&self.old_bytes, lead, held, PIECE_LEN, Place { old: at, new: made });
        held.truncate(copied);
        Ok(())
    }
}
