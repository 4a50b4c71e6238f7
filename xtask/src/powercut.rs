//! `cargo xtask powercut`: recorded power cuts on real file systems; see `crates/untorn-powercut`.

use std::path::Path;

use crate::cargo;

/// Builds the program that is to be tried, unless the arguments behind the chore name one, and hands them on.
pub(crate) fn run(root: &Path) -> Vec<String> {
    attempt(root).err().into_iter().collect()
}

fn attempt(root: &Path) -> Result<(), String> {
    let mut words: Vec<String> = std::env::args().skip(2).collect();
    if !words.iter().any(|word| word == "--program") {
        let program = cargo::program(root, "untorn-cli", "untorn")?;
        words.extend(["--program".to_owned(), program.to_string_lossy().into_owned()]);
    }
    let program = ["run", "--quiet", "--locked", "--package", "untorn-powercut", "--"];
    cargo::run(root, &program.into_iter().map(str::to_owned).chain(words).collect::<Vec<_>>())
}
