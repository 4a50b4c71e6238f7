//! ELF, 64 bit, for x86-64 (System V ABI, AMD64 supplement; the tables of `.eh_frame_hdr` in the Linux Standard Base).

use super::parts::{Bytes, Part, PartBase, PartField, PartKind, Parts};
use crate::adapt::Segment;

pub(super) const MAGIC: [u8; 4] = *b"\x7fELF";

/// Where bytes that no program loads are said to stand, so that names in them can be followed.
const UNLOADED: u64 = 1 << 60;
const X86_64: u64 = 62;
const LOAD: u64 = 1;
const EXECUTABLE: u64 = 4;
const SYMBOLS: u64 = 2;
const STRINGS: u64 = 3;
const RELA: u64 = 4;
const NOTHING: u64 = 8;
const DYNAMIC_SYMBOLS: u64 = 11;

pub(super) fn parts(bytes: &[u8]) -> Option<Parts> {
    let bytes = Bytes(bytes);
    let right = bytes.at(0, 6)? == b"\x7fELF\x02\x01" && bytes.number(18, 2)? == X86_64;
    if !right {
        return None;
    }
    let mut segments = loaded(bytes)?;
    let sections = sections(bytes).unwrap_or_default();
    segments.extend(
        sections.iter().filter(|section| !section.loaded && matches!(section.kind, SYMBOLS | STRINGS)).map(|section| Segment {
            at: section.at,
            len: section.len,
            address: section.address,
            space: section.len,
        }),
    );
    let parts = sections.iter().filter_map(|section| section.part(&sections)).collect();
    Some(Parts { segments, parts })
}

fn loaded(bytes: Bytes<'_>) -> Option<Vec<Segment>> {
    let (start, size, count) = (bytes.number(32, 8)?, bytes.number(54, 2)?, bytes.number(56, 2)?);
    let mut segments = Vec::new();
    for number in 0..count {
        let at = start.checked_add(number * size)?;
        if bytes.number(at, 4)? == LOAD {
            segments.push(Segment {
                at: bytes.number(at + 8, 8)?,
                address: bytes.number(at + 16, 8)?,
                len: bytes.number(at + 32, 8)?,
                space: bytes.number(at + 40, 8)?,
            });
        }
    }
    Some(segments)
}

struct Section {
    name: Vec<u8>,
    kind: u64,
    loaded: bool,
    executable: bool,
    address: u64,
    at: u64,
    len: u64,
    link: u64,
}

fn sections(bytes: Bytes<'_>) -> Option<Vec<Section>> {
    let (start, size, count) = (bytes.number(40, 8)?, bytes.number(58, 2)?, bytes.number(60, 2)?);
    let header = |number: u64| start.checked_add(number * size);
    let names = bytes.number(header(bytes.number(62, 2)?)?.checked_add(24)?, 8)?;
    let mut sections = Vec::new();
    for number in 0..count {
        let at = header(number)?;
        let field = |offset: u64, len| bytes.number(at.checked_add(offset)?, len);
        let (flags, place) = (field(8, 8)?, field(24, 8)?);
        let loaded = flags & 2 != 0;
        sections.push(Section {
            name: bytes.name(names.checked_add(field(0, 4)?)?)?.to_vec(),
            kind: field(4, 4)?,
            loaded,
            executable: flags & EXECUTABLE != 0,
            address: if loaded { field(16, 8)? } else { UNLOADED.checked_add(place)? },
            at: place,
            len: field(32, 8)?,
            link: field(40, 4)?,
        });
    }
    Some(sections)
}

impl Section {
    fn part(&self, all: &[Self]) -> Option<Part> {
        if matches!(self.kind, 0 | NOTHING) {
            return None;
        }
        let kind = self.part_kind(all)?;
        Some(Part { name: self.name.clone(), at: self.at, len: self.len, kind })
    }

    fn part_kind(&self, all: &[Self]) -> Option<PartKind> {
        let table = |stride, fields: &[PartField]| Some(PartKind::Table { stride, fields: fields.to_vec() });
        match (self.kind, self.name.as_slice()) {
            (RELA, _) => table(24, &[PartField::wide(0), PartField::wide(16)]),
            (SYMBOLS | DYNAMIC_SYMBOLS, _) => {
                let names = all.get(usize::try_from(self.link).ok()?)?;
                table(24, &[PartField::from(0, names.address, true), PartField::wide(8)])
            }
            (_, b".eh_frame") => table(4, &[PartField::own(0, true)]),
            (_, b".eh_frame_hdr") => table(4, &[PartField { base: PartBase::At(self.address), ..PartField::own(0, true) }]),
            (STRINGS, _) => None,
            _ if self.executable => Some(PartKind::Code),
            _ if self.loaded => table(8, &[PartField::wide(0), PartField::own(0, false), PartField::own(4, false)]),
            _ => None,
        }
    }
}
