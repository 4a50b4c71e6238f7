//! `cargo xtask explore`: the crash tests, for as long as anybody likes.

use std::path::Path;

use crate::cargo;

/// Hands the arguments behind the chore on.
pub(crate) fn run(root: &Path) -> Vec<String> {
    let program = ["run", "--release", "--locked", "--package", "untorn-crash", "--bin", "explore", "--"];
    let arguments: Vec<String> = program.into_iter().map(str::to_owned).chain(std::env::args().skip(2)).collect();
    cargo::run(root, &arguments).err().into_iter().collect()
}
