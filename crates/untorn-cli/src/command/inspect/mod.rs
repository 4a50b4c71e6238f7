//! `untorn inspect`.

mod document;

use std::cmp::Reverse;

use serde_json::{Value, json};
use untorn::{Inspection, PathCost, Reason, release::Release};

use super::signed::{release_json, release_line};

use crate::{
    args::{InspectArgs, OrderArg},
    outcome::{Answer, Outcome},
    text::{count, path, short, size},
};

/// Gives the name of the answer, too: documents have fields of their own.
pub(super) fn run(args: &InspectArgs) -> (&'static str, Answer) {
    match document::is_document(&args.patch) {
        Ok(true) => ("inspect-document", document::run(args)),
        Ok(false) => ("inspect", patch(args)),
        Err(failure) => ("inspect", Err(failure)),
    }
}

fn patch(args: &InspectArgs) -> Answer {
    let mut inspection = untorn::inspect(super::apply::open(&args.patch)?)?;
    if matches!(args.by, OrderArg::Size) {
        inspection.paths.sort_by(|a, b| (Reverse(a.bytes), &a.path).cmp(&(Reverse(b.bytes), &b.path)));
    }
    let limit = if args.limit == 0 { usize::MAX } else { args.limit };
    Ok(Outcome::new(text(args, &inspection, limit), json(&inspection, limit)))
}

fn text(args: &InspectArgs, inspection: &Inspection, limit: usize) -> String {
    let mut text = format!(
        "{}: {} from build {} to {}; {}\n",
        path(&args.patch),
        size(inspection.bytes),
        short(inspection.from),
        short(inspection.to),
        count(inspection.paths.len(), "path"),
    );
    text.push_str(&signed_text(inspection));
    inspection.paths.iter().take(limit).for_each(|cost| text.push_str(&line(cost)));
    let more = inspection.paths.len().saturating_sub(limit);
    if more > 0 {
        text.push_str(&format!("  ... and {more} more (--limit 0 lists all)\n"));
    }
    text.push_str("together:\n");
    for (reason, paths, bytes) in totals(inspection) {
        text.push_str(&format!("  {:>10}  {:<8}  {}\n", size(bytes), reason.word(), count(paths, "path")));
    }
    text.push_str(&format!(
        "  {:>10}  the index: paths, lengths, hashes, where each byte comes from\n",
        size(inspection.bytes_index)
    ));
    text.push_str(&format!("Applying it takes at most {} of memory a thread.\n", size(inspection.bytes_memory)));
    text.push_str("Files are compressed together: each has the share of the compressed bytes that it has of the content.\n");
    text
}

/// What stands before the patch. Whether that is believed, only a tree can say.
fn signed_text(inspection: &Inspection) -> String {
    let Some(preface) = &inspection.preface else { return "  not signed\n".to_owned() };
    let release = Release::decode(&preface.release.document);
    let what = release.map_or("a release that cannot be read".to_owned(), |release| release_line(&release));
    format!(
        "  {what}, signed by {} (whether that is to be trusted is not checked here)\n",
        document::keys(&preface.release).join(", ")
    )
}

fn line(cost: &PathCost) -> String {
    let name = untorn::escape(cost.path.as_bytes());
    let from = cost.from.as_ref().map(|from| format!(" from {}", untorn::escape(from.as_bytes()))).unwrap_or_default();
    format!("  {:>10}  {:<8}  {name}{from}{}\n", size(cost.bytes), cost.reason.word(), origin(cost))
}

/// Where the bytes of the new file come from.
fn origin(cost: &PathCost) -> String {
    let parts = [("in the patch", cost.literal), ("copied", cost.copied), ("stay", cost.kept)];
    let parts: Vec<_> = parts.iter().filter(|(_, len)| *len > 0).map(|(what, len)| format!("{} {what}", size(*len))).collect();
    if parts.is_empty() { String::new() } else { format!(" ({}: {})", size(cost.len), parts.join(", ")) }
}

/// Of each reason that occurs: how many paths, and their bytes.
fn totals(inspection: &Inspection) -> impl Iterator<Item = (Reason, usize, u64)> {
    Reason::ALL.into_iter().filter_map(|reason| {
        let of_reason = || inspection.paths.iter().filter(|cost| cost.reason == reason);
        let bytes = of_reason().map(|cost| cost.bytes).fold(0, u64::saturating_add);
        (of_reason().count() > 0).then_some((reason, of_reason().count(), bytes))
    })
}

fn json(inspection: &Inspection, limit: usize) -> Value {
    let totals =
        totals(inspection).map(|(reason, paths, bytes)| (reason.word().to_owned(), json!({ "paths": paths, "bytes": bytes })));
    let release = inspection.preface.as_ref().and_then(|preface| Release::decode(&preface.release.document).ok());
    json!({
        "from": inspection.from.to_string(),
        "to": inspection.to.to_string(),
        "bytes": inspection.bytes,
        "release": release.map(|release| release_json(&release)),
        "keys": inspection.preface.as_ref().map(|preface| document::keys(&preface.release)).unwrap_or_default(),
        "index_bytes": inspection.bytes_index,
        "memory_bytes": inspection.bytes_memory,
        "paths_total": inspection.paths.len(),
        "totals": totals.collect::<serde_json::Map<_, _>>(),
        "paths": inspection.paths.iter().take(limit).map(path_json).collect::<Vec<_>>(),
    })
}

fn path_json(cost: &PathCost) -> Value {
    json!({
        "path": cost.path,
        "reason": cost.reason.word(),
        "from": cost.from,
        "bytes": cost.bytes,
        "new_bytes": cost.len,
        "literal_bytes": cost.literal,
        "copied_bytes": cost.copied,
        "kept_bytes": cost.kept,
    })
}
