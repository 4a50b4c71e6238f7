//! Packing members again on other threads, ahead of their turn: those that are made of an old member alone. The result is the same as without.

use std::collections::VecDeque;
use std::io;
use std::sync::mpsc::{Receiver, sync_channel};

use untorn_format::patch::{FilePatch, Index, Inflated, Op, Restored};
use untorn_format::{DecodeError, TreePath};

use super::beside::SharedFiles;
use super::container::read_len_of;
use super::members::{inflated, job_len, packed, unpacked};
use super::threads::Threads;
use crate::PatchError;
use crate::deflate::Zlib;

/// Bytes of memory that a member which is packed ahead may take: 24 MiB. What takes more is made at its turn.
pub(super) const JOB_LEN_MAX: u64 = 24 << 20;

/// What comes of a member: its bytes, unless they cannot be what was meant.
type Made = Result<Option<Vec<u8>>, PatchError>;

/// The members of one file that are packed ahead. When it is gone, so are its threads.
pub(super) struct Restoring {
    old: SharedFiles,
    /// How many at a time.
    jobs: usize,
    /// Number of the operation that is looked at next.
    next: usize,
    /// By the numbers of their operations.
    begun: VecDeque<(usize, Receiver<Made>)>,
    /// Behind what they hand over to, which so is dropped before.
    threads: Threads,
}

impl Restoring {
    pub(super) fn new(old: SharedFiles, jobs: usize) -> Self {
        Self { old, jobs, next: 0, begun: VecDeque::new(), threads: Threads::default() }
    }

    /// What another thread made of this operation, if one did, and the next ones begun.
    pub(super) fn take(&mut self, op: usize, file: &FilePatch, index: &Index) -> Option<Made> {
        while self.begun.front().is_some_and(|(begun, _)| *begun < op) {
            self.begun.pop_front();
        }
        let is_begun = self.begun.front().is_some_and(|(begun, _)| *begun == op);
        let made = if is_begun { self.begun.pop_front() } else { None };
        self.next = self.next.max(op + 1);
        self.begin(file, index);
        let ended = || Err(PatchError::Input(io::Error::other("a thread that packs a member has ended")));
        made.map(|(_, made)| made.recv().unwrap_or_else(|_| ended()))
    }

    /// Begins as many members as may be.
    pub(super) fn begin(&mut self, file: &FilePatch, index: &Index) {
        while self.begun.len() < self.jobs
            && let Some(op) = file.ops.get(self.next)
        {
            if let Some(task) = Task::of(op, file, index) {
                match self.spawn(task) {
                    Some(made) => self.begun.push_back((self.next, made)),
                    None => break,
                }
            }
            self.next += 1;
        }
    }

    /// `None` where no thread can be had.
    fn spawn(&mut self, task: Task) -> Option<Receiver<Made>> {
        let (sender, receiver) = sync_channel(1);
        let old = SharedFiles::clone(&self.old);
        self.threads.start("untorn packs", move || {
            // Whoever does not wait for it any more does not need it.
            drop(sender.send(task.make(&old)));
        })?;
        Some(receiver)
    }
}

/// A member to be packed: of one old member, and nothing else.
struct Task {
    path: TreePath,
    like: Inflated,
    restored: Restored,
    len: u64,
}

impl Task {
    /// `None` for what is no such member, or takes too much memory.
    fn of(op: &Op, file: &FilePatch, index: &Index) -> Option<Self> {
        let Op::Restore { number, len, .. } = *op else { return None };
        let restored = file.restored.get(number as usize)?;
        let like_number = restored.like?;
        let like = inflated(index, like_number)?;
        let is_of_it = |op: &Op| matches!(op, Op::Copy { source, .. } if *source == like_number);
        let fits = job_len(like, len, restored) <= JOB_LEN_MAX && restored.ops.iter().all(is_of_it);
        let path = &index.sources().get(like.source as usize).filter(|_| fits)?.path;
        Some(Self { path: path.clone(), like: *like, restored: restored.clone(), len })
    }

    fn make(&self, old: &SharedFiles) -> Made {
        let stored = read_len_of(&**old, &self.path, (self.like.at, self.like.stored_len))?;
        let like = unpacked(stored, &self.like).ok_or_else(|| PatchError::Old { path: self.path.clone() })?;
        let mut raw = Vec::with_capacity(usize::try_from(self.restored.raw_len).unwrap_or(0).min(like.raw.len()));
        for op in &self.restored.ops {
            let Op::Copy { at, len, .. } = *op else { return Err(DecodeError::Length.into()) };
            let start = usize::try_from(at).unwrap_or(usize::MAX);
            let end = usize::try_from(len).ok().and_then(|len| start.checked_add(len)).unwrap_or(usize::MAX);
            raw.extend_from_slice(like.raw.get(start..end).ok_or(DecodeError::Length)?);
        }
        Ok(packed(&self.restored, &raw, Some(&like), self.len, &mut Zlib::default()))
    }
}
