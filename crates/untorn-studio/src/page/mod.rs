//! A report as one page for a browser.
//!
//! What comes from a build stands in the page only as data: compressed, in base64, which can hold no markup; the script gives it out as text. Only the title stands in the page
//! itself, escaped.

mod data;

use std::io::{self, Write};

use base64::{Engine, engine::general_purpose::STANDARD};
use flate2::{Compression, write::DeflateEncoder};

use crate::Report;

const HTML: &str = include_str!("page.html");
const CSS: &str = include_str!("page.css");
const JS: &str = include_str!("page.js");

/// No page is longer, in bytes. What costs least is left out, and the page says how much that is.
pub const PAGE_LEN_MAX: usize = 2 << 20;

/// So many rows a browser sorts and draws at once without letting anybody wait.
const ROWS_MAX: usize = 60_000;

/// Makes a page of a report: one file that needs no other, and asks the network for nothing. `title` is what the report is about: a name, from wherever.
///
/// # Errors
/// None in practice: those of compressing in memory.
pub fn page(report: &Report, title: &str) -> io::Result<String> {
    let mut rows_max = ROWS_MAX;
    loop {
        let page = fill(title, &packed(&data::of(report, title, rows_max))?);
        // With one row left, what is long is the advice or the title, which have bounds of their own.
        if page.len() <= PAGE_LEN_MAX || rows_max <= 1 {
            return Ok(page);
        }
        rows_max = rows_max.min(data::rows(report)) / 4 * 3;
    }
}

fn packed(data: &serde_json::Value) -> io::Result<String> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(data.to_string().as_bytes())?;
    Ok(STANDARD.encode(encoder.finish()?))
}

/// Puts the parts into their places. Each is looked for in the template only, never in what was put in.
fn fill(title: &str, data: &str) -> String {
    let title = escaped(title);
    let parts = [("{{title}}", title.as_str()), ("{{css}}", CSS), ("{{data}}", data), ("{{js}}", JS)];
    let (mut page, mut rest) = (String::with_capacity(HTML.len() + CSS.len() + JS.len() + data.len()), HTML);
    while let Some((at, (mark, part))) =
        parts.iter().filter_map(|part| Some((rest.find(part.0)?, *part))).min_by_key(|found| found.0)
    {
        page.push_str(rest.get(..at).unwrap_or_default());
        page.push_str(part);
        rest = rest.get(at + mark.len()..).unwrap_or_default();
    }
    page + rest
}

/// Text for a page: nothing in it can be markup, and nothing in it is a control character. No more than a title's length of it.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for letter in text.chars().take(TITLE_LEN_MAX) {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            letter if letter.is_control() => out.push('\u{fffd}'),
            letter => out.push(letter),
        }
    }
    out
}

/// How long a title is at most, in letters.
const TITLE_LEN_MAX: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_text_and_nothing_else() {
        assert_eq!(escaped("</script>\"'&\u{1b}\n"), "&lt;/script&gt;&quot;&#39;&amp;\u{fffd}\u{fffd}");
        let page = fill("{{data}}{{js}}", "DATA");
        assert_eq!(page.matches("DATA").count(), 1, "a mark in a title is text");
    }

    #[test]
    fn the_page_asks_the_network_for_nothing() {
        let page = fill("title", "DATA");
        for word in ["http:", "https:", "src=", "@import", "url(", "fetch(", "XMLHttpRequest", "innerHTML", "eval("] {
            assert!(!page.contains(word), "{word}");
        }
        assert!(page.contains("default-src 'none'"));
        assert!(!page.contains("{{"), "every mark is filled");
    }
}
