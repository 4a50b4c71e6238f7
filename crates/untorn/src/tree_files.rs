//! The files of a directory, for making and reading patches.

use std::{
    collections::BTreeMap,
    io::{self, Read},
    sync::{Arc, Mutex, PoisonError},
};

use untorn_delta::Files;
use untorn_format::TreePath;
use untorn_fs::{File, Fs, OpenMode};
use untorn_txn::Observer;

use crate::{content::stop_if_asked, short_files::ShortFiles};

/// How many files are kept open.
const OPEN_MAX: usize = 12;

/// Reads the files of a directory by path and keeps the last few open, or what short ones hold. Stops when the observer asks for it.
pub(crate) struct TreeFiles<'a> {
    fs: &'a dyn Fs,
    observer: Option<&'a dyn Observer>,
    /// Bytes that stand for those of files.
    instead: BTreeMap<TreePath, Vec<u8>>,
    /// Whether they were read a moment ago, so that no disk is waited for.
    at_hand: bool,
    open: OpenFiles,
}

impl<'a> TreeFiles<'a> {
    pub(crate) fn new(fs: &'a dyn Fs, observer: Option<&'a dyn Observer>) -> Self {
        Self { fs, observer, instead: BTreeMap::new(), at_hand: false, open: OpenFiles::new(0) }
    }

    /// With these bytes in the place of those of files.
    pub(crate) fn with(self, instead: BTreeMap<TreePath, Vec<u8>>) -> Self {
        Self { instead, ..self }
    }

    /// With this many bytes of memory for what short files hold: for whoever reads them again and again.
    pub(crate) fn holding(self, len_max: usize) -> Self {
        Self { open: OpenFiles::new(len_max), ..self }
    }

    /// Where they were read a moment ago: the disk need not be told of what is read next.
    pub(crate) fn at_hand(self, at_hand: bool) -> Self {
        Self { at_hand, ..self }
    }
}

impl Files for TreeFiles<'_> {
    fn read_at(&self, path: &TreePath, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        self.observer.map_or(Ok(()), stop_if_asked)?;
        match self.instead.get(path) {
            Some(bytes) => read_slice(bytes, buf, offset),
            None => self.open.get(self.fs, path, buf.len())?.read_at(buf, offset),
        }
    }

    fn read_soon(&self, path: &TreePath, offset: u64, len: u64) {
        if !self.at_hand
            && !self.instead.contains_key(path)
            && let Ok(file) = self.open.get(self.fs, path, usize::MAX)
        {
            file.read_soon(offset, len);
        }
    }
}

/// The same for threads that outlive a call.
pub(crate) struct SharedTreeFiles {
    fs: Arc<dyn Fs>,
    open: OpenFiles,
}

impl SharedTreeFiles {
    pub(crate) fn new(fs: Arc<dyn Fs>) -> Self {
        Self { fs, open: OpenFiles::new(0) }
    }
}

impl Files for SharedTreeFiles {
    fn read_at(&self, path: &TreePath, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        self.open.get(&*self.fs, path, buf.len())?.read_at(buf, offset)
    }

    fn read_soon(&self, path: &TreePath, offset: u64, len: u64) {
        if let Ok(file) = self.open.get(&*self.fs, path, usize::MAX) {
            file.read_soon(offset, len);
        }
    }
}

/// The last few files that were read, the one used last standing last; and what short ones hold that are read piece by piece.
struct OpenFiles {
    last: Mutex<Vec<OpenFile>>,
    short: ShortFiles,
}

#[derive(Clone)]
struct OpenFile {
    path: TreePath,
    file: Arc<dyn File>,
    /// How long it is, where that is short enough to be held.
    short_len: Option<usize>,
}

/// What is read from.
enum Opened {
    Short(Arc<Vec<u8>>),
    File(Arc<dyn File>),
}

impl OpenFiles {
    fn new(short_len_max: usize) -> Self {
        Self { last: Mutex::default(), short: ShortFiles::new(short_len_max) }
    }

    /// The file at `path`, of which `wanted` bytes will be read next. What is read whole is seldom read again.
    fn get(&self, fs: &dyn Fs, path: &TreePath, wanted: usize) -> io::Result<Opened> {
        if let Some(bytes) = self.short.get(path) {
            return Ok(Opened::Short(bytes));
        }
        let opened = self.open(fs, path)?;
        match opened.short_len {
            Some(len) if wanted < len => Ok(Opened::Short(self.short.read(path, &*opened.file, len)?)),
            _ => Ok(Opened::File(opened.file)),
        }
    }

