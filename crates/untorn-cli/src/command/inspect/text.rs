//! A report for people.

use untorn::Reason;
use untorn_studio::{Advice, Item, Report};

use super::super::signed::release_line;
use crate::text::{bar, count, short, size};

/// How long the longest bar is.
const BAR_LEN: usize = 10;

pub(super) fn of(report: &Report, title: &str, keys: &[String], limit: usize) -> String {
    let about = if report.estimate.is_some() { "about " } else { "" };
    let mut text = format!(
        "{title}: {about}{} from build {} to {}; {}\n",
        size(report.bytes),
        short(report.from),
        short(report.to),
        count(report.items.len(), "path"),
    );
    text.push_str(&signed(report, keys));
    let most = report.items.iter().map(|item| item.bytes).max().unwrap_or(0);
    report.items.iter().take(limit).for_each(|item| text.push_str(&line(item, most)));
    let more = report.items.len().saturating_sub(limit);
    if more > 0 {
        text.push_str(&format!("  ... and {more} more (--limit 0 lists all)\n"));
    }
    text.push_str(&together(report));
    report.advice.iter().enumerate().for_each(|(number, advice)| text.push_str(&advised(number, advice)));
    report.notes.iter().for_each(|note| text.push_str(&format!("note: {note}\n")));
    text.push_str(&remarks(report));
    text
}

/// What stands before the patch. Whether that is believed, only a tree can say.
fn signed(report: &Report, keys: &[String]) -> String {
    match (&report.signed, report.estimate) {
        (_, Some(_)) => "  an estimate: no patch was made\n".to_owned(),
        (None, None) => "  not signed\n".to_owned(),
        (Some(_), None) => {
            let what = report.release().map_or("a release that cannot be read".to_owned(), |release| release_line(&release));
            format!("  {what}, signed by {} (whether that is to be trusted is not checked here)\n", keys.join(", "))
        }
    }
}

fn line(item: &Item, most: u64) -> String {
    let name = untorn::escape(item.path.as_bytes());
    let from = item.from.as_ref().map(|from| format!(" from {}", untorn::escape(from.as_bytes()))).unwrap_or_default();
    format!(
        "  {:>10}  {:<BAR_LEN$}  {:<8}  {name}{from}{}\n",
        size(item.bytes),
        bar(item.bytes, most, BAR_LEN),
        item.reason.word(),
        origin(item)
    )
}

/// Where the bytes of the new file come from.
fn origin(item: &Item) -> String {
    let moved = if item.from.is_some() { 0 } else { item.copied.saturating_add(item.moved) };
    let parts = [("in the patch", item.literal), ("copied", moved), ("recompressed", item.restored), ("stay", item.kept)];
    let parts: Vec<_> = parts.iter().filter(|(_, len)| *len > 0).map(|(what, len)| format!("{} {what}", size(*len))).collect();
    if parts.is_empty() { String::new() } else { format!(" ({}: {})", size(item.new_len), parts.join(", ")) }
}

fn together(report: &Report) -> String {
    let mut text = "together:\n".to_owned();
    let mut row = |bytes: u64, what: &str, more: &str| {
        let bar = bar(bytes, report.bytes, BAR_LEN);
        text.push_str(&format!("  {:>10}  {bar:<BAR_LEN$}  {what:<8}  {more}\n", size(bytes)));
    };
    report.totals().for_each(|(reason, paths, bytes): (Reason, usize, u64)| row(bytes, reason.word(), &count(paths, "path")));
    row(report.bytes_index, "index", "paths, lengths, hashes, where each byte comes from");
    if report.bytes_preface > 0 {
        row(report.bytes_preface, "signed", "the release and the roots that stand before the patch; not in the sum above");
    }
    format!(
        "{text}Files that change: {} before, {} now; at most {} are written, besides the journal.\n",
        size(report.old_len()),
        size(report.new_len()),
        size(report.written()),
    )
}

fn advised(number: usize, advice: &Advice) -> String {
    let mut text = if number == 0 { "What would help:\n".to_owned() } else { String::new() };
    let named = match advice.paths.as_slice() {
        [path] if advice.topic != untorn_studio::Topic::Headers => format!("{}: ", untorn::escape(path.as_bytes())),
        _ => String::new(),
    };
    text.push_str(&format!("  {}. {named}{}\n", number + 1, advice.text));
    text
}

fn remarks(report: &Report) -> String {
    let mut text = String::new();
    if let Some(memory) = report.bytes_memory {
        text.push_str(&format!("Applying it takes at most {} of memory a thread.\n", size(memory)));
    }
    match report.estimate {
        Some(estimate) => text.push_str(&format!(
            "Estimated from pieces that both builds have, and from compressing {} of {} of new bytes; executables, and members that can be recompressed, mostly cost less.\n",
            size(estimate.tried_len),
            size(estimate.of_len)
        )),
        None => {
            text.push_str("Files are compressed together: each has the share of the compressed bytes that it has of the content.\n");
            if !report.has_builds {
                text.push_str("With --old and --new, the two builds, archives are looked into, too.\n");
            }
        }
    }
    text
}
