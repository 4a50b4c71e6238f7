//! The tree as the transaction wants it, over the tree as it is. Every path a transaction touches stands here with what was there before and
//! what shall be there after; everything else is read from the disk.

use std::{
    collections::{BTreeMap, BTreeSet, btree_map::Entry},
    io,
    ops::Bound,
};

use untorn_format::{TreePath, fold_key};
use untorn_fs::{FileKind, Fs, Metadata};

use crate::{
    error::{Cause, Context, Error, Result},
    extents::Extents,
    layout::STATE,
};

/// What is, or shall be, at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Node {
    /// Nothing.
    Absent,
    /// A directory, with its permission bits (0: the default).
    Dir { permissions: u32 },
    /// A symlink and what it says.
    Symlink { target: String },
    /// A file.
    File(FileNode),
    /// A device, socket or pipe.
    Other,
}

/// A file: a base, and pieces written over it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FileNode {
    /// Where its content comes from.
    pub(crate) base: Base,
    /// How many bytes of the base still count; what lies between here and `len` and was not written is zeros.
    pub(crate) base_len: u64,
    /// Its length.
    pub(crate) len: u64,
    /// Its executable bit.
    pub(crate) executable: bool,
    /// Pieces written over the base.
    pub(crate) extents: Extents,
    /// Those parts of them that say what the base says, too: they are written because they share a block with others.
    pub(crate) beside: Extents,
}

/// Where the content of a file comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Base {
    /// It is new.
    Nothing,
    /// The file that stands at `path` in the old tree.
    Tree { path: TreePath, meta: Metadata },
    /// A staged object.
    Staged(u32),
}

impl FileNode {
    fn from_tree(path: &TreePath, meta: Metadata) -> Self {
        Self {
            base: Base::Tree { path: path.clone(), meta },
            base_len: meta.len,
            len: meta.len,
            executable: meta.permissions.executable(),
            extents: Extents::default(),
            beside: Extents::default(),
        }
    }

    /// A new, empty file.
    pub(crate) fn empty() -> Self {
        Self {
            base: Base::Nothing,
            base_len: 0,
            len: 0,
            executable: false,
            extents: Extents::default(),
            beside: Extents::default(),
        }
    }

    /// A staged file.
    pub(crate) fn staged(number: u32, len: u64, executable: bool) -> Self {
        Self { base: Base::Staged(number), base_len: len, len, executable, ..Self::empty() }
    }

    /// The file it is in the old tree, if it is one of those.
    pub(crate) fn origin(&self) -> Option<(&TreePath, &Metadata)> {
        match &self.base {
            Base::Tree { path, meta } => Some((path, meta)),
            _ => None,
        }
    }

    /// The stretches (offset, length) of an old file of `old_len` bytes that are lost when this is written over it.
    pub(crate) fn lost(&self, old_len: u64) -> Vec<(u64, u64)> {
        let mut lost = Extents::default();
        for range in self.extents.ranges() {
            let end = range.at.saturating_add(range.len).min(old_len);
            self.beside.gaps(range.at, end.max(range.at)).into_iter().for_each(|(from, to)| lost.insert(from, to - from, from));
        }
        lost.insert(self.len, old_len.saturating_sub(self.len), self.len);
        lost.ranges().iter().map(|range| (range.at, range.len)).collect()
    }

    /// Whether its bytes differ from those of its base.
    pub(crate) fn is_rewritten(&self) -> bool {
        !self.extents.is_empty() || self.origin().is_some_and(|(_, meta)| meta.len != self.len || self.base_len != meta.len)
    }
}

impl Node {
    /// What it is called in messages.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Absent => "missing file",
            Self::Dir { .. } => "directory",
            Self::Symlink { .. } => "symlink",
            Self::File(_) => "file",
            Self::Other => "device, socket or pipe",
        }
    }

    /// Whether nothing is there.
    pub(crate) fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }

    /// Whether a directory is there.
    pub(crate) fn is_dir(&self) -> bool {
        matches!(self, Self::Dir { .. })
    }
}

/// One touched path.
#[derive(Clone, Debug)]
pub(crate) struct Touched {
    /// What was there when the transaction first looked.
    pub(crate) was: Node,
    /// What shall be there.
    pub(crate) now: Node,
}

