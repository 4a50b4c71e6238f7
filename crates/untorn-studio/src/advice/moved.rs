//! Content that stands in another place of the same file.

use super::{Advice, Basis, Topic, size};
use crate::report::Subject;

/// Less is not worth a sentence, in bytes.
const LEAST: u64 = 1 << 20;

pub(super) fn advise(subject: &Subject, patch_len: u64) -> Option<Advice> {
    let item = &subject.item;
    let now = item.written();
    let then = now.saturating_sub(item.moved);
    if item.moved < LEAST || item.moved < patch_len / 20 || item.moved < now / 10 {
        return None;
    }
    let (what, how) = if subject.zips.is_some() {
        ("archive", "Pack it like the old one, with `untorn pack --like`")
    } else {
        ("file", "Leave what did not change in its place")
    };
    let text = format!(
        "{} of equal content moved inside this {what}, so that {} of it are written anew, though they cost next to nothing in the patch. {how}: about {} would be written.",
        size(item.moved),
        size(now),
        size(then),
    );
    let paths = vec![item.path.clone()];
    Some(Advice { topic: Topic::Moved, paths, count: 1, is_written: true, now, then: Some(then), basis: Basis::Measured, text })
}
