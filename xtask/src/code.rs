//! Rust text without what the compiler does not run.

/// `text` with comments and the insides of literals blanked; lines stay where they are.
pub(crate) fn code_of(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let skipped_len = comment_len(rest).or_else(|| literal_len(rest, out.chars().next_back()));
        let len = skipped_len.unwrap_or(first.len_utf8()).min(rest.len());
        let (piece, after) = rest.split_at(len);
        match skipped_len {
            Some(_) => out.extend(piece.chars().map(|c| if c == '\n' { '\n' } else { ' ' })),
            None => out.push_str(piece),
        }
        rest = after;
    }
    out
}

/// `code` up to the tests at its end.
pub(crate) fn without_tests(code: &str) -> &str {
    code.find("#[cfg(test)]").map_or(code, |at| code.get(..at).unwrap_or(code))
}

/// Whether `word` stands in `code` as a word of its own.
pub(crate) fn has_word(code: &str, word: &str) -> bool {
    code.split(|c: char| !c.is_alphanumeric() && c != '_').any(|found| found == word)
}

fn comment_len(rest: &str) -> Option<usize> {
    if rest.starts_with("//") {
        return Some(rest.find('\n').unwrap_or(rest.len()));
    }
    rest.starts_with("/*").then(|| block_comment_len(rest))
}

/// Block comments nest.
fn block_comment_len(rest: &str) -> usize {
    let mut depth = 0_usize;
    for (at, _) in rest.char_indices() {
        let here = rest.get(at..).unwrap_or_default();
        if here.starts_with("/*") {
            depth += 1;
        } else if here.starts_with("*/") {
            depth -= 1;
            if depth == 0 {
                return at + 2;
            }
        }
    }
    rest.len()
}

/// A string, raw string or character. A lifetime is none, nor is an `r` at the end of a name.
fn literal_len(rest: &str, before: Option<char>) -> Option<usize> {
    let after_name = before.is_some_and(|c| c.is_alphanumeric() || c == '_');
    let plain = if after_name { rest } else { rest.trim_start_matches(['b', 'c', 'r']) };
    let prefix = rest.get(..rest.len() - plain.len())?;
    if prefix.len() > 2 {
        return None;
    }
    let literal_len = match plain.chars().next()? {
        '"' | '#' if prefix.contains('r') => raw_len(plain)?,
        '"' => escaped_len(plain, '"')?,
        '\'' if prefix != "r" => character_len(plain)?,
        _ => return None,
    };
    Some(prefix.len() + literal_len)
}

fn raw_len(plain: &str) -> Option<usize> {
    let body = plain.trim_start_matches('#');
    let fence = plain.get(..plain.len() - body.len())?;
    body.starts_with('"').then_some(())?;
    let end = format!("\"{fence}");
    let inside = body.get(1..)?;
    Some(fence.len() + 1 + inside.find(&end).map_or(inside.len(), |at| at + end.len()))
}

fn character_len(plain: &str) -> Option<usize> {
    let mut chars = plain.char_indices().skip(1);
    let (_, inside) = chars.next()?;
    let (_, after) = chars.next()?;
    if inside == '\\' || after == '\'' { escaped_len(plain, '\'') } else { None }
}

fn escaped_len(plain: &str, end: char) -> Option<usize> {
    let mut is_escaped = false;
    for (at, c) in plain.char_indices().skip(1) {
        if is_escaped {
            is_escaped = false;
        } else if c == '\\' {
            is_escaped = true;
        } else if c == end {
            return Some(at + c.len_utf8());
        }
    }
    Some(plain.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_literals_are_blanked_and_code_stays() {
        let text = "let a = \"unsafe \\\" x\"; // unsafe\nlet b: &'a str = r#\"unsafe \" \"#; /* unsafe /* nested */ unsafe */ unsafe {}";
        let code = code_of(text);
        assert_eq!(code.matches("unsafe").count(), 1);
        assert!(code.contains("&'a str"));
        assert_eq!(code.lines().count(), text.lines().count());
    }

    #[test]
    fn quotes_as_characters_do_not_open_strings() {
        for quote in ["'\"'", "'\\''", "b'\"'", "'\\\"'"] {
            assert!(has_word(&code_of(&format!("match c {{ {quote} => kept() }}")), "kept"), "{quote}");
        }
    }

    #[test]
    fn a_word_is_not_a_part_of_another() {
        assert!(has_word("a unsafe{", "unsafe"));
        assert!(!has_word("#![forbid(unsafe_code)]", "unsafe"));
    }
}