/// Every touched path.
#[derive(Debug, Default)]
pub(crate) struct View {
    touched: BTreeMap<TreePath, Touched>,
    /// Under their keys, those that were taken away: where case is ignored, each is still found on the disk under its other spellings.
    gone: BTreeSet<String>,
}

impl View {
    /// The touched paths, sorted.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&TreePath, &Touched)> {
        self.touched.iter()
    }

    /// The touched paths, for renumbering staged objects.
    pub(crate) fn nodes_mut(&mut self) -> impl Iterator<Item = &mut Node> {
        self.touched.values_mut().map(|touched| &mut touched.now)
    }

    /// A touched path.
    pub(crate) fn get(&self, path: &TreePath) -> Option<&Touched> {
        self.touched.get(path)
    }

    /// What stands at `path` as far as the transaction is concerned.
    pub(crate) fn look(&self, fs: &dyn Fs, path: &TreePath) -> Result<Node> {
        match self.touched.get(path) {
            Some(touched) => Ok(touched.now.clone()),
            None => self.look_below(fs, path),
        }
    }

    fn look_below(&self, fs: &dyn Fs, path: &TreePath) -> Result<Node> {
        for dir in path.ancestors() {
            // Whatever was below a directory that the transaction moved or removed has an entry of its own.
            if self.touched.get(&dir).is_some_and(|touched| !touched.was.is_dir() || !touched.now.is_dir()) {
                return Ok(Node::Absent);
            }
        }
        self.found(fs, path)
    }

    /// What stands at `path` on the disk, unless that is a path of another spelling, which is taken away.
    fn found(&self, fs: &dyn Fs, path: &TreePath) -> Result<Node> {
        let node = on_disk(fs, path)?;
        let may_be_gone = !node.is_absent() && !self.gone.is_empty() && self.gone.contains(&fold_key(path.as_str()));
        let is_gone = may_be_gone && !untorn_fs::is_spelled(fs, path.as_str()).context("list", path.as_str())?;
        Ok(if is_gone { Node::Absent } else { node })
    }

    /// What stands at `path` in the old tree, whatever the transaction did to the directories above it.
    fn before(&self, fs: &dyn Fs, path: &TreePath) -> Result<Node> {
        if path.ancestors().any(|dir| self.touched.get(&dir).is_some_and(|touched| !touched.was.is_dir())) {
            return Ok(Node::Absent);
        }
        self.found(fs, path)
    }

    /// The file at `path`, for changing.
    pub(crate) fn file_mut(&mut self, fs: &dyn Fs, path: &TreePath) -> Result<Option<&mut FileNode>> {
        if !self.touched.contains_key(path) {
            let node = self.look_below(fs, path)?;
            if node.is_absent() {
                return Ok(None);
            }
            self.touched.insert(path.clone(), Touched { was: node.clone(), now: node });
        }
        match self.touched.get_mut(path).map(|touched| &mut touched.now) {
            Some(Node::File(file)) => Ok(Some(file)),
            None | Some(Node::Absent) => Ok(None),
            Some(node) => Err(Error::new(Cause::WrongKind { found: node.kind(), needed: "file" }).at(path.as_str())),
        }
    }

    /// Says what shall be at `path`.
    pub(crate) fn set(&mut self, fs: &dyn Fs, path: &TreePath, now: Node) -> Result<()> {
        let was = if self.touched.contains_key(path) { Node::Absent } else { self.before(fs, path)? };
        let is_removed = now.is_absent();
        let touched = match self.touched.entry(path.clone()) {
            Entry::Occupied(touched) => touched.into_mut(),
            Entry::Vacant(place) => place.insert(Touched { was, now: Node::Absent }),
        };
        touched.now = now;
        if is_removed && !touched.was.is_absent() {
            self.gone.insert(fold_key(path.as_str()));
        }
        Ok(())
    }

    /// As [`View::set`], where what is found on the disk at `path` is a path of another spelling, which the transaction knows.
    pub(crate) fn set_respelled(&mut self, path: &TreePath, now: Node) {
        self.touched.entry(path.clone()).or_insert(Touched { was: Node::Absent, now: Node::Absent }).now = now;
    }

    /// Whether what is found on the disk at `path` may be a path of another spelling, which the transaction knows.
    pub(crate) fn is_respelled(&self, path: &TreePath) -> bool {
        let key = fold_key(path.as_str());
        self.touched.iter().any(|(other, touched)| !touched.was.is_absent() && fold_key(other.as_str()) == key)
    }

    /// Everything below the directory `path` (which is not listed itself), parents first.
    pub(crate) fn walk(&self, fs: &dyn Fs, path: &TreePath) -> Result<Vec<(TreePath, Node)>> {
        let mut found = BTreeMap::new();
        let mut dirs = vec![path.clone()];
        while let Some(dir) = dirs.pop() {
            for (child, node) in self.children(fs, &dir)? {
                if node.is_dir() {
                    dirs.push(child.clone());
                }
                found.insert(child, node);
            }
        }
        Ok(found.into_iter().collect())
    }

    /// What is directly in the directory `path`.
    pub(crate) fn children(&self, fs: &dyn Fs, path: &TreePath) -> Result<Vec<(TreePath, Node)>> {
        let mut children = BTreeMap::new();
        let from_disk =
            self.touched.get(path).is_none_or(|touched| touched.was.is_dir()) && !self.look_below(fs, path)?.is_absent();
        for name in if from_disk { names(fs, path.as_str())? } else { Vec::new() } {
            let child = path.join(&name).map_err(|error| foreign(path, &error.to_string()))?;
            let node = self.look(fs, &child)?;
            children.insert(child, node);
        }
        for (child, touched) in self
            .touched
            .range((Bound::Excluded(path.clone()), Bound::Unbounded))
            .take_while(|(at, _)| at.as_str().starts_with(path.as_str()))
        {
            if child.parent().as_ref() == Some(path) {
                children.insert(child.clone(), touched.now.clone());
            }
        }
        children.retain(|_, node| !node.is_absent());
        Ok(children.into_iter().collect())
    }

    /// Whether `a` and `b` are two spellings of one name on a disk that takes them for the same.
    pub(crate) fn same_on_disk(&self, fs: &dyn Fs, a: &TreePath, b: &TreePath) -> Result<bool> {
        if fold_key(a.as_str()) != fold_key(b.as_str()) || a.parent() != b.parent() {
            return Ok(false);
        }
        let listed = names(fs, a.parent().as_ref().map_or("", TreePath::as_str))?;
        Ok(!(listed.iter().any(|name| name == a.name()) && listed.iter().any(|name| name == b.name())))
    }
}

