//! Nothing in the tree knows the machine it was written on.

use crate::source::Source;

/// In pieces, so that this file does not find itself.
const PREFIXES: [&str; 5] =
    [concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/ho", "me/"), concat!("/Us", "ers/"), concat!("C:\\Us", "ers")];

/// The only registry a lock file may name.
const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// Looks at everything.
pub(super) fn check(sources: &[Source]) -> Vec<String> {
    sources.iter().flat_map(|source| paths(source).into_iter().chain(registries(source))).collect()
}

fn paths(source: &Source) -> Vec<String> {
    let lines = source.text.lines().enumerate();
    let found = lines.filter_map(|(at, line)| PREFIXES.iter().find(|prefix| names(line, prefix)).map(|prefix| (at + 1, prefix)));
    found.map(|(line, prefix)| format!("{}:{line}: names {prefix}, a path of one machine", source.path)).collect()
}

/// A prefix in the middle of a longer path is none: `a/home/b`.
fn names(line: &str, prefix: &str) -> bool {
    line.match_indices(prefix).any(|(at, _)| {
        let before = line.get(..at).and_then(|before| before.chars().next_back());
        !before.is_some_and(|c| c.is_alphanumeric() || c == '.' || c == '}')
    })
}

fn registries(source: &Source) -> Vec<String> {
    if !source.path.ends_with("Cargo.lock") {
        return Vec::new();
    }
    let named = source.text.lines().filter_map(|line| line.strip_prefix("source = "));
    let foreign = named.filter(|name| name.trim_matches('"') != REGISTRY);
    foreign.map(|name| format!("{}: names the source {name}", source.path)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(path: &str, text: &str) -> usize {
        check(&[Source { path: path.into(), text: text.into() }]).len()
    }

    #[test]
    fn paths_of_a_machine_are_found() {
        for prefix in PREFIXES {
            assert_eq!(findings("a.md", &format!("see {prefix}x")), 1, "{prefix}");
        }
        assert_eq!(findings("a.md", "https://example.org/a/home/b"), 0);
    }

    #[test]
    fn a_lock_file_names_one_registry() {
        assert_eq!(findings("Cargo.lock", &format!("source = \"{REGISTRY}\"")), 0);
        assert_eq!(findings("bench/Cargo.lock", "source = \"sparse+https://mirror.example/\""), 1);
    }
}
