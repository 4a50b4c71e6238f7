//! SPDX licence expressions.

/// Whether one may use what stands under `expression` when only `allowed` licences are acceptable. What cannot be read is not.
pub(crate) fn is_allowed(expression: &str, allowed: &[String]) -> bool {
    // The old notation of crates.io.
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let mut tokens = spaced.split_whitespace().peekable();
    let result = either(&mut tokens, allowed);
    result == Some(true) && tokens.next().is_none()
}

type Tokens<'a> = std::iter::Peekable<std::str::SplitWhitespace<'a>>;

/// `both { OR both }`: AND binds tighter.
fn either(tokens: &mut Tokens<'_>, allowed: &[String]) -> Option<bool> {
    let mut result = both(tokens, allowed)?;
    while tokens.next_if_eq(&"OR").is_some() {
        result |= both(tokens, allowed)?;
    }
    Some(result)
}

fn both(tokens: &mut Tokens<'_>, allowed: &[String]) -> Option<bool> {
    let mut result = one(tokens, allowed)?;
    while tokens.next_if_eq(&"AND").is_some() {
        result &= one(tokens, allowed)?;
    }
    Some(result)
}

fn one(tokens: &mut Tokens<'_>, allowed: &[String]) -> Option<bool> {
    let token = tokens.next()?;
    if token == "(" {
        let result = either(tokens, allowed)?;
        return (tokens.next() == Some(")")).then_some(result);
    }
    let name = match tokens.next_if_eq(&"WITH") {
        Some(_) => format!("{token} WITH {}", tokens.next()?),
        None => token.to_owned(),
    };
    Some(allowed.contains(&name))
}

#[cfg(test)]
mod tests {
    use super::is_allowed;

    #[test]
    fn expressions_are_judged_as_spdx_means_them() {
        let allowed = ["MIT".to_owned(), "BSD-3-Clause".to_owned()];
        for good in ["MIT", "MIT OR GPL-3.0", "MIT/Apache-2.0", "GPL-3.0 AND X OR MIT", "(MIT OR X) AND BSD-3-Clause"] {
            assert!(is_allowed(good, &allowed), "{good}");
        }
        for bad in ["", "GPL-3.0", "MIT AND GPL-3.0", "MIT WITH X", "MIT OR", "(MIT", "MIT)", "(MIT OR X) AND X"] {
            assert!(!is_allowed(bad, &allowed), "{bad}");
        }
    }
}
