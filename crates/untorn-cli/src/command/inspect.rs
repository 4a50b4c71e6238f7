//! `untorn inspect`.

use std::cmp::Reverse;

use serde_json::{Value, json};
use untorn::{Inspection, PathCost, Reason};

use crate::{
    args::{InspectArgs, OrderArg},
    outcome::{Answer, Outcome},
    text::{count, path, short, size},
};

pub(super) fn run(args: &InspectArgs) -> Answer {
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
    json!({
        "from": inspection.from.to_string(),
        "to": inspection.to.to_string(),
        "bytes": inspection.bytes,
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
