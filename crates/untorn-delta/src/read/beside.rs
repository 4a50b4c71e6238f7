//! Adapting files on other threads, ahead of their turn. The result is the same as without: what is copied of a file, and where its addresses went, needs no literal byte of the patch.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use untorn_format::TreePath;
use untorn_format::patch::{Change, Index, Op};

use super::adapted::Copier;
use super::old::read_old;
use super::threads::Threads;
use crate::adapt::Stretch;
use crate::{Files, PatchError};

/// Old files that several threads may read.
pub type SharedFiles = Arc<dyn Files + Send + Sync>;

/// About how many bytes are handed over at a time.
const PIECE_LEN: usize = 64 << 10;
/// How many of these wait for their turn.
const PIECES_MAX: usize = 64;
/// Bytes of memory that a file takes besides its program while it is adapted ahead, at most: those that wait, and what is remembered of addresses.
pub(super) const JOB_LEN: u64 = (PIECES_MAX * 2 * PIECE_LEN) as u64 + (4 << 20);

/// A file that is adapted on another thread.
pub(super) struct Job(Receiver<Message>);

enum Message {
    Begun(Arc<[Stretch]>),
    Bytes(Vec<u8>),
    Failed(PatchError),
}

impl Job {
    /// What its program begins with.
    pub(super) fn stretches(&mut self) -> Result<Arc<[Stretch]>, PatchError> {
        match self.0.recv() {
            Ok(Message::Begun(stretches)) => Ok(stretches),
            Ok(Message::Failed(error)) => Err(error),
            _ => Err(ended()),
        }
    }

    /// The next copied bytes: at least one.
    pub(super) fn next(&mut self) -> Result<Vec<u8>, PatchError> {
        match self.0.recv() {
            Ok(Message::Bytes(bytes)) => Ok(bytes),
            Ok(Message::Failed(error)) => Err(error),
            _ => Err(ended()),
        }
    }
}

fn ended() -> PatchError {
    PatchError::Input(io::Error::other("a thread that adapts a file has ended"))
}

/// The files that are adapted ahead. When it is gone, so are its threads.
pub(super) struct Beside {
    old: SharedFiles,
    /// How many files besides the one that is read.
    jobs: usize,
    /// Number of the change that is looked at next.
    next: usize,
    /// By the numbers of their changes.
    begun: VecDeque<(usize, Job)>,
    /// Behind what they hand over to, which so is dropped before.
    threads: Threads,
}

impl Beside {
    pub(super) fn new(old: SharedFiles, jobs: usize) -> Self {
        Self { old, jobs, next: 0, begun: VecDeque::new(), threads: Threads::default() }
    }

    /// The file of this change, if another thread adapts it, and the next ones begun.
    pub(super) fn take(&mut self, number: usize, index: &Index) -> Option<Job> {
        while self.begun.front().is_some_and(|(begun, _)| *begun < number) {
            self.begun.pop_front();
        }
        // A file that has not begun when it is needed is adapted by who needs it.
        let is_begun = self.begun.front().is_some_and(|(begun, _)| *begun == number);
        let job = if is_begun { self.begun.pop_front() } else { None };
        self.next = self.next.max(number + 1);
        self.begin(index);
        job.map(|(_, job)| job)
    }

    /// Begins as many files as may be.
    pub(super) fn begin(&mut self, index: &Index) {
        while self.begun.len() < self.jobs
            && let Some(change) = index.changes().as_slice().get(self.next)
        {
            if let Some(job) = self.spawn(change, index) {
                self.begun.push_back((self.next, job));
            }
            self.next += 1;
        }
    }

    /// `None` for a change that adapts no file, and where no thread can be had.
    fn spawn(&mut self, change: &Change, index: &Index) -> Option<Job> {
        let file = change.file()?;
        let adapt = file.ops.iter().find_map(|op| match *op {
            Op::Adapt { source, len, literal_len } => Some((source, (len, literal_len))),
            _ => None,
        });
        let (source, lens) = adapt?;
        let source = index.sources().get(source as usize)?;
        let task = Task { path: source.path.clone(), old_len: source.len, program: file.program.clone(), lens };
        let (sender, receiver) = sync_channel(PIECES_MAX);
        let old = Arc::clone(&self.old);
        self.threads.start("untorn adapts", move || {
            if let Err(error) = task.work(&*old, &sender) {
                // Whoever does not wait for it any more does not need it.
                drop(sender.send(Message::Failed(error)));
            }
        })?;
        Some(Job(receiver))
    }
}

/// A file to be adapted.
struct Task {
    path: TreePath,
    old_len: u64,
    program: Vec<u8>,
    /// Of the file, and of the literal bytes in it.
    lens: (u64, u64),
}

impl Task {
    fn work(&self, old: &dyn Files, to: &SyncSender<Message>) -> Result<(), PatchError> {
        let (mut copier, stretches) = Copier::new(&self.program, (0, self.old_len), self.lens)?;
        let mut read = |buf: &mut [u8], at| read_old(old, &self.path, buf, at);
        let stretches: Arc<[Stretch]> = stretches.into();
        if to.send(Message::Begun(Arc::clone(&stretches))).is_err() {
            return Ok(());
        }
        let (mut made, mut held, mut piece) = (0, Vec::new(), Vec::with_capacity(PIECE_LEN));
        for mut stretch in stretches.iter().copied() {
            made += stretch.literal_len;
            while stretch.len > 0 {
                copier.copy(&stretch, made, &mut held, &mut read)?;
                let copied = held.len() as u64;
                (made, stretch.at, stretch.len) = (made + copied, stretch.at + copied, stretch.len - copied);
                if !piece.is_empty() && piece.len() + held.len() > PIECE_LEN {
                    let full = std::mem::replace(&mut piece, Vec::with_capacity(PIECE_LEN));
                    if to.send(Message::Bytes(full)).is_err() {
                        return Ok(());
                    }
                }
                piece.extend_from_slice(&held);
            }
        }
        if !piece.is_empty() {
            drop(to.send(Message::Bytes(piece)));
        }
        Ok(())
    }
}
