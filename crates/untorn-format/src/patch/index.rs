//! The index: everything about a patch but its literal bytes.

use super::fields::{Fields, put_number, put_signed, put_text};
use super::frame::{put_frame, take_frame};
use super::held::{self, Lifetime};
use super::inflated::{self, Inflated, Source};
use super::middle::{self, How, Middle};
use super::op::{Reading, moved, put_ops, take_ops};
use super::paths::{put_paths, take_paths};
use super::{
    After, Before, Change, Changes, Check, FilePatch, Frame, Hint, MAX_CHANGES, MAX_FACTS_LEN, MAX_FRAMES, MAX_OPS,
    MAX_REFERENCES, Op, Replaced, Restored, Wrap,
};
use crate::{DecodeError, Hash, Hasher, TreePath, bytes::require};

/// A file of the old build that copies or references read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// Where.
    pub path: TreePath,
    /// Its length in bytes.
    pub len: u64,
}

/// What many files are together, so that no file needs a hash of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sums {
    /// Hash of the hashes of all old files that are [`Replaced::Whole`], in the order of the changes.
    pub before: Hash,
    /// Hash of the hashes of all new files that are made of literal bytes alone or moved, in the order of the changes.
    pub after: Hash,
}

impl Sums {
    /// From these hashes.
    #[must_use]
    pub fn of(before: impl IntoIterator<Item = Hash>, after: impl IntoIterator<Item = Hash>) -> Self {
        Self { before: hash_of(before), after: hash_of(after) }
    }
}

fn hash_of(hashes: impl IntoIterator<Item = Hash>) -> Hash {
    let mut hasher = Hasher::new();
    hashes.into_iter().for_each(|hash| hasher.update(&hash.0));
    hasher.finish()
}

impl Default for Sums {
    /// Those of no files.
    fn default() -> Self {
        Self::of([], [])
    }
}

/// Everything about a patch but its literal bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Index {
    pub(super) changes: Changes,
    pub(super) sources: Vec<SourceFile>,
    pub(super) inflated: Vec<Inflated>,
    pub(super) middles: Vec<Middle>,
    pub(super) frames: Vec<Frame>,
    pub(super) sums: Sums,
}

/// The features of a patch that its index is read by: those of its [header](super::Header).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Features {
    /// [`Header::restores`](super::Header::restores).
    pub restores: bool,
    /// [`Header::joined`](super::Header::joined).
    pub joined: bool,
    /// [`Header::zstd`](super::Header::zstd).
    pub zstd: bool,
}

impl Index {
    /// From its parts: changes, the sources sorted by path, the frames in order, and what the files are that have no hash of their own.
    ///
    /// # Errors
    /// [`DecodeError`] when an operation or a frame reads what does not exist, when operations do not make their file exactly, when
    /// frames hold more or fewer literal bytes than operations use, or when a source is not needed.
    pub fn new(changes: Changes, sources: Vec<SourceFile>, frames: Vec<Frame>, sums: Sums) -> Result<Self, DecodeError> {
        Self::with_inflated(changes, sources, Vec::new(), frames, sums)
    }

    /// The same, with members of old files that are inflated, sorted by file and offset: they are sources, too, numbered behind the files.
    ///
    /// # Errors
    /// As [`Index::new`]; and when members do not lie in their files, each apart, or when there are some though nothing is restored.
    pub fn with_inflated(
        changes: Changes,
        sources: Vec<SourceFile>,
        inflated: Vec<Inflated>,
        frames: Vec<Frame>,
        sums: Sums,
    ) -> Result<Self, DecodeError> {
        require(!changes.is_joined(), "changes of a joined patch")?;
        Self { changes, sources, inflated, middles: Vec::new(), frames, sums }.checked()
    }

    /// That of a joined patch: with bytes in between, which are sources, too, numbered behind the members of old files. It has no [`Sums`]: whoever applies it knows the old manifest.
    ///
    /// # Errors
    /// As [`Index::with_inflated`]; and when bytes in between are made from what is not there yet, are not needed, or when more of them must be kept than may be.
    pub fn joined(
        changes: Changes,
        sources: Vec<SourceFile>,
        inflated: Vec<Inflated>,
        middles: Vec<Middle>,
        frames: Vec<Frame>,
    ) -> Result<Self, DecodeError> {
        require(changes.is_joined(), "changes of a joined patch")?;
        Self { changes, sources, inflated, middles, frames, sums: Sums::default() }.checked()
    }

    /// Whether the patch was joined from two.
    #[must_use]
    pub fn is_joined(&self) -> bool {
        self.changes.is_joined()
    }

