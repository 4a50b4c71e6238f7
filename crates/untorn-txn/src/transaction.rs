//! A set of changes to one tree, invisible until it is committed.

use std::io::Read;

use untorn_format::{Hash, TreePath, check_symlink_target};
use untorn_fs::Fs;

use crate::{
    cleanup,
    error::{Cause, Context, Error, Result},
    expect::{Expect, Expectation},
    interrupted,
    options::{Options, WayChoice},
    progress::Keeper,
    report::Report,
    stage::{Stage, fill},
    tree::Tree,
    view::{Base, FileNode, Node, View},
    way::{self, Why},
};

/// Files up to this long go through the redo file, where they need no name of their own.
const SPOOL_LEN_MAX: usize = 64 << 10;

/// A set of changes to one tree.
///
/// Changes are staged beside the tree and seen by nobody until [`Transaction::commit`]; dropping the transaction discards them. Later changes see earlier
/// ones. A path is checked when it is named: see [`TreePath`].
///
/// A failed operation leaves the transaction as it was before it, except after an I/O error, when the only sensible thing is to drop it.
#[derive(Debug)]
pub struct Transaction<'t> {
    pub(crate) tree: &'t mut Tree,
    pub(crate) options: Options,
    pub(crate) stage: Stage,
    pub(crate) view: View,
    pub(crate) expectations: Vec<Expectation>,
    pub(crate) head: Option<Option<Vec<u8>>>,
    pub(crate) reflink: bool,
    /// Notes what is staged, where it is to be resumed after an interruption.
    pub(crate) keeper: Option<Keeper>,
    /// For the beginning of what replaces a file; allocated once.
    first: Vec<u8>,
}

impl<'t> Transaction<'t> {
    pub(crate) fn new(tree: &'t mut Tree, options: Options) -> Result<Self> {
        let (txid, reflink) = (tree.next_txid()?, tree.fs().capabilities().reflink);
        Ok(Self {
            tree,
            options,
            stage: Stage::new(txid),
            view: View::default(),
            expectations: Vec::new(),
            head: None,
            reflink,
            keeper: None,
            first: Vec::new(),
        })
    }

    pub(crate) fn fs(&self) -> std::sync::Arc<dyn Fs> {
        self.tree.fs().clone()
    }

    /// Writes `bytes` at `offset` of the file `path`. Makes the file, and directories above it, when missing; extends it with zeros when it is
    /// shorter. Where writes overlap, the later one wins.
    ///
    /// # Errors
    /// [`Cause::Path`]; [`Cause::WrongKind`] when something else than a file is there; [`Cause::NoSpace`]; [`Cause::Io`]; [`Cause::Stopped`].
    pub fn write_at(&mut self, path: &str, offset: u64, bytes: &[u8]) -> Result<()> {
        self.options.stop_if_asked()?;
        let (fs, path) = (self.fs(), TreePath::new(path)?);
        let end = offset.checked_add(bytes.len() as u64).filter(|&end| end <= FILE_LEN_MAX);
        let end =
            end.ok_or_else(|| Error::new(Cause::Unsupported { what: "a file longer than 2^63 bytes" }).at(path.as_str()))?;
        self.prepare_for_writing(&path, offset, bytes.len() as u64)?;
        let Some(file) = self.view.file_mut(&*fs, &path)? else { return Err(Error::new(Cause::Missing).at(path.as_str())) };
        file.len = file.len.max(end);
        match file.base {
            Base::Staged(number) => self.stage.write(&*fs, number, offset, bytes),
            Base::Tree { .. } | Base::Nothing => {
                let redo_at = self.stage.spool(&*fs, bytes)?;
                file.extents.insert(offset, bytes.len() as u64, redo_at);
                Ok(())
            }
        }
    }

