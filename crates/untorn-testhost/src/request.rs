//! What was asked.

use std::{
    io::{self, BufRead},
    ops::Range,
};

/// A question.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Request {
    /// GET or HEAD.
    pub method: String,
    /// Without the `/` it begins with.
    pub path: String,
    /// The bytes that are wanted, where not all are; the end may be `u64::MAX`.
    pub range: Option<Range<u64>>,
    /// Lines of the head, as they came.
    pub lines: Vec<String>,
    /// How many questions came before.
    pub number: usize,
}

/// No head is longer.
const HEAD_LEN_MAX: usize = 64 << 10;

impl Request {
    /// The next one of a connection, if there is one.
    pub(crate) fn read(from: &mut impl BufRead) -> io::Result<Option<Self>> {
        let mut request = Self::default();
        let (mut line, mut total) = (String::new(), 0);
        if from.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        let mut words = line.split_whitespace();
        request.method = words.next().unwrap_or_default().to_owned();
        request.path = words.next().unwrap_or_default().trim_start_matches('/').to_owned();
        loop {
            line.clear();
            total += from.read_line(&mut line)?;
            let text = line.trim_end();
            if text.is_empty() || total > HEAD_LEN_MAX {
                return Ok(Some(request));
            }
            if let Some(range) = value(text, "range").and_then(|value| value.strip_prefix("bytes=")) {
                request.range = range_of(range);
            }
            request.lines.push(text.to_owned());
        }
    }

    /// The value of a line of the head.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.lines.iter().find_map(|line| value(line, name))
    }
}

fn value<'l>(line: &'l str, name: &str) -> Option<&'l str> {
    let (found, value) = line.split_once(':')?;
    found.eq_ignore_ascii_case(name).then_some(value.trim())
}

fn range_of(text: &str) -> Option<Range<u64>> {
    let (first, last) = text.split_once('-')?;
    let end = if last.is_empty() { u64::MAX } else { last.parse::<u64>().ok()?.saturating_add(1) };
    Some(first.parse().ok()?..end)
}
