//! The head of an answer, and what it means. Pure: the connection is elsewhere.

use std::ops::Range;

use untorn_format::escape;

use crate::{Fault, error::Answer};

/// What an answer says before its body.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) status: u16,
    pub(super) kind: String,
    pub(super) encoding: String,
    pub(super) len: Option<u64>,
    pub(super) range: String,
}

/// What to do with the body.
#[derive(Debug)]
pub(super) enum Verdict {
    /// It is what was asked for; `len` as far as the head tells, `whole` as far as it tells about the object.
    Take { len: Option<u64>, whole: Option<u64> },
    /// The error, once its first bytes are known.
    Refuse(fn(Answer) -> Fault),
    /// The error.
    Fail(Fault),
}

impl Head {
    /// What the body is, when `asked` for a range, or for everything up to `limit` bytes.
    pub(super) fn judge(&self, asked: Option<&Range<u64>>, limit: u64) -> Verdict {
        match self.status {
            404 | 410 => return Verdict::Fail(Fault::Missing),
            416 => return self.another(asked, "the server says there is no such part"),
            200 | 206 => {}
            _ => return Verdict::Refuse(Fault::Status),
        }
        let encoding = self.encoding.trim();
        if !encoding.is_empty() && !encoding.eq_ignore_ascii_case("identity") {
            return Verdict::Fail(Fault::Encoding { encoding: escape(encoding.as_bytes()) });
        }
        if self.is_page() {
            return Verdict::Refuse(Fault::Page);
        }
        match asked {
            Some(range) if self.status == 206 => self.part(range),
            // The whole object is the range.
            Some(range) if range.start == 0 && self.len == Some(range.end) => Verdict::Take { len: self.len, whole: self.len },
            Some(range) if self.len.is_some_and(|len| len < range.end) => {
                self.another(asked, &format!("the file has {} bytes", self.len.unwrap_or_default()))
            }
            Some(_) => Verdict::Fail(Fault::NoRange { len: self.len }),
            None if self.status == 206 => {
                Verdict::Fail(Fault::Range { asked: 0..limit, came: format!("a part came: {}", escape(self.range.as_bytes())) })
            }
            None if self.len.is_some_and(|len| len > limit) => Verdict::Fail(Fault::Length { limit, found: self.len }),
            None => Verdict::Take { len: self.len, whole: self.len },
        }
    }

    /// A web page where data was asked for: an error page, or the login of a network.
    fn is_page(&self) -> bool {
        let kind = self.kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        matches!(kind.as_str(), "text/html" | "application/xhtml+xml")
    }

    fn part(&self, range: &Range<u64>) -> Verdict {
        let Some((came, whole)) = content_range(&self.range) else {
            return self.another(Some(range), &format!("the answer says \"{}\"", escape(self.range.as_bytes())));
        };
        let len = range.end - range.start;
        if came != *range || whole.is_some_and(|whole| whole < range.end) || self.len.is_some_and(|found| found != len) {
            let bytes = self.len.map_or_else(String::new, |found| format!(" in {found} bytes"));
            return self.another(Some(range), &format!("{} up to {} came{bytes}", came.start, came.end));
        }
        Verdict::Take { len: Some(len), whole }
    }

    fn another(&self, asked: Option<&Range<u64>>, came: &str) -> Verdict {
        Verdict::Fail(Fault::Range { asked: asked.cloned().unwrap_or_default(), came: came.to_owned() })
    }
}

/// `bytes 3-6/10` and `bytes 3-6/*`, and nothing else: the range, and the length of the whole.
fn content_range(text: &str) -> Option<(Range<u64>, Option<u64>)> {
    let (range, whole) = text.trim().strip_prefix("bytes ")?.split_once('/')?;
    let (first, last) = range.trim().split_once('-')?;
    let range = number(first)?..number(last)?.checked_add(1)?;
    let whole = match whole.trim() {
        "*" => None,
        whole => Some(number(whole)?),
    };
    (range.start < range.end).then_some((range, whole))
}

