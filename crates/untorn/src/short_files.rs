//! What short files hold, for whoever reads many of them here and there.

use std::{
    collections::{HashMap, VecDeque},
    io,
    sync::{Arc, Mutex, PoisonError},
};

use untorn_format::TreePath;
use untorn_fs::File;

/// How long a file may be to be read whole, in bytes.
const LEN_MAX: usize = 64 << 10;

/// The bytes of short files that are read piece by piece, each read once; forgets those that were read first when it holds too many.
pub(crate) struct ShortFiles {
    len_max: usize,
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    files: HashMap<String, Arc<Vec<u8>>>,
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
    pub(crate) fn get(&self, path: &TreePath) -> Option<Arc<Vec<u8>>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).files.get(path.as_str()).cloned()
    }

    /// How long the file is, where that is short enough to be held.
    pub(crate) fn short_len(&self, file: &dyn File) -> io::Result<Option<usize>> {
        if self.len_max == 0 {
            return Ok(None);
        }
        Ok(usize::try_from(file.metadata()?.len).ok().filter(|len| *len <= LEN_MAX))
    }

    /// Reads all `len` bytes of a file, and holds them.
    pub(crate) fn read(&self, path: &TreePath, file: &dyn File, len: usize) -> io::Result<Arc<Vec<u8>>> {
        let mut bytes = vec![0; len];
        file.read_exact_at(&mut bytes, 0)?;
        let bytes = Arc::new(bytes);
        self.held.lock().unwrap_or_else(PoisonError::into_inner).take(path, &bytes, self.len_max);
        Ok(bytes)
    }
}

impl Held {
    fn take(&mut self, path: &TreePath, bytes: &Arc<Vec<u8>>, len_max: usize) {
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

#[cfg(test)]
mod tests {
    use untorn_fs::{Fs, OpenMode, OsFs};

    use super::*;

    fn path(name: &str) -> TreePath {
        TreePath::new(name).unwrap()
    }

    fn open(dir: &tempfile::TempDir, name: &str, bytes: &[u8]) -> Box<dyn File> {
        std::fs::write(dir.path().join(name), bytes).unwrap();
        OsFs::open(dir.path()).unwrap().open(name, OpenMode::Read).unwrap()
    }

    #[test]
    fn short_files_are_held_until_there_are_too_many() {
        let dir = tempfile::tempdir().unwrap();
        let short = ShortFiles::new(2 * cost(&[0; 1000]));
        for name in ["a", "b", "c"] {
            let file = open(&dir, name, name.repeat(1000).as_bytes());
            assert_eq!(short.short_len(&*file).unwrap(), Some(1000));
            assert_eq!(*short.read(&path(name), &*file, 1000).unwrap(), name.repeat(1000).as_bytes());
        }
        assert!(short.get(&path("a")).is_none(), "the first was forgotten");
        assert_eq!(*short.get(&path("b")).unwrap(), "b".repeat(1000).as_bytes());
        assert_eq!(*short.get(&path("c")).unwrap(), "c".repeat(1000).as_bytes());
    }

    #[test]
    fn long_files_are_not_held_nor_any_where_no_memory_was_given() {
        let dir = tempfile::tempdir().unwrap();
        let short = ShortFiles::new(1 << 20);
        assert_eq!(short.short_len(&*open(&dir, "long", &[7; LEN_MAX + 1])).unwrap(), None);
        assert_eq!(short.short_len(&*open(&dir, "longest", &[7; LEN_MAX])).unwrap(), Some(LEN_MAX));
        assert_eq!(ShortFiles::new(0).short_len(&*open(&dir, "short", b"7")).unwrap(), None);
    }
}
