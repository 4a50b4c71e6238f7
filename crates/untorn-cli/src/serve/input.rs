//! Messages as they come in: one a line.

use std::io::{self, BufRead, Read};

/// More than any message has, and less than anybody has to fear.
const LINE_LEN_MAX: u64 = 1 << 20;

/// A line.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// What stands in it.
    Whole(Vec<u8>),
    /// It was too long to be kept.
    TooLong,
}

/// The next line that is not empty; `None` at the end.
///
/// # Errors
/// Whatever reading says.
pub(super) fn next(input: &mut impl BufRead) -> io::Result<Option<Line>> {
    loop {
        let mut line = Vec::new();
        if input.by_ref().take(LINE_LEN_MAX).read_until(b'\n', &mut line)? == 0 {
            return Ok(None);
        }
        if line.len() as u64 == LINE_LEN_MAX && !line.ends_with(b"\n") {
            skip(input)?;
            return Ok(Some(Line::TooLong));
        }
        if !line.trim_ascii().is_empty() {
            return Ok(Some(Line::Whole(line)));
        }
    }
}

fn skip(input: &mut impl BufRead) -> io::Result<()> {
    let mut rest = Vec::new();
    while !rest.ends_with(b"\n") {
        rest.clear();
        if input.by_ref().take(LINE_LEN_MAX).read_until(b'\n', &mut rest)? == 0 {
            return Ok(());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_with_a_newline_or_with_the_input_and_are_not_kept_when_they_do_not() {
        let long = "x".repeat(3 << 20);
        let text = format!("one\n\n \r\ntwo\r\n{long}\nthree");
        let mut input = text.as_bytes();
        let lines: Vec<_> = std::iter::from_fn(|| next(&mut input).unwrap()).collect();
        let whole = |text: &str| Line::Whole(text.as_bytes().to_vec());
        assert_eq!(lines, [whole("one\n"), whole("two\r\n"), Line::TooLong, whole("three")]);
    }
}