    /// Makes sure that `path` is a file, and that it is based on a staged file where it must not be, or is cheaper not, written in place.
    fn prepare_for_writing(&mut self, path: &TreePath, offset: u64, len: u64) -> Result<()> {
        let fs = self.fs();
        let (reflink, new_in_place) = (self.reflink, self.in_place_for_new());
        let Some(file) = self.view.file_mut(&*fs, path)? else {
            self.create_parents(path)?;
            return self.view.set(&*fs, path, Node::File(FileNode::empty()));
        };
        let capabilities = fs.capabilities();
        let in_place = match &file.base {
            Base::Staged(_) => true,
            Base::Nothing => new_in_place && offset.saturating_add(len) <= SPOOL_LEN_MAX as u64,
            Base::Tree { meta, .. } => {
                let cloned = reflink && !file.is_rewritten() && way::clones(&self.options, capabilities, meta.len);
                let asked = matches!(self.options.way, WayChoice::Put | WayChoice::Clone);
                !cloned && !asked && way::in_place_obstacle(&self.options, capabilities, meta).is_none()
            }
        };
        if in_place {
            return Ok(());
        }
        let file = file.clone();
        if reflink
            && !file.is_rewritten()
            && let Some((origin, meta)) = file.origin()
            && way::clones(&self.options, capabilities, meta.len)
            && self.clone_base(path, origin, &file)?
        {
            return Ok(());
        }
        if !self.reflink && reflink {
            // The file system turned out not to share blocks after all: ask again without.
            return self.prepare_for_writing(path, offset, len);
        }
        let overwritten = offset == 0 && len >= file.len && !file.is_rewritten();
        self.materialise(path, &FileNode { base_len: if overwritten { 0 } else { file.base_len }, ..file })
    }

    /// Whether small new files may be written straight from the redo file.
    fn in_place_for_new(&self) -> bool {
        self.tree.fs().capabilities().in_place && matches!(self.options.way, WayChoice::Auto | WayChoice::Patch)
    }

    fn clone_base(&mut self, path: &TreePath, origin: &TreePath, file: &FileNode) -> Result<bool> {
        let fs = self.fs();
        let Some(number) = self.stage.clone_file(&*fs, origin.as_str(), file.len)? else {
            self.reflink = false;
            return Ok(false);
        };
        self.stage.set_executable(&*fs, number, file.executable)?;
        self.view.set(&*fs, path, Node::File(FileNode::staged(number, file.len, file.executable)))?;
        Ok(true)
    }

    fn materialise(&mut self, path: &TreePath, file: &FileNode) -> Result<()> {
        let fs = self.fs();
        let number = self.stage.materialise(&*fs, file)?;
        self.view.set(&*fs, path, Node::File(FileNode::staged(number, file.len, file.executable)))
    }

    /// Makes `content` all there is in the file `path`. Makes the file, and directories above it, when missing; an existing file keeps its permissions.
    /// The content is streamed: it may be larger than memory.
    ///
    /// # Errors
    /// As [`Transaction::write_at`]; [`Cause::Producer`] when reading `content` fails.
    pub fn replace(&mut self, path: &str, content: &mut dyn Read) -> Result<()> {
        self.options.stop_if_asked()?;
        let path = TreePath::new(path)?;
        let mut first = std::mem::take(&mut self.first);
        first.resize(SPOOL_LEN_MAX + 1, 0);
        let len = fill(content, &mut first).map_err(|source| Error::new(Cause::Producer(Box::new(source))).at(path.as_str()))?;
        let result = self.replace_with(&path, &first[..len], content);
        self.first = first;
        result.map_err(|error| error.at(path.as_str()))
    }

    /// Makes `first`, then `rest`, all there is in the file; `rest` has nothing more when `first` is short.
    fn replace_with(&mut self, path: &TreePath, first: &[u8], rest: &mut dyn Read) -> Result<()> {
        let fs = self.fs();
        let old = self.view.file_mut(&*fs, path)?.cloned();
        if old.is_none() {
            self.create_parents(path)?;
        }
        if first.len() <= SPOOL_LEN_MAX && self.spools(old.as_ref(), first.len() as u64) {
            return self.replace_spooled(path, old, first);
        }
        let executable = old.as_ref().is_some_and(|file| file.executable);
        let pouring = self.stage.begin_pouring(&*fs, executable)?;
        let number = pouring.number;
        let len = self.pour(path, pouring, &mut first.chain(rest))?;
        self.give_up(old.as_ref())?;
        self.view.set(&*fs, path, Node::File(FileNode::staged(number, len, executable)))
    }

