//! Trees in memory, and patches between them.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Cursor, Read};

use untorn_delta::{Build, Files, Options, PatchError, PatchReader, Progress, Report, Search, Way, check_replaced, diff};
use untorn_format::manifest::{Entry, Kind, Manifest};
use untorn_format::patch::{After, Before, Index, Sums};
use untorn_format::{Hash, TreePath};

/// What stands at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Node {
    Dir,
    File(Vec<u8>, bool),
    Symlink(String),
}

/// A tree in memory, which notes what is read.
#[derive(Clone, Default)]
pub(crate) struct Tree {
    pub(crate) nodes: BTreeMap<TreePath, Node>,
    pub(crate) read: RefCell<BTreeSet<TreePath>>,
}

pub(crate) fn path(path: &str) -> TreePath {
    TreePath::new(path).unwrap()
}

impl Tree {
    /// Adds something, and the directories it lies in. What is in the way stays, and nothing is added.
    pub(crate) fn put(&mut self, at: &TreePath, node: Node) {
        if at.ancestors().any(|dir| self.nodes.get(&dir).is_some_and(|node| *node != Node::Dir)) || self.nodes.contains_key(at) {
            return;
        }
        for dir in at.ancestors() {
            self.nodes.insert(dir, Node::Dir);
        }
        self.nodes.insert(at.clone(), node);
    }

    pub(crate) fn with(mut self, at: &str, bytes: impl Into<Vec<u8>>) -> Self {
        self.put(&path(at), Node::File(bytes.into(), false));
        self
    }

    pub(crate) fn with_node(mut self, at: &str, node: Node) -> Self {
        self.put(&path(at), node);
        self
    }

    pub(crate) fn manifest(&self) -> Manifest {
        let entries = self.nodes.iter().map(|(path, node)| Entry {
            path: path.clone(),
            kind: match node {
                Node::Dir => Kind::Dir,
                Node::File(bytes, executable) => {
                    Kind::File { len: bytes.len() as u64, hash: Hash::of(bytes), executable: *executable }
                }
                Node::Symlink(target) => Kind::Symlink { target: target.clone() },
            },
        });
        Manifest::new(entries.collect()).unwrap()
    }

    pub(crate) fn bytes(&self, at: &TreePath) -> &[u8] {
        match self.nodes.get(at) {
            Some(Node::File(bytes, _)) => bytes,
            other => panic!("{at} is {other:?}"),
        }
    }
}

impl Files for Tree {
    fn read_at(&self, path: &TreePath, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        self.read.borrow_mut().insert(path.clone());
        let Some(Node::File(bytes, _)) = self.nodes.get(path) else { return Err(io::ErrorKind::NotFound.into()) };
        let mut rest = bytes.get(usize::try_from(offset).unwrap()..).unwrap_or(&[]);
        // Short reads happen: the callers must go on.
        let len = buf.len().min(5000);
        rest.read(&mut buf[..len])
    }
}

/// Bytes that do not compress and do not repeat: a xorshift generator.
pub(crate) fn noise(seed: u64, len: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    std::iter::repeat_with(&mut next).flatten().take(len).collect()
}

pub(crate) fn patch(old: &Tree, new: &Tree) -> Vec<u8> {
    patch_with(old, new, &Options::default()).0
}

/// Nothing but what changes is searched.
pub(crate) fn replaced() -> Options {
    let mut options = Options::default();
    options.search = Search::Replaced;
    options
}

pub(crate) fn everything() -> Options {
    let mut options = Options::default();
    options.search = Search::Everything;
    options
}

pub(crate) fn patch_with(old: &Tree, new: &Tree, options: &Options) -> (Vec<u8>, Report) {
    patch_told(old, new, options, &mut |_| {})
}

/// The same, with what is told about progress.
pub(crate) fn patch_told(old: &Tree, new: &Tree, options: &Options, told: &mut dyn FnMut(Progress)) -> (Vec<u8>, Report) {
    let (old_manifest, new_manifest) = (old.manifest(), new.manifest());
    let mut out = Vec::new();
    let old = Build { manifest: &old_manifest, files: old };
    let new = Build { manifest: &new_manifest, files: new };
    let report = diff(old, new, options, &mut Cursor::new(Vec::new()), &mut out, told).unwrap();
    assert_eq!(report.patch_len, out.len() as u64);
    (out, report)
}

