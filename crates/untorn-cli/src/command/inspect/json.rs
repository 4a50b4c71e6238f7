//! A report for programs.

use serde_json::{Map, Value, json};
use untorn_studio::{Advice, Basis, Item, Member, Report};

use super::super::signed::release_json;

/// What is asked of a patch.
pub(super) fn patch(report: &Report, keys: &[String], limit: usize) -> Value {
    let mut json = common(report, limit);
    json.insert("release".into(), json!(report.release().map(|release| release_json(&release))));
    json.insert("keys".into(), json!(keys));
    json.insert("preface_bytes".into(), json!(report.bytes_preface));
    json.insert("memory_bytes".into(), json!(report.bytes_memory.unwrap_or(0)));
    Value::Object(json)
}

/// What is asked of two builds.
pub(super) fn builds(report: &Report, limit: usize) -> Value {
    let mut json = common(report, limit);
    let estimate = report.estimate.unwrap_or_default();
    json.insert("tried_bytes".into(), json!(estimate.tried_len));
    json.insert("tried_of_bytes".into(), json!(estimate.of_len));
    Value::Object(json)
}

fn common(report: &Report, limit: usize) -> Map<String, Value> {
    let totals =
        report.totals().map(|(reason, paths, bytes)| (reason.word().to_owned(), json!({ "paths": paths, "bytes": bytes })));
    let fields = [
        ("from", json!(report.from.to_string())),
        ("to", json!(report.to.to_string())),
        ("bytes", json!(report.bytes)),
        ("index_bytes", json!(report.bytes_index)),
        ("old_bytes", json!(report.old_len())),
        ("new_bytes", json!(report.new_len())),
        ("write_bytes", json!(report.written())),
        ("looked_inside", json!(report.has_builds)),
        ("paths_total", json!(report.items.len())),
        ("totals", Value::Object(totals.collect())),
        ("paths", report.items.iter().take(limit).map(item).collect()),
        ("advice", report.advice.iter().map(advice).collect()),
        ("notes", json!(report.notes)),
    ];
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn item(item: &Item) -> Value {
    json!({
        "path": item.path,
        "reason": item.reason.word(),
        "from": item.from,
        "bytes": item.bytes,
        "old_bytes": item.old_len,
        "new_bytes": item.new_len,
        "literal_bytes": item.literal,
        "copied_bytes": item.copied.saturating_add(item.moved),
        "moved_bytes": item.moved,
        "kept_bytes": item.kept,
        "recompressed_bytes": item.restored,
        "write_bytes": item.written(),
        "members": item.members.iter().map(member).collect::<Vec<_>>(),
    })
}

fn member(member: &Member) -> Value {
    json!({
        "name": member.name,
        "kind": member.kind.word(),
        "bytes": member.bytes,
        "old_bytes": member.old_len,
        "new_bytes": member.new_len,
        "write_bytes": member.written,
        "recompressed_bytes": member.restored,
    })
}

fn advice(advice: &Advice) -> Value {
    let (tried, of) = match advice.basis {
        Basis::Measured => (advice.count, advice.count),
        Basis::Estimated { tried, of } => (tried, of),
        _ => (0, advice.count),
    };
    json!({
        "topic": advice.topic.word(),
        "text": advice.text,
        "paths": advice.paths,
        "count": advice.count,
        "counts": if advice.is_written { "written" } else { "patch" },
        "now_bytes": advice.now,
        "then_bytes": advice.then,
        "tried": tried,
        "tried_of": of,
    })
}
