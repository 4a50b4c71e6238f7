//! The files of a directory, for making and reading patches.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    io::{self, Read},
    sync::Arc,
};

use untorn_delta::Files;
use untorn_format::TreePath;
use untorn_fs::{File, Fs, OpenMode};
use untorn_txn::Observer;

use crate::content::stop_if_asked;

/// How many files are kept open.
const OPEN_MAX: usize = 12;

/// Reads the files of a directory by path and keeps the last few open. Stops when the observer asks for it.
pub(crate) struct TreeFiles<'a> {
    fs: &'a dyn Fs,
    observer: Option<&'a dyn Observer>,
    /// Bytes that stand for those of files.
    instead: BTreeMap<TreePath, Vec<u8>>,
    /// The one used last stands last.
    open: RefCell<Vec<(TreePath, Arc<dyn File>)>>,
}

impl<'a> TreeFiles<'a> {
    pub(crate) fn new(fs: &'a dyn Fs, observer: Option<&'a dyn Observer>) -> Self {
        Self { fs, observer, instead: BTreeMap::new(), open: RefCell::default() }
    }

    /// With these bytes in the place of those of files.
    pub(crate) fn with(self, instead: BTreeMap<TreePath, Vec<u8>>) -> Self {
        Self { instead, ..self }
    }

    fn file(&self, path: &TreePath) -> io::Result<Arc<dyn File>> {
        let mut open = self.open.borrow_mut();
        let found = open.iter().rposition(|(name, _)| name == path);
        let entry = match found {
            Some(number) => open.remove(number),
            None => (path.clone(), Arc::from(self.fs.open(path.as_str(), OpenMode::Read)?)),
        };
        if open.len() >= OPEN_MAX {
            open.remove(0);
        }
        open.push(entry.clone());
        Ok(entry.1)
    }
}

impl Files for TreeFiles<'_> {
    fn read_at(&self, path: &TreePath, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        self.observer.map_or(Ok(()), stop_if_asked)?;
        match self.instead.get(path) {
            Some(bytes) => bytes.get(usize::try_from(offset).unwrap_or(usize::MAX)..).unwrap_or_default().read(buf),
            None => self.file(path)?.read_at(buf, offset),
        }
    }
}
