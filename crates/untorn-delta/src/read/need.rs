//! How much memory reading a patch takes.

use untorn_format::patch::{Change, Frame, FrameKind, Header, How, Index, Middle, Op, Reference, Restored};

use super::beside::JOB_LEN;
use super::members::{self, inflated, job_len};
use super::restoring::JOB_LEN_MAX;
use crate::PatchError;

/// How much memory reading a patch takes, in bytes: at most, and near to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Need {
    /// The index, which is held as long as the patch is read, and the members of files that are worked on.
    index_len: u64,
    /// The largest frame while it is decompressed: as stored, what it refers to, and what comes out, once more where the decompressor keeps a window of its own.
    frame_len: u64,
    /// The longest frame, which is used while other threads make the next ones.
    used_len: u64,
    /// How many files are adapted, with more than one thread some ahead of their turn, and the longest program of one.
    adapted: (u64, u64),
    /// The most that a member takes which is packed ahead of its turn, with more than one thread as many at a time.
    packed_len: u64,
}

impl Need {
    /// Of a patch whose index is not read yet: no less than this.
    pub(super) fn at_least(header: &Header) -> u64 {
        header.facts_len.saturating_add(header.facts_stored_len).saturating_add(header.digests_len)
    }

    pub(super) fn of(header: &Header, index: &Index) -> Self {
        let changes = index.changes().as_slice();
        let of_restored =
            |restored: &Restored| size_of::<Restored>() + restored.ops.len() * size_of::<Op>() + restored.recipe.len();
        let of_change = |change: &Change| {
            let parts = change.file().map_or(0, |file| {
                file.ops.len() * size_of::<Op>() + file.program.len() + file.restored.iter().map(of_restored).sum::<usize>()
            });
            (size_of::<Change>() + change.path.as_str().len() + parts) as u64
        };
        let of_index_frame = |frame: &Frame| (size_of::<Frame>() + frame.references.len() * size_of::<Reference>()) as u64;
        let in_changes = changes.iter().map(of_change).fold(0, u64::saturating_add);
        let in_frames = index.frames().iter().map(of_index_frame).fold(0, u64::saturating_add);
        let of_middle = |middle: &Middle| match &middle.how {
            How::Adapted { program, .. } => program.len(),
            How::Restored(restored) => restored.recipe.len(),
            How::Frame(_) | How::Pieces(_) => 0,
        };
        let in_middles = index.middles().iter().map(|it| size_of_val(it.how.ops()) + of_middle(it)).sum::<usize>();
        let in_inflated = (size_of_val(index.inflated()) + size_of_val(index.middles()) + in_middles) as u64;
        let restored = changes.iter().filter_map(Change::file).flat_map(|file| {
            let restored = |op: &Op| {
                if let Op::Restore { number, len, .. } = op { Some((*len, file.restored.get(*number as usize)?)) } else { None }
            };
            file.ops.iter().filter_map(restored)
        });
        let ahead = restored.clone().filter(|_| !index.is_joined()).filter_map(|(len, restored)| {
            let like = inflated(index, restored.like?)?;
            Some(job_len(like, len, restored)).filter(|len| *len <= JOB_LEN_MAX)
        });
        let packed_len = ahead.max().unwrap_or(0);
        let in_between = index
            .middles()
            .iter()
            .filter_map(|middle| if let How::Restored(restored) = &middle.how { Some((middle.len, restored)) } else { None });
        let literals = index.middles().iter().map(|middle| match &middle.how {
            How::Adapted { literals, .. } => literals.iter().map(Op::len).fold(0, u64::saturating_add),
            How::Frame(_) | How::Pieces(_) | How::Restored(_) => 0,
        });
        let of_members = members::memory_len(index.inflated(), restored.chain(in_between))
            .saturating_add(index.held_len())
            .saturating_add(literals.max().unwrap_or(0));
        let of_frame = |frame: &Frame| {
            let windows = if frame.kind == FrameKind::Lzma { 2 } else { 1 };
            frame.stored_len.saturating_add(windows * (frame.len + frame.reference_len()))
        };
        let adapting = changes.iter().filter_map(Change::file).filter(|file| file.adapts());
        let programs = adapting.map(|file| file.program.len() as u64);
        Self {
            index_len: in_changes
                .saturating_add(in_frames)
                .saturating_add(in_inflated)
                .max(Self::at_least(header))
                .saturating_add(of_members),
            frame_len: index.frames().iter().map(of_frame).max().unwrap_or(0),
            used_len: index.frames().iter().map(|frame| frame.len).max().unwrap_or(0),
            adapted: (programs.clone().count() as u64, programs.max().unwrap_or(0)),
            packed_len,
        }
    }

    /// With so many threads.
    pub(super) fn with(self, threads: usize) -> u64 {
        let threads = threads.max(1) as u64;
        let (count, program_len) = self.adapted;
        let ahead = if threads > 1 { count.min(threads) } else { 0 };
        let used = if threads > 1 { self.used_len } else { 0 };
        let each = self.frame_len.saturating_mul(threads).saturating_add(used);
        let packed = if threads > 1 { threads.saturating_mul(self.packed_len) } else { 0 };
        self.index_len.saturating_add(each).saturating_add(packed).saturating_add(ahead.saturating_mul(JOB_LEN + program_len))
    }

    /// As many of `threads` as fit into `limit` bytes; one at least.
    ///
    /// # Errors
    /// [`PatchError::Memory`] when not even that one fits.
    pub(super) fn fit(self, threads: usize, limit: u64) -> Result<usize, PatchError> {
        check(self.with(1), limit)?;
        let fit = (limit - self.index_len) / self.frame_len.max(1);
        let most = threads.min(usize::try_from(fit).unwrap_or(usize::MAX)).max(1);
        Ok((1..=most).rev().find(|threads| self.with(*threads) <= limit).unwrap_or(1))
    }
}

/// That `need` is within `limit`.
pub(super) fn check(need: u64, limit: u64) -> Result<(), PatchError> {
    if need <= limit { Ok(()) } else { Err(PatchError::Memory { need, limit }) }
}
