//! The literal bytes of a patch, frame by frame.

use std::collections::VecDeque;
use std::io::Read;

use untorn_format::patch::{Frame, FrameKind, Index};
use untorn_format::{DecodeError, Hash, TreePath};
use zstd::zstd_safe::DCtx;

use super::ahead::{Ahead, Arrived};
use super::container::{check_zstd, input_error, read_len};
use super::lzma;
use super::members::Members;
use super::middles::{self, Making, Middles};
use crate::files::piece_len;
use crate::{Files, PatchError};

/// Hands out literal bytes in order.
pub(super) struct Literals<R> {
    input: R,
    ahead: Ahead,
    /// What old members hold, for frames and copies.
    pub(super) members: Members,
    /// Literal bytes before the ones held.
    base: u64,
    held: Vec<u8>,
    /// The next literal byte to hand out, counted from the first of the patch.
    at: u64,
    /// Of a joined patch.
    joined: Joined,
}

/// How far a joined patch is read.
#[derive(Default)]
struct Joined {
    /// Of each frame whether it is in between; empty for any other patch.
    passing: Vec<bool>,
    /// How many frames are read, and how many operations done.
    frames: usize,
    ops: usize,
    /// Frames that were read before files need them.
    early: VecDeque<Arrived>,
}

impl<R: Read> Literals<R> {
    pub(super) fn new(input: R) -> Self {
        Self {
            input,
            ahead: Ahead::new(),
            members: Members::default(),
            base: 0,
            held: Vec::new(),
            at: 0,
            joined: Joined::default(),
        }
    }

    /// Lets `threads` threads decompress.
    pub(super) fn set_threads(&mut self, threads: usize, index: &Index) {
        self.ahead.set_threads(threads, index);
    }

    /// Leaves the room of one thread to others.
    pub(super) fn leave_room(&mut self) {
        self.ahead.leave_room();
    }

    /// Lets other threads begin the first frame, where they may.
    pub(super) fn begin_first(&mut self, index: &Index, old: &dyn Files) {
        self.ahead.begin_next(&mut self.input, index, (old, &mut self.members), self.at);
    }

    /// Only what is there is read ahead.
    pub(super) fn set_is_there(&mut self, is_there: Box<super::ahead::IsThere>) {
        self.ahead.set_is_there(is_there);
    }

    /// The patch is a joined one.
    pub(super) fn set_joined(&mut self, index: &Index) {
        self.joined.passing = index.passing();
        self.ahead.set_passing(self.joined.passing.clone());
        self.members.middles = Middles::of(index);
    }

    /// Gets ready for an operation of a file, before which so many are done: makes the bytes in between that it needs, and gives up those that nothing needs any more.
    pub(super) fn begin(
        &mut self,
        index: &Index,
        old: &dyn Files,
        ops: usize,
        sources: impl Iterator<Item = u32>,
    ) -> Result<(), PatchError> {
        self.joined.ops = ops;
        self.members.middles.give_up(self.joined.frames, ops);
        let needed = sources.filter_map(|source| index.middle_of(source)).max();
        let frames = needed.map_or(0, |number| self.members.middles.frames_for(number));
        while self.joined.frames < frames {
            if let Some(arrived) = self.pull(index, old)? {
                self.joined.early.push_back(arrived);
            }
        }
        if needed.is_some() { self.make_due(index, old, None) } else { Ok(()) }
    }

    /// Reads the next frame; gives it, unless it is in between.
    fn pull(&mut self, index: &Index, old: &dyn Files) -> Result<Option<Arrived>, PatchError> {
        self.make_due(index, old, None)?;
        let arrived = self.ahead.next(&mut self.input, index, (old, &mut self.members), self.at).ok_or(DecodeError::Length)??;
        let is_passing = self.joined.passing.get(self.joined.frames).copied().unwrap_or(false);
        self.joined.frames += 1;
        let frame = match arrived {
            Arrived::Bytes(bytes) if is_passing => Some(bytes),
            Arrived::Failed(..) if is_passing => None,
            arrived => return Ok(Some(arrived)),
        };
        self.make_due(index, old, frame)?;
        self.members.middles.give_up(self.joined.frames, self.joined.ops);
        Ok(None)
    }

    /// Makes the bytes in between that can be made, where `frame` was read last. Those that cannot be made from these old files matter when something needs them.
    fn make_due(&mut self, index: &Index, old: &dyn Files, mut frame: Option<Vec<u8>>) -> Result<(), PatchError> {
        while self.members.middles.is_due(self.joined.frames) {
            let middle = index.middles().get(self.members.middles.count()).ok_or(DecodeError::Length)?;
            let bytes = Making { members: &mut self.members, index, old }.make(middle, &mut frame);
            self.members.middles.add(bytes.ok());
        }
        Ok(())
    }

    /// The next literal byte.
    pub(super) fn at(&self) -> u64 {
        self.at
    }

    /// Goes on at the literal byte `at`, which is not behind.
    pub(super) fn skip_to(&mut self, at: u64) {
        self.at = self.at.max(at);
    }

    /// Goes on at the literal byte `at`, wherever that is: in the frame of that number, which begins at `begin`: a literal byte, and a stored one, to which `seek` brings the
    /// input.
    pub(super) fn go_to(
        &mut self,
        at: u64,
        frame: usize,
        begin: (u64, u64),
        seek: impl FnOnce(&mut R, u64) -> std::io::Result<()>,
    ) -> Result<(), PatchError> {
        let is_held = at >= self.base && at - self.base < self.held.len() as u64;
        if !is_held {
            seek(&mut self.input, begin.1).map_err(input_error)?;
            self.ahead = Ahead::starting_at(frame, begin.0);
            (self.base, self.held) = (begin.0, Vec::new());
        }
        self.at = at;
        Ok(())
    }

