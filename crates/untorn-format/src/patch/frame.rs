//! Frames: pieces of the literal bytes that are compressed, checked and read one at a time.

use super::fields::{Fields, put_number, put_signed};
use super::op::moved;
use super::{MAX_FRAME_LEN, MAX_INFLATED_LEN, MAX_LZMA_LEN, MAX_REFERENCE_LEN};
use crate::{DecodeError, Hash, bytes::require};

/// How the bytes of a frame are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameKind {
    /// As they are.
    Raw,
    /// As one zstd frame that names its length; with references, these bytes in order are its prefix (`ZSTD_refPrefix`).
    Zstd,
    /// As one stream of LZMA2 chunks; with references, these bytes in order are its preset dictionary. The dictionary is as long as the frame
    /// and its references.
    Lzma,
}

impl FrameKind {
    const ALL: [Self; 3] = [Self::Raw, Self::Zstd, Self::Lzma];

    fn number(self) -> u64 {
        match self {
            Self::Raw => 0,
            Self::Zstd => 1,
            Self::Lzma => 2,
        }
    }
}

/// Old bytes that a frame was compressed against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The file's number in [`Index::sources`](super::Index::sources).
    pub source: u32,
    /// Offset in it.
    pub at: u64,
    /// Length in bytes, never 0.
    pub len: u64,
}

/// One frame: up to [`MAX_FRAME_LEN`] literal bytes, or [`MAX_LZMA_LEN`], readable without any other frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// How it is stored.
    pub kind: FrameKind,
    /// Literal bytes in it, never 0.
    pub len: u64,
    /// Bytes in the patch, at most those of a raw frame of that length and a sixteenth more.
    pub stored_len: u64,
    /// Hash of the bytes in the patch: checked before they are decompressed.
    pub stored_hash: Hash,
    /// Hash of the literal bytes: differs also when the old bytes it refers to are not those it was made with.
    pub hash: Hash,
    /// Old bytes needed to read it, at most [`MAX_REFERENCE_LEN`] together; none for a raw frame.
    pub references: Vec<Reference>,
}

impl Frame {
    /// Bytes it refers to.
    #[must_use]
    pub fn reference_len(&self) -> u64 {
        self.references.iter().fold(0, |sum, reference| sum.saturating_add(reference.len))
    }

    /// `members` are the numbers of the sources that are members, which are inflated whole.
    pub(super) fn check(&self, sources: &[u64], members: &std::ops::Range<usize>) -> Result<(), DecodeError> {
        let len_max = if self.kind == FrameKind::Lzma { MAX_LZMA_LEN } else { MAX_FRAME_LEN };
        require((1..=len_max).contains(&self.len), "length of a frame")?;
        require((1..=self.len + self.len / 16 + 64).contains(&self.stored_len), "stored length of a frame")?;
        require(self.kind != FrameKind::Raw || self.is_raw(), "raw frame")?;
        require(self.reference_len() <= MAX_REFERENCE_LEN, "length of references")?;
        self.references.iter().try_for_each(|reference| reference.check(sources))?;
        let referred =
            self.references.iter().map(|reference| reference.source as usize).filter(|source| members.contains(source));
        let mut before = None;
        let inflated = referred.filter(|source| before.replace(*source) != Some(*source)).map(|source| sources[source]);
        require(inflated.fold(0, u64::saturating_add) <= MAX_INFLATED_LEN, "length of inflated references")
    }

    fn is_raw(&self) -> bool {
        self.stored_len == self.len && self.stored_hash == self.hash && self.references.is_empty()
    }
}

impl Reference {
    fn check(&self, sources: &[u64]) -> Result<(), DecodeError> {
        let source_len = *sources.get(self.source as usize).ok_or(DecodeError::Field("number of a source"))?;
        let end = self.at.checked_add(self.len);
        require(self.len > 0 && end.is_some_and(|end| end <= source_len), "reference")
    }
}

/// Appends a frame: its facts and its digests. A raw frame has one digest, since what is stored is what it holds.
pub(super) fn put_frame(facts: &mut Vec<u8>, digests: &mut Vec<u8>, frame: &Frame, sources: &[u64]) {
    put_number(facts, frame.len << 2 | frame.kind.number());
    if frame.kind != FrameKind::Raw {
        put_number(facts, frame.stored_len);
        digests.extend_from_slice(&frame.stored_hash.0);
        put_references(facts, &frame.references, sources);
    }
    digests.extend_from_slice(&frame.hash.0);
}

/// A length of 0 stands for all that is left of the source.
fn put_references(facts: &mut Vec<u8>, references: &[Reference], sources: &[u64]) {
    let (mut source, mut at) = (0, 0);
    put_number(facts, references.len() as u64);
    for reference in references {
        at = if reference.source == source { at } else { 0 };
        put_signed(facts, i64::from(reference.source) - i64::from(source));
        put_signed(facts, reference.at.cast_signed().wrapping_sub(at));
        let to_end =
            sources.get(reference.source as usize).is_some_and(|len| len.checked_sub(reference.at) == Some(reference.len));
        put_number(facts, if to_end { 0 } else { reference.len });
        (source, at) = (reference.source, reference.at.saturating_add(reference.len).cast_signed());
    }
}

/// Reads a frame. `references_left` is how many references the patch may still have.
pub(super) fn take_frame(
    facts: &mut Fields<'_>,
    digests: &mut Fields<'_>,
    sources: &[u64],
    references_left: &mut u64,
) -> Result<Frame, DecodeError> {
    let tagged = facts.number()?;
    let len = tagged >> 2;
    let kind = FrameKind::ALL.into_iter().find(|kind| kind.number() == tagged & 3).ok_or(DecodeError::Field("kind of frame"))?;
    if kind == FrameKind::Raw {
        let hash = Hash(digests.array()?);
        return Ok(Frame { kind: FrameKind::Raw, len, stored_len: len, stored_hash: hash, hash, references: Vec::new() });
    }
    let stored_len = facts.number()?;
    let stored_hash = Hash(digests.array()?);
    let references = take_references(facts, sources, references_left)?;
    Ok(Frame { kind, len, stored_len, stored_hash, hash: Hash(digests.array()?), references })
}

fn take_references(facts: &mut Fields<'_>, sources: &[u64], references_left: &mut u64) -> Result<Vec<Reference>, DecodeError> {
    let (mut source, mut at) = (0_u32, 0_u64);
    let count = facts.count(*references_left)?;
    *references_left -= count as u64;
    let mut references = Vec::new();
    for _ in 0..count {
        let distance = facts.signed()?;
        let next = i64::from(source).checked_add(distance).and_then(|next| u32::try_from(next).ok());
        source = next.ok_or(DecodeError::Field("number of a source"))?;
        at = if distance == 0 { at } else { 0 };
        let start = moved(at, facts.signed()?).ok_or(DecodeError::Field("reference"))?;
        let len = take_reference_len(facts, source, start, sources)?;
        at = start.checked_add(len).ok_or(DecodeError::Field("reference"))?;
        references.push(Reference { source, at: start, len });
    }
    Ok(references)
}

/// A length that could have been written as 0 is refused.
fn take_reference_len(facts: &mut Fields<'_>, source: u32, at: u64, sources: &[u64]) -> Result<u64, DecodeError> {
    let to_end = sources.get(source as usize).and_then(|len| len.checked_sub(at));
    match facts.number()? {
        0 => to_end.ok_or(DecodeError::Field("reference")),
        len if Some(len) == to_end => Err(DecodeError::Field("reference")),
        len => Ok(len),
    }
}
