//! What differs between two manifests.

use std::collections::HashMap;

use untorn::{Hash, Manifest, Reason, TreePath};
use untorn_format::manifest::{Entry, Kind};

use crate::Item;

/// A path that differs.
pub(super) struct Change {
    pub(super) item: Item,
    pub(super) content: Content,
    /// Whether the old file at this path is gone, or replaced: new content is looked for in it.
    pub(super) is_pool: bool,
}

/// Where new content is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// There is none, or the old one at another path.
    None,
    /// It is that of an old file which stays where it is, or of one that has moved already.
    Copied,
    /// It is to be read.
    Read,
}

impl Change {
    /// How many old bytes are read for it.
    pub(super) fn pool_len(&self) -> u64 {
        if self.is_pool { self.item.old_len } else { 0 }
    }
}

/// Every path that differs, sorted. A file that moved stands where it arrives.
pub(super) fn between(old: &Manifest, new: &Manifest) -> Vec<Change> {
    let mut homes: HashMap<Hash, Vec<&TreePath>> = HashMap::new();
    old.entries().iter().filter_map(|entry| Some((hash(&entry.kind)?, &entry.path))).for_each(|(hash, path)| {
        homes.entry(hash).or_default().push(path);
    });
    let mut left: HashMap<&TreePath, &TreePath> = HashMap::new();
    let mut changes = Vec::new();
    for entry in new.entries() {
        let before = old.get(&entry.path);
        if before.is_some_and(|before| before.kind == entry.kind) {
            continue;
        }
        let same = hash(&entry.kind).and_then(|hash| homes.get(&hash)).map(Vec::as_slice).unwrap_or_default();
        let only_metadata = before.is_some_and(|before| hash(&before.kind).is_some() && hash(&before.kind) == hash(&entry.kind));
        // A file moves when its old place is empty afterwards, and nobody else has moved from there.
        let from = same.iter().find(|from| new.get(from).is_none_or(|at| hash(&at.kind).is_none()) && !left.contains_key(*from));
        let from = from.filter(|_| !only_metadata).copied();
        if let Some(from) = from {
            left.insert(from, &entry.path);
        }
        changes.push(change(entry, before, from, only_metadata, !same.is_empty()));
    }
    for entry in old.entries() {
        if new.get(&entry.path).is_none() && !left.contains_key(&entry.path) {
            let item = item(&entry.path, Reason::Removed, file_len(&entry.kind), 0);
            changes.push(Change { item, content: Content::None, is_pool: hash(&entry.kind).is_some() });
        }
    }
    changes.sort_by(|one, other| one.item.path.cmp(&other.item.path));
    changes
}

fn change(entry: &Entry, before: Option<&Entry>, from: Option<&TreePath>, only_metadata: bool, is_known: bool) -> Change {
    let (old_len, new_len) = (before.map_or(0, |before| file_len(&before.kind)), file_len(&entry.kind));
    let is_file = hash(&entry.kind).is_some();
    let reason = match (from, before) {
        _ if only_metadata => Reason::Metadata,
        (Some(from), _) if from.parent() == entry.path.parent() => Reason::Renamed,
        (Some(_), _) => Reason::Moved,
        (None, None) => Reason::New,
        (None, Some(_)) => Reason::Changed,
    };
    let mut item = item(&entry.path, reason, if from.is_some() { new_len } else { old_len }, new_len);
    item.from = from.map(TreePath::to_string);
    item.copied = if from.is_some() { new_len } else { 0 };
    item.kept = if only_metadata { new_len } else { 0 };
    let content = match is_file && new_len > 0 && from.is_none() && !only_metadata {
        true if is_known => Content::Copied,
        true => Content::Read,
        false => Content::None,
    };
    let is_pool = !only_metadata && before.is_some_and(|before| hash(&before.kind).is_some());
    Change { item, content, is_pool }
}

fn item(path: &TreePath, reason: Reason, old_len: u64, new_len: u64) -> Item {
    Item {
        path: path.to_string(),
        reason,
        from: None,
        old_len,
        new_len,
        bytes: 0,
        literal: 0,
        moved: 0,
        copied: 0,
        kept: 0,
        restored: 0,
        members: Vec::new(),
    }
}

fn hash(kind: &Kind) -> Option<Hash> {
    if let Kind::File { hash, .. } = kind { Some(*hash) } else { None }
}

fn file_len(kind: &Kind) -> u64 {
    if let Kind::File { len, .. } = kind { *len } else { 0 }
}
