//! The library stays small: who takes it into a game takes all that it brings.

use std::collections::BTreeSet;
use std::path::Path;

use crate::cargo;

const CRATES_MAX: usize = 35;
const LIBRARY: &str = "untorn";
/// Crates differ between systems; the count is made for this one, so that it is the same everywhere.
const TARGET: &str = "x86_64-unknown-linux-gnu";

/// Counts the crates below the library, ours and those that only build it among them.
pub(super) fn check(root: &Path) -> Vec<String> {
    let tree =
        ["tree", "--locked", "-p", LIBRARY, "-e", "normal,build", "--target", TARGET, "--prefix", "none", "--format", "{p}"];
    match cargo::output(root, &tree) {
        Ok(listing) => judge(&below(&listing)),
        Err(error) => vec![format!("budget: {error}")],
    }
}

/// The distinct `name version` of a listing, without the library itself, which stands first.
fn below(listing: &str) -> BTreeSet<String> {
    let lines = listing.lines().skip(1).filter(|line| !line.trim().is_empty());
    lines.map(|line| line.split_whitespace().take(2).collect::<Vec<_>>().join(" ")).collect()
}

fn judge(crates: &BTreeSet<String>) -> Vec<String> {
    if crates.len() <= CRATES_MAX {
        return Vec::new();
    }
    let names: Vec<&str> = crates.iter().map(String::as_str).collect();
    vec![format!("{LIBRARY}: brings {} crates, more than {CRATES_MAX}: {}", names.len(), names.join(", "))]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_crate_counts_once_and_the_library_not_at_all() {
        let listing = "untorn v0.1.0 (/a)\nblake3 v1.8.7\ncc v1.1.1\n\nblake3 v1.8.7 (*)\n";
        assert_eq!(below(listing).len(), 2);
    }

    #[test]
    fn one_too_many_is_found() {
        let crates = |count: usize| (0..count).map(|i| format!("c{i} v1")).collect();
        assert_eq!(judge(&crates(CRATES_MAX)).len(), 0);
        assert_eq!(judge(&crates(CRATES_MAX + 1)).len(), 1);
    }
}
