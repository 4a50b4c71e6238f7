//! A file that needs more lines than this has a second noun in it.

use crate::source::Source;

const LINES_MAX: usize = 600;

/// Looks at all Rust.
pub(super) fn check(sources: &[Source]) -> Vec<String> {
    let long = sources.iter().filter(|source| source.is_rust()).map(|source| (source, source.text.lines().count()));
    long.filter(|(_, lines)| *lines > LINES_MAX).map(|(source, lines)| finding(source, lines)).collect()
}

fn finding(source: &Source, lines: usize) -> String {
    format!("{}: {lines} lines, more than {LINES_MAX}; split it by its nouns", source.path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_too_many_is_found() {
        let file = |lines| Source { path: "a.rs".into(), text: "\n".repeat(lines) };
        assert_eq!(check(&[file(LINES_MAX)]).len(), 0);
        assert_eq!(check(&[file(LINES_MAX + 1)]).len(), 1);
    }
}
