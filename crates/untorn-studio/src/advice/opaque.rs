//! Files that changed throughout, and do not compress.

use untorn::Reason;

use super::{Advice, Basis, Topic, costliest, count, size};
use crate::report::Subject;

pub(super) fn advise(subjects: &[Subject], least: u64) -> Option<Advice> {
    let files: Vec<_> = subjects.iter().filter(|subject| is_opaque(subject)).collect();
    let now = files.iter().map(|subject| subject.item.bytes).fold(0, u64::saturating_add);
    if now < least.saturating_mul(5) {
        return None;
    }
    let number = files.len() as u64;
    let text = format!(
        "{} changed throughout, and the new bytes do not compress: {} of the patch. What is compressed or encrypted as a whole looks like that: a small change inside changes every byte behind it. Untorn compresses what it sends; content that is stored plainly, or compressed in pieces, costs only what changed.",
        count(number, "file"),
        size(now),
    );
    let paths = costliest(files.iter().map(|subject| (subject.item.bytes, subject.item.path.as_str())).collect());
    Some(Advice { topic: Topic::Opaque, paths, count: number, is_written: false, now, then: None, basis: Basis::Measured, text })
}

/// An old file that is replaced by as many bytes as are in the patch, nearly. Of archives that could be looked into, more is known.
fn is_opaque(subject: &Subject) -> bool {
    let item = &subject.item;
    let is_all_new = item.literal >= item.new_len / 10 * 9 && item.bytes >= item.literal / 20 * 19;
    item.reason == Reason::Changed && item.old_len > 0 && item.literal >= 4096 && is_all_new && subject.zips.is_none()
}
