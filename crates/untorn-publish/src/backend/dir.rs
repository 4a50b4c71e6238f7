//! A store in a directory.

use std::{io, path::Path};

use untorn_format::escape;
use untorn_fs::{File, FileKind, Fs, Lock, LockKind, OpenMode, OsFs};

use super::{Backend, BackendError, Body, Listed, Object, Put, Result, Trouble, Version, check_name};

/// Where objects are written before they get their names. No object has such a name.
const WORKSHOP: &str = ".part";
/// Held by whoever writes.
const LOCK: &str = ".part/lock";
/// The object that is being written.
const PART: &str = ".part/object";

/// A store in a directory: any static host can serve it, any tool can copy it.
///
/// # How it keeps its promises
/// Whoever writes holds a lock of the kernel, which dies with its holder. An object is written beside, synced, and renamed to its name; then its
/// directory is synced. So what is in the way of the next writer is left by a dead one, and is removed. A version is the hash of the bytes.
///
/// # Limitations
/// On a network file system that does not hand locks on to its server, two machines that write at the same time may both win.
pub struct DirBackend {
    fs: Box<dyn Fs>,
    place: String,
}

impl DirBackend {
    /// Opens the directory; makes it when `make` says so, but not its parents.
    ///
    /// # Errors
    /// What the system answers.
    pub fn open(dir: &Path, make: bool) -> Result<Self> {
        let place = escape(dir.as_os_str().as_encoded_bytes());
        let fail = |error| BackendError {
            doing: "open the store",
            name: String::new(),
            place: place.clone(),
            trouble: Trouble::Io(error),
        };
        let fs = match OsFs::open(dir) {
            Err(error) if make && error.kind() == io::ErrorKind::NotFound => made(dir),
            other => other,
        };
        Ok(Self::new(Box::new(fs.map_err(fail)?), place))
    }

    /// The store in the root of `fs`, called `place` in messages.
    #[must_use]
    pub fn new(fs: Box<dyn Fs>, place: String) -> Self {
        Self { fs, place }
    }

    /// The version of an object with these bytes.
    #[must_use]
    pub fn version_of(bytes: &[u8]) -> Version {
        Version { etag: Some(untorn_format::Hash::of(bytes).to_string()), number: None }
    }

    fn answer<T>(&self, doing: &'static str, name: &str, result: Result<T, Trouble>) -> Result<T> {
        result.map_err(|trouble| BackendError { doing, name: name.into(), place: self.place.clone(), trouble })
    }

    /// Waits for other writers.
    fn lock(&self) -> io::Result<Box<dyn Lock>> {
        present(self.fs.create_dir(WORKSHOP, None))?;
        present(self.fs.open(LOCK, OpenMode::CreateNew { executable: false }).map(drop))?;
        self.fs.lock(LOCK, LockKind::Exclusive, true)?.ok_or_else(|| io::ErrorKind::WouldBlock.into())
    }

    fn read(&self, name: &str, len_max: u64) -> Result<Option<Vec<u8>>, Trouble> {
        check_name(name)?;
        let Some(file) = absent(self.fs.open(name, OpenMode::Read))? else { return Ok(None) };
        let len = file.metadata()?.len;
        let Some(mut bytes) = usize::try_from(len).ok().filter(|_| len <= len_max).map(|len| vec![0; len]) else {
            return Err(Trouble::TooLong { len });
        };
        file.read_exact_at(&mut bytes, 0)?;
        Ok(Some(bytes))
    }

    fn read_range(&self, name: &str, start: u64, len: usize) -> Result<Vec<u8>, Trouble> {
        check_name(name)?;
        let file = absent(self.fs.open(name, OpenMode::Read))?.ok_or(Trouble::Missing)?;
        // The length is the caller's, and may come from a document: nothing is allocated that is not there.
        if start.checked_add(len as u64).is_none_or(|end| file.metadata().map_or(true, |meta| meta.len < end)) {
            return Err(Trouble::Missing);
        }
        let mut bytes = vec![0; len];
        file.read_exact_at(&mut bytes, start)?;
        Ok(bytes)
    }

    fn make(&self, name: &str, body: Body<'_>) -> Result<Put, Trouble> {
        check_name(name)?;
        let _writing = self.lock()?;
        match absent(self.fs.open(name, OpenMode::Read))? {
            Some(file) if same(file.as_ref(), body)? => {
                // Whoever made it may have died before it was durable.
                file.sync_data()?;
                self.sync_names(name)?;
                Ok(Put::Present)
            }
            Some(_) => Err(Trouble::Differs),
            None => self.write(name, body).map(|()| Put::Made),
        }
    }

    fn replace(&self, name: &str, version: Option<&Version>, bytes: &[u8]) -> Result<(), Trouble> {
        check_name(name)?;
        let _writing = self.lock()?;
        let current = self.read(name, u64::MAX)?.map(|bytes| Self::version_of(&bytes));
        if current.as_ref() != version {
            return Err(Trouble::Conflict);
        }
        // A writer that was killed may have named an object without its name being durable. What is replaced may name it: that must not be first.
        self.sync_all_names("")?;
        self.write(name, Body::Bytes(bytes))
    }

