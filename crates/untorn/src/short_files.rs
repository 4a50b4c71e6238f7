//! What short files hold, for whoever reads many of them here and there.

use std::{
    collections::{HashMap, VecDeque},
    io,
    sync::{Arc, Mutex, PoisonError},
};

use untorn_format::TreePath;
use untorn_fs::{File, Fs, OpenMode};

/// How long a file may be to be read whole, in bytes.
const LEN_MAX: u64 = 64 << 10;

/// The bytes of short files, each opened and read once; forgets those that were read first when it holds too many.
pub(crate) struct ShortFiles {
    len_max: usize,
    held: Mutex<Held>,
}

/// A file that was opened: what it holds where it is short, else the handle.
pub(crate) enum Opened {
    Short(Arc<[u8]>),
    Long(Arc<dyn File>),
}

#[derive(Default)]
struct Held {
    files: HashMap<String, Arc<[u8]>>,
    /// In the order in which they were read.
    paths: VecDeque<String>,
    len: usize,
}

impl ShortFiles {
    /// Holds at most `len_max` bytes of files; with 0 none is read whole.
    pub(crate) fn new(len_max: usize) -> Self {
        Self { len_max, held: Mutex::default() }
    }

    /// What the file holds, if it was read and not forgotten.
    pub(crate) fn get(&self, path: &TreePath) -> Option<Arc<[u8]>> {
        if self.len_max == 0 {
            return None;
        }
        self.held.lock().unwrap_or_else(PoisonError::into_inner).files.get(path.as_str()).cloned()
    }

    /// Opens a file, and reads it where it is short.
    pub(crate) fn open(&self, fs: &dyn Fs, path: &TreePath) -> io::Result<Opened> {
        let file = fs.open(path.as_str(), OpenMode::Read)?;
        if self.len_max == 0 {
            return Ok(Opened::Long(Arc::from(file)));
        }
        let len = file.metadata()?.len;
        if len > LEN_MAX {
            return Ok(Opened::Long(Arc::from(file)));
        }
        let bytes: Arc<[u8]> = whole(&*file, usize::try_from(len).unwrap_or(0))?.into();
        self.held.lock().unwrap_or_else(PoisonError::into_inner).take(path, &bytes, self.len_max);
        Ok(Opened::Short(bytes))
    }
}

impl Held {
    fn take(&mut self, path: &TreePath, bytes: &Arc<[u8]>, len_max: usize) {
        // Another thread may have read it meanwhile.
        if self.files.insert(path.as_str().to_owned(), bytes.clone()).is_none() {
            self.paths.push_back(path.as_str().to_owned());
            self.len += cost(bytes);
        }
        while self.len > len_max
            && let Some(first) = self.paths.pop_front()
        {
            self.len -= self.files.remove(&first).map_or(0, |bytes| cost(&bytes));
        }
    }
}

/// What holding a file takes: its bytes, and about as much as its path twice and the rest.
fn cost(bytes: &[u8]) -> usize {
    bytes.len() + 256
}

/// The first `len` bytes, or fewer where there are no more.
fn whole(file: &dyn File, len: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; len];
    let mut at = 0;
    while at < len {
        match file.read_at(&mut bytes[at..], at as u64)? {
            0 => break,
            read => at += read,
        }
    }
    bytes.truncate(at);
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use untorn_fs::OsFs;

    use super::*;

    fn path(name: &str) -> TreePath {
        TreePath::new(name).unwrap()
    }

    #[test]
    fn short_files_are_held_until_there_are_too_many() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["a", "b", "c"] {
            std::fs::write(dir.path().join(name), name.repeat(1000)).unwrap();
        }
        let (fs, short) = (OsFs::open(dir.path()).unwrap(), ShortFiles::new(2 * cost(&[0; 1000])));
        for name in ["a", "b", "c"] {
            let opened = short.open(&fs, &path(name)).unwrap();
            assert!(matches!(opened, Opened::Short(bytes) if *bytes == *name.repeat(1000).as_bytes()));
        }
        assert!(short.get(&path("a")).is_none(), "the first was forgotten");
        assert_eq!(short.get(&path("b")).as_deref(), Some("b".repeat(1000).as_bytes()));
        assert_eq!(short.get(&path("c")).as_deref(), Some("c".repeat(1000).as_bytes()));
    }

    #[test]
    fn long_files_and_files_where_no_memory_was_given_are_handles() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("long"), vec![7; LEN_MAX as usize + 1]).unwrap();
        std::fs::write(dir.path().join("short"), "7").unwrap();
        let fs = OsFs::open(dir.path()).unwrap();
        let short = ShortFiles::new(1 << 20);
        assert!(matches!(short.open(&fs, &path("long")).unwrap(), Opened::Long(_)));
        assert!(short.get(&path("long")).is_none());
        let none = ShortFiles::new(0);
        assert!(matches!(none.open(&fs, &path("short")).unwrap(), Opened::Long(_)));
        assert!(none.get(&path("short")).is_none());
    }
}
