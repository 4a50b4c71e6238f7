//! What a patch consists of: what each path costs, and why.

use std::{collections::BTreeSet, io::Read};

use untorn_delta::PatchReader;
use untorn_format::{
    Hash, TreePath,
    patch::{After, Before, Change, FilePatch, HEADER_LEN, Index, Op},
    release::Preface,
};

use crate::{Result, Shares, signed::Intake};

/// What a patch consists of.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Inspection {
    /// The build it starts from.
    pub from: Hash,
    /// The build it leads to.
    pub to: Hash,
    /// Length of the patch in bytes: that of its index and of all paths together.
    pub bytes: u64,
    /// Length in bytes of what stands before it, where it is signed; 0 else. Together with `bytes` it is the length of the file.
    pub bytes_preface: u64,
    /// Length of its header and index in bytes: paths, lengths, hashes, and where each byte comes from. It is compressed as one, so no path has a share of its own.
    pub bytes_index: u64,
    /// What stands before it, where it is signed. Nothing of that is checked here.
    pub preface: Option<Preface>,
    /// How many bytes of memory applying it takes at most, on one thread.
    pub bytes_memory: u64,
    /// Every path that changes, sorted. A file that moves is listed where it arrives.
    pub paths: Vec<PathCost>,
}

/// What one path costs.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PathCost {
    /// Where.
    pub path: String,
    /// Why it is in the patch.
    pub reason: Reason,
    /// Where the file stood before, when it moves or is renamed.
    pub from: Option<String>,
    /// Bytes of the patch that are there for it: see [`Shares`].
    pub bytes: u64,
    /// Length of the old file in bytes, of a file that moves where it stood; 0 where there is none.
    pub old_len: u64,
    /// Length of the new file in bytes; 0 where there is none.
    pub len: u64,
    /// Bytes of the new file that are in the patch, before compression.
    pub literal: u64,
    /// Bytes of the new file that are made from other places of the old build.
    pub copied: u64,
    /// Bytes of the new file that stay where they are.
    pub kept: u64,
    /// Bytes of the new file that are made by deflating again what they hold.
    pub restored: u64,
    /// How many members of the new file these are.
    pub restored_members: u64,
}

/// Why a path is in a patch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Reason {
    /// Nothing stood there.
    New,
    /// Something else stood there.
    Changed,
    /// The file stood in another directory.
    Moved,
    /// The file stood under another name in the same directory.
    Renamed,
    /// Nothing stands there any more.
    Removed,
    /// Only the executable bit changes.
    Metadata,
}

impl Reason {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::New, Self::Changed, Self::Moved, Self::Renamed, Self::Removed, Self::Metadata];

    /// One word for it, which never changes its meaning.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Changed => "changed",
            Self::Moved => "moved",
            Self::Renamed => "renamed",
            Self::Removed => "removed",
            Self::Metadata => "metadata",
        }
    }
}

/// Says what `patch` consists of. It is read to its end and checked; no tree is needed.
///
/// # Errors
/// [`crate::Error::Patch`].
pub fn inspect<R: Read>(patch: R) -> Result<Inspection> {
    inspect_index(patch).map(|(inspection, _)| inspection)
}

/// As [`inspect`]; gives the index, too, which says of each byte where it comes from.
///
/// # Errors
/// [`crate::Error::Patch`].
pub fn inspect_index<R: Read>(patch: R) -> Result<(Inspection, Index)> {
    let intake = Intake::read(patch)?;
    let reader = PatchReader::new(intake.stream)?;
    let (header, index) = (reader.header(), reader.index());
    let bytes_index = (HEADER_LEN as u64).saturating_add(header.facts_stored_len).saturating_add(header.digests_len);
    let inspection = Inspection {
        from: header.from,
        to: header.to,
        bytes: bytes_index.saturating_add(header.frames_len),
        bytes_preface: intake.preface.as_ref().map_or(0, |preface| preface.encode().len() as u64),
        bytes_index,
        bytes_memory: reader.memory_len(1),
        paths: paths(index),
        preface: intake.preface,
    };
    let index = index.clone();
    reader.finish()?;
    Ok((inspection, index))
}

fn paths(index: &Index) -> Vec<PathCost> {
    let changes = index.changes().as_slice();
    let moved: BTreeSet<&TreePath> = changes.iter().filter_map(moved_from).collect();
    let mut shares = Shares::new(index);
    let mut paths = Vec::new();
    for change in changes {
        let bytes =
            change.file().map_or(0, |file| file.ops.iter().map(|op| shares.next(op).bytes()).fold(0, u64::saturating_add));
        // It is listed where it arrives.
        if change.after != After::Absent || !moved.contains(&change.path) {
            paths.push(PathCost { bytes, ..cost(index, change) });
        }
    }
    paths
}

fn moved_from(change: &Change) -> Option<&TreePath> {
    if let After::Moved { from, .. } = &change.after { Some(from) } else { None }
}

fn cost(index: &Index, change: &Change) -> PathCost {
    let (from, file) = (moved_from(change), change.file());
    let moved_len = from.and_then(|from| index.changes().get(from)).map(Change::old_len);
    let (len, kept) = file.map_or((moved_len.unwrap_or(0), 0), |file| (file.len, kept_len(file)));
    let restored = file.map_or(0, restored_len);
    // Literal bytes of what members hold are none of the file.
    let literal = file.map_or(0, |file| sum(file, |op| if let Op::Restore { .. } = op { 0 } else { op.literal_len() }));
    PathCost {
        path: change.path.to_string(),
        reason: reason(change),
        from: from.map(TreePath::to_string),
        bytes: 0,
        old_len: moved_len.unwrap_or_else(|| change.old_len()),
        len,
        literal,
        copied: len.saturating_sub(literal).saturating_sub(kept).saturating_sub(restored),
        kept,
        restored,
        restored_members: file.map_or(0, |file| file.restored.len() as u64),
    }
}

fn reason(change: &Change) -> Reason {
    match (&change.before, &change.after) {
        (_, After::Absent) => Reason::Removed,
        (_, After::Moved { from, .. }) if from.parent() == change.path.parent() => Reason::Renamed,
        (_, After::Moved { .. }) => Reason::Moved,
        (Before::Absent, _) => Reason::New,
        (Before::File { len, .. }, After::File(file)) if file.len == *len && kept_len(file) == *len => Reason::Metadata,
        _ => Reason::Changed,
    }
}

fn kept_len(file: &FilePatch) -> u64 {
    sum(file, |op| if let Op::Keep { len } = op { *len } else { 0 })
}

fn restored_len(file: &FilePatch) -> u64 {
    sum(file, |op| if let Op::Restore { len, .. } = op { *len } else { 0 })
}

fn sum(file: &FilePatch, of: impl Fn(&Op) -> u64) -> u64 {
    file.ops.iter().map(of).fold(0, u64::saturating_add)
}
