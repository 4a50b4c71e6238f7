//! What products, platforms, channels and releases may be called.

use crate::{
    DecodeError, TreePath,
    bytes::{Reader, require},
    escape::is_unprintable,
};

/// The longest name, in bytes.
pub const NAME_LEN_MAX: usize = 64;

/// The longest label, in bytes.
pub const LABEL_LEN_MAX: usize = 256;

/// Whether a product, a platform or a channel may be called so: 1 to [`NAME_LEN_MAX`] lower-case letters of ASCII, digits, `.`, `-` and `_`, the first
/// one a letter or a digit, and nothing that a system could not have as the name of a file.
#[must_use]
pub fn is_name(name: &str) -> bool {
    let is_inner = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-' | b'_');
    name.len() <= NAME_LEN_MAX
        && matches!(name.as_bytes(), [b'a'..=b'z' | b'0'..=b'9', ..])
        && name.bytes().all(is_inner)
        && TreePath::new(name).is_ok()
}

/// Whether a release may be called so for people: at most [`LABEL_LEN_MAX`] bytes, and nothing that a terminal would obey or a reader not see.
#[must_use]
pub fn is_label(label: &str) -> bool {
    label.len() <= LABEL_LEN_MAX && !label.chars().any(is_unprintable)
}

pub(super) fn read_name(reader: &mut Reader<'_>, field: &'static str) -> Result<String, DecodeError> {
    let name = reader.text(field)?;
    require(is_name(name), field)?;
    Ok(name.to_owned())
}

/// Whether the items rise strictly by `key`: each once, in the one order.
pub(super) fn rises<T, K: Ord>(items: &[T], key: impl Fn(&T) -> K) -> bool {
    items.windows(2).all(|pair| key(&pair[0]) < key(&pair[1]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_the_name_of_a_file_everywhere_and_says_what_it_seems_to_say() {
        for name in ["game", "linux-x86_64", "1.0", "a", &"x".repeat(NAME_LEN_MAX)] {
            assert!(is_name(name), "{name}");
        }
        let wrong =
            ["", ".", "..", ".a", "-a", "_a", "a.", "Game", "a b", "a/b", "a\\b", "con", "nul.txt", "größe", "a\n", "a:b"];
        for name in wrong.into_iter().chain([&*"x".repeat(NAME_LEN_MAX + 1)]) {
            assert!(!is_name(name), "{name:?}");
        }
    }

    #[test]
    fn a_label_can_be_shown() {
        assert!(is_label("") && is_label("1.4.2 „Größe“") && is_label(&"x".repeat(LABEL_LEN_MAX)));
        assert!(
            !is_label("a\x1b[2J") && !is_label("a\nb") && !is_label("a\u{202e}b") && !is_label(&"x".repeat(LABEL_LEN_MAX + 1))
        );
    }
}
