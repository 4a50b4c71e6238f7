//! Every row of bad input in SECURITY.md has tests that carry its number, through the library and through the command line.

use std::collections::{BTreeMap, BTreeSet};

use crate::source::Source;

const TABLES: &str = "SECURITY.md";
/// Between these headings stand the rows.
const BEGIN: &str = "## Bad input and what happens";
const END: &str = "\n## Runbooks";
/// Where the tests of the command line lie.
const COMMAND_LINE: &str = "crates/untorn-cli/tests/";

/// The tests of a row.
#[derive(Default)]
struct Tests {
    library: Vec<String>,
    command_line: Vec<String>,
}

/// Compares the rows with the tests.
pub(super) fn check(sources: &[Source]) -> Vec<String> {
    let Some(rows) = sources.iter().find(|source| source.path == TABLES).map(|source| rows(&source.text)) else {
        return Vec::new();
    };
    let mut tests = tests(sources);
    let mut findings = Vec::new();
    for row in &rows {
        let found = tests.remove(row).unwrap_or_default();
        let missing = [("through the library", &found.library), ("through the command line", &found.command_line)];
        let missing = missing.into_iter().filter(|(_, tests)| tests.is_empty());
        findings.extend(missing.map(|(way, _)| format!("{TABLES}: no test has the number {row} in its name {way}")));
    }
    for (row, found) in tests {
        let named = found.library.into_iter().chain(found.command_line);
        findings.extend(named.map(|test| format!("{TABLES}: there is no row {row}, which {test} is named after")));
    }
    findings
}

/// The numbers in the first column.
fn rows(text: &str) -> BTreeSet<String> {
    let (_, from) = text.split_once(BEGIN).unwrap_or_default();
    let tables = from.split_once(END).map_or(from, |(tables, _)| tables);
    let first = tables.lines().filter_map(|line| line.strip_prefix("| ")?.split(' ').next());
    first.filter(|cell| number(&cell.to_ascii_lowercase()).is_some()).map(str::to_owned).collect()
}

/// Every test that begins with numbers, under each of them.
fn tests(sources: &[Source]) -> BTreeMap<String, Tests> {
    let mut tests: BTreeMap<String, Tests> = BTreeMap::new();
    for source in sources.iter().filter(|source| source.is_rust() && source.path.starts_with("crates/")) {
        let mut is_test = false;
        for line in source.text.lines().map(str::trim) {
            if let Some(name) = line.strip_prefix("fn ").and_then(|line| line.split('(').next()).filter(|_| is_test) {
                for row in numbers(name) {
                    let tests = tests.entry(row).or_default();
                    let list = if source.path.starts_with(COMMAND_LINE) { &mut tests.command_line } else { &mut tests.library };
                    list.push(format!("{name} ({})", source.path));
                }
            }
            is_test = line == "#[test]" || (is_test && line.starts_with("#["));
        }
    }
    tests
}

/// The numbers that a name begins with; `n1_to_n12` is all of them.
fn numbers(name: &str) -> Vec<String> {
    let (mut found, mut goes_to): (Vec<String>, bool) = (Vec::new(), false);
    for word in name.split('_') {
        match (number(word), found.last().and_then(|last| number(&last.to_ascii_lowercase()))) {
            (Some((kind, end)), Some((_, begin))) if goes_to => {
                found.extend((begin + 1..=end).map(|number| format!("{}{number}", kind.to_ascii_uppercase())));
            }
            (Some(_), _) => found.push(word.to_ascii_uppercase()),
            (None, Some(_)) if word == "to" => {
                goes_to = true;
                continue;
            }
            (None, _) => break,
        }
        goes_to = false;
    }
    found
}

/// A letter and a number.
fn number(word: &str) -> Option<(char, u32)> {
    let kind = word.chars().next().filter(|kind| "nfpu".contains(*kind))?;
    Some((kind, word.get(1..)?.parse().ok()?))
}

#[cfg(test)]
mod tests_of_the_rule {
    use super::*;

    fn source(path: &str, text: &str) -> Source {
        Source { path: path.into(), text: text.into() }
    }

    #[test]
    fn what_is_missing_and_what_is_too_much_is_found() {
        let tables = source(TABLES, "## Bad input and what happens\n| # | bad |\n| N1 | x |\n| N2 | y |\n\n## Runbooks\n| N9 |");
        let library = source(
            "crates/a/tests/x.rs",
            "#[test]\nfn n1_to_n2_both() {}\nfn n3_no_test() {}\n#[test]\n#[ignore]\nfn u4_what() {}",
        );
        let program =
            source("crates/untorn-cli/tests/all/x.rs", "#[cfg(unix)]\n#[test]\nfn n1_one() {}\n#[test]\nfn note_to_n7() {}");
        assert_eq!(
            check(&[tables, library, program]),
            [
                "SECURITY.md: no test has the number N2 in its name through the command line",
                "SECURITY.md: there is no row U4, which u4_what (crates/a/tests/x.rs) is named after",
            ]
        );
    }
}
