//! The index: everything about a patch but its literal bytes.

use super::fields::{Fields, put_number, put_text};
use super::frame::{put_frame, take_frame};
use super::op::{Limits, put_ops, take_ops};
use super::{
    After, Before, Change, Changes, Check, FilePatch, Frame, MAX_CHANGES, MAX_FILE_LEN, MAX_FRAMES, MAX_OPS, MAX_REFERENCES,
};
use crate::{DecodeError, Hash, TreePath, bytes::require};

/// A file of the old build that copies or references read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// Where.
    pub path: TreePath,
    /// Its length in bytes.
    pub len: u64,
}

/// Everything about a patch but its literal bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Index {
    changes: Changes,
    sources: Vec<SourceFile>,
    frames: Vec<Frame>,
}

impl Index {
    /// From its parts: changes, the sources sorted by path, and the frames in order.
    ///
    /// # Errors
    /// [`DecodeError`] when an operation or a frame reads what does not exist, when operations do not make their file exactly, when
    /// frames hold more or fewer literal bytes than operations use, or when a source is not needed.
    pub fn new(changes: Changes, sources: Vec<SourceFile>, frames: Vec<Frame>) -> Result<Self, DecodeError> {
        let index = Self { changes, sources, frames };
        index.check_sources()?;
        index.check_ops()?;
        index.check_frames()?;
        index.check_literals()?;
        index.check_use()?;
        Ok(index)
    }

    /// What changes, sorted by path.
    #[must_use]
    pub fn changes(&self) -> &Changes {
        &self.changes
    }

    /// The old files that are read, sorted by path.
    #[must_use]
    pub fn sources(&self) -> &[SourceFile] {
        &self.sources
    }

    /// The frames, in order: together they hold the literal bytes of all files, in the order of the changes.
    #[must_use]
    pub fn frames(&self) -> &[Frame] {
        &self.frames
    }

    /// Length in bytes of all frames as stored.
    #[must_use]
    pub fn frames_len(&self) -> u64 {
        self.frames.iter().fold(0, |sum, frame| sum.saturating_add(frame.stored_len))
    }

    /// The bytes of this index: facts, then digests.
    #[must_use]
    pub fn encode(&self) -> (Vec<u8>, Vec<u8>) {
        let (mut facts, mut digests) = (Vec::new(), Vec::new());
        let changes = self.changes.as_slice();
        put_number(&mut facts, changes.len() as u64);
        changes.iter().for_each(|change| put_text(&mut facts, change.path.as_str()));
        facts.extend(changes.iter().map(|change| self.tag(change)));
        self.put_other_sources(&mut facts);
        for change in changes {
            self.put_change(&mut facts, &mut digests, change);
        }
        put_number(&mut facts, self.frames.len() as u64);
        self.frames.iter().for_each(|frame| put_frame(&mut facts, &mut digests, frame));
        (facts, digests)
    }

    /// Reads an index.
    ///
    /// # Errors
    /// [`DecodeError`] for anything that [`Index::encode`] would not have written.
    pub fn decode(facts: &[u8], digests: &[u8]) -> Result<Self, DecodeError> {
        let (mut facts, mut digests) = (Fields(facts), Fields(digests));
        let paths = take_paths(&mut facts)?;
        let tags = facts.bytes(paths.len() as u64)?;
        let others = take_other_sources(&mut facts)?;
        require(!others.iter().any(|other| paths.binary_search(&other.path).is_ok()), "source")?;
        let homes = homes(&paths, tags, &others);
        let mut ops_left = MAX_OPS;
        let mut changes = Vec::new();
        for (number, path) in paths.iter().enumerate() {
            let parts = Parts { paths: &paths, path, tag: tags[number], home: homes[number] };
            changes.push(parts.take_change(&mut facts, &mut digests, &mut ops_left)?);
        }
        let sources = merge_sources(&changes, tags, others);
        let frames = take_frames(&mut facts, &mut digests)?;
        facts.end()?;
        digests.end()?;
        Self::new(Changes::new(changes)?, sources, frames)
    }

    fn check_sources(&self) -> Result<(), DecodeError> {
        require(self.sources.windows(2).all(|pair| pair[0].path < pair[1].path), "order of sources")?;
        let valid = |source: &SourceFile| match self.changes.get(&source.path).map(|change| &change.before) {
            Some(Before::File { len, .. }) => *len == source.len,
            Some(_) => false,
            None => source.len <= MAX_FILE_LEN,
        };
        require(self.sources.iter().all(valid), "source")
    }

