//! What an executable consists of, as far as addresses go.

use super::{elf, pe};
use crate::adapt::Segment;

/// What an executable consists of.
#[derive(Debug, Default)]
pub(super) struct Parts {
    /// What stands where in memory.
    pub(super) segments: Vec<Segment>,
    /// Parts that hold addresses, sorted by offset, apart.
    pub(super) parts: Vec<Part>,
}

/// Bytes that hold addresses.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub(super) name: Vec<u8>,
    pub(super) at: u64,
    pub(super) len: u64,
    pub(super) kind: PartKind,
}

/// How its addresses are found.
#[derive(Clone, Debug)]
pub(super) enum PartKind {
    Code,
    Table { stride: u64, fields: Vec<PartField> },
}

/// An address in an entry of a table.
#[derive(Clone, Copy, Debug)]
pub(super) struct PartField {
    /// Offset in the entry.
    pub(super) at: u64,
    pub(super) wide: bool,
    pub(super) base: PartBase,
    /// Whether it surely is an address; else it may look like one by chance.
    pub(super) sure: bool,
}

/// From where an address counts.
#[derive(Clone, Copy, Debug)]
pub(super) enum PartBase {
    Zero,
    Own,
    At(u64),
}

impl PartField {
    pub(super) const fn wide(at: u64) -> Self {
        Self { at, wide: true, base: PartBase::Zero, sure: true }
    }

    pub(super) const fn own(at: u64, sure: bool) -> Self {
        Self { at, wide: false, base: PartBase::Own, sure }
    }

    pub(super) const fn from(at: u64, base: u64, sure: bool) -> Self {
        Self { at, wide: false, base: PartBase::At(base), sure }
    }
}

/// Whether a file with these first bytes may be an executable that is understood.
pub(super) fn is_magic(magic: [u8; 4]) -> bool {
    magic == elf::MAGIC || magic[..2] == pe::MAGIC
}

/// The parts of an executable; `None` when it is none, or not understood. Nothing depends on their being right but the size of the patch.
pub(super) fn parts(bytes: &[u8]) -> Option<Parts> {
    let mut parts = elf::parts(bytes).or_else(|| pe::parts(bytes))?;
    let len = bytes.len() as u64;
    let inside = |at: u64, part_len: u64| part_len > 0 && at <= len && part_len <= len - at;
    parts.segments.retain(|segment| inside(segment.at, segment.len) && segment.address < 1 << 61 && segment.space < 1 << 61);
    parts.segments.truncate(SEGMENTS_MAX);
    parts.parts.retain(|part| inside(part.at, part.len));
    parts.parts.sort_by_key(|part| (part.at, part.len));
    parts.parts.truncate(PARTS_MAX);
    let mut end = 0;
    parts.parts.retain(|part| {
        let apart = part.at >= end;
        end = end.max(part.at + part.len);
        apart
    });
    Some(parts)
}

const SEGMENTS_MAX: usize = 32;
const PARTS_MAX: usize = 40;

/// Numbers at fixed places, lowest byte first.
#[derive(Clone, Copy)]
pub(super) struct Bytes<'a>(pub(super) &'a [u8]);

impl<'a> Bytes<'a> {
    /// `len` bytes at `at`.
    pub(super) fn at(self, at: u64, len: u64) -> Option<&'a [u8]> {
        let start = usize::try_from(at).ok()?;
        self.0.get(start..start.checked_add(usize::try_from(len).ok()?)?)
    }

    pub(super) fn number(self, at: u64, len: u64) -> Option<u64> {
        self.at(at, len).map(|bytes| bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    /// The bytes from `at` to the next zero.
    pub(super) fn name(self, at: u64) -> Option<&'a [u8]> {
        let rest = self.0.get(usize::try_from(at).ok()?..)?;
        rest.split(|byte| *byte == 0).next()
    }
}