    /// What [the header](super::Header) must say.
    #[must_use]
    pub fn features(&self) -> Features {
        Features { restores: self.restores(), joined: self.is_joined(), zstd: self.holds_zstd() }
    }

    /// The bytes in between, in the order in which they are made. As sources they are numbered behind the members of old files.
    #[must_use]
    pub fn middles(&self) -> &[Middle] {
        &self.middles
    }

    /// The number of the bytes in between that a source is, or is a member of.
    #[must_use]
    pub fn middle_of(&self, source: u32) -> Option<usize> {
        let files = self.sources.len();
        let behind = files + self.inflated.len();
        let source = match (source as usize).checked_sub(files).and_then(|number| self.inflated.get(number)) {
            Some(inflated) => inflated.source,
            None => source,
        };
        (source as usize).checked_sub(behind).filter(|number| *number < self.middles.len())
    }

    /// How long each of the bytes in between is needed.
    #[must_use]
    pub fn lifetimes(&self) -> Vec<Lifetime> {
        held::lifetimes(self)
    }

    /// The most bytes that whoever reads the patch keeps at a time: those in between, and those of frames that are read before files need them. None where nothing is in between.
    #[must_use]
    pub fn held_len(&self) -> u64 {
        if self.middles.is_empty() { 0 } else { held::held_len(self) }
    }

    /// Of each frame whether it is in between: its bytes go into no file.
    #[must_use]
    pub fn passing(&self) -> Vec<bool> {
        let mut passing = vec![false; self.frames.len()];
        for middle in &self.middles {
            if let How::Frame(number) = middle.how
                && let Some(passing) = passing.get_mut(number as usize)
            {
                *passing = true;
            }
        }
        passing
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

    /// The members of old files that are inflated, sorted by file and offset. As sources they are numbered behind the files.
    #[must_use]
    pub fn inflated(&self) -> &[Inflated] {
        &self.inflated
    }

    /// The source of that number: a file, or what a member of one holds.
    #[must_use]
    pub fn source(&self, number: u32) -> Option<Source<'_>> {
        match (number as usize).checked_sub(self.sources.len()) {
            None => self.sources.get(number as usize).map(|file| Source { file, inflated: None }),
            Some(number) => {
                let inflated = self.inflated.get(number)?;
                self.sources.get(inflated.source as usize).map(|file| Source { file, inflated: Some(inflated) })
            }
        }
    }

    /// Whether any member is restored: what [`Header::restores`](super::Header::restores) must say. Of a joined patch, also whether any is inflated.
    #[must_use]
    pub fn restores(&self) -> bool {
        let in_between = |middle: &Middle| matches!(middle.how, How::Restored(_));
        self.files().any(|file| !file.restored.is_empty())
            || self.is_joined() && (!self.inflated.is_empty() || self.middles.iter().any(in_between))
    }

    /// Whether any member, old or new, is a frame of zstd: what [`Header::zstd`](super::Header::zstd) must say.
    fn holds_zstd(&self) -> bool {
        self.restored().map(|restored| restored.wrap).chain(self.inflated.iter().map(|member| member.wrap)).any(Wrap::is_zstd)
    }

    /// All members that are packed again, those of files and those in between.
    pub fn restored(&self) -> impl Iterator<Item = &Restored> {
        let in_between = self.middles.iter().filter_map(|middle| match &middle.how {
            How::Restored(restored) => Some(restored),
            How::Frame(_) | How::Pieces(_) | How::Adapted { .. } => None,
        });
        self.files().flat_map(|file| &file.restored).chain(in_between)
    }

    /// The frames, in order: together they hold the literal bytes of all files, in the order of the changes.
    #[must_use]
    pub fn frames(&self) -> &[Frame] {
        &self.frames
    }

    /// What the files are together that have no hash of their own.
    #[must_use]
    pub fn sums(&self) -> &Sums {
        &self.sums
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
        put_paths(&mut facts, changes.iter().map(|change| &change.path));
        facts.extend(changes.iter().map(|change| self.tag(change)));
        self.put_other_sources(&mut facts);
        if self.restores() {
            inflated::put(&mut facts, &self.inflated);
        }
        if self.is_joined() {
            middle::put(&mut facts, &self.middles, u32::try_from(self.sources.len()).unwrap_or(u32::MAX));
        }
        let lens = self.source_lens();
        changes.iter().for_each(|change| put_before(&mut facts, &change.before));
        changes.iter().for_each(|change| self.put_after(&mut facts, change));
        changes.iter().for_each(|change| self.put_file_ops(&mut facts, change));
        if !self.is_joined() {
            digests.extend_from_slice(&self.sums.before.0);
            digests.extend_from_slice(&self.sums.after.0);
        }
        middle::put_digests(&mut digests, &self.middles);
        changes.iter().for_each(|change| put_digests(&mut digests, change));
        put_number(&mut facts, self.frames.len() as u64);
        self.frames.iter().for_each(|frame| put_frame(&mut facts, &mut digests, frame, &lens));
        (facts, digests)
    }

