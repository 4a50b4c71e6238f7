//! `cargo xtask soak`: the program killed at random moments on a real disk; see `crates/untorn-powercut`.

use std::path::Path;

use crate::cargo;

/// Builds the program that is to be tried, unless the arguments behind the chore name one, and hands them on.
pub(crate) fn run(root: &Path) -> Vec<String> {
    cargo::laboratory(root, "untorn-soak").err().into_iter().collect()
}
