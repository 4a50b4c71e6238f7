//! The operations that workloads are made of, each by a name, each with what it means for a plain map of paths.

use untorn_sim::{Entry, Snapshot};
use untorn_txn::{Result, Transaction};

/// One operation of a transaction, with fixed arguments on the tree of [`crate::World`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is named like the method of `Transaction` it calls, and so are its arguments")]
pub enum Op {
    WriteAt {
        path: &'static str,
        at: usize,
        len: usize,
    },
    Replace {
        path: &'static str,
        len: usize,
    },
    SetLen {
        path: &'static str,
        len: usize,
    },
    Remove {
        path: &'static str,
    },
    Rename {
        from: &'static str,
        to: &'static str,
    },
    Exchange {
        a: &'static str,
        b: &'static str,
    },
    CreateDirAll {
        path: &'static str,
    },
    RemoveDir {
        path: &'static str,
    },
    RemoveDirAll {
        path: &'static str,
    },
    Symlink {
        target: &'static str,
        path: &'static str,
    },
    SetExecutable {
        path: &'static str,
        executable: bool,
    },
    SetHead {
        document: Option<&'static str>,
    },
    /// A file gets another spelling of its name by way of a third name, as patches do it; with a directory that holds only this file, that, too.
    Respell {
        from: &'static str,
        to: &'static str,
        dirs: Option<(&'static str, &'static str)>,
    },
}

/// All operations by name: fifteen kinds (a change in place, an extension, a new file, a small and a large replacement, a cut, a growth, a removal,
/// moves of files and of directories, exchanges, directories made and removed, symlinks, executable bits, other spellings) and the head document, on a handful of paths that get
/// in each other's way.
pub const OPS: &[(&str, Op)] = &[
    ("write-a", Op::WriteAt { path: "a", at: 100, len: 60 }),
    ("extend-a", Op::WriteAt { path: "a", at: 650, len: 200 }),
    ("write-x", Op::WriteAt { path: "d/x", at: 500, len: 600 }),
    ("write-n", Op::WriteAt { path: "n", at: 0, len: 50 }),
    ("write-dnq", Op::WriteAt { path: "d/n/q", at: 5, len: 9 }),
    ("write-d", Op::WriteAt { path: "d", at: 0, len: 20 }),
    ("replace-b", Op::Replace { path: "b", len: 30 }),
    ("replace-x", Op::Replace { path: "d/x", len: 900 }),
    ("large-b", Op::Replace { path: "b", len: (64 << 10) + 7 }),
    ("cut-a", Op::SetLen { path: "a", len: 300 }),
    ("grow-a", Op::SetLen { path: "a", len: 1500 }),
    ("remove-b", Op::Remove { path: "b" }),
    ("remove-l", Op::Remove { path: "l" }),
    ("move-a-c", Op::Rename { from: "a", to: "c" }),
    ("move-a-b", Op::Rename { from: "a", to: "b" }),
    ("move-a-dz", Op::Rename { from: "a", to: "d/z" }),
    ("move-x-x", Op::Rename { from: "d/x", to: "x" }),
    ("move-d-f", Op::Rename { from: "d", to: "f" }),
    ("move-d-ed", Op::Rename { from: "d", to: "e/d" }),
    ("swap-a-b", Op::Exchange { a: "a", b: "b" }),
    ("swap-a-x", Op::Exchange { a: "a", b: "d/x" }),
    ("swap-d-e", Op::Exchange { a: "d", b: "e" }),
    ("swap-d-b", Op::Exchange { a: "d", b: "b" }),
    ("mkdir-gh", Op::CreateDirAll { path: "g/h" }),
    ("mkdir-bk", Op::CreateDirAll { path: "b/k" }),
    ("rmdir-e", Op::RemoveDir { path: "e" }),
    ("rmtree-d", Op::RemoveDirAll { path: "d" }),
    ("link-s", Op::Symlink { target: "a", path: "s" }),
    ("link-b", Op::Symlink { target: "d/x", path: "b" }),
    ("link-d", Op::Symlink { target: "e", path: "d" }),
    ("exec-a", Op::SetExecutable { path: "a", executable: true }),
    ("exec-p", Op::SetExecutable { path: "p", executable: false }),
    ("head-2", Op::SetHead { document: Some("build 2") }),
    ("head-0", Op::SetHead { document: None }),
    ("case-a", Op::Rename { from: "a", to: "A" }),
    ("case-a-by-way", Op::Respell { from: "a", to: "A", dirs: None }),
    ("case-d-by-way", Op::Respell { from: "d/x", to: "D/x", dirs: Some(("d", "D")) }),
];

