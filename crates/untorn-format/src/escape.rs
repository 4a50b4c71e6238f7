//! Making untrusted text safe to show.

use crate::ignorable::is_ignorable;

/// About what is shown of a longer text, in bytes.
const SHOWN_MAX: usize = 2048;

/// `bytes` as text that does nothing to a terminal and hides nothing from a reader: control characters, line separators, invisible and
/// direction-changing code points become `\u{..}`, bytes that are not UTF-8 become `\x..`; a backslash and a double quote are doubled up with
/// a backslash, so that nothing can pass for an escape. Very long text is cut and ends in `…`.
#[must_use]
pub fn escape(bytes: &[u8]) -> String {
    let mut shown = String::new();
    for chunk in bytes.utf8_chunks() {
        let room = SHOWN_MAX.saturating_sub(shown.len());
        chunk.valid().chars().take(room).for_each(|character| push(&mut shown, character));
        if chunk.valid().chars().nth(room).is_some() || shown.len() > SHOWN_MAX {
            shown.push('…');
            break;
        }
        shown.extend(chunk.invalid().iter().flat_map(|byte| byte_escape(*byte)));
    }
    shown
}

/// Whether a character must not reach a terminal as it is: it would move the cursor, start a new line, or not be seen.
pub(crate) fn is_unprintable(character: char) -> bool {
    character.is_control() || matches!(character, '\u{2028}' | '\u{2029}') || is_ignorable(character)
}

fn push(shown: &mut String, character: char) {
    match character {
        '\\' | '"' => shown.extend(['\\', character]),
        _ if is_unprintable(character) => shown.extend(character.escape_unicode()),
        _ => shown.push(character),
    }
}

fn byte_escape(byte: u8) -> impl Iterator<Item = char> {
    let hex = |digit: u8| char::from_digit(u32::from(digit), 16).unwrap_or('?');
    ['\\', 'x', hex(byte >> 4), hex(byte & 15)].into_iter()
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn what_a_terminal_or_a_reader_could_be_fooled_by_is_spelled_out() {
        assert_eq!(escape(b"a\x1b[2Jb\n"), r"a\u{1b}[2Jb\u{a}");
        assert_eq!(escape("a\u{202e}gpj.exe\u{9b}".as_bytes()), r"a\u{202e}gpj.exe\u{9b}");
        assert_eq!(escape(b"a\xed\xa0\x80"), r"a\xed\xa0\x80");
        assert_eq!(escape(br"\u{1b}"), r"\\u{1b}");
        assert_eq!(escape("größe 日本".as_bytes()), "größe 日本");
    }

    #[test]
    fn endless_text_is_cut() {
        let shown = escape("x".repeat(1 << 20).as_bytes());
        assert!(shown.len() < 4096 && shown.ends_with('…'));
        assert!(escape("\u{1}".repeat(1 << 20).as_bytes()).len() < 32_768);
        assert!(escape(&[0xff; 1 << 16]).len() < 4096);
    }
}
