//! What members of old files hold.

use std::sync::Arc;

use untorn_format::patch::{Index, Inflated, Restored, Source};

use super::container::read_len_of;
use super::old::read_old;
use crate::deflate::{self, BLOCK_TOKENS_MAX, Old};
use crate::{Files, PatchError};

/// Bytes of memory that inflated members may take together: 8 MiB. One may always be held.
const HELD_LEN_MAX: u64 = 8 << 20;

/// Inflates members of old files, and keeps the last few.
#[derive(Default)]
pub(super) struct Members {
    /// By number of the source; the one used last stands last.
    held: Vec<(u32, Arc<Old>)>,
}

impl Members {
    /// Fills `buf` from a source, a file or a member of one.
    pub(super) fn read(
        &mut self,
        index: &Index,
        old: &dyn Files,
        number: u32,
        buf: &mut [u8],
        at: u64,
    ) -> Result<(), PatchError> {
        let source = source(index, number)?;
        let Some(inflated) = source.inflated else { return read_old(old, &source.file.path, buf, at) };
        let member = self.get(old, number, source, inflated)?;
        let start = usize::try_from(at).unwrap_or(usize::MAX);
        let bytes = start.checked_add(buf.len()).and_then(|end| member.raw.get(start..end));
        buf.copy_from_slice(bytes.ok_or(untorn_format::DecodeError::Length)?);
        Ok(())
    }

    /// A member that another is made like.
    pub(super) fn like(&mut self, index: &Index, old: &dyn Files, number: u32) -> Result<Option<Arc<Old>>, PatchError> {
        let source = source(index, number)?;
        source.inflated.map(|inflated| self.get(old, number, source, inflated)).transpose()
    }

    fn get(&mut self, old: &dyn Files, number: u32, source: Source<'_>, inflated: &Inflated) -> Result<Arc<Old>, PatchError> {
        let found = self.held.iter().rposition(|(held, _)| *held == number);
        let member = match found {
            Some(place) => self.held.remove(place),
            None => {
                self.make_room(inflated);
                (number, Arc::new(inflate(old, source, inflated)?))
            }
        };
        self.held.push(member.clone());
        Ok(member.1)
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

/// A source that the index says is there.
fn source(index: &Index, number: u32) -> Result<Source<'_>, PatchError> {
    index.source(number).ok_or_else(|| untorn_format::DecodeError::Field("number of a source").into())
}

/// A member that does not hold what it should is not the one meant.
fn inflate(old: &dyn Files, source: Source<'_>, inflated: &Inflated) -> Result<Old, PatchError> {
    let other = || PatchError::Old { path: source.file.path.clone() };
    let stored = read_len_of(old, &source.file.path, (inflated.at, inflated.stored_len))?;
    let raw_len = usize::try_from(inflated.raw_len).map_err(|_| other())?;
    let stored = deflate::bare(stored, inflated.wrap).map_err(|_| other())?;
    let parsed = deflate::parse(&stored, raw_len).map_err(|_| other())?;
    let is_it = parsed.stored_len == stored.len() && parsed.raw.len() == raw_len;
    if is_it { Ok(Old::new(parsed)) } else { Err(other()) }
}

/// How many bytes of memory members take at most: the largest old one and the largest new one, as they are stored, as what they hold, and as tokens (four bytes for each of these at most, and a
/// quarter of that while they become more), and what is kept besides.
pub(super) fn memory_len<'i>(inflated: &[Inflated], restored: impl Iterator<Item = (u64, &'i Restored)>) -> u64 {
    let of_old = |member: &Inflated| old_memory_len(member.stored_len, member.raw_len);
    let old = inflated.iter().map(of_old).max().map_or(0, |len| len.saturating_add(HELD_LEN_MAX));
    let new = restored.map(|(len, restored)| new_memory_len(len, restored.raw_len)).max().unwrap_or(0);
    old.saturating_add(new)
}

/// How many bytes of memory an old member takes at most.
pub(crate) fn old_memory_len(stored_len: u64, raw_len: u64) -> u64 {
    stored_len.saturating_add(raw_len.saturating_mul(6))
}

/// How many bytes of memory a member takes at most while it is made: what it holds, twice itself, the tokens of a block, and what zlib remembers.
pub(crate) fn new_memory_len(len: u64, raw_len: u64) -> u64 {
    let tokens = raw_len.min(BLOCK_TOKENS_MAX as u64).saturating_mul(5);
    len.saturating_mul(2).saturating_add(raw_len).saturating_add(tokens).saturating_add(1 << 20)
}
