//! Frames, decompressed on other threads ahead of the file that needs them. The result is the same as without: frames come out in their order, each
//! with its own error.

use std::collections::VecDeque;
use std::io::{self, Read};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use untorn_format::patch::{Frame, Index};

use super::announced::References;
use super::literals::{Task, prepare, read_stored};
use super::members::Members;
use crate::{Files, PatchError};

/// Bytes that wait for each thread, stored and to be made, at most; one frame may always wait.
const WAITING_LEN_MAX: u64 = 32 << 20;

/// Says whether so many bytes of the input can be read without waiting.
pub(super) type IsThere = dyn Fn(u64) -> bool + Send + Sync;

/// Frames in their order, read from the input as they are needed, or a few earlier.
pub(super) struct Ahead {
    /// How many threads decompress besides the caller's, at most; with none, every frame is decompressed when it is needed.
    jobs: usize,
    /// For how many of them frames may wait.
    rooms: usize,
    /// How many bytes wait for each of them at most: those of the largest frame, which is what a reader was told that it takes.
    room_len: u64,
    workers: Option<Sender<(Task, Sender<Made>)>>,
    /// Number of the frame that is read from the input next.
    next_frame: usize,
    /// Where its literal bytes begin.
    literals_at: u64,
    waiting: VecDeque<Waiting>,
    waiting_len: u64,
    is_there: Option<Box<IsThere>>,
    announced: References,
    /// Of each frame of a joined patch whether it is in between; empty for any other.
    passing: Vec<bool>,
}

/// What comes of a frame.
type Made = Result<Vec<u8>, PatchError>;

/// A frame on its way.
struct Waiting {
    /// Its length.
    len: u64,
    /// Where its literal bytes end.
    end: u64,
    /// Bytes it takes while it waits.
    held_len: u64,
    state: State,
}

enum State {
    /// Nothing of it is needed.
    Skipped,
    /// Another thread makes it.
    Elsewhere(Receiver<Made>),
    /// It is made when it is needed.
    Here(Task),
    /// It cannot be made.
    Failed(PatchError),
    /// It could not be read, nor can anything behind it.
    Ended(PatchError),
}

/// A frame that has come to its turn.
pub(super) enum Arrived {
    /// Its bytes.
    Bytes(Vec<u8>),
    /// Nothing of it is needed, which holds this many bytes.
    Skipped(u64),
    /// It holds this many bytes, but cannot be made from these old files. That matters when somebody needs them.
    Failed(u64, PatchError),
}

impl Ahead {
    pub(super) fn new() -> Self {
        Self::starting_at(0, 0)
    }

    /// From the frame of this number on, whose literal bytes begin at `literals_at`.
    pub(super) fn starting_at(next_frame: usize, literals_at: u64) -> Self {
        Self {
            jobs: 0,
            rooms: 0,
            room_len: 0,
            workers: None,
            next_frame,
            literals_at,
            waiting: VecDeque::new(),
            waiting_len: 0,
            is_there: None,
            announced: References::default(),
            passing: Vec::new(),
        }
    }

    /// Lets `threads` threads work, the caller's included.
    pub(super) fn set_threads(&mut self, threads: usize, index: &Index) {
        self.jobs = if threads > 1 { threads } else { 0 };
        self.rooms = self.jobs;
        self.room_len = index.frames().iter().map(held_len).max().unwrap_or(0).min(WAITING_LEN_MAX);
    }

    /// Leaves the room of one thread to others.
    pub(super) fn leave_room(&mut self) {
        self.rooms = self.rooms.saturating_sub(1);
    }

    /// The patch is a joined one: these frames are in between, and never skipped.
    pub(super) fn set_passing(&mut self, passing: Vec<bool>) {
        self.passing = passing;
    }

    /// Only what is there is read ahead.
    pub(super) fn set_is_there(&mut self, is_there: Box<IsThere>) {
        self.is_there = Some(is_there);
    }

