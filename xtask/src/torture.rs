//! `cargo xtask torture`: power cuts and kills for any updater; see `crates/untorn-powercut`.

use std::path::Path;

use crate::cargo;

/// What lines may name, and what has to be built for that: a manifest, a package, a program.
const BUILT: [(&str, &str, &str, &str); 2] = [
    ("untorn", "Cargo.toml", "untorn-cli", "untorn"),
    ("updater", "bench/Cargo.toml", "untorn-bench-updater", "untorn-bench-updater"),
];

/// Builds what the updaters need, unless the arguments behind the chore say where it is, and hands them on.
pub(crate) fn run(root: &Path) -> Vec<String> {
    attempt(root).err().into_iter().collect()
}

fn attempt(root: &Path) -> Result<(), String> {
    let words: Vec<String> = std::env::args().skip(2).collect();
    let lines = lines(root, &words);
    let mut all: Vec<String> =
        ["run", "--quiet", "--locked", "--package", "untorn-powercut", "--bin", "untorn-torture", "--"].map(str::to_owned).into();
    for (name, manifest, package, program) in BUILT {
        let is_told = words.iter().any(|word| word.starts_with(&format!("{name}=")));
        if lines.contains(&format!("{{{name}}}")) && !is_told {
            let path = cargo::program_of(root, manifest, package, program)?;
            all.extend(["--with".to_owned(), format!("{name}={}", path.display())]);
        }
    }
    all.extend(words);
    cargo::run(root, &all)
}

/// Everything that may name a program: the arguments, and the recipes that they name.
fn lines(root: &Path, words: &[String]) -> String {
    let named = words.windows(2).filter(|pair| pair[0] == "--recipe").flat_map(|pair| pair[1].split(','));
    let recipes = root.join("crates/untorn-powercut/recipes");
    let texts = named.filter_map(|name| {
        let known = std::fs::read_to_string(recipes.join(format!("{name}.recipe")));
        known.or_else(|_| std::fs::read_to_string(name)).ok()
    });
    texts.chain(words.iter().cloned()).collect()
}
