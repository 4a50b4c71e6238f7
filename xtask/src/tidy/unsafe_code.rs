//! `unsafe` has two rooms: below the seam to the disk, and where other languages come in.

use crate::code::{code_of, has_word};
use crate::source::Source;

const ROOMS: [&str; 2] = ["crates/untorn-fs/src/sys", "crates/untorn-ffi/src/boundary"];

/// Looks at all Rust, tests too.
pub(super) fn check(sources: &[Source]) -> Vec<String> {
    let bound = sources.iter().filter(|source| source.is_rust() && !ROOMS.iter().any(|room| source.path.starts_with(room)));
    bound.filter(|source| has_word(&code_of(&source.text), "unsafe")).map(finding).collect()
}

fn finding(source: &Source) -> String {
    format!("{}: unsafe code belongs into {}", source.path, ROOMS.join(" or "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unsafe_is_found_outside_its_room_only() {
        let source = |path: &str, text: &str| Source { path: path.into(), text: text.into() };
        assert_eq!(check(&[source("crates/untorn-txn/tests/a.rs", "unsafe { f() }")]).len(), 1);
        assert_eq!(check(&[source("crates/untorn-fs/src/sys/linux.rs", "unsafe { f() }")]).len(), 0);
        assert_eq!(check(&[source("crates/untorn-ffi/src/calls.rs", "unsafe { f() }")]).len(), 1);
        assert_eq!(check(&[source("crates/untorn-ffi/src/boundary/a.rs", "unsafe { f() }")]).len(), 0);
        assert_eq!(check(&[source("crates/untorn-txn/src/a.rs", "// unsafe\n#![deny(unsafe_code)]")]).len(), 0);
    }
}