    fn check_ops(&self) -> Result<(), DecodeError> {
        for change in self.changes.as_slice() {
            if let Some(file) = change.file() {
                Limits { len: file.len, old_len: change.old_len(), sources: &self.sources }.check(&file.ops)?;
            }
        }
        let ops = self.files().map(|file| file.ops.len() as u64).sum::<u64>();
        require(ops <= MAX_OPS, "number of operations")
    }

    fn check_frames(&self) -> Result<(), DecodeError> {
        self.frames.iter().try_for_each(|frame| frame.check(&self.sources))?;
        let references = self.frames.iter().map(|frame| frame.references.len() as u64).sum::<u64>();
        require(self.frames.len() as u64 <= MAX_FRAMES, "number of frames")?;
        require(references <= MAX_REFERENCES, "number of references")
    }

    fn check_literals(&self) -> Result<(), DecodeError> {
        let used = self.files().map(FilePatch::literal_len).try_fold(0_u64, u64::checked_add);
        let held = self.frames.iter().map(|frame| frame.len).try_fold(0_u64, u64::checked_add);
        require(used.is_some() && used == held, "literal bytes")
    }

    fn check_use(&self) -> Result<(), DecodeError> {
        let mut used = vec![false; self.sources.len()];
        for op in self.files().flat_map(|file| &file.ops) {
            if let Some(source) = op.source() {
                used[source as usize] = true;
            }
        }
        for reference in self.frames.iter().flat_map(|frame| &frame.references) {
            used[reference.source as usize] = true;
        }
        require(used.into_iter().all(|used| used), "source that is not read")
    }

    fn files(&self) -> impl Iterator<Item = &FilePatch> {
        self.changes.as_slice().iter().filter_map(Change::file)
    }

    /// The number of a source.
    fn source(&self, path: &TreePath) -> Option<u32> {
        self.sources.binary_search_by(|source| source.path.cmp(path)).ok().and_then(|number| u32::try_from(number).ok())
    }

    /// The number of the source at a path, or that of the first one behind it: where copies of that file are first expected from.
    fn home(&self, path: &TreePath) -> u32 {
        u32::try_from(self.sources.partition_point(|source| source.path < *path)).unwrap_or(u32::MAX)
    }

    fn tag(&self, change: &Change) -> u8 {
        let before = match change.before {
            Before::Absent => ABSENT,
            Before::Dir => DIR,
            Before::Symlink { .. } => SYMLINK,
            Before::File { .. } => FILE,
        };
        let (after, executable) = match &change.after {
            After::Absent => (ABSENT, false),
            After::Dir => (DIR, false),
            After::Symlink { .. } => (SYMLINK, false),
            After::File(file) => (FILE, file.executable),
            After::Moved { executable, .. } => (MOVED, *executable),
        };
        before | after << 2 | u8::from(executable) << 5 | u8::from(self.source(&change.path).is_some()) << 6
    }

    fn put_other_sources(&self, facts: &mut Vec<u8>) {
        let others: Vec<_> = self.sources.iter().filter(|source| self.changes.number(&source.path).is_none()).collect();
        put_number(facts, others.len() as u64);
        for source in others {
            put_text(facts, source.path.as_str());
            put_number(facts, source.len);
        }
    }

    fn put_change(&self, facts: &mut Vec<u8>, digests: &mut Vec<u8>, change: &Change) {
        match &change.before {
            Before::Absent | Before::Dir => {}
            Before::Symlink { target } => put_text(facts, target),
            Before::File { len, replaced } => {
                put_number(facts, *len);
                digests.extend_from_slice(&replaced.0);
            }
        }
        match &change.after {
            After::Absent | After::Dir => {}
            After::Symlink { target } => put_text(facts, target),
            After::Moved { from, .. } => put_number(facts, self.changes.number(from).unwrap_or(usize::MAX) as u64),
            After::File(file) => {
                put_number(facts, file.len);
                put_ops(facts, &file.ops, self.home(&change.path));
                digests.extend_from_slice(&file.hash.0);
                if file.keeps() {
                    digests.extend_from_slice(&file.written.0);
                }
                if file.adapts() {
                    put_number(facts, file.program.len() as u64);
                    digests.extend_from_slice(&file.program);
                }
            }
        }
    }
}

const ABSENT: u8 = 0;
const DIR: u8 = 1;
const SYMLINK: u8 = 2;
const FILE: u8 = 3;
const MOVED: u8 = 4;

fn is_source(tag: u8) -> bool {
    tag & 1 << 6 != 0
}

fn take_paths(facts: &mut Fields<'_>) -> Result<Vec<TreePath>, DecodeError> {
    let count = facts.count(MAX_CHANGES)?;
    (0..count).map(|_| take_path(facts)).collect()
}

fn take_path(facts: &mut Fields<'_>) -> Result<TreePath, DecodeError> {
    TreePath::new(facts.text()?).map_err(DecodeError::Path)
}

