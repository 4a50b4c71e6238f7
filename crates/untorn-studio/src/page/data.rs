//! The data of a page: columns rather than rows, since those compress better.

use serde_json::{Value, json};
use untorn::{Reason, escape};

use crate::{Item, Member, MemberKind, Report};

/// A path is cut after so many letters, a text of advice is never as long.
const PATH_LEN_MAX: usize = 1024;

/// A row of the table: a path, or a member of an archive.
struct Row<'r> {
    bytes: u64,
    written: u64,
    item: usize,
    member: Option<&'r Member>,
}

/// How many rows there are.
pub(super) fn rows(report: &Report) -> usize {
    report.items.iter().map(|item| 1 + item.members.len()).sum()
}

/// The data, with the `rows_max` rows that cost most.
pub(super) fn of(report: &Report, title: &str, rows_max: usize) -> Value {
    let mut rows = all(report);
    let left_out = cut(&mut rows, rows_max);
    let (paths, members): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.member.is_none());
    let mut place = vec![None; report.items.len()];
    paths.iter().enumerate().for_each(|(at, row)| place[row.item] = Some(at));
    let items = || paths.iter().map(|row| &report.items[row.item]);
    json!({
        "title": title.chars().take(PATH_LEN_MAX).collect::<String>(),
        "from": report.from.to_string(),
        "to": report.to.to_string(),
        "estimate": report.estimate.map(|estimate| json!([estimate.tried_len, estimate.of_len])),
        "release": report.release().map(|release| format!("{} {}, build {} for {}", release.product, release.label, release.build, release.platform)),
        "bytes": report.bytes,
        "index": report.bytes_index,
        "memory": report.bytes_memory,
        "old": report.old_len(),
        "new": report.new_len(),
        "written": report.written(),
        "count": report.items.len(),
        "inside": report.has_builds,
        "totals": report.totals().map(|(reason, count, bytes)| json!([reason.word(), count, bytes])).collect::<Vec<_>>(),
        "left": { "rows": left_out.0, "bytes": left_out.1 },
        "advice": report.advice.iter().map(advice).collect::<Vec<_>>(),
        "notes": report.notes,
        "kinds": Reason::ALL.map(Reason::word),
        "p": front_coded(items().map(|item| shown(&item.path))),
        "k": items().map(|item| Reason::ALL.iter().position(|reason| *reason == item.reason)).collect::<Vec<_>>(),
        "f": items().enumerate().filter_map(|(at, item)| Some(json!([at, shown(item.from.as_ref()?)]))).collect::<Vec<_>>(),
        "o": items().map(|item| item.old_len).collect::<Vec<_>>(),
        "n": items().map(|item| item.new_len).collect::<Vec<_>>(),
        "b": items().map(|item| item.bytes).collect::<Vec<_>>(),
        "w": items().map(Item::written).collect::<Vec<_>>(),
        "c": items().map(|item| item.copied.saturating_add(item.moved)).collect::<Vec<_>>(),
        "memberKinds": MEMBER_KINDS.map(MemberKind::word),
        "mi": members.iter().map(|row| place[row.item]).collect::<Vec<_>>(),
        "mp": front_coded(members.iter().filter_map(|row| Some(shown(&row.member?.name)))),
        "mk": members.iter().map(|row| MEMBER_KINDS.iter().position(|kind| Some(*kind) == row.member.map(|member| member.kind))).collect::<Vec<_>>(),
        "mo": members.iter().filter_map(|row| Some(row.member?.old_len)).collect::<Vec<_>>(),
        "mn": members.iter().filter_map(|row| Some(row.member?.new_len)).collect::<Vec<_>>(),
        "mb": members.iter().map(|row| row.bytes).collect::<Vec<_>>(),
        "mw": members.iter().map(|row| row.written).collect::<Vec<_>>(),
    })
}

const MEMBER_KINDS: [MemberKind; 6] = [
    MemberKind::New,
    MemberKind::Changed,
    MemberKind::Recompressed,
    MemberKind::Moved,
    MemberKind::Header,
    MemberKind::Directory,
];

fn all(report: &Report) -> Vec<Row<'_>> {
    let mut rows = Vec::new();
    for (number, item) in report.items.iter().enumerate() {
        rows.push(Row { bytes: item.bytes, written: item.written(), item: number, member: None });
        let members = item.members.iter();
        rows.extend(members.map(|member| Row {
            bytes: member.bytes,
            written: member.written,
            item: number,
            member: Some(member),
        }));
    }
    rows
}

/// Leaves the rows that cost most, in their order. How many paths are left out, and their bytes.
fn cut(rows: &mut Vec<Row<'_>>, rows_max: usize) -> (usize, u64) {
    if rows.len() <= rows_max {
        return (0, 0);
    }
    let mut order: Vec<usize> = (0..rows.len()).collect();
    // An archive stays before its members: it costs no less than any of them.
    order.sort_by_key(|at| (std::cmp::Reverse((rows[*at].bytes, rows[*at].written)), rows[*at].member.is_some(), *at));
    let mut stays = vec![false; rows.len()];
    order.iter().take(rows_max).for_each(|at| stays[*at] = true);
    let out = rows.iter().zip(&stays).filter(|(row, stays)| !**stays && row.member.is_none());
    let left_out = out.fold((0, 0_u64), |(count, bytes), (row, _)| (count + 1, bytes.saturating_add(row.bytes)));
    let kept: Vec<bool> =
        rows.iter().zip(&stays).filter(|(row, stays)| **stays && row.member.is_none()).map(|(row, _)| row.item).fold(
            Vec::new(),
            |mut kept, item| {
                kept.resize(kept.len().max(item + 1), false);
                kept[item] = true;
                kept
            },
        );
    let mut stays = stays.into_iter();
    rows.retain(|row| stays.next().unwrap_or(false) && kept.get(row.item).copied().unwrap_or(false));
    left_out
}

/// Each text as how many letters it shares with the one before, and the rest: half the work of compressing.
fn front_coded(texts: impl Iterator<Item = String>) -> Value {
    let (mut shared, mut rest, mut before) = (Vec::new(), Vec::new(), String::new());
    for text in texts {
        // Letters are counted as the script counts them.
        let same: usize =
            before.chars().zip(text.chars()).take_while(|(one, other)| one == other).map(|(one, _)| one.len_utf8()).sum();
        shared.push(before.get(..same).unwrap_or_default().encode_utf16().count());
        rest.push(text.get(same..).unwrap_or_default().to_owned());
        before = text;
    }
    json!([shared, rest])
}

/// A name as it may be shown: escaped, and not without end.
fn shown(name: &str) -> String {
    escape(name.as_bytes()).chars().take(PATH_LEN_MAX).collect()
}

fn advice(advice: &crate::Advice) -> Value {
    json!({
        "topic": advice.topic.word(),
        "text": advice.text,
        "count": advice.count,
        "now": advice.now,
        "then": advice.then,
        "written": advice.is_written,
        "paths": advice.paths.iter().map(|path| shown(path)).collect::<Vec<_>>(),
    })
}