    /// Whether a small file of `len` bytes that replaces `old` goes through the redo file: only where it is going to be written in place, else it would be written
    /// twice.
    fn spools(&self, old: Option<&FileNode>, len: u64) -> bool {
        match old.map(|file| &file.base) {
            Some(Base::Staged(_)) => false,
            Some(Base::Tree { meta, .. }) => {
                let obstacle = way::in_place_obstacle(&self.options, self.tree.fs().capabilities(), meta);
                let kept = if self.options.keep_undo { meta.len } else { 0 };
                self.in_place_for_new() && way::choose(self.options.way, obstacle, len, (len, kept)).0 == way::Way::Patch
            }
            Some(Base::Nothing) | None => self.in_place_for_new(),
        }
    }

    fn replace_spooled(&mut self, path: &TreePath, old: Option<FileNode>, content: &[u8]) -> Result<()> {
        let fs = self.fs();
        let redo_at = self.stage.spool(&*fs, content)?;
        let mut file = FileNode { base_len: 0, len: content.len() as u64, ..old.unwrap_or_else(FileNode::empty) };
        file.extents.truncate(0);
        file.extents.insert(0, content.len() as u64, redo_at);
        self.view.set(&*fs, path, Node::File(file))
    }

    /// The hash of everything in a file that is staged whole, by [`Transaction::replace`] for one; `None` for any other. What was hashed while it was written is not read again.
    ///
    /// # Errors
    /// [`Cause::Io`].
    pub fn staged_hash(&self, path: &str) -> Result<Option<Hash>> {
        match self.view.get(&TreePath::new(path)?).map(|touched| &touched.now) {
            Some(Node::File(FileNode { base: Base::Staged(number), .. })) => self.stage.hash_of(&*self.fs(), *number),
            _ => Ok(None),
        }
    }

    /// Cuts or extends (with zeros) the file `path`.
    ///
    /// # Errors
    /// [`Cause::Missing`]; else as [`Transaction::write_at`].
    pub fn set_len(&mut self, path: &str, len: u64) -> Result<()> {
        let (fs, path) = (self.fs(), TreePath::new(path)?);
        if len > FILE_LEN_MAX {
            return Err(Error::new(Cause::Unsupported { what: "a file longer than 2^63 bytes" }).at(path.as_str()));
        }
        if self.view.file_mut(&*fs, &path)?.is_none() {
            return Err(Error::new(Cause::Missing).at(path.as_str()));
        }
        self.prepare_for_writing(&path, 0, 0)?;
        let Some(file) = self.view.file_mut(&*fs, &path)? else { return Ok(()) };
        file.len = len;
        file.base_len = file.base_len.min(len);
        file.extents.truncate(len);
        match file.base {
            Base::Staged(number) => self.stage.set_len(&*fs, number, len),
            Base::Tree { .. } | Base::Nothing => Ok(()),
        }
    }

    /// Removes the file or symlink `path`.
    ///
    /// # Errors
    /// [`Cause::Missing`]; [`Cause::WrongKind`] for a directory.
    pub fn remove(&mut self, path: &str) -> Result<()> {
        let (fs, path) = (self.fs(), TreePath::new(path)?);
        match self.view.look(&*fs, &path)? {
            Node::File(file) => {
                self.give_up(Some(&file))?;
                self.view.set(&*fs, &path, Node::Absent)
            }
            Node::Symlink { .. } => self.view.set(&*fs, &path, Node::Absent),
            Node::Absent => Err(Error::new(Cause::Missing).at(path.as_str())),
            other => Err(wrong_kind(&path, &other, "file")),
        }
    }

    /// Renames a file, symlink or directory with everything below it. A file or symlink at `to` is replaced; a directory there must not exist.
    ///
    /// # Errors
    /// [`Cause::Missing`]; [`Cause::Exists`] and [`Cause::WrongKind`] for what stands at `to`; [`Cause::IntoItself`]; [`Cause::Foreign`] when a directory
    /// holds something untorn never touches.
    pub fn rename(&mut self, from: &str, to: &str) -> Result<()> {
        let (from, to) = (TreePath::new(from)?, TreePath::new(to)?);
        let fs = self.fs();
        let node = self.movable(&from)?;
        if from == to {
            return Ok(());
        }
        if to.is_below(&from) {
            return Err(Error::new(Cause::IntoItself).at(to.as_str()));
        }
        self.require_parent(&to)?;
        let respelled = self.view.same_on_disk(&*fs, &from, &to)?;
        match self.view.look(&*fs, &to)? {
            Node::Absent => {}
            _ if respelled => self.view.set_respelled(&to, Node::Absent),
            Node::File(old) if !node.is_dir() => self.give_up(Some(&old))?,
            Node::Symlink { .. } if !node.is_dir() => {}
            Node::File(_) | Node::Symlink { .. } => return Err(Error::new(Cause::Exists).at(to.as_str())),
            other => return Err(wrong_kind(&to, &other, "free name")),
        }
        self.move_node(&from, &to, node)
    }

