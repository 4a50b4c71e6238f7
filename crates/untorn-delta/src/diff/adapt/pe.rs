//! PE, 64 bit, for x86-64 (Microsoft's "PE Format").

use super::parts::{Bytes, Part, PartField, PartKind, Parts};
use crate::adapt::Segment;

pub(super) const MAGIC: [u8; 2] = *b"MZ";

const X86_64: u64 = 0x8664;
const HEADER_64: u64 = 0x20b;
const SECTION_LEN: u64 = 40;
const EXECUTABLE: u64 = 1 << 29;

pub(super) fn parts(bytes: &[u8]) -> Option<Parts> {
    let bytes = Bytes(bytes);
    let start = bytes.number(60, 4)?;
    let optional = start + 24;
    let right = bytes.at(0, 2)? == MAGIC
        && bytes.at(start, 4)? == b"PE\0\0"
        && bytes.number(start + 4, 2)? == X86_64
        && bytes.number(optional, 2)? == HEADER_64;
    if !right {
        return None;
    }
    let image = bytes.number(optional + 24, 8)?;
    let sections = optional + bytes.number(start + 20, 2)?;
    let mut parts = Parts::default();
    for number in 0..bytes.number(start + 6, 2)? {
        let header = sections + number * SECTION_LEN;
        let (space, address) = (bytes.number(header + 8, 4)?, image.checked_add(bytes.number(header + 12, 4)?)?);
        let (len, at) = (bytes.number(header + 16, 4)?, bytes.number(header + 20, 4)?);
        let name = bytes.name(header).unwrap_or_default();
        let name = name.get(..8).unwrap_or(name);
        parts.segments.push(Segment { at, len: len.min(space), address, space });
        let executable = bytes.number(header + 36, 4)? & EXECUTABLE != 0;
        if let Some(kind) = kind(name, executable, image) {
            parts.parts.push(Part { name: name.to_vec(), at, len: len.min(space), kind });
        }
    }
    Some(parts)
}

fn kind(name: &[u8], executable: bool, image: u64) -> Option<PartKind> {
    let table = |stride, fields: &[PartField]| Some(PartKind::Table { stride, fields: fields.to_vec() });
    match name {
        b".reloc" | b".rsrc" => None,
        b".pdata" => {
            table(12, &[PartField::from(0, image, true), PartField::from(4, image, true), PartField::from(8, image, true)])
        }
        _ if executable => Some(PartKind::Code),
        _ => table(8, &[PartField::wide(0), PartField::from(0, image, false), PartField::from(4, image, false)]),
    }
}
