//! What of the new build is in the tree already.

use std::{
    collections::HashMap,
    io::{self, Read},
    path::Path,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

use untorn_format::{Hash, Hasher, TreePath};
use untorn_fs::{File, Fs, OpenMode};
use untorn_store::{Chunk, Chunker, Mark};
use untorn_txn::{Observer, Phase};

use crate::{Error, Result, content::for_each};

/// A file of the tree, cut into chunks.
#[derive(Clone, Debug)]
pub(super) struct LocalFile {
    pub(super) path: TreePath,
    pub(super) len: u64,
    pub(super) hash: Hash,
    /// Each chunk, and where it begins.
    pub(super) chunks: Vec<(Chunk, u64)>,
}

/// Files of the tree, and where in them each chunk lies.
#[derive(Debug, Default)]
pub(super) struct Local {
    pub(super) files: Vec<LocalFile>,
    places: HashMap<Chunk, (usize, u64)>,
    by_path: HashMap<String, usize>,
    marks: HashMap<Mark, Chunk>,
}

impl Local {
    /// Reads these files. Those that cannot be read hold nothing.
    pub(super) fn read(
        fs: &dyn Fs,
        dir: &Path,
        paths: &[TreePath],
        jobs: usize,
        observer: Option<&dyn Observer>,
    ) -> Result<Self> {
        let len = |path: &TreePath| fs.metadata(path.as_str()).map_or(0, |meta| meta.len);
        let (total, done) = (paths.iter().map(len).fold(0, u64::saturating_add), AtomicU64::new(0));
        let read = |number: usize| {
            if observer.is_some_and(Observer::should_stop) {
                return Err(Error::Stopped);
            }
            let path = &paths[number];
            let result = read_one(fs, path);
            let done = done.fetch_add(result.as_ref().map_or(0, |file| file.len), Relaxed);
            if let Some(observer) = observer {
                observer.progress(Phase::Read, done, total);
            }
            match result {
                Ok(file) => Ok(Some(file)),
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
                Err(error) => Err(Error::io("read", &dir.join(path.as_str()), error)),
            }
        };
        let mut local = Self::default();
        for file in for_each(jobs, paths.len(), &read) {
            if let Some(file) = file? {
                local.add(file);
            }
        }
        Ok(local)
    }

    fn add(&mut self, file: LocalFile) {
        let number = self.files.len();
        for (chunk, at) in &file.chunks {
            self.places.entry(*chunk).or_insert((number, *at));
            self.marks.entry(Mark::of(chunk)).or_insert(*chunk);
        }
        self.by_path.insert(file.path.to_string(), number);
        self.files.push(file);
    }

    /// Whether some file holds this chunk.
    pub(super) fn contains(&self, chunk: &Chunk) -> bool {
        self.places.contains_key(chunk)
    }

    /// The chunk with this mark: or another one, which its user finds out.
    pub(super) fn find(&self, mark: &Mark) -> Option<&Chunk> {
        self.marks.get(mark)
    }

    /// Whether no file holds anything.
    pub(super) fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Where a chunk lies.
    pub(super) fn place(&self, chunk: &Chunk) -> Option<(&TreePath, u64)> {
        let (number, at) = self.places.get(chunk)?;
        Some((&self.files.get(*number)?.path, *at))
    }

    /// The file at a path.
    pub(super) fn get(&self, path: &TreePath) -> Option<&LocalFile> {
        self.files.get(*self.by_path.get(path.as_str())?)
    }
}

fn read_one(fs: &dyn Fs, path: &TreePath) -> io::Result<LocalFile> {
    let file = fs.open(path.as_str(), OpenMode::Read)?;
    let (mut chunker, mut hasher) = (Chunker::new(From { file: &*file, at: 0 }), Hasher::new());
    let (mut chunks, mut len) = (Vec::new(), 0);
    while let Some(bytes) = chunker.next_bytes()? {
        hasher.update(bytes);
        let chunk = Chunk { len: u32::try_from(bytes.len()).unwrap_or(u32::MAX), hash: Hash::of(bytes) };
        chunks.push((chunk, len));
        len += bytes.len() as u64;
    }
    Ok(LocalFile { path: path.clone(), len, hash: hasher.finish(), chunks })
}

struct From<'f> {
    file: &'f dyn File,
    at: u64,
}

impl Read for From<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let len = self.file.read_at(buf, self.at)?;
        self.at += len as u64;
        Ok(len)
    }
}