    fn open(&self, fs: &dyn Fs, path: &TreePath) -> io::Result<OpenFile> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let found = last.iter().rposition(|open| open.path == *path);
        let opened = match found {
            Some(number) => last.remove(number),
            None => {
                let file = fs.open(path.as_str(), OpenMode::Read)?;
                OpenFile { path: path.clone(), short_len: self.short.short_len(&*file)?, file: Arc::from(file) }
            }
        };
        if last.len() >= OPEN_MAX {
            last.remove(0);
        }
        last.push(opened.clone());
        Ok(opened)
    }
}

impl Opened {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        match self {
            Self::Short(bytes) => read_slice(bytes, buf, offset),
            Self::File(file) => file.read_at(buf, offset),
        }
    }

    fn read_soon(&self, offset: u64, len: u64) {
        if let Self::File(file) = self {
            file.read_soon(offset, len);
        }
    }
}

fn read_slice(bytes: &[u8], buf: &mut [u8], offset: u64) -> io::Result<usize> {
    bytes.get(usize::try_from(offset).unwrap_or(usize::MAX)..).unwrap_or_default().read(buf)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

    use untorn_sim::{HookFs, Method, SimFs, SimOptions, Verdict, write};

    use super::*;

    const LEN: usize = 1000;

    /// How often files were opened and read.
    #[derive(Default)]
    struct Counts {
        opened: AtomicU64,
        read: AtomicU64,
    }

    fn files() -> (HookFs, Arc<Counts>) {
        let (sim, counts) = (SimFs::new(SimOptions::strict()), Arc::new(Counts::default()));
        for name in 0..2 * OPEN_MAX {
            write(&sim, &name.to_string(), &[u8::try_from(name).unwrap(); LEN]).unwrap();
        }
        let seen = counts.clone();
        let hooked = HookFs::on_sim(&sim, move |call| {
            match call.method {
                Method::Open => seen.opened.fetch_add(1, Relaxed),
                Method::ReadAt => seen.read.fetch_add(1, Relaxed),
                _ => 0,
            };
            Verdict::Pass
        });
        (hooked, counts)
    }

    /// Reads so many bytes at a time of each file, going over all of them twice.
    fn read(files: &TreeFiles<'_>, piece_len: usize) {
        for name in (0..2 * OPEN_MAX).chain(0..2 * OPEN_MAX) {
            let path = TreePath::new(&name.to_string()).unwrap();
            for at in (0..LEN).step_by(piece_len) {
                let mut piece = vec![0xff; piece_len];
                assert_eq!(files.read_at(&path, &mut piece, at as u64).unwrap(), piece_len);
                assert_eq!(piece, vec![u8::try_from(name).unwrap(); piece_len]);
            }
            assert_eq!(files.read_at(&path, &mut [0; 8], LEN as u64).unwrap(), 0, "behind the end");
        }
    }

    #[test]
    fn short_files_of_which_pieces_are_asked_for_are_opened_and_read_once() {
        let (fs, counts) = files();
        read(&TreeFiles::new(&fs, None).holding(1 << 20), 100);
        let all = 2 * OPEN_MAX as u64;
        assert_eq!((counts.opened.load(Relaxed), counts.read.load(Relaxed)), (all, all));
    }

    #[test]
    fn without_memory_for_them_the_last_few_stay_open() {
        let (fs, counts) = files();
        read(&TreeFiles::new(&fs, None), 100);
        let all = 2 * OPEN_MAX as u64;
        assert_eq!((counts.opened.load(Relaxed), counts.read.load(Relaxed)), (2 * all, 2 * all * 11));
    }

    #[test]
    fn what_is_read_whole_is_not_held() {
        let (fs, counts) = files();
        let files = TreeFiles::new(&fs, None).holding(1 << 20);
        let path = TreePath::new("1").unwrap();
        for _ in 0..3 {
            assert_eq!(files.read_at(&path, &mut [0; LEN], 0).unwrap(), LEN);
        }
        assert_eq!((counts.opened.load(Relaxed), counts.read.load(Relaxed)), (1, 3));
    }
}
