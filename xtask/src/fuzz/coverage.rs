//! Whether every decoder of what comes from outside is tried.

use std::{collections::BTreeSet, path::Path};

use super::targets;
use crate::source::{Source, sources};

/// Where decoders lie.
const CRATES: [&str; 6] = [
    "crates/untorn-format/src/",
    "crates/untorn-store/src/",
    "crates/untorn-trust/src/",
    "crates/untorn-keys/src/",
    "crates/untorn-delta/src/",
    "crates/untorn-import/src/",
];
/// What comes from outside, as a parameter.
const INPUTS: [&str; 8] =
    ["bytes: &[u8]", "stored: &[u8]", "facts: &[u8]", "head: &[u8", "block: &[u8", "text: &str", "path: &str", "input: R"];

/// Functions that are no decoders of what comes from outside, or are tried otherwise.
const OTHERS: [(&str, &str, &str); 8] = [
    ("crates/untorn-format/src/hash_parts.rs", "update", "hashes"),
    ("crates/untorn-format/src/tree_path.rs", "join", "as `new`"),
    ("crates/untorn-store/src/bridge.rs", "listed", "lists what its caller has compressed"),
    ("crates/untorn-keys/src/secret_key.rs", "sign_bytes", "signs"),
    ("crates/untorn-delta/src/read/anywhere.rs", "new", "takes a patch that a `PatchReader` has read"),
    ("crates/untorn-import/src/caibx.rs", "parse", DAMAGED),
    ("crates/untorn-import/src/zsync/mod.rs", "parse", DAMAGED),
    ("crates/untorn-import/src/import.rs", "import", DAMAGED),
];
const DAMAGED: &str = "every byte is changed in `what_they_did_not_write_changes_nothing`";

/// The decoders that no target names, and what targets name that is not there.
#[must_use]
pub fn uncovered(root: &Path) -> Vec<String> {
    let named: BTreeSet<(String, String)> =
        targets().iter().flat_map(|target| target.decoders).map(|(file, name)| ((*file).into(), (*name).into())).collect();
    let sources = sources(root);
    let mut findings = Vec::new();
    for source in sources.iter().filter(|source| CRATES.iter().any(|dir| source.path.starts_with(dir))) {
        for name in decoders(code(&source.text)) {
            let is_other = OTHERS.iter().any(|(file, other, _)| *file == source.path && *other == name);
            if !named.contains(&(source.path.clone(), name.clone())) && !is_other {
                findings.push(format!("{}: no fuzz target tries {name}", source.path));
            }
        }
    }
    let others = OTHERS.iter().map(|(file, name, _)| ((*file).to_owned(), (*name).to_owned()));
    for (file, name) in named.into_iter().chain(others) {
        let is_there = |source: &Source| source.path == file && code(&source.text).contains(&format!("fn {name}"));
        if !sources.iter().any(is_there) {
            findings.push(format!("{file}: there is no {name}, which fuzzing names"));
        }
    }
    findings
}

fn code(text: &str) -> &str {
    text.split("#[cfg(test)]").next().unwrap_or_default()
}

/// Public functions that take bytes or texts from outside, and may refuse them.
fn decoders(code: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for part in code.split("pub fn ").skip(1) {
        let signature = part.split(" {\n").next().unwrap_or_default();
        let may_refuse = ["-> Result<", "-> Option<"].iter().any(|returned| signature.contains(returned));
        if may_refuse && INPUTS.iter().any(|input| signature.contains(input)) {
            found.insert(signature.split(['(', '<']).next().unwrap_or_default().to_owned());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::decoders;

    #[test]
    fn what_takes_bytes_and_may_refuse_them_is_a_decoder() {
        let code = "impl A {\n    pub fn decode(block: &[u8; HEADER_LEN]) -> Result<Self, E> {\n    }\n    pub fn of(bytes: &[u8]) -> Self {\n    }\n    fn inner(bytes: &[u8]) -> Option<()> {\n";
        assert_eq!(decoders(code).into_iter().collect::<Vec<_>>(), ["decode"]);
    }
}
