//! Keeping what is needed to go back.

use std::collections::{BTreeMap, BTreeSet};

use untorn_format::{
    Hash, TreePath,
    journal::{After, Before, Range, Source, Undo, UndoEntry},
};
use untorn_fs::{FileId, Fs, Metadata, OpenMode};

use crate::{
    error::{Cause, Context, Error, Result},
    stage::{Stage, buffer_len, hash_file},
    steps::Links,
    view::{Base, FileNode, Node, Touched, View},
};

/// Writes down, for every touched path, what stood there and what will stand there, and keeps the bytes that would be lost.
pub(crate) fn keep(
    fs: &dyn Fs,
    view: &View,
    stage: &mut Stage,
    surviving: &BTreeMap<TreePath, TreePath>,
) -> Result<Vec<UndoEntry>> {
    let mut entries = Vec::new();
    for (path, touched) in view.iter() {
        if touched.was == touched.now {
            continue;
        }
        let before = before(fs, path, touched, view, stage, surviving).map_err(|error| error.at(path.as_str()))?;
        entries.push(UndoEntry { path: path.clone(), before, after: after(fs, touched, stage)? });
    }
    Ok(entries)
}

/// The document that goes with the entries.
pub(crate) fn document(
    entries: Vec<UndoEntry>,
    stage: &mut Stage,
    fs: &dyn Fs,
    ids: ([u8; 16], u64),
    heads: (Hash, Hash),
) -> Result<Undo> {
    Ok(Undo {
        tree_id: ids.0,
        txid: ids.1,
        from: heads.0,
        to: heads.1,
        data: stage.undo.finish(fs)?,
        kept: stage.kept().to_vec(),
        entries,
    })
}

fn before(
    fs: &dyn Fs,
    path: &TreePath,
    touched: &Touched,
    view: &View,
    stage: &mut Stage,
    surviving: &BTreeMap<TreePath, TreePath>,
) -> Result<Before> {
    Ok(match &touched.was {
        Node::Absent => Before::Absent,
        Node::Dir { permissions } => Before::Dir { permissions: *permissions },
        Node::Symlink { target } => Before::Symlink { target: target.clone() },
        Node::Other => return Err(Error::damaged("a device cannot be undone")),
        Node::File(was) => {
            let (source, ranges) = match surviving.get(path) {
                Some(now_at) => (Source::Current(now_at.clone()), overwritten(fs, path, was.len, view.get(now_at), stage)?),
                None => (Source::Kept(stage.keep(fs, path.as_str(), was.len, was.executable)?), Vec::new()),
            };
            Before::File { source, len: was.len, executable: was.executable, ranges }
        }
    })
}

/// Saves the bytes of the old file that will be overwritten in place, or cut off.
fn overwritten(fs: &dyn Fs, path: &TreePath, old_len: u64, now: Option<&Touched>, stage: &mut Stage) -> Result<Vec<Range>> {
    let Some(Node::File(file)) = now.map(|touched| &touched.now) else { return Ok(Vec::new()) };
    let lost = file.lost(old_len);
    let Some(longest) = lost.iter().map(|&(_, len)| buffer_len(len)).max() else { return Ok(Vec::new()) };
    let from = fs.open(path.as_str(), OpenMode::Read).context("open", path.as_str())?;
    let mut buffer = vec![0; longest];
    let mut ranges = Vec::new();
    for (start, len) in lost {
        let (mut done, redo_at) = (0, stage.undo.len());
        while done < len {
            let n = buffer_len(len - done).min(longest);
            from.read_exact_at(&mut buffer[..n], start + done).context("read", path.as_str())?;
            stage.undo.append(fs, &buffer[..n])?;
            done += n as u64;
        }
        ranges.push(Range { at: start, len, redo_at });
    }
    Ok(ranges)
}

fn after(fs: &dyn Fs, touched: &Touched, stage: &mut Stage) -> Result<After> {
    Ok(match &touched.now {
        Node::Absent | Node::Other => After::Absent,
        Node::Dir { .. } => After::Dir,
        Node::Symlink { target } => After::Symlink { target: target.clone() },
        Node::File(file) => {
            let (written, hash) = written(fs, file, stage)?;
            After::File { len: file.len, executable: file.executable, written, hash }
        }
    })
}

/// The pieces the transaction writes to a file, and their hash.
fn written(fs: &dyn Fs, file: &FileNode, stage: &mut Stage) -> Result<(Vec<(u64, u64)>, Hash)> {
    if let Base::Staged(number) = file.base {
        return stage.written(fs, number);
    }
    let ranges = file.extents.ranges();
    let hash = stage.hash_spooled(fs, &ranges)?;
    Ok((ranges.iter().map(|range| (range.at, range.len)).collect(), hash))
}

/// Files that got a further name from us, which changes the time of their last change: by identity, and by path where identities do not last.
#[derive(Debug, Default)]
pub(crate) struct Relinked {
    ids: BTreeSet<FileId>,
    paths: BTreeSet<TreePath>,
}

impl Relinked {
    fn add(&mut self, file: &FileNode) {
        if let Some((path, meta)) = file.origin() {
            self.ids.extend(meta.id);
            self.paths.insert(path.clone());
        }
    }

    /// Whether the file at `path` is one of them.
    pub(crate) fn has(&self, path: &TreePath, meta: &Metadata) -> bool {
        self.paths.contains(path) || meta.id.is_some_and(|id| self.ids.contains(&id))
    }
}

/// The identities of files that got a further name from us, which changes the time of their last change.
pub(crate) fn relinked(view: &View, links: &Links, kept: &[UndoEntry]) -> Relinked {
    let mut relinked = Relinked::default();
    for (path, touched) in view.iter() {
        if let (Node::File(now), true) = (&touched.now, links.contains_key(path)) {
            relinked.add(now);
        }
    }
    for entry in kept {
        if let (Before::File { source: Source::Kept(_), .. }, Some(Touched { was: Node::File(was), .. })) =
            (&entry.before, view.get(&entry.path))
        {
            relinked.add(was);
        }
    }
    relinked
}

/// Whether `path` still is what the transaction left there.
pub(crate) fn is_unchanged(fs: &dyn Fs, path: &TreePath, after: &After) -> Result<bool> {
    let now = match (after, crate::view::on_disk(fs, path)) {
        // It leads through a symlink that the transaction put in place of a directory.
        (After::Absent, Err(error)) if matches!(error.cause(), Cause::Foreign { .. }) => return Ok(true),
        (_, now) => now?,
    };
    Ok(match (after, now) {
        (After::Absent, Node::Absent) | (After::Dir, Node::Dir { .. }) => true,
        (After::Symlink { target }, Node::Symlink { target: now }) => *target == now,
        (After::File { len, executable, written, hash }, Node::File(now))
            if now.len == *len && (now.executable == *executable || !fs.capabilities().executable_bit) =>
        {
            if written.as_slice() == [(0, *len)] {
                hash_file(fs, path.as_str())?.hash == *hash
            } else {
                crate::stage::hash_pieces(fs, path.as_str(), written)? == *hash
            }
        }
        _ => false,
    })
}