    /// Writes the object beside and gives it its name. The lock is held.
    fn write(&self, name: &str, body: Body<'_>) -> Result<(), Trouble> {
        absent(self.fs.remove_file(PART))?;
        let file = self.fs.open(PART, OpenMode::CreateNew { executable: false })?;
        let mut at = 0;
        body.for_each(|piece| {
            file.write_all_at(piece, at)?;
            at += piece.len() as u64;
            Ok::<_, io::Error>(())
        })?;
        file.sync()?;
        self.make_parents(name)?;
        self.fs.rename(PART, name)?;
        self.sync_names(name)?;
        Ok(())
    }

    fn make_parents(&self, name: &str) -> io::Result<()> {
        parents(name).try_for_each(|dir| present(self.fs.create_dir(dir, None)))
    }

    /// After this returns, the name and those of the directories that hold it are durable.
    fn sync_names(&self, name: &str) -> io::Result<()> {
        parents(name).chain([""]).try_for_each(|dir| self.fs.sync_dir(dir))
    }

    /// After this returns, the names of all objects in `dir` and below are durable.
    fn sync_all_names(&self, dir: &str) -> io::Result<()> {
        for entry in self.fs.read_dir(dir)? {
            let Ok(last) = entry.name else { continue };
            let name = if dir.is_empty() { last } else { format!("{dir}/{last}") };
            if check_name(&name).is_ok() && self.fs.metadata(&name)?.is_dir() {
                self.sync_all_names(&name)?;
            }
        }
        self.fs.sync_dir(dir)
    }

    fn remove(&self, name: &str) -> Result<(), Trouble> {
        check_name(name)?;
        let _writing = self.lock()?;
        if absent(self.fs.remove_file(name))?.is_some() {
            self.sync_names(name)?;
        }
        Ok(())
    }

    /// Every object in the directory `dir`, which has been checked, and below.
    fn walk(&self, dir: &str, found: &mut Vec<Listed>) -> Result<(), Trouble> {
        let Some(entries) = absent(self.fs.read_dir(dir))? else { return Ok(()) };
        for entry in entries {
            let Ok(last) = entry.name else { continue };
            let name = if dir.is_empty() { last } else { format!("{dir}/{last}") };
            // What is no object, is none of ours.
            if check_name(&name).is_err() {
                continue;
            }
            // It may have gone meanwhile.
            let Some(meta) = absent(self.fs.metadata(&name))? else { continue };
            match meta.kind {
                FileKind::Dir => self.walk(&name, found)?,
                FileKind::File => found.push(Listed { name, len: meta.len }),
                _ => {}
            }
        }
        Ok(())
    }
}

impl Backend for DirBackend {
    fn place(&self) -> &str {
        &self.place
    }

    fn get(&self, name: &str, len_max: u64) -> Result<Option<Object>> {
        let bytes = self.answer("read", name, self.read(name, len_max))?;
        Ok(bytes.map(|bytes| Object { version: Self::version_of(&bytes), bytes }))
    }

    fn get_range(&self, name: &str, start: u64, len: usize) -> Result<Vec<u8>> {
        self.answer("read", name, self.read_range(name, start, len))
    }

    fn head(&self, name: &str) -> Result<Option<u64>> {
        let look = || {
            check_name(name)?;
            Ok(absent(self.fs.metadata(name))?.filter(|meta| meta.kind == FileKind::File).map(|meta| meta.len))
        };
        self.answer("look at", name, look())
    }

    fn put_new(&self, name: &str, body: Body<'_>) -> Result<Put> {
        self.answer("write", name, self.make(name, body))
    }

    fn put_if(&self, name: &str, version: Option<&Version>, bytes: &[u8]) -> Result<()> {
        self.answer("replace", name, self.replace(name, version, bytes))
    }

    fn list(&self, prefix: &str) -> Result<Vec<Listed>> {
        let dir = prefix.trim_end_matches('/');
        let all = || {
            let mut found = Vec::new();
            if !dir.is_empty() {
                check_name(dir)?;
            }
            self.walk(dir, &mut found)?;
            found.sort_by(|left, right| left.name.cmp(&right.name));
            Ok(found)
        };
        self.answer("list", prefix, all())
    }

    fn delete(&self, name: &str) -> Result<()> {
        self.answer("remove", name, self.remove(name))
    }
}

/// Makes the directory of the store, durably.
fn made(dir: &Path) -> io::Result<OsFs> {
    let parent = dir.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = dir.file_name().and_then(|name| name.to_str()).ok_or(io::ErrorKind::InvalidFilename)?;
    let beside = OsFs::open(parent)?;
    present(beside.create_dir(name, None))?;
    beside.sync_dir("")?;
    OsFs::open(dir)
}

/// Whether the file holds exactly that.
fn same(file: &dyn File, body: Body<'_>) -> io::Result<bool> {
    if file.metadata()?.len != body.len() {
        return Ok(false);
    }
    let (mut at, mut is_same, mut here) = (0, true, Vec::new());
    body.for_each(|piece| {
        here.resize(piece.len(), 0);
        file.read_exact_at(&mut here, at)?;
        is_same &= here == piece;
        at += piece.len() as u64;
        Ok::<_, io::Error>(())
    })?;
    Ok(is_same)
}

/// The directories that hold an object, the outermost first.
fn parents(name: &str) -> impl DoubleEndedIterator<Item = &str> {
    name.match_indices('/').map(|(at, _)| &name[..at])
}

/// Being there already is as good.
fn present(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => other,
    }
}

/// Not being there is an answer.
fn absent<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
        other => other.map(Some),
    }
}