    /// The next literal bytes: at least one, at most `max`.
    pub(super) fn take(&mut self, index: &Index, old: &dyn Files, max: usize) -> Result<&[u8], PatchError> {
        while self.at >= self.base + self.held.len() as u64 {
            self.read_frame(index, old)?;
        }
        let start = usize::try_from(self.at - self.base).map_err(|_| DecodeError::Length)?;
        let len = piece_len((self.held.len() - start) as u64, max);
        self.at += len as u64;
        Ok(&self.held[start..start + len])
    }

    /// Checks the frames that are left, and that nothing is behind them.
    pub(super) fn finish(mut self, index: &Index) -> Result<(), PatchError> {
        self.ahead.finish(&mut self.input, index)?;
        match self.input.read_exact(&mut [0]).map_err(input_error) {
            Ok(()) => Err(PatchError::Trailing),
            Err(PatchError::Damaged(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Moves on to the next frame; one that is skipped whole is checked, but not decompressed.
    fn read_frame(&mut self, index: &Index, old: &dyn Files) -> Result<(), PatchError> {
        // The memory of one frame is given back before another is made.
        self.base += self.held.len() as u64;
        self.held = Vec::new();
        let arrived = loop {
            if let Some(arrived) = self.joined.early.pop_front() {
                break arrived;
            }
            if let Some(arrived) = self.pull(index, old)? {
                break arrived;
            }
        };
        match arrived {
            Arrived::Bytes(bytes) => self.held = bytes,
            Arrived::Skipped(len) => self.base += len,
            Arrived::Failed(len, _) if self.base.saturating_add(len) <= self.at => self.base += len,
            Arrived::Failed(_, error) => return Err(error),
        }
        Ok(())
    }
}

/// A frame as it is stored, with all that is needed to make its bytes: on any thread, without the tree.
pub(super) struct Task {
    stored: Vec<u8>,
    stored_hash: Hash,
    kind: FrameKind,
    len: u64,
    hash: Hash,
    /// The old bytes it was compressed against.
    references: Vec<u8>,
    /// Where these come from.
    paths: Vec<TreePath>,
}

/// Reads a frame from the input. Nothing of it is checked yet.
pub(super) fn read_stored(input: &mut impl Read, frame: &Frame) -> Result<Task, PatchError> {
    let stored = read_len(input, frame.stored_len)?;
    let (stored_hash, kind, len, hash) = (frame.stored_hash, frame.kind, frame.len, frame.hash);
    Ok(Task { stored, stored_hash, kind, len, hash, references: Vec::new(), paths: Vec::new() })
}

/// Adds what the frame refers to.
pub(super) fn prepare(
    task: Task,
    frame: &Frame,
    index: &Index,
    (old, members): (&dyn Files, &mut Members),
) -> Result<Task, PatchError> {
    let path = |number: u32| index.source(number).map(|source| source.file.path.clone());
    let paths = if frame.references.iter().any(|reference| index.middle_of(reference.source).is_some()) {
        middles::old_paths(index)
    } else {
        frame.references.iter().filter_map(|reference| path(reference.source)).collect()
    };
    Ok(Task { references: read_references(frame, index, (old, members))?, paths, ..task })
}

impl Task {
    /// Whether it is what was stored.
    pub(super) fn check(&self) -> Result<(), PatchError> {
        if Hash::of(&self.stored) == self.stored_hash { Ok(()) } else { Err(PatchError::Damaged("literal bytes")) }
    }

    /// The bytes of the frame. What is stored is checked first, so a wrong result comes from wrong old bytes, when it refers to any.
    pub(super) fn make(self) -> Result<Vec<u8>, PatchError> {
        self.check()?;
        if self.kind == FrameKind::Raw {
            return Ok(self.stored);
        }
        let bytes = if self.kind == FrameKind::Lzma {
            lzma::decompress(&self.stored, self.references, self.len)?
        } else {
            decompress_zstd(&self.stored, &self.references, self.len)?
        };
        if let Some(bytes) = bytes.filter(|bytes| Hash::of(bytes) == self.hash) {
            return Ok(bytes);
        }
        let paths = self.paths;
        Err(if paths.is_empty() { DecodeError::Field("literal bytes").into() } else { PatchError::References { paths } })
    }
}

/// `None` when these are not the references it was compressed against.
fn decompress_zstd(stored: &[u8], references: &[u8], len: u64) -> Result<Option<Vec<u8>>, PatchError> {
    check_zstd(stored, len)?;
    let len = usize::try_from(len).map_err(|_| DecodeError::Length)?;
    let mut bytes = Vec::with_capacity(len);
    let mut context = DCtx::create();
    let done = context.ref_prefix(references).and_then(|_| context.decompress(&mut bytes, stored));
    Ok((done == Ok(len)).then_some(bytes))
}

fn read_references(frame: &Frame, index: &Index, (old, members): (&dyn Files, &mut Members)) -> Result<Vec<u8>, PatchError> {
    let mut bytes = vec![0; usize::try_from(frame.reference_len()).map_err(|_| DecodeError::Length)?];
    let mut rest = &mut bytes[..];
    for reference in &frame.references {
        let len = usize::try_from(reference.len).map_err(|_| DecodeError::Length)?;
        let (part, behind) = rest.split_at_mut(len);
        members.read(index, old, reference.source, part, reference.at)?;
        rest = behind;
    }
    Ok(bytes)
}