    /// Reads an index.
    ///
    /// # Errors
    /// [`DecodeError`] for anything that [`Index::encode`] would not have written.
    pub fn decode(facts: &[u8], digests: &[u8]) -> Result<Self, DecodeError> {
        Self::decode_as(facts, digests, false)
    }

    /// Reads the index of a patch that restores members, or not, as [its header says](super::Header::restores).
    ///
    /// # Errors
    /// As [`Index::decode`].
    pub fn decode_as(facts: &[u8], digests: &[u8], restores: bool) -> Result<Self, DecodeError> {
        Self::decode_with(facts, digests, Features { restores, ..Features::default() })
    }

    /// Reads the index of a patch with these features.
    ///
    /// # Errors
    /// As [`Index::decode`].
    pub fn decode_with(facts: &[u8], digests: &[u8], features: Features) -> Result<Self, DecodeError> {
        let Features { restores, joined, zstd: _ } = features;
        let (mut facts, mut digests) = (Fields(facts), Fields(digests));
        let (mut path_bytes_left, mut ops_left) = (MAX_FACTS_LEN, MAX_OPS);
        let count = facts.count(MAX_CHANGES)?;
        let paths = take_paths(&mut facts, count, &mut path_bytes_left)?;
        let tags = facts.bytes(paths.len() as u64)?;
        let others = take_other_sources(&mut facts, &mut path_bytes_left)?;
        require(!others.iter().any(|other| paths.binary_search(&other.path).is_ok()), "source")?;
        let inflated = if restores { inflated::take(&mut facts)? } else { Vec::new() };
        let homes = homes(&paths, tags, &others);
        let files = others.len() + tags.iter().filter(|tag| is_source(**tag)).count();
        let files = u32::try_from(files).map_err(|_| DecodeError::Field("count"))?;
        let (mut middles, middle_lens) =
            if joined { middle::take(&mut facts, &mut ops_left, files)? } else { (Vec::new(), Vec::new()) };
        let mut reading = Reading { ops_left: &mut ops_left, files: restores.then_some(files) };
        let mut recipe_lens = Vec::new();
        let befores = tags.iter().map(|tag| take_before(&mut facts, *tag, joined)).collect::<Result<Vec<_>, _>>()?;
        let mut changes = Vec::new();
        for ((path, tag), before) in paths.iter().zip(tags).zip(befores) {
            let after = take_after(&mut facts, *tag, &paths, &before)?;
            changes.push(Change { path: path.clone(), before, after });
        }
        for (change, home) in changes.iter_mut().zip(homes) {
            recipe_lens.push(take_file_ops(&mut facts, change, home, (&mut reading, joined))?);
        }
        let sums = if joined { Sums::default() } else { Sums { before: Hash(digests.array()?), after: Hash(digests.array()?) } };
        middle::take_digests(&mut digests, &mut middles, &middle_lens)?;
        for ((change, lens), tag) in changes.iter_mut().zip(&recipe_lens).zip(tags) {
            take_digests(&mut digests, change, lens, joined.then_some(tag & CHECKED != 0))?;
        }
        let sources = merge_sources(&changes, tags, others);
        let frames = take_frames(&mut facts, &mut digests, &lens(&sources, &inflated, &middles))?;
        facts.end()?;
        digests.end()?;
        let index = if joined {
            Self::joined(Changes::joined(changes)?, sources, inflated, middles, frames)?
        } else {
            Self::with_inflated(Changes::new(changes)?, sources, inflated, frames, sums)?
        };
        require(index.features() == features, "feature that is not used")?;
        Ok(index)
    }

    /// The lengths of all sources.
    pub(super) fn source_lens(&self) -> Vec<u64> {
        lens(&self.sources, &self.inflated, &self.middles)
    }

    pub(super) fn files(&self) -> impl Iterator<Item = &FilePatch> {
        self.changes.as_slice().iter().filter_map(Change::file)
    }