/// The sources that are at no changed path.
fn take_other_sources(facts: &mut Fields<'_>) -> Result<Vec<SourceFile>, DecodeError> {
    let count = facts.count(MAX_CHANGES)?;
    (0..count).map(|_| Ok(SourceFile { path: take_path(facts)?, len: facts.number()? })).collect()
}

fn take_frames(facts: &mut Fields<'_>, digests: &mut Fields<'_>) -> Result<Vec<Frame>, DecodeError> {
    let count = facts.count(MAX_FRAMES)?;
    let mut references_left = MAX_REFERENCES;
    (0..count).map(|_| take_frame(facts, digests, &mut references_left)).collect()
}

/// What [`Index::home`] is for each path.
fn homes(paths: &[TreePath], tags: &[u8], others: &[SourceFile]) -> Vec<u32> {
    let (mut home, mut other) = (0_u32, 0);
    let mut homes = Vec::with_capacity(paths.len());
    for (path, tag) in paths.iter().zip(tags) {
        while others.get(other).is_some_and(|source| source.path < *path) {
            other += 1;
            home += 1;
        }
        homes.push(home);
        home += u32::from(is_source(*tag));
    }
    homes
}

/// All sources by path: the changed files that are marked as such, and the others.
fn merge_sources(changes: &[Change], tags: &[u8], others: Vec<SourceFile>) -> Vec<SourceFile> {
    let marked = changes.iter().zip(tags).filter(|(_, tag)| is_source(**tag));
    let mut sources: Vec<_> = marked.map(|(change, _)| SourceFile { path: change.path.clone(), len: change.old_len() }).collect();
    let sorted = others.windows(2).all(|pair| pair[0].path < pair[1].path);
    sources.extend(others);
    if sorted {
        sources.sort_by(|one, other| one.path.cmp(&other.path));
    }
    sources
}

/// What is known of a change before its own fields are read.
struct Parts<'a> {
    paths: &'a [TreePath],
    path: &'a TreePath,
    tag: u8,
    home: u32,
}

impl Parts<'_> {
    fn take_change(&self, facts: &mut Fields<'_>, digests: &mut Fields<'_>, ops_left: &mut u64) -> Result<Change, DecodeError> {
        let before = self.take_before(facts, digests)?;
        let after = self.take_after(facts, digests, ops_left)?;
        if is_source(self.tag) && !matches!(before, Before::File { .. }) || self.tag & 1 << 7 != 0 {
            return Err(DecodeError::Field("kind of change"));
        }
        Ok(Change { path: self.path.clone(), before, after })
    }

    fn take_before(&self, facts: &mut Fields<'_>, digests: &mut Fields<'_>) -> Result<Before, DecodeError> {
        Ok(match self.tag & 3 {
            ABSENT => Before::Absent,
            DIR => Before::Dir,
            SYMLINK => Before::Symlink { target: facts.text()?.into() },
            _ => Before::File { len: facts.number()?, replaced: Check(digests.array()?) },
        })
    }

    fn take_after(&self, facts: &mut Fields<'_>, digests: &mut Fields<'_>, ops_left: &mut u64) -> Result<After, DecodeError> {
        let executable = self.tag & 1 << 5 != 0;
        match self.tag >> 2 & 7 {
            FILE => Ok(After::File(self.take_file(facts, digests, ops_left)?)),
            MOVED => Ok(After::Moved { from: self.take_from(facts)?, executable }),
            _ if executable => Err(DecodeError::Field("kind of change")),
            ABSENT => Ok(After::Absent),
            DIR => Ok(After::Dir),
            SYMLINK => Ok(After::Symlink { target: facts.text()?.into() }),
            _ => Err(DecodeError::Field("kind of change")),
        }
    }

    fn take_from(&self, facts: &mut Fields<'_>) -> Result<TreePath, DecodeError> {
        let number = usize::try_from(facts.number()?).ok();
        number.and_then(|number| self.paths.get(number)).cloned().ok_or(DecodeError::Field("file that moves"))
    }

    fn take_file(&self, facts: &mut Fields<'_>, digests: &mut Fields<'_>, ops_left: &mut u64) -> Result<FilePatch, DecodeError> {
        let len = facts.number()?;
        let ops = take_ops(facts, self.home, ops_left)?;
        let hash = Hash(digests.array()?);
        let mut file =
            FilePatch { len, hash, executable: self.tag & 1 << 5 != 0, ops, program: Vec::new(), written: hash.into() };
        if file.keeps() {
            file.written = Check(digests.array()?);
        }
        if file.adapts() {
            file.program = digests.bytes(facts.number()?)?.to_vec();
        }
        Ok(file)
    }
}
