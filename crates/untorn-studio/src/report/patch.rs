//! The report of a patch.

use std::{collections::HashMap, io::Read, path::Path};

use untorn::{Result, Shares, inspect_index};

use super::{Item, Report, Subject};
use crate::{builds::Builds, spans};

/// Says where the bytes of `patch` go. It is read to its end and checked. With `builds`, the old one and the new one, archives in it are looked into, and more can be advised.
///
/// # Errors
/// [`untorn::Error::Patch`]; [`untorn::Error::Io`] when a build cannot be opened.
pub fn inspect_patch<R: Read>(patch: R, builds: Option<(&Path, &Path)>) -> Result<Report> {
    let builds = builds.map(|(old, new)| Builds::open(old, new)).transpose()?;
    let (inspection, index) = inspect_index(patch)?;
    let mut shares = Shares::new(&index);
    let mut spans: HashMap<&str, Vec<spans::Span>> = HashMap::new();
    for change in index.changes().as_slice() {
        spans.insert(change.path.as_str(), spans::of_change(&index, change, &mut shares));
    }
    let subjects = inspection.paths.iter().map(|cost| {
        let item = Item {
            path: cost.path.clone(),
            reason: cost.reason,
            from: cost.from.clone(),
            old_len: cost.old_len,
            new_len: cost.len,
            bytes: cost.bytes,
            literal: cost.literal,
            moved: 0,
            copied: cost.copied,
            kept: cost.kept,
            restored: cost.restored,
            members: Vec::new(),
        };
        Subject::new(item, spans.remove(cost.path.as_str()).unwrap_or_default())
    });
    let report = Report {
        from: inspection.from,
        to: inspection.to,
        estimate: None,
        bytes: inspection.bytes,
        bytes_preface: inspection.bytes_preface,
        bytes_index: inspection.bytes_index,
        bytes_memory: Some(inspection.bytes_memory),
        signed: inspection.preface.map(|preface| preface.release),
        items: Vec::new(),
        advice: Vec::new(),
        notes: Vec::new(),
        has_builds: false,
    };
    let subjects = subjects.collect();
    Ok(report.complete(subjects, builds.as_ref()))
}
