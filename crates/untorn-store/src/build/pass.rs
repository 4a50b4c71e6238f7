//! Reading a build once: on several threads, but what was read comes out in order.

use std::{
    collections::{HashMap, VecDeque},
    io::{self, Read},
    ops::Range,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    thread,
};

use untorn_format::{Hash, Hasher, index::Chunk};

use crate::{Chunker, Error, chunker::chunk_of};

/// How files are opened, by their number. What is read from them counts as read: whoever reports progress, or stops, does it there.
pub type Open<'a> = &'a (dyn Fn(usize) -> io::Result<Box<dyn Read + 'a>> + Sync);

/// What is in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Content {
    /// Its length in bytes.
    pub len: u64,
    /// The hash of its bytes.
    pub hash: Hash,
}

/// Something that was read.
pub(super) enum Event {
    /// A chunk; where its bytes are in the batch, if they are wanted.
    Chunk(Chunk, Option<Range<usize>>),
    /// The end of a file.
    End(Content),
}

/// Some of what was read.
#[derive(Default)]
pub(super) struct Batch {
    pub(super) events: Vec<Event>,
    pub(super) bytes: Vec<u8>,
    pub(super) failure: Option<Error>,
}

/// Files are read in runs of about this many bytes, one thread a run.
const RUN_LEN: u64 = 1 << 20;
/// The most files of a run.
const RUN_FILES_MAX: usize = 256;
/// A batch is given on when it holds this many bytes, or events.
const BATCH_LEN: usize = 512 << 10;
const BATCH_EVENTS: usize = 1024;
/// How many batches of one run wait at most.
const WAITING_MAX: usize = 2;
/// How many runs for each thread are read ahead, at most.
const RUNS_AHEAD: usize = 2;

/// Reads files of about these lengths on `jobs` threads and gives what was read to `consume`, in order, in the caller's thread. The bytes of chunks for which `wants`
/// says yes come along.
pub(super) fn run(
    lens: &[u64],
    open: Open<'_>,
    wants: &(dyn Fn(&Hash) -> bool + Sync),
    jobs: usize,
    consume: &mut dyn FnMut(Batch) -> Result<(), Error>,
) -> Result<(), Error> {
    let runs = runs(lens);
    let board = Board::new(jobs.max(1) * RUNS_AHEAD);
    thread::scope(|scope| {
        for _ in 0..jobs.clamp(1, runs.len().max(1)) {
            scope.spawn(|| {
                while let Some(run) = board.claim(runs.len()) {
                    let _done = Done { board: &board, run };
                    read_run(runs[run].clone(), open, wants, &mut |batch| board.put(run, batch));
                }
            });
        }
        let _stop = Stop(&board);
        while let Some(mut batch) = board.take(runs.len()) {
            if let Some(failure) = batch.failure.take() {
                return Err(failure);
            }
            consume(batch)?;
        }
        Ok(())
    })
}

/// Files that follow each other, in runs that are worth a thread's while.
fn runs(lens: &[u64]) -> Vec<Range<usize>> {
    let (mut runs, mut start, mut sum) = (Vec::new(), 0, 0_u64);
    for (number, len) in lens.iter().enumerate() {
        sum = sum.saturating_add(*len);
        if sum >= RUN_LEN || number + 1 - start >= RUN_FILES_MAX || number + 1 == lens.len() {
            runs.push(start..number + 1);
            (start, sum) = (number + 1, 0);
        }
    }
    runs
}

/// `give` answers whether to go on.
fn read_run(files: Range<usize>, open: Open<'_>, wants: &(dyn Fn(&Hash) -> bool + Sync), give: &mut dyn FnMut(Batch) -> bool) {
    let mut batch = Batch::default();
    for file in files {
        match read_file(file, open, wants, &mut batch, give) {
            Ok(true) => {}
            Ok(false) => return,
            Err(source) => {
                batch.failure = Some(Error::Read { file, source });
                break;
            }
        }
    }
    give(batch);
}

