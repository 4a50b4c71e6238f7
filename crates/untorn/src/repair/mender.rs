//! The changes that make a tree whole: into a transaction, or only counted.

use std::io::{self, Read};

use untorn_format::{
    Hash, Hasher, TreePath,
    manifest::{Entry, Kind},
};
use untorn_fs::{File, FileKind};
use untorn_txn::{Observer, Phase, Transaction};

use crate::{
    Error, Result,
    blocks::{different, fill},
};

/// How much is compared at once, in bytes.
const PIECE_LEN: usize = 1 << 20;

/// Mends one path after the other.
pub(super) struct Mender<'m, 't> {
    tx: Option<&'m mut Transaction<'t>>,
    observer: Option<&'m dyn Observer>,
    done: u64,
    total: u64,
    differing: u64,
}

/// Why a file could not be taken from the source.
pub(super) enum Failure {
    /// It does not hold these bytes.
    Other,
    /// It could not be read.
    Read(io::Error),
    /// The tree.
    Tree(untorn_txn::Error),
}

impl<'m, 't> Mender<'m, 't> {
    /// Counts only, where there is no `tx`. `entries` are all that will be mended.
    pub(super) fn new<'e>(
        tx: Option<&'m mut Transaction<'t>>,
        observer: Option<&'m dyn Observer>,
        entries: impl Iterator<Item = &'e Entry>,
    ) -> Self {
        let len = |entry: &Entry| if let Kind::File { len, .. } = entry.kind { len } else { 0 };
        Self { tx, observer, done: 0, total: entries.map(len).fold(0, u64::saturating_add), differing: 0 }
    }

    /// How many bytes differed so far, in whole blocks.
    pub(super) fn differing(&self) -> u64 {
        self.differing
    }

    /// Removes what stands in the place of something else. A directory that is not empty stays: what is in it is not ours.
    pub(super) fn clear(&mut self, path: &TreePath, kind: FileKind) -> Result<()> {
        let Some(tx) = &mut self.tx else { return Ok(()) };
        let removed = if kind == FileKind::Dir { tx.remove_dir(path.as_str()) } else { tx.remove(path.as_str()) };
        Ok(removed?)
    }

    pub(super) fn make_dir(&mut self, path: &TreePath) -> Result<()> {
        let Some(tx) = &mut self.tx else { return Ok(()) };
        Ok(tx.create_dir_all(path.as_str())?)
    }

    pub(super) fn make_symlink(&mut self, path: &TreePath, target: &str) -> Result<()> {
        let Some(tx) = &mut self.tx else { return Ok(()) };
        Ok(tx.symlink(target, path.as_str())?)
    }

    pub(super) fn set_executable(&mut self, path: &TreePath, executable: bool) -> Result<()> {
        let Some(tx) = &mut self.tx else { return Ok(()) };
        Ok(tx.set_executable(path.as_str(), executable)?)
    }

    /// Makes a file of all the bytes of the source.
    pub(super) fn make_file(&mut self, from: Box<dyn Read + '_>, path: &TreePath, wanted: (u64, Hash)) -> Result<(), Failure> {
        let mut source = Checked::new(from, wanted);
        match &mut self.tx {
            Some(tx) => {
                let made = tx.replace(path.as_str(), &mut source);
                source.failure.take().map_or(Ok(()), |failure| Err(Failure::Read(failure)))?;
                made.map_err(Failure::Tree)?;
            }
            None => drop(io::copy(&mut source, &mut io::sink()).map_err(Failure::Read)?),
        }
        source.check()?;
        self.differing += wanted.0;
        self.tell(wanted.0);
        Ok(())
    }

    /// Writes the blocks of a file that differ from those of the source.
    pub(super) fn mend_file(
        &mut self,
        file: &dyn File,
        from: Box<dyn Read + '_>,
        path: &TreePath,
        wanted: (u64, Hash),
    ) -> Result<(), Failure> {
        let mut source = Checked::new(from, wanted);
        let (mut new, mut old, mut at) = (vec![0; PIECE_LEN], vec![0; PIECE_LEN], 0);
        loop {
            let len = fill(&mut source, &mut new).map_err(Failure::Read)?;
            if len == 0 {
                break;
            }
            // What cannot be read is damaged.
            let found = fill(&mut At { file, at }, &mut old[..len]).unwrap_or(0);
            for (start, end) in different(&old[..found], &new[..len]) {
                self.write(path, at + start as u64, &new[start..end])?;
            }
            at += len as u64;
            self.tell(len as u64);
        }
        source.check()?;
        match &mut self.tx {
            Some(tx) => tx.set_len(path.as_str(), wanted.0).map_err(Failure::Tree),
            None => Ok(()),
        }
    }

    fn write(&mut self, path: &TreePath, at: u64, bytes: &[u8]) -> Result<(), Failure> {
        self.differing += bytes.len() as u64;
        self.tx.as_mut().map_or(Ok(()), |tx| tx.write_at(path.as_str(), at, bytes)).map_err(Failure::Tree)
    }

    fn tell(&mut self, len: u64) {
        self.done += len;
        if let Some(observer) = self.observer {
            observer.progress(Phase::Stage, self.done, self.total);
        }
    }
}

impl Failure {
    /// The error, now that it is known how the source calls the file.
    pub(super) fn of(self, name: String) -> Error {
        match self {
            Self::Other => Error::Source { path: name },
            Self::Read(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::InvalidData) => {
                Error::Source { path: name }
            }
            Self::Read(source) => Error::Io { doing: "read", path: name, source },
            Self::Tree(error) => error.into(),
        }
    }
}

/// Bytes of the source, which must be certain ones.
struct Checked<'s> {
    reader: Box<dyn Read + 's>,
    len: u64,
    hasher: Hasher,
    wanted: (u64, Hash),
    failure: Option<io::Error>,
}

impl<'s> Checked<'s> {
    fn new(reader: Box<dyn Read + 's>, wanted: (u64, Hash)) -> Self {
        Self { reader, len: 0, hasher: Hasher::new(), wanted, failure: None }
    }

    /// Whether they were.
    fn check(&self) -> Result<(), Failure> {
        if (self.len, self.hasher.finish()) == self.wanted { Ok(()) } else { Err(Failure::Other) }
    }
}

impl Read for Checked<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let len = self.reader.read(buf).inspect_err(|error| self.failure = Some(error.kind().into()))?;
        self.hasher.update(&buf[..len]);
        self.len += len as u64;
        Ok(len)
    }
}

struct At<'f> {
    file: &'f dyn File,
    at: u64,
}

impl Read for At<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let len = self.file.read_at(buf, self.at)?;
        self.at += len as u64;
        Ok(len)
    }
}
