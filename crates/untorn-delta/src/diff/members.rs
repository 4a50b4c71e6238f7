//! Members of files that are diffed as what they hold.

use std::sync::Arc;

use untorn_format::TreePath;
use untorn_format::patch::{Inflated, Op, Restored, Wrap};

use super::Build;
use super::draft::Draft;
use crate::deflate::{self, Parsed, RAW_LEN_MAX};
use crate::files::{self, bytes_at};
use crate::{DiffError, Files, zstd_frame};

/// How many bytes of what members hold are kept: 32 MiB.
const HELD_LEN_MAX: usize = 32 << 20;
/// Of how many members: each is seldom asked for again, and all are looked through for it.
const HELD_MAX: usize = 64;

/// A member of a new file.
#[derive(Clone)]
pub(super) struct Member {
    /// Where it stands in the file, as packed, and how many bytes it takes.
    pub(super) at: u64,
    pub(super) len: u64,
    /// How it is made; sources are numbers of old entries, and behind these of old members.
    pub(super) restored: Restored,
    /// The length of the old member it is made like.
    pub(super) like_len: u64,
    /// About how many bytes of the patch it spares.
    pub(super) spared: usize,
}

impl Member {
    /// The first byte behind it.
    pub(super) fn end(&self) -> u64 {
        self.at + self.len
    }

    /// The operation that makes it, as that of this number.
    pub(super) fn op(&self, number: usize) -> Op {
        let literal_len = self.restored.ops.iter().map(Op::literal_len).sum();
        Op::Restore { number: u32::try_from(number).unwrap_or(u32::MAX), len: self.len, literal_len }
    }
}

/// Where a stream stands in a file.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) at: u64,
    pub(super) len: u64,
    pub(super) wrap: Wrap,
}

/// A stream as it stands in a file.
pub(super) fn stored(files: &dyn Files, path: &TreePath, place: Place) -> Result<Vec<u8>, DiffError> {
    bytes_at(files, path, place.at, place.len)
}

/// What a stream holds; `None` when it is none, or holds too much, or ends elsewhere.
pub(super) fn raw(stored: Vec<u8>, wrap: Wrap, raw_len_max: usize) -> Option<Vec<u8>> {
    if wrap.is_zstd() { zstd_frame::raw(&stored, raw_len_max) } else { Some(inflated(stored, wrap, raw_len_max)?.raw) }
}

/// What a deflated stream holds, and how; `None` as for [`raw`].
pub(super) fn inflated(stored: Vec<u8>, wrap: Wrap, raw_len_max: usize) -> Option<Parsed> {
    let bare = deflate::bare(stored, wrap).ok()?;
    let parsed = deflate::parse(&bare, raw_len_max).ok()?;
    (parsed.stored_len == bare.len() && !parsed.raw.is_empty()).then_some(parsed)
}

/// What members hold, unpacked as it is needed.
pub(super) struct Raws<'a> {
    pub(super) old: Build<'a>,
    pub(super) new: Build<'a>,
    /// The old members, numbered behind the old entries.
    pub(super) members: &'a [Inflated],
    /// The one used last stands last.
    held: Vec<(Key, Arc<Vec<u8>>)>,
}

/// Names a member: an old one by its number, a new one by those of the draft and of the member in it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Key {
    Old(u32),
    New(usize, usize),
}

impl<'a> Raws<'a> {
    pub(super) fn new(old: Build<'a>, new: Build<'a>, members: &'a [Inflated]) -> Self {
        Self { old, new, members, held: Vec::new() }
    }

    /// Fills `buf` from an old file or an old member.
    pub(super) fn read_old(&mut self, number: u32, buf: &mut [u8], at: u64) -> Result<(), DiffError> {
        let entries = self.old.manifest.entries();
        if let Some(entry) = entries.get(number as usize) {
            return files::fill(self.old.files, &entry.path, buf, at);
        }
        let member = self.members[number as usize - entries.len()];
        let place = Place { at: member.at, len: member.stored_len, wrap: member.wrap };
        let path = &entries[member.source as usize].path;
        let raw = self.get(Key::Old(number), self.old, path, place)?;
        fill(&raw, buf, at, path)
    }

    /// Fills `buf` from a new member.
    pub(super) fn read_new(
        &mut self,
        drafts: &[Draft<'_>],
        of: (usize, usize),
        buf: &mut [u8],
        at: u64,
    ) -> Result<(), DiffError> {
        let draft = &drafts[of.0];
        let member = &draft.members[of.1];
        let place = Place { at: member.at, len: member.len, wrap: member.restored.wrap };
        let raw = self.get(Key::New(of.0, of.1), self.new, draft.path, place)?;
        fill(&raw, buf, at, draft.path)
    }

    fn get(&mut self, key: Key, build: Build<'_>, path: &TreePath, place: Place) -> Result<Arc<Vec<u8>>, DiffError> {
        let found = self.held.iter().rposition(|(held, _)| *held == key);
        let raw = match found {
            Some(place) => self.held.remove(place).1,
            None => {
                let raw = raw(stored(build.files, path, place)?, place.wrap, RAW_LEN_MAX);
                Arc::new(raw.ok_or_else(|| DiffError::Changed { path: path.clone() })?)
            }
        };
        self.held.push((key, raw.clone()));
        let is_too_much = |held: &[(Key, Arc<Vec<u8>>)]| {
            held.len() > HELD_MAX || held.len() > 1 && held.iter().map(|(_, raw)| raw.len()).sum::<usize>() > HELD_LEN_MAX
        };
        while is_too_much(&self.held) {
            self.held.remove(0);
        }
        Ok(raw)
    }
}

fn fill(raw: &[u8], buf: &mut [u8], at: u64, path: &TreePath) -> Result<(), DiffError> {
    let start = usize::try_from(at).unwrap_or(usize::MAX);
    let bytes = start.checked_add(buf.len()).and_then(|end| raw.get(start..end));
    buf.copy_from_slice(bytes.ok_or_else(|| DiffError::Changed { path: path.clone() })?);
    Ok(())
}
