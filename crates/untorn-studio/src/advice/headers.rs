//! Files that changed only where they begin.

use std::collections::BTreeMap;

use super::{Advice, Basis, Topic, compare, costliest, size};
use crate::{
    builds::Builds,
    report::Subject,
    spans::{Origin, Span},
};

/// So far a header goes, in bytes.
const HEADER_MAX: u64 = 4096;
/// Fewer files are no pattern.
const FILES_MIN: usize = 3;
/// How many short files are compared byte by byte, and how many bytes of them.
const COMPARED_MAX: usize = 20_000;
const COMPARED_LEN_MAX: u64 = 64 << 20;

/// Advice for each kind of file, by the ending of the name.
pub(super) fn advise(subjects: &[Subject], builds: Option<&Builds>, least: u64) -> Vec<Advice> {
    let mut kinds: BTreeMap<&str, Vec<(&Subject, u64)>> = BTreeMap::new();
    let (mut compared, mut compared_len) = (0, 0_u64);
    for subject in subjects {
        let mut header = header_of(&subject.spans, subject.item.new_len);
        if header.is_none() && is_whole(&subject.spans) && subject.item.old_len == subject.item.new_len {
            let len = subject.item.new_len;
            if let (Some(builds), true) =
                (builds, compared < COMPARED_MAX && compared_len.saturating_add(len) <= COMPARED_LEN_MAX)
            {
                (compared, compared_len) = (compared + 1, compared_len + len);
                header = compare::difference(builds, &subject.item.path, len).filter(|end| is_header(*end, len));
            }
        }
        if let Some(header) = header {
            kinds.entry(ending(&subject.item.path)).or_default().push((subject, header));
        }
    }
    kinds.into_iter().filter_map(|(ending, files)| of_kind(ending, &files, least)).collect()
}

/// Where the new bytes end, where all of them stand at the beginning.
fn header_of(spans: &[Span], len: u64) -> Option<u64> {
    let (mut at, mut end) = (0_u64, 0_u64);
    for span in spans {
        at = at.saturating_add(span.len);
        if span.origin == Origin::New {
            end = at;
        }
    }
    (end > 0 && is_header(end, len)).then_some(end)
}

fn is_header(end: u64, len: u64) -> bool {
    end <= HEADER_MAX && end <= len / 4
}

/// Short files come whole, whatever of them changed.
fn is_whole(spans: &[Span]) -> bool {
    matches!(spans, [Span { origin: Origin::New, .. }])
}

fn ending(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.rsplit_once('.').map_or("", |(_, ending)| ending)
}

fn of_kind(ending: &str, files: &[(&Subject, u64)], least: u64) -> Option<Advice> {
    let now = files.iter().map(|(subject, _)| subject.item.bytes).fold(0, u64::saturating_add);
    if files.len() < FILES_MIN || now < least {
        return None;
    }
    let longest = files.iter().map(|(_, header)| *header).max().unwrap_or(0);
    let kind = if ending.is_empty() {
        "files without an ending".to_owned()
    } else {
        format!(".{} files", untorn::escape(ending.as_bytes()))
    };
    let text = format!(
        "These {} {kind} changed only in their first {}: that is {} of the patch. If what writes them left that as it was (a time, a version, a number), they would cost nothing.",
        files.len(),
        size(longest),
        size(now),
    );
    let paths = costliest(files.iter().map(|(subject, _)| (subject.item.bytes, subject.item.path.as_str())).collect());
    let count = files.len() as u64;
    Some(Advice { topic: Topic::Headers, paths, count, is_written: false, now, then: Some(0), basis: Basis::Measured, text })
}
