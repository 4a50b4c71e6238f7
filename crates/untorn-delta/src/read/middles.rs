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
    made: Vec<Option<Arc<Vec<u8>>>>,
    lives: Vec<Lifetime>,
    expiry: Expiry,
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

    pub(super) fn add(&mut self, bytes: Vec<u8>) {
        self.made.push(Some(Arc::new(bytes)));
    }

    /// Gives up what nothing needs any more.
    pub(super) fn give_up(&mut self, frames: usize, ops: usize) {
        while let Some(number) = self.expiry.next(frames, ops) {
            if let Some(made) = self.made.get_mut(number) {
                *made = None;
            }
        }
    }

    /// The bytes of one.
    pub(super) fn get(&self, number: usize) -> Result<&Arc<Vec<u8>>, PatchError> {
        let made = self.made.get(number).and_then(Option::as_ref);
        made.ok_or_else(|| DecodeError::Field("bytes in between that are not there").into())
    }
}

/// All old files that are read: one of them is to blame for wrong bytes in between.
pub(super) fn old_paths(index: &Index) -> Vec<TreePath> {
    index.sources().iter().map(|source| source.path.clone()).collect()
}

/// Makes bytes in between; `frame` are those of the frame that was read last.
pub(super) fn make(
    members: &mut Members,
    index: &Index,
    old: &dyn Files,
    middle: &Middle,
    frame: &mut Vec<u8>,
) -> Result<Vec<u8>, PatchError> {
    make_of(members, index, old, middle, frame).map_err(|error| match error {
        // What the patch says makes no sense with these old bytes: most likely they are others.
        PatchError::Format(_) if !index.sources().is_empty() => PatchError::References { paths: old_paths(index) },
        error => error,
    })
}

fn make_of(
    members: &mut Members,
    index: &Index,
    old: &dyn Files,
    middle: &Middle,
    frame: &mut Vec<u8>,
) -> Result<Vec<u8>, PatchError> {
    let len = usize::try_from(middle.len).map_err(|_| DecodeError::Length)?;
    let bytes = match &middle.how {
        How::Frame(_) => std::mem::take(frame),
        How::Pieces(ops) => copied(members, index, old, ops)?,
        How::Adapted { source, literals, program } => {
            let literals = copied(members, index, old, literals)?;
            let mut adapted = Adapted::new(program, index, *source, (middle.len, literals.len() as u64))?;
            let mut feed = Copied { members, index, old, literals: &literals };
            let mut bytes = Vec::with_capacity(len);
            while bytes.len() < len {
                let piece = adapted.take(&mut feed, len - bytes.len())?;
                bytes.extend_from_slice(piece);
            }
            bytes
        }
        How::Restored(restored) => {
            let raw = copied(members, index, old, &restored.ops)?;
            restore(members, (index, old), restored, &raw, middle.len)?.ok_or(DecodeError::Field("bytes in between"))?
        }
    };
    if bytes.len() == len { Ok(bytes) } else { Err(DecodeError::Field("bytes in between").into()) }
}

/// What copies make.
fn copied(members: &mut Members, index: &Index, old: &dyn Files, ops: &[Op]) -> Result<Vec<u8>, PatchError> {
    let mut bytes = Vec::new();
    for op in ops {
        if let Op::Copy { source, at, len } = *op {
            let start = bytes.len();
            bytes.resize(start + usize::try_from(len).map_err(|_| DecodeError::Length)?, 0);
            members.read(index, old, source, &mut bytes[start..], at)?;
        }
    }
    Ok(bytes)
}

/// Literal bytes that are made already.
struct Copied<'f> {
    members: &'f mut Members,
    index: &'f Index,
    old: &'f dyn Files,
    literals: &'f [u8],
}

impl Feed for Copied<'_> {
    fn source(&mut self, number: u32, buf: &mut [u8], at: u64) -> Result<(), PatchError> {
        self.members.read(self.index, self.old, number, buf, at)
    }

    fn literal(&mut self, max: usize) -> Result<&[u8], PatchError> {
        let (bytes, rest) = self.literals.split_at(max.min(self.literals.len()));
        self.literals = rest;
        if bytes.is_empty() { Err(DecodeError::Length.into()) } else { Ok(bytes) }
    }
}
