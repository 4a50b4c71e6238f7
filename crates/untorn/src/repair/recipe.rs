//! How a damaged file is put together again.

use std::io::{self, Read};

use untorn_format::{Hash, TreePath, index::Chunk};
use untorn_fs::File;
use untorn_store::{Frame, Located};

use super::source::{Place, gone, look_in};

/// Stretches of a file, one behind the other.
#[derive(Debug, Default)]
pub(super) struct Recipe {
    pub(super) pieces: Vec<Piece>,
}

/// A stretch of a file.
#[derive(Debug)]
pub(super) struct Piece {
    pub(super) at: u64,
    pub(super) len: u64,
    pub(super) from: Origin,
}

/// Where the bytes of a stretch come from.
#[derive(Debug)]
pub(super) enum Origin {
    /// They are there.
    Stays,
    /// Nobody knows yet.
    Missing(Chunk),
    /// From somewhere in the tree.
    Elsewhere(Chunk, Spot),
    /// From the store.
    Stored(Box<Located>),
}

/// A place in a file of the tree.
#[derive(Clone, Debug)]
pub(super) struct Spot {
    pub(super) path: TreePath,
    pub(super) at: u64,
}

impl Recipe {
    /// Adds a stretch of `len` bytes that is there.
    pub(super) fn add_good(&mut self, at: u64, len: u64) {
        match self.pieces.last_mut() {
            Some(Piece { at: start, len: before, from: Origin::Stays }) if *start + *before == at => *before += len,
            _ => self.pieces.push(Piece { at, len, from: Origin::Stays }),
        }
    }

    /// Adds a chunk that is not.
    pub(super) fn add_missing(&mut self, at: u64, chunk: Chunk) {
        self.pieces.push(Piece { at, len: u64::from(chunk.len), from: Origin::Missing(chunk) });
    }
}

/// Gives what is in a frame, decompressed.
pub(super) type Frames<'s> = Box<dyn Fn(&Frame) -> io::Result<Vec<u8>> + 's>;

/// Reads a file as a recipe says.
pub(super) struct Reading<'s> {
    place: Place<'s>,
    file: Option<Box<dyn File>>,
    recipe: &'s Recipe,
    frames: Frames<'s>,
    /// The number of the stretch, and how much of it was read.
    piece: usize,
    at: u64,
    /// The bytes of the stretch, unless they stay.
    bytes: Vec<u8>,
    /// Neighbouring chunks often lie in one frame.
    frame: Option<(Frame, Vec<u8>)>,
}

impl<'s> Reading<'s> {
    pub(super) fn new(place: Place<'s>, path: &TreePath, recipe: &'s Recipe, frames: Frames<'s>) -> Self {
        let file = look_in(place, path);
        Self { place, file, recipe, frames, piece: 0, at: 0, bytes: Vec::new(), frame: None }
    }

    fn load(&mut self, piece: &'s Piece) -> io::Result<()> {
        self.bytes = match &piece.from {
            Origin::Stays => Vec::new(),
            Origin::Missing(_) => return Err(gone()),
            Origin::Elsewhere(chunk, spot) => self.elsewhere(chunk, spot)?,
            Origin::Stored(located) => self.stored(located)?,
        };
        Ok(())
    }

    fn elsewhere(&self, chunk: &Chunk, spot: &Spot) -> io::Result<Vec<u8>> {
        let file = look_in(self.place, &spot.path).ok_or_else(gone)?;
        let mut bytes = vec![0; usize::try_from(chunk.len).map_err(io::Error::other)?];
        file.read_exact_at(&mut bytes, spot.at)?;
        if Hash::of(&bytes) == chunk.hash { Ok(bytes) } else { Err(gone()) }
    }

    fn stored(&mut self, located: &Located) -> io::Result<Vec<u8>> {
        if self.frame.as_ref().is_none_or(|(frame, _)| *frame != located.frame) {
            self.frame = Some((located.frame, (self.frames)(&located.frame)?));
        }
        let frame = self.frame.as_ref().map_or(&[][..], |(_, bytes)| bytes);
        located.bytes(frame).map(<[u8]>::to_vec).map_err(|_| gone())
    }
}

impl Read for Reading<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let recipe = self.recipe;
        while let Some(piece) = recipe.pieces.get(self.piece) {
            if self.at == piece.len {
                (self.piece, self.at) = (self.piece + 1, 0);
                continue;
            }
            if self.at == 0 {
                self.load(piece)?;
            }
            let len = usize::try_from(piece.len - self.at).unwrap_or(usize::MAX).min(buf.len());
            let read = match (&piece.from, &self.file) {
                (Origin::Stays, Some(file)) => file.read_at(&mut buf[..len], piece.at + self.at)?,
                (Origin::Stays, None) => return Err(gone()),
                _ => {
                    let start = usize::try_from(self.at).map_err(io::Error::other)?;
                    buf[..len].copy_from_slice(self.bytes.get(start..start + len).ok_or_else(gone)?);
                    len
                }
            };
            if read == 0 && !buf.is_empty() {
                return Err(gone());
            }
            self.at += read as u64;
            return Ok(read);
        }
        Ok(0)
    }
}
