//! What is in files: lengths and hashes, many files at once.

use std::{
    io,
    num::NonZero,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
    thread,
};

use untorn_format::{Hash, Hasher, TreePath};
use untorn_fs::{File, Fs, OpenMode};
use untorn_txn::{Observer, Phase};

/// How much is read at once, in bytes; each thread holds one such piece.
const PIECE_LEN: usize = 1 << 20;

/// What is in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Content {
    pub(crate) len: u64,
    pub(crate) hash: Hash,
}

/// How many threads `jobs` asks for: 0 means one for each core.
pub(crate) fn threads(jobs: usize) -> usize {
    if jobs > 0 { jobs } else { thread::available_parallelism().map_or(1, NonZero::get) }
}

/// Small files that are not in memory are waited for one after the other: more threads than cores keep the disk busy.
const READERS_PER_CORE: usize = 4;
const READERS_MAX: usize = 16;

/// How many threads shall read files, where `jobs` is 0; else that many.
pub(crate) fn readers(jobs: usize) -> usize {
    if jobs > 0 { jobs } else { (threads(0) * READERS_PER_CORE).min(READERS_MAX) }
}

/// Does `work`, which reads files, for every number below `count`, on `jobs` threads, and gives the results in order.
pub(crate) fn for_each<T: Send>(jobs: usize, count: usize, work: &(dyn Fn(usize) -> T + Sync)) -> Vec<T> {
    let (next, done) = (AtomicUsize::new(0), Mutex::new(Vec::with_capacity(count)));
    let run = || {
        let mut mine = Vec::new();
        loop {
            let number = next.fetch_add(1, Relaxed);
            if number >= count {
                break;
            }
            mine.push((number, work(number)));
        }
        done.lock().unwrap_or_else(PoisonError::into_inner).append(&mut mine);
    };
    thread::scope(|scope| {
        for _ in 1..readers(jobs).min(count) {
            scope.spawn(run);
        }
        run();
    });
    let mut results = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    results.sort_unstable_by_key(|(number, _)| *number);
    results.into_iter().map(|(_, result)| result).collect()
}

/// Reads the files at `paths` whole, on `jobs` threads. `total` is how many bytes that will be, for `observer`.
pub(crate) fn read_all(
    fs: &dyn Fs,
    paths: &[&TreePath],
    jobs: usize,
    total: u64,
    observer: Option<&dyn Observer>,
) -> Vec<io::Result<Content>> {
    let tell = counted(observer, total);
    for_each(jobs, paths.len(), &|number| read(fs, paths[number], &tell))
}

/// What reading answers when the caller asked to stop; [`Error::or_stopped`](crate::Error::or_stopped) makes the answer to the caller of it.
pub(crate) fn stop_if_asked(observer: &dyn Observer) -> io::Result<()> {
    if observer.should_stop() { Err(io::Error::other("stopped, as asked")) } else { Ok(()) }
}

/// Reads one file whole.
pub(crate) fn read_one(fs: &dyn Fs, path: &TreePath) -> io::Result<Content> {
    read(fs, path, &|_| Ok(()))
}

/// Reads a file from front to back, telling `tell` how much was read each time.
pub(crate) struct FrontToBack<'f> {
    pub(crate) file: Box<dyn File>,
    pub(crate) at: u64,
    pub(crate) tell: &'f (dyn Fn(u64) -> io::Result<()> + Sync),
}

impl io::Read for FrontToBack<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let len = self.file.read_at(buf, self.at)?;
        self.at += len as u64;
        (self.tell)(len as u64)?;
        Ok(len)
    }
}

/// Tells `observer` how much of `total` was read, and asks it whether to stop.
pub(crate) fn counted(observer: Option<&dyn Observer>, total: u64) -> impl Fn(u64) -> io::Result<()> + Sync {
    let done = AtomicU64::new(0);
    move |len| {
        let done = done.fetch_add(len, Relaxed) + len;
        observer.map_or(Ok(()), |observer| {
            observer.progress(Phase::Read, done.min(total), total);
            stop_if_asked(observer)
        })
    }
}

/// The length is that of what was read, not what the system says: a file that grows meanwhile is seen as one thing.
fn read(fs: &dyn Fs, path: &TreePath, tell: &dyn Fn(u64) -> io::Result<()>) -> io::Result<Content> {
    let file = fs.open(path.as_str(), OpenMode::Read)?;
    let len = usize::try_from(file.metadata()?.len).unwrap_or(PIECE_LEN);
    let mut piece = vec![0; len.saturating_add(1).min(PIECE_LEN)];
    let (mut hasher, mut at) = (Hasher::new(), 0);
    loop {
        match file.read_at(&mut piece, at)? {
            0 => return Ok(Content { len: at, hash: hasher.finish() }),
            len => {
                hasher.update(&piece[..len]);
                at += len as u64;
                tell(len as u64)?;
            }
        }
    }
}
