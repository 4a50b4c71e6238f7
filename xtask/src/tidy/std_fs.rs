//! Only `untorn-fs` touches the disk: what goes around the seam is invisible to the simulator.

use crate::code::{code_of, without_tests};
use crate::source::Source;

/// Whose own rooms they are.
const SEAM: &str = "crates/untorn-fs/";

/// Prefixes of paths that may, and why.
const ALLOWED: &[(&str, &str)] = &[
    ("crates/untorn-cli/src/", "reads and writes the files a user names outside any tree"),
    ("crates/untorn-ffi/src/patch_file.rs", "a patch is a file a caller names outside any tree"),
    ("crates/untorn-import/src/", "what other tools made lies outside the tree, which goes through the seam"),
    ("crates/untorn-powercut/src/", "looks at trees from outside, as their users do; in no product"),
    ("crates/untorn-remote/src/dir.rs", "a store is a directory outside any tree, and only read"),
    ("crates/untorn-strace/src/", "reads the log of strace; in no product"),
    ("crates/untorn-testhost/src/", "a server for tests, in no product"),
    ("crates/untorn/src/apply/low_disk/patch_file.rs", "a patch is a file a user names outside any tree"),
    ("crates/untorn/src/apply/low_disk/schedule_tests.rs", "tests, in a file of their own"),
    ("crates/untorn/src/apply/lost_tests.rs", "tests, in a file of their own"),
    ("crates/untorn/src/manifest_file.rs", "a manifest is a file a user names outside any tree"),
    ("crates/untorn/src/part_file.rs", "a patch is a file a user names outside any tree"),
];

/// Looks at the code of the crates, without tests and examples.
pub(super) fn check(sources: &[Source]) -> Vec<String> {
    sources.iter().filter(|source| is_bound(source)).filter(|source| names_std_fs(&source.text)).map(finding).collect()
}

fn is_bound(source: &Source) -> bool {
    let is_code = source.is_rust() && source.path.starts_with("crates/") && source.path.contains("/src/");
    is_code && !source.path.starts_with(SEAM) && !ALLOWED.iter().any(|(prefix, _)| source.path.starts_with(prefix))
}

fn names_std_fs(text: &str) -> bool {
    let code = code_of(text);
    let packed: String = without_tests(&code).split_whitespace().collect();
    packed.contains("std::fs") || packed.split("std::{").skip(1).any(group_has_fs)
}

/// Whether the `use` group that begins here has an item `fs` or `fs::...`.
fn group_has_fs(after_brace: &str) -> bool {
    let mut depth = 1_usize;
    let mut is_item_start = true;
    for (at, c) in after_brace.char_indices() {
        if is_item_start && depth == 1 && is_fs_item(after_brace.get(at..).unwrap_or_default()) {
            return true;
        }
        is_item_start = c == ',';
        match c {
            '{' => depth += 1,
            '}' if depth == 1 => return false,
            '}' => depth -= 1,
            _ => {}
        }
    }
    false
}

fn is_fs_item(item: &str) -> bool {
    item.strip_prefix("fs").is_some_and(|rest| rest.starts_with([',', '}', ':']))
}

fn finding(source: &Source) -> String {
    format!("{}: names std::fs; go through the seam, `untorn_fs::Fs`, so that the simulator sees it", source.path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(path: &str, text: &str) -> usize {
        check(&[Source { path: path.into(), text: text.into() }]).len()
    }

    #[test]
    fn every_way_to_name_it_is_found() {
        for text in [
            "use std::fs;",
            "std :: fs::read(path)",
            "use std::{\n    fs,\n    io,\n};",
            "use std::{io::{self, Read}, fs::File};",
        ] {
            assert_eq!(findings("crates/untorn-txn/src/a.rs", text), 1, "{text}");
        }
    }

    #[test]
    fn what_only_looks_like_it_is_not() {
        for text in [
            "// std::fs",
            "use std::{fmt, io};",
            "use untorn_fs::{fs, Fs};",
            "fn a() {}\n#[cfg(test)]\nmod tests { use std::fs; }",
        ] {
            assert_eq!(findings("crates/untorn-txn/src/a.rs", text), 0, "{text}");
        }
    }

    #[test]
    fn the_seam_and_the_tests_may() {
        assert_eq!(findings("crates/untorn-fs/src/os.rs", "use std::fs;"), 0);
        assert_eq!(findings("crates/untorn-txn/tests/a.rs", "use std::fs;"), 0);
    }
}
