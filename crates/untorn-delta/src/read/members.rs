//! What is read from sources.

use std::sync::Arc;

use untorn_format::patch::{Index, Inflated, Restored, Wrap};
use untorn_format::{DecodeError, TreePath};

use super::container::read_len_of;
use super::middles::Middles;
use super::old::read_old;
use crate::deflate::{self, BLOCK_TOKENS_MAX, Old, Zlib};
use crate::files::piece_len;
use crate::zstd_frame::Recipe;
use crate::{Files, PatchError, zstd_frame};

/// Bytes of memory that inflated members may take together: 8 MiB. One may always be held.
const HELD_LEN_MAX: u64 = 8 << 20;

/// Reads sources: files, what their members hold, and bytes in between. Unpacks members, and keeps the last few.
#[derive(Default)]
pub(super) struct Members {
    /// By number of the source; the one used last stands last.
    held: Vec<(u32, Arc<Old>)>,
    /// Of a joined patch.
    pub(super) middles: Middles,
    /// For what is deflated again.
    pub(super) zlib: Zlib,
}

/// Where bytes are.
#[derive(Clone, Copy)]
enum Place<'i> {
    File(&'i TreePath),
    Middle(&'i Index, usize),
}

impl Members {
    /// Fills `buf` from a source.
    pub(super) fn read(
        &mut self,
        index: &Index,
        old: &dyn Files,
        number: u32,
        buf: &mut [u8],
        at: u64,
    ) -> Result<(), PatchError> {
        let Some(inflated) = inflated(index, number) else { return self.read_place(place(index, number)?, old, buf, at) };
        let member = self.get(old, number, place(index, inflated.source)?, inflated)?;
        fill(&member.raw, buf, at)
    }

    /// A member that another is made like.
    pub(super) fn like(&mut self, index: &Index, old: &dyn Files, number: u32) -> Result<Option<Arc<Old>>, PatchError> {
        let inflated = inflated(index, number);
        inflated.map(|inflated| self.get(old, number, place(index, inflated.source)?, inflated)).transpose()
    }

    fn read_place(&self, place: Place<'_>, old: &dyn Files, buf: &mut [u8], at: u64) -> Result<(), PatchError> {
        match place {
            Place::File(path) => read_old(old, path, buf, at),
            Place::Middle(index, number) => fill(self.middles.get(index, number)?, buf, at),
        }
    }

    fn get(&mut self, old: &dyn Files, number: u32, place: Place<'_>, inflated: &Inflated) -> Result<Arc<Old>, PatchError> {
        let found = self.held.iter().rposition(|(held, _)| *held == number);
        let member = match found {
            Some(place) => self.held.remove(place),
            None => {
                self.make_room(inflated);
                let stored = self.stored(old, place, inflated)?;
                (number, Arc::new(inflate(stored, place, inflated)?))
            }
        };
        self.held.push(member.clone());
        Ok(member.1)
    }

    /// A member as it stands.
    fn stored(&self, old: &dyn Files, place: Place<'_>, inflated: &Inflated) -> Result<Vec<u8>, PatchError> {
        match place {
            Place::File(path) => read_len_of(old, path, (inflated.at, inflated.stored_len)),
            Place::Middle(index, number) => {
                let bytes = self.middles.get(index, number)?;
                let mut stored = vec![0; piece_len(inflated.stored_len, bytes.len())];
                fill(bytes, &mut stored, inflated.at)?;
                Ok(stored)
            }
        }
    }

    /// Gives up the members used longest ago.
    fn make_room(&mut self, inflated: &Inflated) {
        let mut room = HELD_LEN_MAX.saturating_sub(inflated.raw_len.saturating_mul(2));
        let mut kept = 0;
        for (_, member) in self.held.iter().rev() {
            let Some(left) = room.checked_sub(member.memory_len()) else { break };
            (room, kept) = (left, kept + 1);
        }
        self.held.drain(..self.held.len() - kept);
    }
}

/// The member that a source is.
pub(super) fn inflated(index: &Index, number: u32) -> Option<&Inflated> {
    (number as usize).checked_sub(index.sources().len()).and_then(|number| index.inflated().get(number))
}

/// Where the bytes of a source that is no member are.
fn place(index: &Index, number: u32) -> Result<Place<'_>, PatchError> {
    if let Some(file) = index.sources().get(number as usize) {
        return Ok(Place::File(&file.path));
    }
    index
        .middle_of(number)
        .map(|middle| Place::Middle(index, middle))
        .ok_or_else(|| DecodeError::Field("number of a source").into())
}