    /// The number of a source.
    fn source_at(&self, path: &TreePath) -> Option<u32> {
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
        let is_checked = self.is_joined() && matches!(change.before, Before::File { replaced: Replaced::Parts(_), .. });
        let checked = if is_checked { CHECKED } else { 0 };
        before | after << 2 | u8::from(executable) << 5 | u8::from(self.source_at(&change.path).is_some()) << 6 | checked
    }

    fn put_other_sources(&self, facts: &mut Vec<u8>) {
        let others: Vec<_> = self.sources.iter().filter(|source| self.changes.number(&source.path).is_none()).collect();
        put_number(facts, others.len() as u64);
        put_paths(facts, others.iter().map(|source| &source.path));
        others.iter().for_each(|source| put_number(facts, source.len));
    }

    fn put_after(&self, facts: &mut Vec<u8>, change: &Change) {
        match &change.after {
            After::Absent | After::Dir => {}
            After::Symlink { target } => put_text(facts, target),
            After::Moved { from, .. } => put_number(facts, self.changes.number(from).unwrap_or(usize::MAX) as u64),
            After::File(file) => put_signed(facts, file.len.cast_signed().wrapping_sub(change.old_len().cast_signed())),
        }
    }

    /// A file of literal bytes alone has nothing more to say.
    fn put_file_ops(&self, facts: &mut Vec<u8>, change: &Change) {
        match change.file() {
            Some(file) if file.is_literal() => put_number(facts, 0),
            Some(file) => {
                let files = u32::try_from(self.sources.len()).unwrap_or(u32::MAX);
                if self.is_joined() {
                    put_number(facts, if file.hash.is_some() { WITH_HASH } else { WITHOUT_HASH });
                }
                put_ops(facts, &file.ops, &file.restored, (self.home(&change.path), files));
            }
            None => {}
        }
    }
}

fn put_before(facts: &mut Vec<u8>, before: &Before) {
    match before {
        Before::Absent | Before::Dir => {}
        Before::Symlink { target } => put_text(facts, target),
        Before::File { len, .. } => put_number(facts, *len),
    }
}

fn put_digests(digests: &mut Vec<u8>, change: &Change) {
    match &change.before {
        Before::File { replaced: Replaced::Whole(hint), .. } => digests.extend_from_slice(&hint.0),
        Before::File { replaced: Replaced::Parts(check), .. } => digests.extend_from_slice(&check.0),
        Before::File { replaced: Replaced::Unsaid, .. } | Before::Absent | Before::Dir | Before::Symlink { .. } => {}
    }
    if let Some(file) = change.file() {
        file.hash.iter().for_each(|hash| digests.extend_from_slice(&hash.0));
        file.written.iter().for_each(|check| digests.extend_from_slice(&check.0));
        if file.adapts() {
            put_number(digests, file.program.len() as u64);
            digests.extend_from_slice(&file.program);
        }
        file.restored.iter().for_each(|restored| digests.extend_from_slice(&restored.recipe));
    }
}

/// The lengths of files, behind them of what their members hold, and behind those of bytes in between.
fn lens(sources: &[SourceFile], inflated: &[Inflated], middles: &[Middle]) -> Vec<u64> {
    let files = sources.iter().map(|source| source.len);
    files.chain(inflated.iter().map(|inflated| inflated.raw_len)).chain(middles.iter().map(|middle| middle.len)).collect()
}

/// The bit of a tag that says that replaced and written bytes have their checks: only in joined patches.
const CHECKED: u8 = 1 << 7;
/// What stands before the operations of a file of a joined patch that is not literal.
const WITHOUT_HASH: u64 = 1;
const WITH_HASH: u64 = 2;

const ABSENT: u8 = 0;
const DIR: u8 = 1;
const SYMLINK: u8 = 2;
const FILE: u8 = 3;
const MOVED: u8 = 4;

fn is_source(tag: u8) -> bool {
    tag & 1 << 6 != 0
}

/// The sources that are at no changed path.
fn take_other_sources(facts: &mut Fields<'_>, path_bytes_left: &mut u64) -> Result<Vec<SourceFile>, DecodeError> {
    let count = facts.count(MAX_CHANGES)?;
    let paths = take_paths(facts, count, path_bytes_left)?;
    paths.into_iter().map(|path| Ok(SourceFile { path, len: facts.number()? })).collect()
}

