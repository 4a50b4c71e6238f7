//! What is not done is not in the tree: it is in the list of limitations.

use crate::code::has_word;
use crate::source::Source;

/// In pieces, so that this file does not find itself.
const WORDS: [&str; 4] = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("to", "do!"), concat!("unimple", "mented!")];

/// Looks at Rust, scripts and manifests; documents may speak about the words.
pub(super) fn check(sources: &[Source]) -> Vec<String> {
    let bound = sources.iter().filter(|source| !source.path.ends_with(".md") && !source.path.ends_with(".lock"));
    bound.flat_map(findings).collect()
}

fn findings(source: &Source) -> Vec<String> {
    let lines = source.text.lines().enumerate();
    let found = lines.filter_map(|(at, line)| WORDS.iter().find(|word| says(line, word)).map(|word| (at + 1, *word)));
    found.map(|(line, word)| format!("{}:{line}: says {word}; finish it, or name it as a limitation", source.path)).collect()
}

fn says(line: &str, word: &str) -> bool {
    if word.ends_with('!') { line.contains(word) } else { has_word(line, word) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_word_is_found_and_its_likes_are_not() {
        let text = |line: &str| check(&[Source { path: "a.rs".into(), text: line.into() }]).len();
        for word in WORDS {
            assert_eq!(text(&format!("    {word}(later)")), 1, "{word}");
        }
        assert_eq!(text("let todos = METODO;"), 0);
    }
}
