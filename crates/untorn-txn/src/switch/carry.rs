//! What others changed in the old tree while the new one was being made: carried over, or refused.

use std::collections::BTreeSet;

use untorn_fs::{FileKind, Fs};

use super::{
    clone::clone_entry,
    listing::{Listing, Seen, is_same},
    options::Meanwhile,
    report::SwitchReport,
};
use crate::error::{Cause, Context, Error, Result};

/// The two trees, and what is known about them.
pub(crate) struct Trees<'a> {
    /// The old tree as it was when the new one was made from it.
    pub(crate) was: &'a Listing,
    /// The old tree now.
    pub(crate) now: &'a Listing,
    /// The new tree now.
    pub(crate) next: &'a Listing,
    /// The paths at which the update, and nobody else, made the new tree different.
    pub(crate) touched: &'a BTreeSet<String>,
}

/// What is to be done to the new tree. First everything is removed that goes or is replaced, deepest first, then made, parents first.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Carry {
    remove: Vec<String>,
    make: Vec<String>,
}

impl Carry {
    /// Every path that it touches, sorted, once.
    fn all(self) -> Vec<String> {
        let mut all = [self.remove, self.make].concat();
        all.sort_unstable();
        all.dedup();
        all
    }
}

/// Decides. `Err` holds the paths that both the update and somebody else changed.
pub(crate) fn decide(trees: &Trees<'_>) -> Result<Carry, Vec<String>> {
    let (mut carry, mut conflicts) = (Carry::default(), Vec::new());
    for path in trees.now.changed_since(trees.was) {
        let (is, there) = (trees.now.get(&path), trees.next.get(&path));
        if is_alike(is, there) {
            continue;
        }
        if trees.touched.contains(&path) || !has_parent(trees, &path) {
            conflicts.push(path);
            continue;
        }
        if there.is_some() {
            carry.remove.push(path.clone());
        }
        if is.is_some() {
            carry.make.push(path);
        }
    }
    carry.remove.reverse();
    if conflicts.is_empty() { Ok(carry) } else { Err(conflicts) }
}

/// Whether the new tree has it already.
fn is_alike(is: Option<&Seen>, there: Option<&Seen>) -> bool {
    match (is, there) {
        (None, None) => true,
        (Some(is), Some(there)) => (is.kind == FileKind::Dir && there.kind == FileKind::Dir) || is.is_one_with(there),
        _ => false,
    }
}

/// Whether there is, or will be, a directory to put it in: the update may have removed it.
fn has_parent(trees: &Trees<'_>, path: &str) -> bool {
    let Some((parent, _)) = path.rsplit_once('/') else { return true };
    let is_dir = |listing: &Listing| listing.get(parent).is_some_and(|seen| seen.kind == FileKind::Dir);
    let is_new = !is_same(trees.now.get(parent), trees.was.get(parent)) && is_dir(trees.now);
    is_dir(trees.next) || is_new || trees.now.get(path).is_none()
}

/// Looks at what others did, and carries it over from `old` to `next` (two directories of `fs`), unless the choice is to refuse it.
pub(crate) fn carry_over(
    fs: &dyn Fs,
    (old, next): (&str, &str),
    trees: &Trees<'_>,
    choice: Meanwhile,
    report: &mut SwitchReport,
) -> Result<()> {
    let conflict = |paths: Vec<String>| Error::new(Cause::Conflict { paths });
    let carry = decide(trees).map_err(conflict)?;
    if choice == Meanwhile::Refuse && carry != Carry::default() {
        return Err(conflict(carry.all()));
    }
    for path in &carry.remove {
        remove(fs, &format!("{next}/{path}"), trees.next.get(path))?;
    }
    for path in &carry.make {
        let from = format!("{old}/{path}");
        let meta = fs.metadata(&from).context("look at", &from)?;
        clone_entry(fs, &from, &format!("{next}/{path}"), &meta, report)?;
    }
    report.carried_over = carry.all();
    Ok(())
}

/// A directory that the update put something into stays.
fn remove(fs: &dyn Fs, path: &str, there: Option<&Seen>) -> Result<()> {
    let removed = match there.map(|seen| seen.kind) {
        Some(FileKind::Dir) => match fs.remove_dir(path) {
            Err(error) if error.kind() == std::io::ErrorKind::DirectoryNotEmpty => Ok(()),
            other => other,
        },
        _ => fs.remove_file(path),
    };
    removed.context("remove", path)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `a1`: a file `a` with identity 1; `d/`: a directory.
    fn listing(entries: &str) -> Listing {
        let seen = |kind, id| Seen { kind, id, len: 1, written: 0, changed: 0, is_shared: false };
        let entry = |entry: &str| match entry.strip_suffix('/') {
            Some(dir) => (dir.to_owned(), seen(FileKind::Dir, 0)),
            None => {
                let (name, id) = entry.split_at(entry.len() - 1);
                (name.to_owned(), seen(FileKind::File, id.parse().unwrap()))
            }
        };
        Listing(entries.split_whitespace().map(entry).collect())
    }

    /// The clone of `was` is `twin`, and the update made `next` of it.
    fn decided(was: &str, now: &str, twin: &str, next: &str) -> Result<(String, String), String> {
        let [was, now, twin, next] = [was, now, twin, next].map(listing);
        let touched = next.changed_since(&twin);
        decide(&Trees { was: &was, now: &now, next: &next, touched: &touched })
            .map(|carry| (carry.remove.join(" "), carry.make.join(" ")))
            .map_err(|paths| paths.join(" "))
    }

    fn carried(remove: &str, make: &str) -> Result<(String, String), String> {
        Ok((remove.into(), make.into()))
    }

    #[test]
    fn what_others_changed_is_carried_and_what_nobody_changed_is_not() {
        assert_eq!(decided("a1 s2", "a1 s2", "a5 s6", "a7 s6"), carried("", ""));
        assert_eq!(decided("a1 s2", "a1 s3", "a5 s6", "a7 s6"), carried("s", "s"));
        assert_eq!(decided("a1", "a1 n/ n/s3", "a5", "a7"), carried("", "n n/s"));
        assert_eq!(decided("a1 n/ n/s3", "a1", "a5 n/ n/s6", "a7 n/ n/s6"), carried("n/s n", ""));
        assert_eq!(decided("d/ d/s1", "d2", "d/ d/s5", "d/ d/s5"), carried("d/s d", "d"));
        assert_eq!(decided("d2", "d/ d/s1", "d5", "d5"), carried("d", "d d/s"));
    }

    #[test]
    fn what_both_changed_is_refused() {
        assert_eq!(decided("a1", "a2", "a5", "a6"), Err("a".into()));
        assert_eq!(decided("a1", "a2", "a5", ""), Err("a".into()));
        assert_eq!(decided("", "a2", "", "a6"), Err("a".into()));
        assert_eq!(decided("d/", "d/ d/s2", "d/", ""), Err("d/s".into()));
        assert_eq!(decided("d/", "d/ d/s2", "d/", "d7"), Err("d/s".into()));
    }

    #[test]
    fn what_both_trees_share_or_both_removed_needs_nothing() {
        assert_eq!(decided("a1", "", "a5", ""), carried("", ""));
        assert_eq!(decided("", "d/", "", "d/"), carried("", ""));
        let mut longer = listing("a1");
        longer.0.get_mut("a").unwrap().len = 9;
        let (was, none) = (listing("a1"), BTreeSet::new());
        assert_eq!(decide(&Trees { was: &was, now: &longer, next: &longer, touched: &none }), Ok(Carry::default()));
    }
}
