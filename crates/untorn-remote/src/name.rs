//! Which names may be asked for.

/// The longest name.
const NAME_LEN_MAX: usize = 512;

/// Whether `name` may be appended to a base: components of letters, digits, `-`, `_` and `.`, with `/` between them, none of which begins with a dot. So it stays
/// below the base and means the same in a URL, in a path of any system, and in a bucket.
#[must_use]
pub fn check_name(name: &str) -> bool {
    name.len() <= NAME_LEN_MAX && name.split('/').all(is_component)
}

fn is_component(component: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    !component.is_empty() && !component.starts_with('.') && component.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_names_below_the_base_pass() {
        for name in ["untorn.store", "channel/stable", "root/1.root.minisig", "pack/00ff"] {
            assert!(check_name(name), "{name}");
        }
        let long = "a".repeat(NAME_LEN_MAX + 1);
        for name in [
            "", "/", "/a", "a/", "a//b", "..", "a/../b", ".a", "a/.b", "a\\b", "a b", "a?b", "a#b", "a%2e", "a:b", "http://a",
            "é", &long,
        ] {
            assert!(!check_name(name), "{name}");
        }
    }
}