    /// Gives each of two files, symlinks or directories the name of the other.
    ///
    /// # Errors
    /// As [`Transaction::rename`].
    pub fn exchange(&mut self, a: &str, b: &str) -> Result<()> {
        let (a, b) = (TreePath::new(a)?, TreePath::new(b)?);
        let (node_a, node_b) = (self.movable(&a)?, self.movable(&b)?);
        if a == b {
            return Ok(());
        }
        if a.is_below(&b) || b.is_below(&a) {
            return Err(Error::new(Cause::IntoItself).at(b.as_str()));
        }
        let fs = self.fs();
        let below_b = if node_b.is_dir() { self.view.walk(&*fs, &b)? } else { Vec::new() };
        let below_a = if node_a.is_dir() { self.view.walk(&*fs, &a)? } else { Vec::new() };
        for (path, _) in below_a.iter().chain(&below_b) {
            self.view.set(&*fs, path, Node::Absent)?;
        }
        self.view.set(&*fs, &a, node_b)?;
        self.view.set(&*fs, &b, node_a)?;
        self.set_below(&a, &b, below_a)?;
        self.set_below(&b, &a, below_b)
    }

    fn movable(&self, path: &TreePath) -> Result<Node> {
        match self.view.look(&**self.tree.fs(), path)? {
            Node::Absent => Err(Error::new(Cause::Missing).at(path.as_str())),
            Node::Other => Err(wrong_kind(path, &Node::Other, "file or directory")),
            node => Ok(node),
        }
    }

    fn move_node(&mut self, from: &TreePath, to: &TreePath, node: Node) -> Result<()> {
        let fs = self.fs();
        let below = if node.is_dir() { self.view.walk(&*fs, from)? } else { Vec::new() };
        for (path, node) in &below {
            if matches!(node, Node::Other) {
                return Err(Error::new(Cause::Foreign { what: Node::Other.kind().to_owned() }).at(path.as_str()));
            }
        }
        for (path, _) in &below {
            self.view.set(&*fs, path, Node::Absent)?;
        }
        self.view.set(&*fs, from, Node::Absent)?;
        self.view.set(&*fs, to, node)?;
        self.set_below(from, to, below)
    }

    fn set_below(&mut self, from: &TreePath, to: &TreePath, below: Vec<(TreePath, Node)>) -> Result<()> {
        let fs = self.fs();
        for (path, node) in below {
            let rest = &path.as_str()[from.as_str().len() + 1..];
            let (place, known) = (to.join(rest)?, self.view.get(&to.join(rest)?).is_some());
            self.view.set(&*fs, &place, node)?;
            // Where nothing was a moment ago, somebody has put something.
            if !known && self.view.get(&place).is_some_and(|touched| !touched.was.is_absent()) {
                return Err(Error::new(Cause::ChangedMeanwhile).at(place.as_str()));
            }
        }
        Ok(())
    }

    /// Makes a directory in an existing one.
    ///
    /// # Errors
    /// [`Cause::Exists`]; [`Cause::Missing`] or [`Cause::WrongKind`] for its parent.
    pub fn create_dir(&mut self, path: &str) -> Result<()> {
        let (fs, path) = (self.fs(), TreePath::new(path)?);
        self.require_parent(&path)?;
        match self.view.look(&*fs, &path)? {
            Node::Absent => self.view.set(&*fs, &path, Node::Dir { permissions: 0 }),
            _ => Err(Error::new(Cause::Exists).at(path.as_str())),
        }
    }

    /// Makes a directory and every missing one above it; content with one that exists.
    ///
    /// # Errors
    /// [`Cause::WrongKind`] when something else is in the way.
    pub fn create_dir_all(&mut self, path: &str) -> Result<()> {
        let path = TreePath::new(path)?;
        self.create_parents(&path)?;
        self.create_missing_dir(&path)
    }

    pub(crate) fn create_parents(&mut self, path: &TreePath) -> Result<()> {
        let dirs: Vec<TreePath> = path.ancestors().collect();
        dirs.iter().try_for_each(|dir| self.create_missing_dir(dir))
    }