/// Where a file is while it is respelled.
const WAY: &str = "way";

/// The operation of that name.
#[must_use]
pub fn op(name: &str) -> Option<Op> {
    OPS.iter().find(|(other, _)| *other == name).map(|(_, op)| *op)
}

/// Bytes that are nowhere else: they depend on `salt` and on the place.
#[must_use]
pub fn bytes(salt: usize, len: usize) -> Vec<u8> {
    (0..len).map(|at| u8::try_from((at * 7 + at / 512 * 31 + salt * 53) % 251).unwrap_or(0) | 1).collect()
}

/// What the files say that an operation writes.
fn content(path: &str, at: usize, len: usize) -> Vec<u8> {
    bytes(path.len() + at + len + 3, len)
}

impl Op {
    /// Does it in a transaction.
    ///
    /// # Errors
    /// As the method it calls.
    pub fn perform(self, tx: &mut Transaction<'_>) -> Result<()> {
        match self {
            Self::WriteAt { path, at, len } => tx.write_at(path, at as u64, &content(path, at, len)),
            Self::Replace { path, len } => tx.replace(path, &mut content(path, 0, len).as_slice()),
            Self::SetLen { path, len } => tx.set_len(path, len as u64),
            Self::Remove { path } => tx.remove(path),
            Self::Rename { from, to } => tx.rename(from, to),
            Self::Exchange { a, b } => tx.exchange(a, b),
            Self::CreateDirAll { path } => tx.create_dir_all(path),
            Self::RemoveDir { path } => tx.remove_dir(path),
            Self::RemoveDirAll { path } => tx.remove_dir_all(path),
            Self::Symlink { target, path } => tx.symlink(target, path),
            Self::SetExecutable { path, executable } => tx.set_executable(path, executable),
            Self::SetHead { document } => {
                tx.set_head(document.map(|document| document.as_bytes().to_vec()));
                Ok(())
            }
            Self::Respell { from, to, dirs } => {
                tx.rename(from, WAY)?;
                if let Some((old, new)) = dirs {
                    tx.remove_dir(old)?;
                    tx.create_dir_all(new)?;
                }
                tx.rename(WAY, to)
            }
        }
    }

    /// What it makes of a plain map of paths; `None` where it must be refused. Written down from the documentation of `Transaction`, not from its code.
    #[must_use]
    pub fn expected(self, tree: &Snapshot) -> Option<Snapshot> {
        let mut tree = tree.clone();
        let done = match self {
            Self::WriteAt { path, at, len } => change_file(&mut tree, path, true, |bytes| {
                bytes.resize(bytes.len().max(at + len), 0);
                bytes[at..at + len].copy_from_slice(&content(path, at, len));
            }),
            Self::Replace { path, len } => change_file(&mut tree, path, true, |bytes| *bytes = content(path, 0, len)),
            Self::SetLen { path, len } => change_file(&mut tree, path, false, |bytes| bytes.resize(len, 0)),
            Self::Remove { path } => {
                matches!(tree.0.remove(path), Some(Entry::File { .. } | Entry::Symlink { .. })).then_some(())
            }
            Self::Rename { from, to } => rename(&mut tree, from, to),
            Self::Exchange { a, b } => exchange(&mut tree, a, b),
            Self::CreateDirAll { path } => make_parents(&mut tree, path).and_then(|()| make_dir(&mut tree, path)),
            Self::RemoveDir { path } => (is_dir(&tree, path) && below(&tree, path).is_empty()).then(|| drop(tree.0.remove(path))),
            Self::RemoveDirAll { path } => is_dir(&tree, path).then(|| drop(take(&mut tree, path))),
            Self::Symlink { target, path } => {
                let free = !is_dir(&tree, path);
                let parents = make_parents(&mut tree, path);
                parents.filter(|()| free).map(|()| drop(tree.0.insert(path.into(), Entry::Symlink { target: target.into() })))
            }
            Self::SetExecutable { path, executable: wanted } => match tree.0.get_mut(path) {
                Some(Entry::File { executable, .. }) => {
                    *executable = wanted;
                    Some(())
                }
                _ => None,
            },
            Self::SetHead { .. } => Some(()),
            Self::Respell { from, to, dirs } => rename(&mut tree, from, WAY).and_then(|()| {
                if let Some((old, new)) = dirs {
                    let is_empty = is_dir(&tree, old) && below(&tree, old).is_empty();
                    is_empty.then(|| tree.0.remove(old))?;
                    make_dir(&mut tree, new)?;
                }
                rename(&mut tree, WAY, to)
            }),
        };
        done.map(|()| tree)
    }
}

