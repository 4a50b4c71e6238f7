//! A JSON value.

use std::fmt::{self, Write};

/// A JSON value; shown on one line, without blanks.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Json {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number of things or bytes.
    Integer(u64),
    /// A number of seconds. What is no number is `null`.
    Number(f64),
    /// Text, in Unicode.
    Text(String),
    /// Values in their order.
    List(Vec<Json>),
    /// Named values in their order.
    Object(Vec<(&'static str, Json)>),
}

/// `object! { "name": value, ... }`, with anything that becomes a value.
macro_rules! object {
    ($($name:literal: $value:expr),* $(,)?) => { $crate::answers::Json::Object(vec![$(($name, $crate::answers::Json::from($value))),*]) };
}
pub(crate) use object;

impl Json {
    /// A list of what `of` makes of each.
    pub(super) fn list<T>(items: impl IntoIterator<Item = T>, of: impl FnMut(T) -> Self) -> Self {
        Self::List(items.into_iter().map(of).collect())
    }
}

impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Integer(value) => write!(f, "{value}"),
            Self::Number(value) if value.is_finite() => write!(f, "{value:?}"),
            Self::Number(_) => f.write_str("null"),
            Self::Text(value) => quoted(value, f),
            Self::List(items) => {
                f.write_char('[')?;
                for (number, item) in items.iter().enumerate() {
                    f.write_str(if number == 0 { "" } else { "," })?;
                    item.fmt(f)?;
                }
                f.write_char(']')
            }
            Self::Object(fields) => {
                f.write_char('{')?;
                for (number, (name, value)) in fields.iter().enumerate() {
                    f.write_str(if number == 0 { "" } else { "," })?;
                    quoted(name, f)?;
                    f.write_char(':')?;
                    value.fmt(f)?;
                }
                f.write_char('}')
            }
        }
    }
}

fn quoted(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_char('"')?;
    for c in text.chars() {
        match c {
            '"' | '\\' => write!(f, "\\{c}")?,
            '\n' => f.write_str("\\n")?,
            '\u{0}'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' => write!(f, "\\u{:04x}", u32::from(c))?,
            _ => f.write_char(c)?,
        }
    }
    f.write_char('"')
}

impl From<bool> for Json {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<u32> for Json {
    fn from(value: u32) -> Self {
        Self::Integer(value.into())
    }
}

impl From<u64> for Json {
    fn from(value: u64) -> Self {
        Self::Integer(value)
    }
}

impl From<usize> for Json {
    fn from(value: usize) -> Self {
        Self::Integer(value as u64)
    }
}

impl From<f64> for Json {
    fn from(value: f64) -> Self {
        Self::Number(value)
    }
}

impl From<&str> for Json {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<&String> for Json {
    fn from(value: &String) -> Self {
        Self::Text(value.clone())
    }
}

impl From<String> for Json {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

impl From<&[String]> for Json {
    fn from(value: &[String]) -> Self {
        Self::list(value, Self::from)
    }
}

impl<T: Into<Json>> From<Option<T>> for Json {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_written_as_json_wants_it() {
        let json = object! {
            "text": "a \"b\" \\ \n\t\u{1b}[2J é\u{2028}", "none": None::<u64>, "whole": u64::MAX, "part": 0.5, "one": 1.0, "no": f64::NAN,
            "list": Json::List(vec![Json::Bool(true), object! {}]),
        };
        assert_eq!(
            json.to_string(),
            "{\"text\":\"a \\\"b\\\" \\\\ \\n\\u0009\\u001b[2J é\\u2028\",\"none\":null,\"whole\":18446744073709551615,\"part\":0.5,\"one\":1.0,\"no\":null,\"list\":[true,{}]}"
        );
    }
}