/// Applies a patch the way an updater would, in memory. What it returns is trusted: every check has been made.
pub(crate) fn apply(old: &Tree, patch: &[u8], way: Way) -> Result<Tree, PatchError> {
    let mut reader = PatchReader::new(OneByte(patch))?;
    let changes = reader.index().changes().clone();
    let mut new = Tree { nodes: old.nodes.clone(), ..Tree::default() };
    let mut whole = Vec::new();
    for change in changes.as_slice() {
        whole.extend(check_replaced(change, old)?);
        let standing = new.nodes.remove(&change.path);
        let as_expected = match (&change.before, standing) {
            (Before::Absent, None) | (Before::Dir, Some(Node::Dir)) | (Before::File { .. }, Some(Node::File(..))) => true,
            (Before::Symlink { target }, Some(Node::Symlink(found))) => *target == found,
            _ => false,
        };
        assert!(as_expected, "{}", change.path);
    }
    let is_joined = reader.index().is_joined();
    assert!(is_joined || Sums::of(whole, []).before == reader.index().sums().before);
    for change in changes.as_slice() {
        let node = match &change.after {
            After::Absent => continue,
            After::Dir => Node::Dir,
            After::Symlink { target } => Node::Symlink(target.clone()),
            After::Moved { from, executable } => Node::File(old.bytes(from).to_vec(), *executable),
            After::File(file) => {
                let mut bytes =
                    if way == Way::InPlace && change.old_len() > 0 { old.bytes(&change.path).to_vec() } else { Vec::new() };
                bytes.resize(usize::try_from(file.len).unwrap(), 0xee);
                let mut reader = reader.next_file(old, way).unwrap();
                assert_eq!(reader.change(), change);
                while let Some(piece) = reader.next_piece()? {
                    bytes[usize::try_from(piece.at).unwrap()..][..piece.bytes.len()].copy_from_slice(piece.bytes);
                }
                Node::File(bytes, file.executable)
            }
        };
        new.nodes.insert(change.path.clone(), node);
    }
    assert!(reader.next_file(old, way).is_none());
    let to = reader.header().to;
    assert_eq!(reader.header().joined, is_joined);
    let finished = reader.finish()?;
    let manifest = changes.apply_to(&old.manifest(), &finished.made).unwrap();
    assert!(is_joined || sum_after(&finished.index, &new) == finished.index.sums().after);
    assert_eq!(manifest.hash(), to);
    assert_eq!(manifest, new.manifest());
    Ok(new)
}

/// What the files of a tree are together that have no hash of their own in a patch.
fn sum_after(index: &Index, new: &Tree) -> Hash {
    let without = index.changes().as_slice().iter().filter(|change| match &change.after {
        After::File(file) => file.hash.is_none(),
        after => matches!(after, After::Moved { .. }),
    });
    Sums::of([], without.map(|change| Hash::of(new.bytes(&change.path)))).after
}

/// A pipe that gives one byte at a time, and cannot seek.
pub(crate) struct OneByte<'a>(pub(crate) &'a [u8]);

impl Read for OneByte<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let len = buf.len().min(1);
        self.0.read(&mut buf[..len])
    }
}

/// Makes a patch in every way and applies it in every way: the result must be the new tree.
pub(crate) fn assert_leads_to(old: &Tree, new: &Tree) {
    assert_leads_to_at(&[1, 6, 9], old, new);
}

/// The same at some levels only, for large trees.
pub(crate) fn assert_leads_to_at(levels: &[i32], old: &Tree, new: &Tree) {
    for level in levels {
        let mut options = Options::default();
        options.level = *level;
        let (patch, _) = patch_with(old, new, &options);
        for way in [Way::Whole, Way::InPlace] {
            let made = apply(old, &patch, way).unwrap();
            assert!(made.nodes == new.nodes, "{way:?}");
        }
    }
}