fn take_frames(facts: &mut Fields<'_>, digests: &mut Fields<'_>, sources: &[u64]) -> Result<Vec<Frame>, DecodeError> {
    let count = facts.count(MAX_FRAMES)?;
    let mut references_left = MAX_REFERENCES;
    (0..count).map(|_| take_frame(facts, digests, sources, &mut references_left)).collect()
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

/// What its digests say is not known yet.
fn take_before(facts: &mut Fields<'_>, tag: u8, joined: bool) -> Result<Before, DecodeError> {
    require((joined && tag & 3 == FILE || tag & CHECKED == 0) && (tag & 3 == FILE || !is_source(tag)), "kind of change")?;
    Ok(match tag & 3 {
        ABSENT => Before::Absent,
        DIR => Before::Dir,
        SYMLINK => Before::Symlink { target: facts.text()?.into() },
        _ => Before::File { len: facts.number()?, replaced: Replaced::Whole(Hint([0; 2])) },
    })
}

/// What its operations and digests say is not known yet.
fn take_after(facts: &mut Fields<'_>, tag: u8, paths: &[TreePath], before: &Before) -> Result<After, DecodeError> {
    let executable = tag & 1 << 5 != 0;
    match tag >> 2 & 7 {
        FILE => {
            let old_len = if let Before::File { len, .. } = before { *len } else { 0 };
            let len = moved(old_len, facts.signed()?).ok_or(DecodeError::Field("length of a file"))?;
            Ok(After::File(FilePatch {
                len,
                hash: None,
                executable,
                ops: Vec::new(),
                program: Vec::new(),
                restored: Vec::new(),
                written: None,
            }))
        }
        MOVED => Ok(After::Moved { from: take_from(facts, paths)?, executable }),
        _ if executable => Err(DecodeError::Field("kind of change")),
        ABSENT => Ok(After::Absent),
        DIR => Ok(After::Dir),
        SYMLINK => Ok(After::Symlink { target: facts.text()?.into() }),
        _ => Err(DecodeError::Field("kind of change")),
    }
}

fn take_from(facts: &mut Fields<'_>, paths: &[TreePath]) -> Result<TreePath, DecodeError> {
    let number = usize::try_from(facts.number()?).ok();
    number.and_then(|number| paths.get(number)).cloned().ok_or(DecodeError::Field("file that moves"))
}

/// Gives the lengths of the recipes, which stand in the digests.
fn take_file_ops(
    facts: &mut Fields<'_>,
    change: &mut Change,
    home: u32,
    (reading, joined): (&mut Reading<'_>, bool),
) -> Result<Vec<usize>, DecodeError> {
    let After::File(file) = &mut change.after else { return Ok(Vec::new()) };
    let mut restored: Vec<(Restored, usize)> = Vec::new();
    let kind = if joined { facts.number()? } else { WITH_HASH };
    require(kind <= WITH_HASH, "kind of file")?;
    if kind > 0 {
        file.ops = take_ops(facts, home, reading, &mut restored)?;
        require(!joined || !file.ops.is_empty(), "literal file")?;
    }
    // Which one is read later.
    file.hash = (kind == WITH_HASH && !file.is_literal()).then_some(Hash::NONE);
    require(!joined || file.hash.is_some() == (kind == WITH_HASH), "hash of a file")?;
    require(file.ops.is_empty() || !file.is_literal(), "literal file")?;
    if file.ops.is_empty() && file.len > 0 {
        *reading.ops_left = reading.ops_left.checked_sub(1).ok_or(DecodeError::Field("number of operations"))?;
        file.ops.push(Op::Literal { len: file.len });
    }
    let lens;
    (file.restored, lens) = restored.into_iter().unzip();
    Ok(lens)
}

/// `checked` says for a joined patch whether replaced and written bytes have their checks.
fn take_digests(
    digests: &mut Fields<'_>,
    change: &mut Change,
    recipe_lens: &[usize],
    checked: Option<bool>,
) -> Result<(), DecodeError> {
    let is_checked = checked.unwrap_or_else(|| change.file().is_some_and(FilePatch::keeps));
    if let Before::File { replaced, .. } = &mut change.before {
        *replaced = match checked {
            _ if is_checked => Replaced::Parts(Check(digests.array()?)),
            Some(_) => Replaced::Unsaid,
            None => Replaced::Whole(Hint(digests.array()?)),
        };
    }
    if let After::File(file) = &mut change.after {
        file.hash = if file.hash.is_some() { Some(Hash(digests.array()?)) } else { None };
        file.written = if is_checked { Some(Check(digests.array()?)) } else { None };
        if file.adapts() {
            let len = digests.number()?;
            file.program = digests.bytes(len)?.to_vec();
        }
        for (restored, len) in file.restored.iter_mut().zip(recipe_lens) {
            restored.recipe = digests.bytes(*len as u64)?.to_vec();
        }
    }
    Ok(())
}