    fn create_missing_dir(&mut self, dir: &TreePath) -> Result<()> {
        let fs = self.fs();
        match self.view.look(&*fs, dir)? {
            Node::Dir { .. } => Ok(()),
            Node::Absent => self.view.set(&*fs, dir, Node::Dir { permissions: 0 }),
            other => Err(wrong_kind(dir, &other, "directory")),
        }
    }

    fn require_parent(&self, path: &TreePath) -> Result<()> {
        let Some(parent) = path.parent() else { return Ok(()) };
        match self.view.look(&**self.tree.fs(), &parent)? {
            Node::Dir { .. } => Ok(()),
            Node::Absent => Err(Error::new(Cause::Missing).at(parent.as_str())),
            other => Err(wrong_kind(&parent, &other, "directory")),
        }
    }

    /// Removes an empty directory.
    ///
    /// # Errors
    /// [`Cause::Missing`]; [`Cause::WrongKind`]; [`Cause::NotEmpty`].
    pub fn remove_dir(&mut self, path: &str) -> Result<()> {
        let (fs, path) = (self.fs(), TreePath::new(path)?);
        self.require_dir(&path)?;
        if !self.view.children(&*fs, &path)?.is_empty() {
            return Err(Error::new(Cause::NotEmpty).at(path.as_str()));
        }
        self.view.set(&*fs, &path, Node::Absent)
    }

    /// Removes a directory and everything below it. What others put there between this call and the commit stays, with the directories it is in.
    ///
    /// # Errors
    /// [`Cause::Missing`]; [`Cause::WrongKind`]; [`Cause::Foreign`] when it holds something untorn never touches.
    pub fn remove_dir_all(&mut self, path: &str) -> Result<()> {
        let (fs, path) = (self.fs(), TreePath::new(path)?);
        self.require_dir(&path)?;
        for (below, node) in self.view.walk(&*fs, &path)? {
            match &node {
                Node::Other => return Err(Error::new(Cause::Foreign { what: node.kind().to_owned() }).at(below.as_str())),
                Node::File(file) => self.give_up(Some(file))?,
                _ => {}
            }
            self.view.set(&*fs, &below, Node::Absent)?;
        }
        self.view.set(&*fs, &path, Node::Absent)
    }

    fn require_dir(&self, path: &TreePath) -> Result<()> {
        match self.view.look(&**self.tree.fs(), path)? {
            Node::Dir { .. } => Ok(()),
            Node::Absent => Err(Error::new(Cause::Missing).at(path.as_str())),
            other => Err(wrong_kind(path, &other, "directory")),
        }
    }

    /// Makes a symlink `path` that says `target`, which must be relative and stay inside the tree. A file or symlink there is replaced.
    ///
    /// # Errors
    /// [`Cause::Path`] for the target as for the path; [`Cause::WrongKind`] for a directory.
    pub fn symlink(&mut self, target: &str, path: &str) -> Result<()> {
        let (fs, path) = (self.fs(), TreePath::new(path)?);
        check_symlink_target(&path, target)?;
        match self.view.look(&*fs, &path)? {
            Node::File(file) => self.give_up(Some(&file))?,
            Node::Absent => self.create_parents(&path)?,
            Node::Symlink { .. } => {}
            other => return Err(wrong_kind(&path, &other, "file or symlink")),
        }
        self.view.set(&*fs, &path, Node::Symlink { target: target.to_owned() })
    }

    /// Sets or clears the executable bit of the file `path`.
    ///
    /// # Errors
    /// [`Cause::Missing`]; [`Cause::WrongKind`].
    pub fn set_executable(&mut self, path: &str, executable: bool) -> Result<()> {
        let (fs, path) = (self.fs(), TreePath::new(path)?);
        let Some(file) = self.view.file_mut(&*fs, &path)? else { return Err(Error::new(Cause::Missing).at(path.as_str())) };
        file.executable = executable;
        match file.base {
            Base::Staged(number) => self.stage.set_executable(&*fs, number, executable),
            Base::Tree { .. } | Base::Nothing => Ok(()),
        }
    }

    /// Adds a precondition about the tree as it is before the transaction: [`Transaction::commit`] checks it before anything is touched.
    ///
    /// # Errors
    /// [`Cause::Path`].
    pub fn expect(&mut self, path: &str, expect: Expect) -> Result<()> {
        self.expectations.push(Expectation { path: TreePath::new(path)?, expect });
        Ok(())
    }

