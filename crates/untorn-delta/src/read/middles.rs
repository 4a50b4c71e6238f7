//! Bytes in between, while they are needed.

use std::sync::Arc;

use untorn_format::patch::{Expiry, How, Index, Lifetime, Middle, Op};
use untorn_format::{DecodeError, TreePath};

use super::adapted::{Adapted, Feed};
use super::file_reader::restore;
use super::members::Members;
use crate::{Files, PatchError};

/// Bytes in between that are made and still needed.
#[derive(Default)]
pub(super) struct Middles {
    /// By number, as far as they are made.
    made: Vec<Made>,
    lives: Vec<Lifetime>,
    expiry: Expiry,
}

/// Bytes in between whose time has come.
enum Made {
    Here(Arc<Vec<u8>>),
    /// They cannot be made from these old files.
    Lost,
    /// Nothing needs them any more.
    GivenUp,
}

impl Middles {
    /// Those of a joined patch; nothing is made yet.
    pub(super) fn of(index: &Index) -> Self {
        let lives = index.lifetimes();
        Self { made: Vec::new(), expiry: Expiry::new(&lives), lives }
    }

    /// How many are made.
    pub(super) fn count(&self) -> usize {
        self.made.len()
    }

    /// How many frames must be read before that one is made.
    pub(super) fn frames_for(&self, number: usize) -> usize {
        self.lives.get(number).map_or(0, |life| life.made)
    }

    /// Whether the next one is to be made, once so many frames are read.
    pub(super) fn is_due(&self, frames: usize) -> bool {
        self.lives.get(self.made.len()).is_some_and(|life| life.made <= frames)
    }

    /// The next one; `None` where it cannot be made.
    pub(super) fn add(&mut self, bytes: Option<Vec<u8>>) {
        self.made.push(bytes.map_or(Made::Lost, |bytes| Made::Here(Arc::new(bytes))));
    }

    /// Gives up what nothing needs any more.
    pub(super) fn give_up(&mut self, frames: usize, ops: usize) {
        while let Some(number) = self.expiry.next(frames, ops) {
            if let Some(made) = self.made.get_mut(number) {
                *made = Made::GivenUp;
            }
        }
    }

    /// The bytes of one.
    pub(super) fn get(&self, index: &Index, number: usize) -> Result<&Arc<Vec<u8>>, PatchError> {
        match self.made.get(number) {
            Some(Made::Here(bytes)) => Ok(bytes),
            Some(Made::Lost) if !index.sources().is_empty() => Err(PatchError::References { paths: old_paths(index) }),
            _ => Err(DecodeError::Field("bytes in between that are not there").into()),
        }
    }
}

/// All old files that are read: one of them is to blame for wrong bytes in between.
pub(super) fn old_paths(index: &Index) -> Vec<TreePath> {
    index.sources().iter().map(|source| source.path.clone()).collect()
}

/// What bytes in between are made from.
pub(super) struct Making<'f> {
    pub(super) members: &'f mut Members,
    pub(super) index: &'f Index,
    pub(super) old: &'f dyn Files,
}

impl Making<'_> {
    /// Makes bytes in between; `frame` are those of the frame that was read last, if it could be made.
    pub(super) fn make(&mut self, middle: &Middle, frame: &mut Option<Vec<u8>>) -> Result<Vec<u8>, PatchError> {
        self.made(middle, frame).map_err(|error| match error {
            // What the patch says makes no sense with these old bytes: most likely they are others.
            PatchError::Format(_) if !self.index.sources().is_empty() => PatchError::References { paths: old_paths(self.index) },
            error => error,
        })
    }

    fn made(&mut self, middle: &Middle, frame: &mut Option<Vec<u8>>) -> Result<Vec<u8>, PatchError> {
        let len = usize::try_from(middle.len).map_err(|_| DecodeError::Length)?;
        let bytes = match &middle.how {
            How::Frame(_) => frame.take().ok_or(DecodeError::Field("bytes in between"))?,
            How::Pieces(ops) => self.copied(ops)?,
            How::Adapted { source, literals, program } => {
                let literals = self.copied(literals)?;
                let mut adapted = Adapted::new(program, self.index, *source, (middle.len, literals.len() as u64))?;
                let mut feed = Copied { making: self, literals: &literals };
                let mut bytes = Vec::with_capacity(len);
                while bytes.len() < len {
                    let piece = adapted.take(&mut feed, len - bytes.len())?;
                    bytes.extend_from_slice(piece);
                }
                bytes
            }
            How::Restored(restored) => {
                let raw = self.copied(&restored.ops)?;
                let bytes = restore(self.members, (self.index, self.old), restored, &raw, middle.len)?;
                bytes.ok_or(DecodeError::Field("bytes in between"))?
            }
        };
        if bytes.len() == len { Ok(bytes) } else { Err(DecodeError::Field("bytes in between").into()) }
    }

    /// What copies make.
    fn copied(&mut self, ops: &[Op]) -> Result<Vec<u8>, PatchError> {
        let mut bytes = Vec::new();
        for op in ops {
            if let Op::Copy { source, at, len } = *op {
                let start = bytes.len();
                bytes.resize(start + usize::try_from(len).map_err(|_| DecodeError::Length)?, 0);
                self.read(source, &mut bytes[start..], at)?;
            }
        }
        Ok(bytes)
    }

    fn read(&mut self, source: u32, buf: &mut [u8], at: u64) -> Result<(), PatchError> {
        self.members.read(self.index, self.old, source, buf, at)
    }
}

/// Literal bytes that are made already.
struct Copied<'m, 'f> {
    making: &'m mut Making<'f>,
    literals: &'m [u8],
}

impl Feed for Copied<'_, '_> {
    fn source(&mut self, number: u32, buf: &mut [u8], at: u64) -> Result<(), PatchError> {
        self.making.read(number, buf, at)
    }

    fn literal(&mut self, max: usize) -> Result<&[u8], PatchError> {
        let (bytes, rest) = self.literals.split_at(max.min(self.literals.len()));
        self.literals = rest;
        if bytes.is_empty() { Err(DecodeError::Length.into()) } else { Ok(bytes) }
    }
}