    /// The next frame; whatever ends before the literal byte `needed_at` is skipped. `None` behind the last.
    pub(super) fn next<R: Read>(
        &mut self,
        input: &mut R,
        index: &Index,
        (old, members): (&dyn Files, &mut Members),
        needed_at: u64,
    ) -> Option<Result<Arrived, PatchError>> {
        self.read_on(input, index, (old, members), needed_at);
        let Waiting { len, end, held_len, state } = self.waiting.pop_front()?;
        self.waiting_len = self.waiting_len.saturating_sub(held_len);
        if !matches!(state, State::Ended(_)) {
            self.begin_next(input, index, (old, members), needed_at);
        }
        Some(match state {
            // When it was read, it was not known yet that it would be skipped.
            state if end <= needed_at => state.check().map(|()| Arrived::Skipped(len)),
            State::Skipped => Ok(Arrived::Skipped(len)),
            State::Elsewhere(made) => arrived(received(&made), len),
            State::Here(task) => arrived(task.make(), len),
            State::Failed(error) => arrived(Err(error), len),
            State::Ended(error) => Err(error),
        })
    }

    /// Checks the frames that are left, without making them.
    pub(super) fn finish<R: Read>(mut self, input: &mut R, index: &Index) -> Result<(), PatchError> {
        for waiting in self.waiting.drain(..) {
            waiting.state.check()?;
        }
        index.frames().iter().skip(self.next_frame).try_for_each(|frame| read_stored(input, frame).and_then(|task| task.check()))
    }

    /// Where other threads work and no frame waits: lets them begin the next one, so that it is made while the one before is waited for and used.
    pub(super) fn begin_next<R: Read>(
        &mut self,
        input: &mut R,
        index: &Index,
        (old, members): (&dyn Files, &mut Members),
        needed_at: u64,
    ) {
        if self.jobs > 0
            && self.passing.is_empty()
            && self.waiting.is_empty()
            && let Some(frame) = index.frames().get(self.next_frame)
            && self.may_wait(frame)
        {
            self.read_one(input, index, frame, (old, members), needed_at);
        }
    }

    /// Reads the frame that comes next, if it is not waiting yet, and as many behind it as may wait.
    fn read_on<R: Read>(&mut self, input: &mut R, index: &Index, (old, members): (&dyn Files, &mut Members), needed_at: u64) {
        while let Some(frame) = index.frames().get(self.next_frame)
            && (self.waiting.is_empty() || self.may_wait(frame) && self.is_ready(index, frame, members.middles.count()))
        {
            if self.read_one(input, index, frame, (old, &mut *members), needed_at) {
                break;
            }
        }
    }

    /// Reads the frame that comes next. Returns whether nothing behind it can be read.
    fn read_one<R: Read>(
        &mut self,
        input: &mut R,
        index: &Index,
        frame: &Frame,
        (old, members): (&dyn Files, &mut Members),
        needed_at: u64,
    ) -> bool {
        let is_passing = self.passing.get(self.next_frame).copied().unwrap_or(false);
        self.announced.go_on(self.next_frame, index, old);
        self.next_frame += 1;
        self.literals_at = self.literals_at.saturating_add(if is_passing { 0 } else { frame.len });
        let is_needed = is_passing || self.literals_at > needed_at;
        let held_len = if is_needed { held_len(frame) } else { 0 };
        let state = self.begin(input, index, frame, (old, members), is_needed);
        let is_last = matches!(state, State::Ended(_));
        self.waiting_len = self.waiting_len.saturating_add(held_len);
        let end = if is_passing { u64::MAX } else { self.literals_at };
        self.waiting.push_back(Waiting { len: frame.len, end, held_len, state });
        is_last
    }

    /// Whether the bytes in between that a frame refers to are made.
    fn is_ready(&self, index: &Index, frame: &Frame, made: usize) -> bool {
        let mut middles = frame.references.iter().filter_map(|reference| index.middle_of(reference.source));
        self.passing.is_empty() || middles.all(|number| number < made)
    }