fn change_file(tree: &mut Snapshot, path: &str, make: bool, change: impl FnOnce(&mut Vec<u8>)) -> Option<()> {
    if make && !tree.0.contains_key(path) {
        make_parents(tree, path)?;
        tree.0.insert(path.into(), Entry::File { bytes: Vec::new(), executable: false });
    }
    match tree.0.get_mut(path) {
        Some(Entry::File { bytes, .. }) => {
            change(bytes);
            Some(())
        }
        _ => None,
    }
}

fn rename(tree: &mut Snapshot, from: &str, to: &str) -> Option<()> {
    let dir = is_dir(tree, from);
    if !tree.0.contains_key(from) || to.starts_with(&format!("{from}/")) || !parent(to).is_none_or(|parent| is_dir(tree, parent))
    {
        return None;
    }
    if tree.0.contains_key(to) && (dir || is_dir(tree, to)) {
        return None;
    }
    let moved = take(tree, from);
    put(tree, to, moved);
    Some(())
}

fn exchange(tree: &mut Snapshot, a: &str, b: &str) -> Option<()> {
    if !tree.0.contains_key(a) || !tree.0.contains_key(b) {
        return None;
    }
    let (at_a, at_b) = (take(tree, a), take(tree, b));
    put(tree, b, at_a);
    put(tree, a, at_b);
    Some(())
}

fn parent(path: &str) -> Option<&str> {
    path.rsplit_once('/').map(|(parent, _)| parent)
}

fn is_dir(tree: &Snapshot, path: &str) -> bool {
    tree.0.get(path) == Some(&Entry::Dir)
}

fn below(tree: &Snapshot, path: &str) -> Vec<String> {
    let start = format!("{path}/");
    tree.0.keys().filter(|other| other.starts_with(&start)).cloned().collect()
}

/// Takes out what is at `path` and below; the names are relative to it.
fn take(tree: &mut Snapshot, path: &str) -> Vec<(String, Entry)> {
    let mut names = below(tree, path);
    names.push(path.to_owned());
    names.into_iter().filter_map(|name| Some((name[path.len()..].to_owned(), tree.0.remove(&name)?))).collect()
}

fn put(tree: &mut Snapshot, path: &str, entries: Vec<(String, Entry)>) {
    tree.0.extend(entries.into_iter().map(|(rest, entry)| (format!("{path}{rest}"), entry)));
}

fn make_parents(tree: &mut Snapshot, path: &str) -> Option<()> {
    let ends: Vec<usize> = path.match_indices('/').map(|(at, _)| at).collect();
    ends.into_iter().try_for_each(|end| make_dir(tree, &path[..end]))
}

fn make_dir(tree: &mut Snapshot, path: &str) -> Option<()> {
    (*tree.0.entry(path.to_owned()).or_insert(Entry::Dir) == Entry::Dir).then_some(())
}