/// Fills `buf` from bytes that are at hand.
fn fill(bytes: &[u8], buf: &mut [u8], at: u64) -> Result<(), PatchError> {
    let start = usize::try_from(at).unwrap_or(usize::MAX);
    let bytes = start.checked_add(buf.len()).and_then(|end| bytes.get(start..end));
    buf.copy_from_slice(bytes.ok_or(DecodeError::Length)?);
    Ok(())
}

/// A member that does not hold what it should is not the one meant.
fn inflate(stored: Vec<u8>, place: Place<'_>, inflated: &Inflated) -> Result<Old, PatchError> {
    let other = || match place {
        Place::File(path) => PatchError::Old { path: path.clone() },
        Place::Middle(..) => DecodeError::Field("bytes in between").into(),
    };
    unpacked(stored, inflated).ok_or_else(other)
}

/// What a member holds; `None` when `stored` is not it.
pub(super) fn unpacked(stored: Vec<u8>, member: &Inflated) -> Option<Old> {
    let raw_len = usize::try_from(member.raw_len).ok()?;
    if member.wrap.is_zstd() {
        return zstd_frame::raw(&stored, raw_len).filter(|raw| raw.len() == raw_len).map(Old::plain);
    }
    let stored = deflate::bare(stored, member.wrap).ok()?;
    let parsed = deflate::parse(&stored, raw_len).ok()?;
    (parsed.stored_len == stored.len() && parsed.raw.len() == raw_len).then(|| Old::new(parsed))
}

/// Packs what a member holds, which is made like `like`; `None` when it cannot be what was meant.
pub(super) fn packed(restored: &Restored, raw: &[u8], like: Option<&Old>, len: u64, zlib: &mut Zlib) -> Option<Vec<u8>> {
    if restored.wrap.is_zstd() {
        return Recipe::decode(&restored.recipe)?.frame(raw, usize::try_from(len).ok()?);
    }
    let bare_len = usize::try_from(restored.wrap.bare_len(len)?).ok()?;
    let stream = deflate::restore(raw, like, &restored.recipe, bare_len, zlib).ok()?;
    Some(deflate::wrapped(stream, raw, restored.wrap))
}

/// How many bytes of memory packing a member takes at most, the old one that it is made like included.
pub(super) fn job_len(like: &Inflated, len: u64, restored: &Restored) -> u64 {
    old_memory_len(like.stored_len, like.raw_len, like.wrap).saturating_add(new_memory_len(len, restored))
}

/// How many bytes of memory members take at most: the largest old one and the largest new one, as they are stored, as what they hold, and as tokens (four bytes for each of these at most, and a
/// quarter of that while they become more), and what is kept besides.
pub(super) fn memory_len<'i>(inflated: &[Inflated], restored: impl Iterator<Item = (u64, &'i Restored)>) -> u64 {
    let of_old = |member: &Inflated| old_memory_len(member.stored_len, member.raw_len, member.wrap);
    let old = inflated.iter().map(of_old).max().map_or(0, |len| len.saturating_add(HELD_LEN_MAX));
    let new = restored.map(|(len, restored)| new_memory_len(len, restored)).max().unwrap_or(0);
    old.saturating_add(new)
}

/// How many bytes of memory an old member takes at most: itself and what it holds; when it is deflated, also as tokens.
pub(crate) fn old_memory_len(stored_len: u64, raw_len: u64, wrap: Wrap) -> u64 {
    stored_len.saturating_add(raw_len.saturating_mul(if wrap.is_zstd() { 1 } else { 6 }))
}

/// How many bytes of memory a member takes at most while it is made: what it holds, twice itself, and what packing takes: of zlib the tokens of a block, and what it remembers.
pub(crate) fn new_memory_len(len: u64, restored: &Restored) -> u64 {
    let packing = match Recipe::decode(&restored.recipe).filter(|_| restored.wrap.is_zstd()) {
        Some(recipe) => recipe.memory_len(restored.raw_len),
        None => restored.raw_len.min(BLOCK_TOKENS_MAX as u64).saturating_mul(5).saturating_add(1 << 20),
    };
    len.saturating_mul(2).saturating_add(restored.raw_len).saturating_add(packing)
}
