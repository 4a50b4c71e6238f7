//! Names of objects.

use super::Trouble;

/// Refuses what is no name of an object: the same rule for every store, so that one can be copied to another.
pub(crate) fn check(name: &str) -> Result<(), Trouble> {
    if name.len() <= NAME_LEN_MAX && name.split('/').all(is_component) { Ok(()) } else { Err(Trouble::Name) }
}

const NAME_LEN_MAX: usize = 500;

fn is_component(part: &str) -> bool {
    !part.is_empty() && !part.starts_with('.') && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn names_that_lead_elsewhere_are_none() {
        for name in ["", "/a", "a/", "a//b", "..", "a/../b", ".part/x", "a b", "a\\b", "a:b", "é"] {
            assert!(check(name).is_err(), "{name}");
        }
        assert!(check("channel/stable").is_ok() && check("log/win-stable/12.minisig").is_ok());
    }
}