fn number(text: &str) -> Option<u64> {
    let text = text.trim();
    (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(status: u16, len: Option<u64>, range: &str) -> Head {
        Head { status, len, range: range.into(), ..Head::default() }
    }

    fn fault(head: &Head, asked: Option<Range<u64>>) -> &'static str {
        match head.judge(asked.as_ref(), 100) {
            Verdict::Take { .. } => "take",
            Verdict::Refuse(make) => crate::Error::new("", make(Answer::new(head.status, &head.kind, b""))).code(),
            Verdict::Fail(fault) => crate::Error::new("", fault).code(),
        }
    }

    #[test]
    fn a_part_is_taken_only_if_it_is_exactly_the_one_asked_for() {
        let asked = Some(3..7);
        for range in ["bytes 3-6/10", "bytes 3-6/*", " bytes 3-6/7 "] {
            assert_eq!(fault(&head(206, Some(4), range), asked.clone()), "take", "{range}");
        }
        assert_eq!(fault(&head(206, None, "bytes 3-6/10"), asked.clone()), "take");
        for range in [
            "",
            "bytes",
            "bytes 3-6",
            "bytes 0-3/10",
            "bytes 3-7/10",
            "bytes 3-6/6",
            "bytes 6-3/10",
            "items 3-6/10",
            "bytes 3-6/x",
            "bytes -3-6/10",
            "bytes 3-18446744073709551615/*",
            "bytes +3-6/10",
        ] {
            assert_eq!(fault(&head(206, Some(4), range), asked.clone()), "UNT-NET-RANGE", "{range}");
        }
        assert_eq!(fault(&head(206, Some(5), "bytes 3-6/10"), asked.clone()), "UNT-NET-RANGE");
        assert_eq!(fault(&head(416, Some(5), ""), asked), "UNT-NET-RANGE");
    }

    #[test]
    fn the_whole_is_no_part_unless_it_is() {
        assert_eq!(fault(&head(200, Some(10), ""), Some(3..7)), "UNT-NET-NO-RANGE");
        assert_eq!(fault(&head(200, None, ""), Some(0..7)), "UNT-NET-NO-RANGE");
        assert_eq!(fault(&head(200, Some(6), ""), Some(3..7)), "UNT-NET-RANGE");
        assert_eq!(fault(&head(200, Some(7), ""), Some(0..7)), "take");
    }

    #[test]
    fn the_whole_is_taken_up_to_the_limit() {
        assert_eq!(fault(&head(200, Some(100), ""), None), "take");
        assert_eq!(fault(&head(200, None, ""), None), "take");
        assert_eq!(fault(&head(200, Some(101), ""), None), "UNT-NET-LENGTH");
        assert_eq!(fault(&head(206, Some(10), "bytes 0-9/20"), None), "UNT-NET-RANGE");
    }

    #[test]
    fn pages_encodings_and_refusals_are_named() {
        let kind = |kind: &str| Head { kind: kind.into(), ..head(200, None, "") };
        assert_eq!(fault(&kind("text/html; charset=utf-8"), None), "UNT-NET-PAGE");
        assert_eq!(fault(&kind("Text/HTML"), Some(0..3)), "UNT-NET-PAGE");
        assert_eq!(fault(&kind("application/octet-stream"), None), "take");
        let encoding = |encoding: &str| Head { encoding: encoding.into(), ..head(200, None, "") };
        assert_eq!(fault(&encoding("gzip"), None), "UNT-NET-ENCODING");
        assert_eq!(fault(&encoding("identity"), None), "take");
        for (status, code) in [
            (404, "UNT-NET-MISSING"),
            (410, "UNT-NET-MISSING"),
            (403, "UNT-NET-STATUS"),
            (503, "UNT-NET-STATUS"),
            (204, "UNT-NET-STATUS"),
        ] {
            assert_eq!(fault(&head(status, None, ""), None), code);
        }
    }
}
