//! What wine cannot answer is listed: no test for Windows is skipped silently.

use std::collections::BTreeSet;

use crate::source::Source;

const LIST: &str = "docs/testing.md";
const HEAD: &str = "| test asks | wine |";

/// In pieces, so that this file does not find itself.
const CALL: &str = concat!("skipped_under_", "wine(\"");

/// Looks at the tests and at the list.
pub(super) fn check(sources: &[Source]) -> Vec<String> {
    let Some(list) = sources.iter().find(|source| source.path == LIST) else { return Vec::new() };
    let (listed, skipped) = (listed(&list.text), sources.iter().flat_map(skipped).collect::<BTreeSet<_>>());
    let missing = skipped.difference(&listed).map(|what| format!("{LIST}: the list of what wine cannot answer lacks `{what}`"));
    let stale = listed.difference(&skipped).map(|what| format!("{LIST}: no test skips `{what}` under wine"));
    missing.chain(stale).collect()
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
}
