//! Every crate says first what it guarantees and what it does not.

use crate::source::Source;

const WORDS: [&str; 2] = ["guarantee", "limitation"];

/// Looks at the top of each `lib.rs`.
pub(super) fn check(sources: &[Source]) -> Vec<String> {
    let roots = sources.iter().filter(|source| source.path.starts_with("crates/") && source.path.ends_with("/src/lib.rs"));
    roots.flat_map(findings).collect()
}

fn findings(source: &Source) -> Vec<String> {
    let docs: Vec<&str> = source.text.lines().map_while(|line| line.strip_prefix("//!")).collect();
    let docs = docs.join("\n").to_lowercase();
    let missing = WORDS.iter().filter(|word| !docs.contains(**word));
    missing.map(|word| format!("{}: the crate's documentation does not speak of a {word}", source.path)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_missing_word_is_found() {
        let findings = |text: &str| check(&[Source { path: "crates/a/src/lib.rs".into(), text: text.into() }]).len();
        assert_eq!(findings("//! # Guarantees\n//! # Limitations\n"), 0);
        assert_eq!(findings("//! # Guarantees\n\n//! # Limitations\n"), 1);
        assert_eq!(findings("use std::io;\n"), 2);
    }
}
