//! What wine cannot answer, and which tests are of Unix only, is listed: nothing is left out for Windows silently.

use std::collections::BTreeSet;

use crate::source::Source;

const LIST: &str = "docs/testing.md";
const HEAD: &str = "| test asks | wine |";
const HEAD_OF_UNIX: &str = "| tests of Unix only | because they need |";

/// At the top of such a file.
const OF_UNIX: &str = "#![cfg(unix)]";

/// In pieces, so that this file does not find itself.
const CALL: &str = concat!("skipped_under_", "wine(\"");

/// Looks at the tests and at the list.
pub(super) fn check(sources: &[Source]) -> Vec<String> {
    let Some(list) = sources.iter().find(|source| source.path == LIST) else { return Vec::new() };
    let (listed, skipped) = (listed(&list.text), sources.iter().flat_map(skipped).collect::<BTreeSet<_>>());
    let missing = skipped.difference(&listed).map(|what| format!("{LIST}: the list of what wine cannot answer lacks `{what}`"));
    let stale = listed.difference(&skipped).map(|what| format!("{LIST}: no test skips `{what}` under wine"));
    missing.chain(stale).chain(of_unix(sources, &list.text)).collect()
}

fn of_unix(sources: &[Source], list: &str) -> Vec<String> {
    let is_of_unix = |source: &&Source| source.path.contains("/tests/") && source.text.lines().any(|line| line == OF_UNIX);
    let files: BTreeSet<&str> = sources.iter().filter(is_of_unix).filter_map(|source| name_of(&source.path)).collect();
    let rows = list.lines().skip_while(|line| *line != HEAD_OF_UNIX).skip(2).take_while(|line| line.starts_with('|'));
    let listed: BTreeSet<&str> = rows.filter_map(|row| row.split('`').nth(1)).collect();
    let missing = files.difference(&listed).map(|name| format!("{LIST}: the list of tests of Unix only lacks `{name}`"));
    let stale = listed.difference(&files).map(|name| format!("{LIST}: `{name}` is no test of Unix only"));
    missing.chain(stale).collect()
}

fn name_of(path: &str) -> Option<&str> {
    path.rsplit('/').next()?.strip_suffix(".rs")
}

/// The rows below the head, as the tests say them.
fn listed(text: &str) -> BTreeSet<String> {
    let rows = text.lines().skip_while(|line| *line != HEAD).skip(2).take_while(|line| line.starts_with('|'));
    rows.map(|row| row.trim_matches('|').trim().replacen(" | ", ": ", 1)).collect()
}

fn skipped(source: &Source) -> Vec<String> {
    if !source.path.ends_with(".rs") {
        return Vec::new();
    }
    let calls = source.text.match_indices(CALL);
    calls.filter_map(|(at, call)| source.text.get(at + call.len()..)?.split('"').next().map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(test: &str, list: &str) -> usize {
        let source = |path: &str, text: String| Source { path: path.into(), text };
        check(&[source("crates/a/tests/all/a.rs", test.to_owned()), source(LIST, format!("{HEAD}\n|---|---|\n{list}\n\nend"))])
            .len()
    }

    #[test]
    fn tests_and_list_agree() {
        let test = format!("if {CALL}a is b: no c\") {{");
        assert_eq!(findings(&test, "| a is b | no c |"), 0);
        assert_eq!(findings(&test, "| a is b | no d |"), 2);
        assert_eq!(findings("", "| a is b | no c |"), 1);
        assert_eq!(findings(&test, ""), 1);
    }

    #[test]
    fn tests_of_unix_only_are_listed() {
        let list = format!("\n{HEAD_OF_UNIX}\n|---|---|\n| `a` | links |");
        assert_eq!(findings(OF_UNIX, &list), 0);
        assert_eq!(findings(OF_UNIX, ""), 1);
        assert_eq!(findings("", &list), 1);
    }
}