    fn may_wait(&self, frame: &Frame) -> bool {
        let ended = matches!(self.waiting.back(), Some(Waiting { state: State::Ended(_), .. }));
        let room = self.room_len.saturating_mul(self.rooms as u64);
        let is_there = self.is_there.as_ref().is_none_or(|is_there| is_there(frame.stored_len));
        !ended && is_there && (self.waiting.is_empty() || self.waiting_len.saturating_add(held_len(frame)) <= room)
    }

    fn begin<R: Read>(
        &mut self,
        input: &mut R,
        index: &Index,
        frame: &Frame,
        (old, members): (&dyn Files, &mut Members),
        is_needed: bool,
    ) -> State {
        let task = match read_stored(input, frame) {
            Ok(task) => task,
            Err(error) => return State::Ended(error),
        };
        if !is_needed {
            return task.check().map_or_else(State::Ended, |()| State::Skipped);
        }
        match prepare(task, frame, index, (old, members)) {
            Ok(task) => self.send(task),
            Err(error) => State::Failed(error),
        }
    }

    /// Gives a task to the other threads, if there are any.
    fn send(&mut self, task: Task) -> State {
        if self.jobs == 0 {
            return State::Here(task);
        }
        let workers = self.workers.get_or_insert_with(|| start(self.jobs.min(self.rooms.max(1))));
        let (reply, made) = channel();
        match workers.send((task, reply)) {
            Ok(()) => State::Elsewhere(made),
            // No thread could be started.
            Err(refused) => State::Here(refused.0.0),
        }
    }
}

impl State {
    /// Whether the frame is as it was made, where its bytes are not needed.
    fn check(self) -> Result<(), PatchError> {
        match self {
            Self::Elsewhere(made) => received(&made).or_else(harmless).map(drop),
            Self::Here(task) => task.check(),
            Self::Failed(error) | Self::Ended(error) => harmless(error).map(drop),
            Self::Skipped => Ok(()),
        }
    }
}

/// Bytes that a frame takes while it waits.
fn held_len(frame: &Frame) -> u64 {
    frame.len.saturating_add(frame.stored_len).saturating_add(frame.reference_len())
}

/// Only damage of the patch counts where the bytes are not needed.
fn harmless(error: PatchError) -> Made {
    match error {
        PatchError::Damaged(_) | PatchError::Input(_) => Err(error),
        _ => Ok(Vec::new()),
    }
}

/// A frame of `len` bytes that was made, or was not.
fn arrived(made: Made, len: u64) -> Result<Arrived, PatchError> {
    match made {
        Ok(bytes) => Ok(Arrived::Bytes(bytes)),
        Err(error @ (PatchError::Damaged(_) | PatchError::Input(_))) => Err(error),
        Err(error) => Ok(Arrived::Failed(len, error)),
    }
}

fn received(made: &Receiver<Made>) -> Made {
    made.recv().unwrap_or_else(|_| Err(PatchError::Input(io::Error::other("a thread that decompresses has ended"))))
}

/// Threads that work until the sender is gone.
fn start(jobs: usize) -> Sender<(Task, Sender<Made>)> {
    let (sender, tasks) = channel();
    let tasks = Arc::new(Mutex::new(tasks));
    for _ in 0..jobs {
        let tasks = Arc::clone(&tasks);
        // With fewer threads, or none, it only takes longer.
        drop(thread::Builder::new().name("untorn frames".to_owned()).spawn(move || work(&tasks)));
    }
    sender
}

fn work(tasks: &Mutex<Receiver<(Task, Sender<Made>)>>) {
    loop {
        let task = tasks.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok((task, reply)) = task else { return };
        // Whoever does not wait for it any more does not need it.
        drop(reply.send(task.make()));
    }
}
