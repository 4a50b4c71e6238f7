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

use untorn_format::{HASH_PART_LEN, Hash, Hasher, PartHash, PartHasher, TreePath};
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

/// A file to be read, and about how long it is.
pub(crate) type ToRead<'p> = (&'p TreePath, u64);

/// Reads files whole, on `jobs` threads, which share long ones.
pub(crate) fn read_all(
    fs: &dyn Fs,
    files: &[ToRead<'_>],
    jobs: usize,
    observer: Option<&dyn Observer>,
) -> Vec<io::Result<Content>> {
    let tell = counted(observer, files.iter().map(|(_, len)| *len).fold(0, u64::saturating_add));
    let units: Vec<Unit> = files.iter().enumerate().flat_map(|(file, (_, len))| units(file, *len)).collect();
    let mut read = for_each(jobs, units.len(), &|number| match units[number] {
        Unit::Whole(file) => Read::Whole(self::read(fs, files[file].0, &tell)),
        Unit::Part(file, part) => Read::Part(read_part(fs, files[file], part, &tell)),
    })
    .into_iter();
    let content = |(path, len): &ToRead<'_>| {
        let mut parts = Vec::new();
        for result in read.by_ref().take(units_of(*len)) {
            match result {
                Read::Whole(content) => return content,
                Read::Part(part) => parts.push(part),
            }
        }
        let parts: Option<Vec<PartHash>> = parts.into_iter().collect::<io::Result<_>>()?;
        match parts.and_then(|parts| Hash::of_parts(&parts)) {
            Some(hash) => Ok(Content { len: *len, hash }),
            // Somebody is writing to it.
            None => self::read(fs, path, &tell),
        }
    };
    files.iter().map(content).collect()
}

/// What one thread reads at a time: a file by its number, or a part of a long one.
#[derive(Clone, Copy)]
enum Unit {
    Whole(usize),
    Part(usize, u64),
}

enum Read {
    Whole(io::Result<Content>),
    Part(io::Result<Option<PartHash>>),
}

/// How many units a file of `len` bytes is.
fn units_of(len: u64) -> usize {
    usize::try_from(len.div_ceil(HASH_PART_LEN)).unwrap_or(1).max(1)
}

fn units(file: usize, len: u64) -> impl Iterator<Item = Unit> {
    let count = units_of(len);
    (0..count).map(move |part| if count == 1 { Unit::Whole(file) } else { Unit::Part(file, part as u64) })
}

/// Reads one part of a file; `None` when the file is not as long as it was.
fn read_part(
    fs: &dyn Fs,
    (path, len): ToRead<'_>,
    part: u64,
    tell: &dyn Fn(u64) -> io::Result<()>,
) -> io::Result<Option<PartHash>> {
    let file = fs.open(path.as_str(), OpenMode::Read)?;
    let (mut at, end) = (part * HASH_PART_LEN, ((part + 1) * HASH_PART_LEN).min(len));
    let Some(mut hasher) = PartHasher::new(part) else { return Ok(None) };
    let mut piece = vec![0; PIECE_LEN];
    while at < end {
        let rest = usize::try_from(end - at).unwrap_or(PIECE_LEN).min(PIECE_LEN);
        let read = file.read_at(&mut piece[..rest], at)?;
        if read == 0 || hasher.update(&piece[..read]).is_none() {
            return Ok(None);
        }
        at += read as u64;
        tell(read as u64)?;
    }
    let is_longer = end == len && file.read_at(&mut piece[..1], end)? > 0;
    Ok(hasher.finish().filter(|_| !is_longer))
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
