//! Names on disk that are not UTF-8.

use std::fmt::Write;

/// The name, or an escaped form that is unambiguous among escaped names: `\\` for a backslash, `\xNN` for a byte that is not
/// part of UTF-8.
pub(super) fn decode_name(name: &[u8]) -> Result<String, String> {
    str::from_utf8(name).map(str::to_owned).map_err(|_| escape(name))
}

fn escape(name: &[u8]) -> String {
    name.utf8_chunks().fold(String::new(), |mut escaped, chunk| {
        escaped.push_str(&chunk.valid().replace('\\', r"\\"));
        chunk.invalid().iter().for_each(|byte| push_byte(&mut escaped, *byte));
        escaped
    })
}

fn push_byte(escaped: &mut String, byte: u8) {
    #[expect(clippy::let_underscore_must_use, reason = "writing to a String cannot fail")]
    let _ = write!(escaped, "\\x{byte:02x}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utf_8_stays_and_the_rest_is_escaped_without_ambiguity() {
        assert_eq!(decode_name("ä\\".as_bytes()), Ok("ä\\".to_owned()));
        assert_eq!(decode_name(b"a\xffb"), Err("a\\xffb".to_owned()));
        assert_eq!(decode_name(b"a\\xff\xff"), Err("a\\\\xff\\xff".to_owned()));
    }
}
