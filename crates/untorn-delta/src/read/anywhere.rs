//! The new bytes of any stretch of any file, in any order.

use std::collections::BTreeMap;
use std::io::{self, Read, Seek, SeekFrom};

use untorn_format::{
    Hash,
    patch::{Index, Op},
};

use super::file_reader::{FileReader, Way};
use super::literals::Literals;
use crate::files::piece_len;
use crate::{Files, PatchError};

/// Makes any stretch of any new file, in any order, from the old tree and a patch that can be read at any place. One frame is kept: stretches that
/// are asked for in the order of the patch, forwards or backwards, have each frame decompressed once or twice.
///
/// What it hands out is not checked against the hash of the file, which only the whole file has: the frames are, and whoever asks keeps hashes of his own.
pub struct StretchReader<R> {
    index: Index,
    literals: Literals<R>,
    /// Where the frames begin in the input.
    frames_at: u64,
    /// Where the literal bytes of each change begin.
    literals_at: Vec<u64>,
    /// Where each frame begins: its literal bytes, and the stored ones.
    frames: Vec<(u64, u64)>,
    made: BTreeMap<usize, Hash>,
}

impl<R: Read + Seek> StretchReader<R> {
    /// `frames_at` is where the frames begin in `input`: right behind the index. A joined patch cannot be read so.
    pub fn new(index: Index, input: R, frames_at: u64) -> Self {
        let sums = |len: &mut u64, more: u64| Some(std::mem::replace(len, len.saturating_add(more)));
        let changes = index.changes().as_slice().iter();
        let literals_at = changes.scan(0, |at, change| sums(at, change.file().map_or(0, |file| file.literal_len()))).collect();
        let frames = index
            .frames()
            .iter()
            .scan((0, 0), |(at, stored), frame| Some((sums(at, frame.len)?, sums(stored, frame.stored_len)?)));
        let frames = frames.collect();
        Self { index, literals: Literals::new(input), frames_at, literals_at, frames, made: BTreeMap::new() }
    }

    /// Everything but the literal bytes.
    #[must_use]
    pub fn index(&self) -> &Index {
        &self.index
    }

    /// The bytes from `at` on, `len` of them, of the new file at the change with this number; none where that makes no file. A file that is adapted is made from its first byte on, a member
    /// that is restored from its own.
    ///
    /// # Errors
    /// [`PatchError::Input`], [`PatchError::Joined`]. An error of reading it holds the [`PatchError`].
    pub fn stretch<'r>(
        &'r mut self,
        number: usize,
        (at, len): (u64, u64),
        old: &'r dyn Files,
    ) -> Result<impl Read + use<'r, R>, PatchError> {
        if self.index.is_joined() {
            return Err(PatchError::Joined);
        }
        let changes = self.index.changes().as_slice();
        let Some((change, file)) = changes.get(number).and_then(|change| Some((change, change.file()?))) else {
            return Ok(Stretch { reader: None, skip: 0, left: 0 });
        };
        let start = if file.adapts() { 0 } else { file.start_before(at) };
        let literal_at = self.literals_at[number].saturating_add(literals_before(&file.ops, start));
        if file.literal_len() > 0 {
            let frame = self.frames.partition_point(|(begin, _)| *begin <= literal_at).saturating_sub(1);
            let begin = self.frames.get(frame).copied().unwrap_or_default();
            let frames_at = self.frames_at;
            self.literals.go_to(literal_at, frame, begin, |input, stored| {
                input.seek(SeekFrom::Start(frames_at.saturating_add(stored))).map(drop)
            })?;
        }
        let made = (number, &mut self.made);
        let reader = FileReader::new(&self.index, change, file, &mut self.literals, made, old, Way::Whole);
        Ok(Stretch { reader: Some(reader.starting_at(start)), skip: at - start, left: len })
    }
}

/// A stretch of a new file as it is made.
struct Stretch<'r, R> {
    reader: Option<FileReader<'r, R>>,
    /// Bytes that are made and not handed out.
    skip: u64,
    left: u64,
}

impl<R: Read> Read for Stretch<'_, R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let Some(reader) = self.reader.as_mut().filter(|_| self.left > 0 && !buf.is_empty()) else { return Ok(0) };
        while self.skip > 0 {
            let piece = reader.piece_up_to(piece_len(self.skip, SKIP_LEN)).map_err(io::Error::other)?;
            self.skip -= piece.ok_or(io::ErrorKind::UnexpectedEof)?.bytes.len() as u64;
        }
        let piece = reader.piece_up_to(piece_len(self.left, buf.len())).map_err(io::Error::other)?;
        let bytes = piece.ok_or(io::ErrorKind::UnexpectedEof)?.bytes;
        self.left -= bytes.len() as u64;
        buf[..bytes.len()].copy_from_slice(bytes);
        Ok(bytes.len())
    }
}

/// How many bytes are passed over at a time.
const SKIP_LEN: usize = 64 << 10;

/// How many literal bytes the first `len` bytes take.
fn literals_before(ops: &[Op], len: u64) -> u64 {
    let mut left = len;
    let mut literal_len = 0_u64;
    for op in ops {
        if left == 0 {
            break;
        }
        let taken = left.min(op.len());
        literal_len += if matches!(op, Op::Literal { .. }) { taken } else { op.literal_len() };
        left -= taken;
    }
    literal_len
}