    /// Sets the document that says what is installed, replaced in the same step as the files; `None` removes it. Untorn's own layers use it for
    /// the manifest.
    pub fn set_head(&mut self, document: Option<Vec<u8>>) {
        self.head = Some(document);
    }

    /// Makes sure that `bytes` more can be written, before any work is done.
    ///
    /// # Errors
    /// [`Cause::NoSpace`] with the number of bytes that are missing.
    pub fn require_space(&self, bytes: u64) -> Result<()> {
        match self.tree.fs().space() {
            Ok(space) if bytes > space.available => Err(Error::new(Cause::NoSpace { missing: Some(bytes - space.available) })),
            // Where the system does not tell, the reservation before the commit point finds out.
            Err(error) if error.kind() == std::io::ErrorKind::Unsupported => Ok(()),
            other => other.map(drop).context("ask for the space of", ""),
        }
    }

    /// How a file of `len` bytes at `path` would be changed if `changed` of them were written with [`Transaction::write_at`], and why. What is written in place is
    /// written in blocks of 4 KiB: `changed` should count these. `lost` is how many old bytes are overwritten or cut off. For callers who can offer the whole
    /// file to [`Transaction::replace`] instead.
    ///
    /// # Errors
    /// As [`Transaction::write_at`].
    pub fn way_for(&self, path: &str, len: u64, changed: u64, lost: u64) -> Result<(way::Way, Why)> {
        let (fs, path) = (self.tree.fs(), TreePath::new(path)?);
        let Node::File(file) = self.view.look(&**fs, &path)? else { return Ok((way::Way::Put, Why::Whole)) };
        let Some((_, meta)) = file.origin() else { return Ok((way::Way::Put, Why::Whole)) };
        if self.reflink && way::clones(&self.options, fs.capabilities(), meta.len) && changed < len {
            return Ok((way::Way::Clone, Why::Cheapest));
        }
        let (obstacle, kept) =
            (way::in_place_obstacle(&self.options, fs.capabilities(), meta), if self.options.keep_undo { lost } else { 0 });
        Ok(way::choose(self.options.way, obstacle, len, (changed, kept)))
    }

    /// Makes the changes real: all of them, or, on an error that says so, none. After this returns, the tree is the new one, also after a power cut.
    ///
    /// # Errors
    /// Each says which tree there is now: see [`Error::state`].
    pub fn commit(self) -> Result<Report> {
        crate::commit::commit(self)
    }

    /// Gives up the staged file that `file` stands on.
    pub(crate) fn give_up(&mut self, file: Option<&FileNode>) -> Result<()> {
        match file.map(|file| &file.base) {
            Some(Base::Staged(number)) => self.stage.give_up(&**self.tree.fs(), *number),
            _ => Ok(()),
        }
    }

    /// Whether the head document is to be written. The same one is, where what is there does not fit its hash any more.
    pub(crate) fn changes_head(&self) -> bool {
        self.head.is_some() && (self.head_hash() != self.tree.installed() || self.tree.head().is_err())
    }

    /// Hash of the head document after the transaction.
    pub(crate) fn head_hash(&self) -> Hash {
        match &self.head {
            None => self.tree.installed(),
            Some(None) => Hash::NONE,
            Some(Some(document)) => Hash::of(document),
        }
    }
}

impl Drop for Transaction<'_> {
    /// Discards what was staged and not committed. What cannot be removed now is removed when the tree is opened next.
    fn drop(&mut self) {
        // After an error past B1 the stage may be all that can complete the tree: only recovery knows.
        if self.stage.is_made() && !self.tree.is_poisoned() {
            let (fs, folder) = (&**self.tree.fs(), self.stage.layout);
            if self.keeper.as_ref().is_some_and(Keeper::is_recorded) {
                interrupted::set_aside(fs, folder);
            } else {
                cleanup::remove_folder(fs, folder);
            }
        }
    }
}

/// The longest file: what the systems' signed offsets can say.
const FILE_LEN_MAX: u64 = i64::MAX as u64;

fn wrong_kind(path: &TreePath, found: &Node, needed: &'static str) -> Error {
    Error::new(Cause::WrongKind { found: found.kind(), needed }).at(path.as_str())
}
