//! The files of a directory, for making and reading patches.

use std::{
    collections::BTreeMap,
    io::{self, Read},
    sync::{Arc, Mutex, PoisonError},
};

use untorn_delta::Files;
use untorn_format::TreePath;
use untorn_fs::{File, Fs};
use untorn_txn::Observer;

use crate::{
    content::stop_if_asked,
    short_files::{Opened, ShortFiles},
};

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
            None => self.open.get(self.fs, path)?.read_at(buf, offset),
        }
    }

    fn read_soon(&self, path: &TreePath, offset: u64, len: u64) {
        if !self.at_hand
            && !self.instead.contains_key(path)
            && let Ok(file) = self.open.get(self.fs, path)
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
        self.open.get(&*self.fs, path)?.read_at(buf, offset)
    }

    fn read_soon(&self, path: &TreePath, offset: u64, len: u64) {
        if let Ok(file) = self.open.get(&*self.fs, path) {
            file.read_soon(offset, len);
        }
    }
}

/// The last few long files that were read, the one used last standing last; and short ones.
struct OpenFiles {
    long: Mutex<Vec<(TreePath, Arc<dyn File>)>>,
    short: ShortFiles,
}

impl OpenFiles {
    fn new(short_len_max: usize) -> Self {
        Self { long: Mutex::default(), short: ShortFiles::new(short_len_max) }
    }

    fn get(&self, fs: &dyn Fs, path: &TreePath) -> io::Result<Opened> {
        if let Some(bytes) = self.short.get(path) {
            return Ok(Opened::Short(bytes));
        }
        let mut open = self.long.lock().unwrap_or_else(PoisonError::into_inner);
        let found = open.iter().rposition(|(name, _)| name == path);
        let file = match found {
            Some(number) => open.remove(number).1,
            None => match self.short.open(fs, path)? {
                Opened::Long(file) => file,
                short @ Opened::Short(_) => return Ok(short),
            },
        };
        if open.len() >= OPEN_MAX {
            open.remove(0);
        }
        open.push((path.clone(), file.clone()));
        Ok(Opened::Long(file))
    }
}

impl Opened {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        match self {
            Self::Short(bytes) => read_slice(bytes, buf, offset),
            Self::Long(file) => file.read_at(buf, offset),
        }
    }

    fn read_soon(&self, offset: u64, len: u64) {
        if let Self::Long(file) = self {
            file.read_soon(offset, len);
        }
    }
}

fn read_slice(bytes: &[u8], buf: &mut [u8], offset: u64) -> io::Result<usize> {
    bytes.get(usize::try_from(offset).unwrap_or(usize::MAX)..).unwrap_or_default().read(buf)
}
