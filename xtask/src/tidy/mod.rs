//! The rules of the house that no compiler knows, one a file.

mod budget;
mod crate_docs;
mod edges;
mod file_len;
mod machine_paths;
mod rows;
mod std_fs;
mod under_wine;
mod unfinished;
mod unsafe_code;

use std::path::Path;

use crate::source::{Source, sources};

/// A rule that looks at texts only.
type Rule = fn(&[Source]) -> Vec<String>;

const RULES: &[Rule] = &[
    std_fs::check,
    unsafe_code::check,
    file_len::check,
    unfinished::check,
    machine_paths::check,
    crate_docs::check,
    under_wine::check,
    rows::check,
];

/// Checks the repository at `root` against all of them.
#[must_use]
pub fn check(root: &Path) -> Vec<String> {
    let mut findings = check_sources(&sources(root));
    findings.extend(edges::check(root));
    findings.extend(budget::check(root));
    findings
}

/// Checks these texts against the rules that need nothing else.
fn check_sources(sources: &[Source]) -> Vec<String> {
    RULES.iter().flat_map(|rule| rule(sources)).collect()
}
