//! The literal bytes of a patch, frame by frame.

use std::io::Read;

use untorn_format::patch::{Frame, FrameKind, Index};
use untorn_format::{DecodeError, Hash};
use zstd::zstd_safe::DCtx;

use super::container::{check_zstd, input_error, read_len};
use super::lzma;
use super::old::read_old;
use crate::files::piece_len;
use crate::{Files, PatchError};

/// Hands out literal bytes in order.
pub(super) struct Literals<R> {
    input: R,
    /// Number of the frame that is read next.
    next_frame: usize,
    /// Literal bytes before the ones held.
    base: u64,
    held: Vec<u8>,
    /// The next literal byte to hand out, counted from the first of the patch.
    at: u64,
}

impl<R: Read> Literals<R> {
    pub(super) fn new(input: R) -> Self {
        Self { input, next_frame: 0, base: 0, held: Vec::new(), at: 0 }
    }

    /// Goes on at the literal byte `at`, which is not behind.
    pub(super) fn skip_to(&mut self, at: u64) {
        self.at = self.at.max(at);
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
    pub(super) fn finish(&mut self, index: &Index) -> Result<(), PatchError> {
        for frame in index.frames().get(self.next_frame..).unwrap_or(&[]) {
            read_stored(&mut self.input, frame)?;
        }
        match self.input.read_exact(&mut [0]).map_err(input_error) {
            Ok(()) => Err(PatchError::Trailing),
            Err(PatchError::Damaged(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Moves on to the next frame; one that is skipped whole is checked, but not decompressed.
    fn read_frame(&mut self, index: &Index, old: &dyn Files) -> Result<(), PatchError> {
        let frame = index.frames().get(self.next_frame).ok_or(DecodeError::Length)?;
        self.base += self.held.len() as u64;
        // The memory of one frame is given back before the next takes its own.
        self.held = Vec::new();
        let stored = read_stored(&mut self.input, frame)?;
        self.next_frame += 1;
        if self.at >= self.base + frame.len {
            self.base += frame.len;
            return Ok(());
        }
        self.held = match frame.kind {
            FrameKind::Raw => stored,
            FrameKind::Zstd | FrameKind::Lzma => decompress(stored, frame, index, old)?,
        };
        Ok(())
    }
}

fn read_stored(input: &mut impl Read, frame: &Frame) -> Result<Vec<u8>, PatchError> {
    let stored = read_len(input, frame.stored_len)?;
    if Hash::of(&stored) == frame.stored_hash { Ok(stored) } else { Err(PatchError::Damaged("literal bytes")) }
}

/// The bytes of a frame. What is stored was checked, so a wrong result comes from wrong old bytes, when it refers to any.
fn decompress(stored: Vec<u8>, frame: &Frame, index: &Index, old: &dyn Files) -> Result<Vec<u8>, PatchError> {
    let references = read_references(frame, index, old)?;
    let bytes = if frame.kind == FrameKind::Lzma {
        lzma::decompress(&stored, references, frame.len)?
    } else {
        decompress_zstd(&stored, &references, frame.len)?
    };
    if let Some(bytes) = bytes.filter(|bytes| Hash::of(bytes) == frame.hash) {
        return Ok(bytes);
    }
    let paths: Vec<_> =
        frame.references.iter().map(|reference| index.sources()[reference.source as usize].path.clone()).collect();
    Err(if paths.is_empty() { DecodeError::Field("literal bytes").into() } else { PatchError::References { paths } })
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

fn read_references(frame: &Frame, index: &Index, old: &dyn Files) -> Result<Vec<u8>, PatchError> {
    let mut bytes = vec![0; usize::try_from(frame.reference_len()).map_err(|_| DecodeError::Length)?];
    let mut rest = &mut bytes[..];
    for reference in &frame.references {
        let len = usize::try_from(reference.len).map_err(|_| DecodeError::Length)?;
        let (part, behind) = rest.split_at_mut(len);
        read_old(old, &index.sources()[reference.source as usize].path, part, reference.at)?;
        rest = behind;
    }
    Ok(bytes)
}
