//! Executables made comparable: addresses are replaced by labels of what they point at.
//!
//! What shifted has other addresses everywhere, so that hardly two equal bytes in a row are left, and tables of addresses look alike everywhere. A label, a
//! hash of the first bytes of the target, without addresses, is the same in both builds and tells targets apart.

use std::ops::Range;

use super::index;
use super::parts::{PartBase, PartField, PartKind, Parts};
use crate::adapt::{LAST_BYTES, Segment, address_of, code_kind, has_address, offset_of};

/// How many bytes of the target make a label.
const TARGET_LEN: usize = 16;
/// How long a label is, at most.
const LABEL_LEN: usize = 3;

/// `bytes` with labels instead of addresses.
pub(super) fn labelled(bytes: &[u8], parts: &Parts) -> Vec<u8> {
    let mut addresses = Vec::new();
    each_address(bytes, parts, |at, width, target| {
        let target = offset_of(&parts.segments, target).map_or(bytes.len(), index);
        addresses.push(Address { at: short(at), target: short(target), is_wide: width > 4 });
    });
    let mut labelled = bytes.to_vec();
    addresses.iter().for_each(|address| labelled[address.range()].fill(0));
    let labels: Vec<_> = addresses.iter().map(|address| address.label(&labelled)).collect();
    for (address, label) in addresses.iter().zip(labels) {
        if let Some(label) = label {
            labelled[address.range()][..LABEL_LEN].copy_from_slice(&label);
        }
    }
    labelled
}

/// An address in an executable: short, since there is one for every few bytes of it.
struct Address {
    at: u32,
    /// Offset of what it points at; behind the end when that is not in the file.
    target: u32,
    is_wide: bool,
}

impl Address {
    fn range(&self) -> Range<usize> {
        let at = self.at as usize;
        at..at + if self.is_wide { 8 } else { 4 }
    }

    /// Made of what it points at, in bytes without addresses.
    fn label(&self, without: &[u8]) -> Option<[u8; LABEL_LEN]> {
        let target = without.get(self.target as usize..).filter(|target| !target.is_empty())?;
        Some(label(&target[..target.len().min(TARGET_LEN)]))
    }
}

/// An offset in a file of at most [`LEN_MAX`](super::seeds::LEN_MAX) bytes.
fn short(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

fn label(bytes: &[u8]) -> [u8; LABEL_LEN] {
    let hash = bytes.iter().fold(0_u64, |hash, byte| {
        let hash = (hash ^ u64::from(*byte)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        hash ^ hash >> 29
    });
    let [_, _, _, one, two, three, _, _] = hash.to_le_bytes();
    [one, two, three]
}

/// Calls `each` with place, width and target of every address.
fn each_address(bytes: &[u8], parts: &Parts, mut each: impl FnMut(usize, usize, u64)) {
    for part in &parts.parts {
        let (start, end) = (index(part.at), index(part.at + part.len));
        match &part.kind {
            PartKind::Code => each_in_code(bytes, &parts.segments, (start, end), part.at, &mut each),
            PartKind::Table { stride, fields } => {
                for entry in (start..end).step_by(index(*stride)) {
                    each_in_entry(&bytes[..end], &parts.segments, entry, fields, &mut each);
                }
            }
        }
    }
}

fn each_in_code(
    bytes: &[u8],
    segments: &[Segment],
    (start, end): (usize, usize),
    at: u64,
    each: &mut impl FnMut(usize, usize, u64),
) {
    let Some(address) = address_of(segments, at) else { return };
    let mut at = start + 2;
    while let Some(field) = bytes[..end].get(at..at + 4) {
        if !LAST_BYTES[usize::from(bytes[at - 1])] {
            at += 1;
            continue;
        }
        let target = (address + (at - start) as u64 + 4).wrapping_add(distance(field));
        if code_kind(bytes[at - 2], bytes[at - 1]).is_some() && has_address(segments, target) {
            each(at, 4, target);
            at += 4;
        } else {
            at += 1;
        }
    }
}

fn each_in_entry(
    bytes: &[u8],
    segments: &[Segment],
    entry: usize,
    fields: &[PartField],
    each: &mut impl FnMut(usize, usize, u64),
) {
    for field in fields.iter().filter(|field| field.sure) {
        let (at, width) = (entry + index(field.at), if field.wide { 8 } else { 4 });
        let Some(value) = bytes.get(at..at + width) else { continue };
        let base = match field.base {
            PartBase::Zero => Some(0),
            PartBase::Own => address_of(segments, at as u64),
            PartBase::At(base) => Some(base),
        };
        let value = if let Ok(wide) = value.try_into() { u64::from_le_bytes(wide) } else { distance(value) };
        let target = base.map(|base| base.wrapping_add(value)).filter(|target| value != 0 && has_address(segments, *target));
        if let Some(target) = target {
            each(at, width, target);
        }
    }
}

fn distance(bytes: &[u8]) -> u64 {
    bytes.try_into().map_or(0, |four| i64::from(i32::from_le_bytes(four)).cast_unsigned())
}

#[cfg(test)]
mod tests {
    use super::super::super::noise;
    use super::super::parts::Part;
    use super::*;

    /// Beyond 4 GiB, so that wide addresses have no zeros.
    const BASE: u64 = 0x1_0000_1000;

    /// Code at [`BASE`], and a table of two addresses, each followed by a number.
    fn program(code: &[u8], table: [u64; 2]) -> (Vec<u8>, Parts) {
        let table = table.map(|address| [address, 8].map(u64::to_le_bytes).concat()).concat();
        let len = (code.len() + table.len()) as u64;
        let part = |at: usize, len: usize, kind| Part { name: Vec::new(), at: at as u64, len: len as u64, kind };
        let fields = vec![PartField::wide(0)];
        let parts =
            vec![part(0, code.len(), PartKind::Code), part(code.len(), table.len(), PartKind::Table { stride: 16, fields })];
        ([code, &table].concat(), Parts { segments: vec![Segment { at: 0, len, address: BASE, space: len + 0x1000 }], parts })
    }

    /// A call at 20 of the function at 200, and one at 40 of what has no bytes in the file.
    fn code(shift: u8) -> Vec<u8> {
        let mut code = noise(1, 300);
        code[..60].fill(0x90);
        code[20] = 0xe8;
        code[40] = 0xe8;
        code.splice(100..100, vec![0x90; usize::from(shift)]);
        code[21..25].copy_from_slice(&(200 + u32::from(shift) - 25).to_le_bytes());
        code[41..45].copy_from_slice(&(0x800_u32 - 45).to_le_bytes());
        code
    }

    #[test]
    fn what_an_address_points_at_is_its_label_wherever_that_stands() {
        let labelled = |shift: u8| {
            let (bytes, parts) = program(&code(shift), [BASE + 200 + u64::from(shift), BASE]);
            super::labelled(&bytes, &parts)
        };
        let (old, new) = (labelled(0), labelled(16));
        assert_eq!(old[20..60], new[20..60], "a call of the same function");
        assert_eq!(old[300..], new[316..], "a table of the same functions");
        assert_eq!(old[21..24], old[300..303], "one label for one function");
        assert!(old[21..24] != [0; 3] && old[24] == 0 && old[303..308] == [0; 5]);
        assert_eq!(old[41..45], [0; 4], "nothing to make a label of");
        assert_ne!(old[316..319], old[300..303]);
        assert_eq!(old[308..316], 8_u64.to_le_bytes(), "a number is left as it is");
    }
}