fn foreign(dir: &TreePath, what: &str) -> Error {
    Error::new(Cause::Foreign { what: what.to_owned() }).at(dir.as_str())
}

/// The names in a directory of the tree, without the state directory.
pub(crate) fn names(fs: &dyn Fs, dir: &str) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs.read_dir(dir).context("list", dir)? {
        match entry.name {
            Ok(name) if dir.is_empty() && name == STATE => {}
            Ok(name) => names.push(name),
            Err(escaped) => {
                return Err(Error::new(Cause::Foreign { what: format!("a name that is not Unicode: {escaped}") }).at(dir));
            }
        }
    }
    Ok(names)
}

/// What stands at `path` on the disk. A path below a file has nothing; one that leads through a symlink is refused.
pub(crate) fn on_disk(fs: &dyn Fs, path: &TreePath) -> Result<Node> {
    let meta = match fs.metadata(path.as_str()) {
        Ok(meta) => meta,
        Err(error) if untorn_fs::is_outside_tree(&error) => return Err(foreign(path, &error.to_string())),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => return Ok(Node::Absent),
        Err(error) => return Err(Error::io("look at", path.as_str(), error)),
    };
    Ok(match meta.kind {
        FileKind::File => Node::File(FileNode::from_tree(path, meta)),
        FileKind::Dir => Node::Dir { permissions: meta.permissions.bits() },
        FileKind::Symlink => Node::Symlink { target: fs.read_link(path.as_str()).context("read", path.as_str())? },
        FileKind::Other => Node::Other,
    })
}
