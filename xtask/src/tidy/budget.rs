//! The library stays small: who takes it into a game takes all that it brings.

use std::collections::BTreeSet;
use std::path::Path;

use crate::cargo;

/// What each set of features may bring.
const BUDGETS: [(&str, usize); 2] = [("", 40), ("http", 65)];
/// No runtime in a game.
const BANNED: [&str; 1] = ["tokio"];
const LIBRARY: &str = "untorn";
/// Crates differ between systems; the count is made for this one, so that it is the same everywhere.
const TARGET: &str = "x86_64-unknown-linux-gnu";

/// Counts the crates below the library, ours and those that only build it among them.
pub(super) fn check(root: &Path) -> Vec<String> {
    BUDGETS.iter().flat_map(|(features, max)| check_with(root, features, *max)).collect()
}

fn check_with(root: &Path, features: &str, max: usize) -> Vec<String> {
    let tree = [
        "tree",
        "--locked",
        "-p",
        LIBRARY,
        "--features",
        features,
        "-e",
        "normal,build",
        "--target",
        TARGET,
        "--prefix",
        "none",
        "--format",
        "{p}",
    ];
    match cargo::output(root, &tree) {
        Ok(listing) => judge(&below(&listing), features, max),
        Err(error) => vec![format!("budget: {error}")],
    }
}

/// The distinct `name version` of a listing, without the library itself, which stands first.
fn below(listing: &str) -> BTreeSet<String> {
    let lines = listing.lines().skip(1).filter(|line| !line.trim().is_empty());
    lines.map(|line| line.split_whitespace().take(2).collect::<Vec<_>>().join(" ")).collect()
}

fn judge(crates: &BTreeSet<String>, features: &str, max: usize) -> Vec<String> {
    let with = if features.is_empty() { String::new() } else { format!(" with {features}") };
    let names: Vec<&str> = crates.iter().map(String::as_str).collect();
    let is_banned = |name: &&str| BANNED.contains(&name.split(' ').next().unwrap_or_default());
    let mut findings: Vec<_> =
        names.iter().copied().filter(is_banned).map(|name| format!("{LIBRARY}{with}: brings {name}")).collect();
    if crates.len() > max {
        findings.push(format!("{LIBRARY}{with}: brings {} crates, more than {max}: {}", names.len(), names.join(", ")));
    }
    findings
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
    fn one_too_many_is_found_and_so_is_a_runtime() {
        let crates = |count: usize| (0..count).map(|i| format!("c{i} v1")).collect();
        assert_eq!(judge(&crates(7), "", 7).len(), 0);
        assert_eq!(judge(&crates(8), "http", 7).len(), 1);
        assert_eq!(judge(&BTreeSet::from(["tokio v1.0.0".to_owned()]), "", 7).len(), 1);
    }
}
