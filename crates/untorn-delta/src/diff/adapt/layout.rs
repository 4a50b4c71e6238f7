//! The layout that a reader is told, of the parts of both executables.

use super::parts::{Part, PartBase, PartField, PartKind, Parts};
use crate::adapt::{Base, Field, Kind, Layout, Region};

/// Segments of both, and the parts of the old one; bases are those of the parts of the same name.
pub(super) fn layout(old: &Parts, new: &Parts) -> Layout {
    let regions = old.parts.iter().map(|part| region(part, new)).collect();
    Layout { old: old.segments.clone(), new: new.segments.clone(), regions }
}

fn region(part: &Part, new: &Parts) -> Region {
    let twin = new.parts.iter().find(|other| other.name == part.name);
    let kind = match &part.kind {
        PartKind::Code => Kind::Code,
        PartKind::Table { stride, fields } => {
            let fields = fields.iter().enumerate().filter_map(|(number, field)| field_of(field, twin, number)).collect();
            Kind::Table { stride: *stride, fields }
        }
    };
    Region { at: part.at, len: part.len, kind }
}

fn field_of(field: &PartField, twin: Option<&Part>, number: usize) -> Option<Field> {
    let base = match field.base {
        PartBase::Zero => Base::Zero,
        PartBase::Own => Base::Own,
        PartBase::At(old) => Base::At { old, new: base_of(twin?, number)? },
    };
    Some(Field { at: field.at, wide: field.wide, base })
}

fn base_of(part: &Part, number: usize) -> Option<u64> {
    let PartKind::Table { fields, .. } = &part.kind else { return None };
    if let PartBase::At(base) = fields.get(number)?.base { Some(base) } else { None }
}