fn read_file(
    file: usize,
    open: Open<'_>,
    wants: &(dyn Fn(&Hash) -> bool + Sync),
    batch: &mut Batch,
    give: &mut dyn FnMut(Batch) -> bool,
) -> io::Result<bool> {
    let (mut chunker, mut hasher) = (Chunker::new(open(file)?), Hasher::new());
    let mut content = Content { len: 0, hash: hasher.finish() };
    while let Some(bytes) = chunker.next_bytes()? {
        let chunk = chunk_of(bytes);
        hasher.update(bytes);
        content.len += u64::from(chunk.len);
        let place = wants(&chunk.hash).then(|| batch.bytes.len()..batch.bytes.len() + bytes.len());
        if place.is_some() {
            batch.bytes.extend_from_slice(bytes);
        }
        batch.events.push(Event::Chunk(chunk, place));
        if (batch.bytes.len() >= BATCH_LEN || batch.events.len() >= BATCH_EVENTS) && !give(std::mem::take(batch)) {
            return Ok(false);
        }
    }
    content.hash = hasher.finish();
    batch.events.push(Event::End(content));
    Ok(true)
}

/// Who has read what, and who may go on.
struct Board {
    state: Mutex<State>,
    changed: Condvar,
    ahead: usize,
}

#[derive(Default)]
struct State {
    /// The run whose batches are taken.
    current: usize,
    /// The run that the next thread without work takes.
    next: usize,
    waiting: HashMap<usize, Waiting>,
    is_stopped: bool,
}

#[derive(Default)]
struct Waiting {
    batches: VecDeque<Batch>,
    is_done: bool,
}

impl Board {
    fn new(ahead: usize) -> Self {
        Self { state: Mutex::default(), changed: Condvar::new(), ahead }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'s>(&self, state: MutexGuard<'s, State>, while_: impl Fn(&mut State) -> bool) -> MutexGuard<'s, State> {
        self.changed.wait_while(state, |state| !state.is_stopped && while_(state)).unwrap_or_else(PoisonError::into_inner)
    }

    /// The next run to read, once it is not too far ahead.
    fn claim(&self, count: usize) -> Option<usize> {
        let mut state = self.wait(self.lock(), |state| state.next < count && state.next > state.current + self.ahead);
        if state.is_stopped || state.next >= count {
            return None;
        }
        let run = state.next;
        state.next += 1;
        Some(run)
    }

    fn put(&self, run: usize, batch: Batch) -> bool {
        let is_full = |state: &mut State| state.waiting.get(&run).is_some_and(|waiting| waiting.batches.len() >= WAITING_MAX);
        let mut state = self.wait(self.lock(), is_full);
        if state.is_stopped {
            return false;
        }
        state.waiting.entry(run).or_default().batches.push_back(batch);
        self.changed.notify_all();
        true
    }

    fn set_done(&self, run: usize) {
        self.lock().waiting.entry(run).or_default().is_done = true;
        self.changed.notify_all();
    }

    /// The next batch, in order; `None` after the last.
    fn take(&self, count: usize) -> Option<Batch> {
        let mut state = self.lock();
        while state.current < count {
            let current = state.current;
            state = self.wait(state, |state| {
                state.waiting.get(&current).is_none_or(|waiting| waiting.batches.is_empty() && !waiting.is_done)
            });
            let batch = state.waiting.get_mut(&current).and_then(|waiting| waiting.batches.pop_front());
            if batch.is_none() {
                state.waiting.remove(&current);
                state.current += 1;
            }
            self.changed.notify_all();
            if batch.is_some() {
                return batch;
            }
        }
        None
    }
}

/// Says that a run has been read, also when its thread panics: nobody waits for it for ever.
struct Done<'b> {
    board: &'b Board,
    run: usize,
}

impl Drop for Done<'_> {
    fn drop(&mut self) {
        self.board.set_done(self.run);
    }
}

/// Lets the threads go when nobody takes what they read any more.
struct Stop<'b>(&'b Board);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.lock().is_stopped = true;
        self.0.changed.notify_all();
    }
}
