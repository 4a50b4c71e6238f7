//! Updates as lines of JSON: `{"file": "a/b", "at": 0, "data": "text"}`.

use std::{
    error::Error,
    fmt,
    io::{BufRead, Read},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use serde::Deserialize;
use untorn::UpdateInfo;

/// The longest line, in bytes.
const LINE_LEN_MAX: u64 = 256 << 20;

/// The updates of a set, read from lines of JSON.
///
/// The end of the input ends the set, or, where that is asked for, the line `{"end": true}`: then input that stops without it, because whoever wrote it died, is no
/// set.
pub(crate) struct Updates<R> {
    input: R,
    line: u64,
    needs_end: bool,
}

/// A line that is no update.
#[derive(Debug)]
pub(crate) struct LineError {
    line: u64,
    why: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    file: String,
    at: u64,
    data: Option<Data>,
    data_base64: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "data must be text or {\"base64\": \"...\"}")]
enum Data {
    Text(String),
    Base64 { base64: String },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct End {
    end: bool,
}

impl<R: BufRead> Updates<R> {
    pub(crate) fn new(input: R, needs_end: bool) -> Self {
        Self { input, line: 0, needs_end }
    }

    /// The next line that is not blank, without its end; `None` at the end of the input.
    fn next_line(&mut self) -> Result<Option<Vec<u8>>, LineError> {
        loop {
            let mut line = Vec::new();
            self.line += 1;
            let read = Read::take(&mut self.input, LINE_LEN_MAX).read_until(b'\n', &mut line);
            let len = read.map_err(|error| self.error(error))?;
            if len == 0 {
                return Ok(None);
            }
            if len as u64 == LINE_LEN_MAX {
                return Err(self.error(format!("longer than {LINE_LEN_MAX} bytes; use several updates")));
            }
            if !line.trim_ascii().is_empty() {
                return Ok(Some(line));
            }
        }
    }

    /// The update of the next line; `Ok(None)` at the end of the set.
    fn read(&mut self) -> Result<Option<UpdateInfo>, LineError> {
        let Some(line) = self.next_line()? else {
            return if self.needs_end { Err(self.error("the input ends without its end mark")) } else { Ok(None) };
        };
        if serde_json::from_slice::<End>(&line).is_ok_and(|end| end.end) {
            return match self.next_line()? {
                None => Ok(None),
                Some(_) => Err(self.error("something follows the end of the set")),
            };
        }
        let line: Line = serde_json::from_slice(&line).map_err(|error| self.json_error(&error))?;
        let data = match (line.data, line.data_base64) {
            (Some(Data::Text(text)), None) => text.into_bytes(),
            (Some(Data::Base64 { base64 }), None) | (None, Some(base64)) => {
                BASE64_STANDARD.decode(base64).map_err(|error| self.error(format!("base64: {error}")))?
            }
            _ => return Err(self.error("needs either data or data_base64")),
        };
        Ok(Some(UpdateInfo { file: line.file, data, at: line.at }))
    }

    fn error(&self, why: impl ToString) -> LineError {
        LineError { line: self.line, why: why.to_string() }
    }

    /// The parser saw one line only, so what it calls line 1 says nothing.
    fn json_error(&self, error: &serde_json::Error) -> LineError {
        let text = error.to_string();
        let why = text.rsplit_once(" at line ").map_or(text.as_str(), |(why, _)| why);
        self.error(format!("{why} (column {})", error.column()))
    }
}

impl<R: BufRead> Iterator for Updates<R> {
    type Item = Result<Option<UpdateInfo>, LineError>;

    fn next(&mut self) -> Option<Self::Item> {
        Some(self.read())
    }
}

impl fmt::Display for LineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, untorn::escape(self.why.as_bytes()))
    }
}

impl Error for LineError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, needs_end: bool) -> Result<Vec<UpdateInfo>, String> {
        let mut updates = Vec::new();
        for update in Updates::new(text.as_bytes(), needs_end) {
            match update.map_err(|error| error.to_string())? {
                Some(update) => updates.push(update),
                None => return Ok(updates),
            }
        }
        Err("endless".into())
    }

    #[test]
    fn text_and_base64_are_read() {
        let text = "{\"file\":\"a\",\"at\":3,\"data\":\"x\\n\"}\n\n{\"file\":\"b\",\"at\":0,\"data\":{\"base64\":\"AP8=\"}}\n\
                    {\"data_base64\":\"AQ==\",\"file\":\"c\",\"at\":1}";
        let updates = read(text, false).unwrap();
        let data: Vec<_> = updates.iter().map(|update| (update.file.as_str(), update.at, update.data.as_slice())).collect();
        assert_eq!(data, [("a", 3, &b"x\n"[..]), ("b", 0, &[0, 255]), ("c", 1, &[1])]);
    }

    #[test]
    fn whatever_is_not_whole_is_refused_with_its_line() {
        let good = "{\"file\":\"a\",\"at\":0,\"data\":\"x\"}\n";
        for bad in [
            "{\"file\":\"a\",\"at\":0,\"da",
            "{\"file\":\"a\",\"at\":-1,\"data\":\"x\"}",
            "{\"file\":\"a\",\"at\":0}",
            "{\"file\":\"a\",\"at\":0,\"data\":\"x\",\"data_base64\":\"AA==\"}",
            "{\"file\":\"a\",\"at\":0,\"data\":\"x\",\"mode\":1}",
            "{\"file\":\"a\",\"at\":0,\"data\":{\"base64\":\"A\"}}",
            "{\"file\":\"a\",\"at\":0,\"data\":[1]}",
            "[]",
            "\u{1b}[2J",
        ] {
            let error = read(&format!("{good}{bad}"), false).unwrap_err();
            assert!(error.starts_with("line 2: ") && !error.contains('\u{1b}'), "{bad}: {error}");
        }
    }

    #[test]
    fn a_set_can_be_required_to_say_that_it_is_complete() {
        let set = "{\"file\":\"a\",\"at\":0,\"data\":\"x\"}\n";
        assert_eq!(read(set, true).unwrap_err(), "line 2: the input ends without its end mark");
        assert_eq!(read(&format!("{set}{{\"end\": true}}\n"), true).unwrap().len(), 1);
        assert!(read(&format!("{{\"end\": true}}\n{set}"), false).is_err());
    }
}
