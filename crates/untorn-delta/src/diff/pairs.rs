//! Which paths differ, and which files only moved.

use std::collections::HashMap;

use untorn_format::manifest::{Entry, Kind, Manifest};
use untorn_format::{Hash, TreePath};

/// A path that differs between two builds.
pub(super) struct Pair<'a> {
    pub(super) path: &'a TreePath,
    pub(super) old: Option<&'a Kind>,
    pub(super) new: Option<&'a Kind>,
    /// An old file with exactly the new content.
    pub(super) twin: Twin<'a>,
}

/// Whether the content of a new file stands somewhere in the old tree.
#[derive(Clone, Copy)]
pub(super) enum Twin<'a> {
    /// No, or it stands at the same path, or there is no content.
    None,
    /// In a file that is gone afterwards.
    Moved(&'a TreePath),
    /// In a file that stays, or is taken already.
    Copied(&'a TreePath),
}

/// The paths that differ, sorted.
pub(super) fn pairs<'a>(old: &'a Manifest, new: &'a Manifest) -> Vec<Pair<'a>> {
    let mut pairs = differing(old.entries(), new.entries());
    let mut leaving = leaving(&pairs);
    take_twins(&mut pairs, |path, key| take_same_name(leaving.get_mut(&key)?, path).map(Twin::Moved));
    take_twins(&mut pairs, |_, key| take_first(leaving.get_mut(&key)?).map(Twin::Moved));
    let standing = standing(old);
    take_twins(&mut pairs, |_, key| standing.get(&key).copied().map(Twin::Copied));
    pairs
}

/// What two files have in common when one may stand for the other.
type Content = (u64, Hash);

fn content(kind: Option<&Kind>) -> Option<Content> {
    match kind {
        Some(&Kind::File { len, hash, .. }) if len > 0 => Some((len, hash)),
        _ => None,
    }
}

fn is_file(kind: Option<&Kind>) -> bool {
    matches!(kind, Some(Kind::File { .. }))
}

fn differing<'a>(old: &'a [Entry], new: &'a [Entry]) -> Vec<Pair<'a>> {
    let (mut old, mut new) = (old.iter().peekable(), new.iter().peekable());
    let mut pairs = Vec::new();
    while let Some(path) = [old.peek(), new.peek()].into_iter().flatten().map(|entry| &entry.path).min() {
        let old = old.next_if(|entry| entry.path == *path).map(|entry| &entry.kind);
        let new = new.next_if(|entry| entry.path == *path).map(|entry| &entry.kind);
        if old != new {
            pairs.push(Pair { path, old, new, twin: Twin::None });
        }
    }
    pairs
}

/// The files that stand at no path afterwards, in order, by content.
fn leaving<'a>(pairs: &[Pair<'a>]) -> HashMap<Content, Vec<Option<&'a TreePath>>> {
    let mut leaving: HashMap<_, Vec<_>> = HashMap::new();
    for pair in pairs.iter().filter(|pair| !is_file(pair.new)) {
        if let Some(content) = content(pair.old) {
            leaving.entry(content).or_default().push(Some(pair.path));
        }
    }
    leaving
}

/// For each content of the old build the first path that has it.
fn standing(old: &Manifest) -> HashMap<Content, &TreePath> {
    let mut standing = HashMap::new();
    for entry in old.entries() {
        if let Some(content) = content(Some(&entry.kind)) {
            standing.entry(content).or_insert(&entry.path);
        }
    }
    standing
}

/// Asks `find` for every file with new content that has no twin yet.
fn take_twins<'a>(pairs: &mut [Pair<'a>], mut find: impl FnMut(&TreePath, Content) -> Option<Twin<'a>>) {
    for pair in pairs.iter_mut().filter(|pair| matches!(pair.twin, Twin::None)) {
        if let Some(key) = content(pair.new).filter(|key| content(pair.old) != Some(*key)) {
            pair.twin = find(pair.path, key).unwrap_or(Twin::None);
        }
    }
}

fn take_same_name<'a>(paths: &mut [Option<&'a TreePath>], path: &TreePath) -> Option<&'a TreePath> {
    paths.iter_mut().find(|other| other.is_some_and(|other| other.name() == path.name()))?.take()
}

fn take_first<'a>(paths: &mut [Option<&'a TreePath>]) -> Option<&'a TreePath> {
    paths.iter_mut().find(|path| path.is_some())?.take()
}
