//! The staging area of one transaction: whole files, the redo file, the undo file. Nothing here is visible in the tree.

use std::{
    collections::BTreeMap,
    io::{self, Read},
};

use untorn_format::{
    Hash, Hasher,
    journal::{Blob, Object, Range},
};
use untorn_fs::{File, Fs, OpenMode, Permissions};

use crate::{
    barrier::Unsynced,
    error::{Cause, Context, Error, Result},
    extents::Extents,
    layout::{TRANSACTIONS, TxLayout, object_name},
    pouring::{Buffers, Pouring},
    spool::{Spool, hash_beginning},
    view::{Base, FileNode},
};

/// Bytes moved at a time.
pub(crate) const COPY_LEN: usize = 1 << 20;

/// The folder of one transaction while it is being prepared.
#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) layout: TxLayout,
    pub(crate) redo: Spool,
    pub(crate) undo: Spool,
    objects: Vec<Option<StagedObject>>,
    free: Vec<u32>,
    /// Whether the number of an object that was given up goes to another: not where a record of progress may name it.
    reuses_numbers: bool,
    usual_permissions: [Option<Permissions>; 2],
    is_made: bool,
    kept: Vec<Blob>,
    bytes: u64,
    /// For moving bytes; allocated once.
    buffers: Buffers,
}

/// A staged object before its number is final.
#[derive(Clone, Debug)]
pub(crate) struct StagedObject {
    /// What it began as.
    pub(crate) origin: Origin,
    /// Length; for a link that of the file it is a name of.
    pub(crate) len: u64,
    /// The hash of its content, once known.
    pub(crate) hash: Option<Hash>,
    /// Pieces written to it since it was made.
    written: Extents,
    /// Bytes written to it.
    pub(crate) bytes: u64,
}

/// What a staged object began as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// An empty file.
    New,
    /// A clone of a file of the tree: only the pieces written since are ours to vouch for.
    Clone,
    /// Another name of a file that exists already.
    Link,
}

impl StagedObject {
    fn new(origin: Origin, len: u64) -> Self {
        Self { origin, len, hash: None, written: Extents::default(), bytes: 0 }
    }
}

impl Stage {
    /// Makes nothing yet: an empty transaction leaves no trace.
    pub(crate) fn new(txid: u64) -> Self {
        let layout = TxLayout(txid);
        Self {
            layout,
            redo: Spool::new(layout.redo()),
            undo: Spool::new(layout.undo()),
            objects: Vec::new(),
            free: Vec::new(),
            reuses_numbers: true,
            usual_permissions: [None; 2],
            is_made: false,
            kept: Vec::new(),
            bytes: 0,
            buffers: Buffers::default(),
        }
    }

    /// Whether there is a folder to remove.
    pub(crate) fn is_made(&self) -> bool {
        self.is_made
    }

    /// The transaction is over: its folder is somebody else's business now.
    pub(crate) fn forget(&mut self) {
        self.is_made = false;
    }

    /// Bytes written to staged files so far.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Makes the folder.
    pub(crate) fn make(&mut self, fs: &dyn Fs) -> Result<()> {
        if self.is_made {
            return Ok(());
        }
        make_dir(fs, TRANSACTIONS)?;
        make_dir(fs, &self.layout.dir())?;
        self.is_made = true;
        make_dir(fs, &self.layout.objects())
    }

    /// Writes `bytes` for use in place.
    pub(crate) fn spool(&mut self, fs: &dyn Fs, bytes: &[u8]) -> Result<u64> {
        self.make(fs)?;
        self.redo.append(fs, bytes)
    }

    /// A new object's number: one that was given up, or the next.
    fn number(&mut self, object: StagedObject) -> Result<u32> {
        if let Some(number) = self.free.pop().filter(|_| self.reuses_numbers) {
            self.objects[number as usize] = Some(object);
            return Ok(number);
        }
        self.objects.push(Some(object));
        u32_of(self.objects.len() - 1)
    }

    fn release(&mut self, number: u32) {
        self.objects[number as usize] = None;
        self.free.push(number);
    }

    /// What is known about an object.
    pub(crate) fn object(&self, number: u32) -> Option<&StagedObject> {
        self.objects.get(number as usize).and_then(Option::as_ref)
    }

    fn object_mut(&mut self, number: u32) -> Result<&mut StagedObject> {
        self.objects.get_mut(number as usize).and_then(Option::as_mut).ok_or_else(|| Error::damaged("a staged object is unknown"))
    }

    /// A new, empty staged file.
    pub(crate) fn create(&mut self, fs: &dyn Fs, executable: bool) -> Result<(u32, Box<dyn File>)> {
        self.make(fs)?;
        let number = self.number(StagedObject::new(Origin::New, 0))?;
        let path = self.layout.object(number);
        let file = fs.open(&path, OpenMode::CreateNew { executable }).context("make", &path)?;
        if self.usual_permissions[usize::from(executable)].is_none() {
            self.usual_permissions[usize::from(executable)] = Some(file.metadata().context("look at", &path)?.permissions);
        }
        Ok((number, file))
    }

    /// A staged file with all of `content`.
    pub(crate) fn stream(&mut self, fs: &dyn Fs, executable: bool, content: &mut dyn Read) -> Result<(u32, u64)> {
        let mut pouring = self.begin_pouring(fs, executable)?;
        self.pour(&mut pouring, content, u64::MAX)?;
        Ok((pouring.number, pouring.len))
    }

    /// A new staged file that is going to be filled from front to back.
    pub(crate) fn begin_pouring(&mut self, fs: &dyn Fs, executable: bool) -> Result<Pouring> {
        let (number, file) = self.create(fs, executable)?;
        Ok(Pouring::new(number, file, 0, Some(Hasher::new())))
    }

    /// Goes on with a staged file behind its first `len` bytes, of which `hasher` has seen all, if it is given.
    pub(crate) fn go_on_pouring(&mut self, fs: &dyn Fs, number: u32, len: u64, hasher: Option<Hasher>) -> Result<Pouring> {
        let path = self.layout.object(number);
        let file = fs.open(&path, OpenMode::Write).context("open", &path)?;
        file.set_len(len).context("set the length of", &path)?;
        Ok(Pouring::new(number, file, len, hasher))
    }

    /// Adds `content` to a staged file, up to about `max` bytes. Says whether that was all.
    pub(crate) fn pour(&mut self, pouring: &mut Pouring, content: &mut dyn Read, max: u64) -> Result<bool> {
        let path = self.layout.object(pouring.number);
        let before = pouring.len;
        let is_all = pouring.pour(content, &path, &mut self.buffers, max)?;
        let object = self.object_mut(pouring.number)?;
        (object.len, object.bytes, object.hash) = (pouring.len, pouring.len, pouring.hash());
        self.bytes += pouring.len - before;
        Ok(is_all)
    }

    /// Takes over the folder of another stage, in which these objects (number, length) are to be used, and the beginning of its redo file. Everything else in it is removed.
    pub(crate) fn adopt(&mut self, fs: &dyn Fs, redo: Spool, objects: &BTreeMap<u32, u64>) -> Result<()> {
        (self.is_made, self.redo) = (true, redo);
        let dir = self.layout.objects();
        make_dir(fs, &dir)?;
        for entry in fs.read_dir(&dir).context("list", &dir)? {
            let name = entry.name.unwrap_or_else(|escaped| escaped);
            if !objects.keys().any(|number| object_name(*number) == name) {
                fs.remove_file(&format!("{dir}/{name}")).context("remove", &dir)?;
            }
        }
        let count = objects.keys().next_back().map_or(0, |last| *last as usize + 1);
        self.objects.resize(count, None);
        for (number, len) in objects {
            self.objects[*number as usize] = Some(StagedObject::new(Origin::New, *len));
            self.bytes += len;
        }
        Ok(())
    }

    /// From now on a number means one object only.
    pub(crate) fn keep_numbers(&mut self) {
        self.reuses_numbers = false;
    }

    /// Whether the numbers of the objects are not dense.
    pub(crate) fn has_gaps(&self) -> bool {
        self.objects.iter().any(Option::is_none)
    }

    /// What of a staged file can be hashed: the hasher that has seen its first `len` bytes, unless it has fewer, or other names.
    pub(crate) fn hash_beginning(&self, fs: &dyn Fs, number: u32, len: u64) -> Result<Option<Hasher>> {
        let path = self.layout.object(number);
        match fs.open(&path, OpenMode::Read) {
            Ok(file) if file.metadata().is_ok_and(|meta| meta.links == 1) => hash_beginning(&*file, &path, len),
            _ => Ok(None),
        }
    }

    /// Says what a staged file holds, now that this is known.
    pub(crate) fn is_known(&mut self, number: u32, hash: Hash) -> Result<()> {
        self.object_mut(number)?.hash = Some(hash);
        Ok(())
    }

    /// A staged file that shares the blocks of `path` in the tree; `None` where the file system cannot.
    pub(crate) fn clone_file(&mut self, fs: &dyn Fs, path: &str, len: u64) -> Result<Option<u32>> {
        self.make(fs)?;
        let number = self.number(StagedObject::new(Origin::Clone, len))?;
        match fs.clone_file(path, &self.layout.object(number)) {
            Ok(()) => Ok(Some(number)),
            Err(error) if error.kind() == io::ErrorKind::Unsupported => {
                self.release(number);
                Ok(None)
            }
            Err(error) => Err(Error::io("clone", path, error)),
        }
    }

    /// Another name for a file of the tree; a copy where there are no hard links.
    pub(crate) fn link(&mut self, fs: &dyn Fs, path: &str, len: u64, executable: bool) -> Result<u32> {
        self.make(fs)?;
        let number = self.number(StagedObject::new(Origin::Link, len))?;
        match fs.hard_link(path, &self.layout.object(number)) {
            Ok(()) => Ok(number),
            Err(error) if cannot_link(&error) => {
                self.release(number);
                self.copy(fs, path, executable)
            }
            Err(error) => Err(Error::io("link", path, error)),
        }
    }

    /// A staged copy of a file.
    pub(crate) fn copy(&mut self, fs: &dyn Fs, path: &str, executable: bool) -> Result<u32> {
        let from = fs.open(path, OpenMode::Read).context("open", path)?;
        self.stream(fs, executable, &mut Cursor { file: &*from, at: 0 }).map(|(number, _)| number)
    }

    /// Writes into a staged file.
    pub(crate) fn write(&mut self, fs: &dyn Fs, number: u32, at: u64, bytes: &[u8]) -> Result<()> {
        let path = self.layout.object(number);
        let file = fs.open(&path, OpenMode::Write).context("open", &path)?;
        file.write_all_at(bytes, at).context("write", &path)?;
        self.wrote(number, at, bytes.len() as u64)
    }

    fn wrote(&mut self, number: u32, at: u64, len: u64) -> Result<()> {
        let object = self.object_mut(number)?;
        object.hash = None;
        object.len = object.len.max(at + len);
        object.written.insert(at, len, at);
        object.bytes += len;
        self.bytes += len;
        Ok(())
    }

    /// Sets the length of a staged file.
    pub(crate) fn set_len(&mut self, fs: &dyn Fs, number: u32, len: u64) -> Result<()> {
        let path = self.layout.object(number);
        fs.open(&path, OpenMode::Write).context("open", &path)?.set_len(len).context("set the length of", &path)?;
        let object = self.object_mut(number)?;
        (object.len, object.hash) = (len, None);
        object.written.truncate(len);
        Ok(())
    }

    /// Sets the executable bit of a staged file.
    pub(crate) fn set_executable(&mut self, fs: &dyn Fs, number: u32, executable: bool) -> Result<()> {
        let path = self.layout.object(number);
        let file = fs.open(&path, OpenMode::Write).context("open", &path)?;
        let permissions = file.metadata().context("look at", &path)?.permissions.with_executable(executable);
        file.set_permissions(permissions).context("set permissions of", &path)
    }

    /// Gives a staged file the permissions of the file it will replace, where those are not the usual ones.
    pub(crate) fn set_permissions(&mut self, fs: &dyn Fs, number: u32, permissions: Permissions) -> Result<()> {
        if self.usual_permissions.contains(&Some(permissions))
            && self.usual_permissions[usize::from(permissions.executable())] == Some(permissions)
        {
            return Ok(());
        }
        let path = self.layout.object(number);
        let file = fs.open(&path, OpenMode::Write).context("open", &path)?;
        file.set_permissions(permissions).context("set permissions of", &path)
    }

    /// Gives up a staged object that may be gone already.
    pub(crate) fn give_up_leftover(&mut self, fs: &dyn Fs, number: u32) -> Result<()> {
        match self.give_up(fs, number) {
            Err(error) if matches!(error.cause(), Cause::Io { source, .. } if source.kind() == io::ErrorKind::NotFound) => Ok(()),
            other => other,
        }
    }

    /// Gives up a staged object.
    pub(crate) fn give_up(&mut self, fs: &dyn Fs, number: u32) -> Result<()> {
        self.release(number);
        let path = self.layout.object(number);
        fs.remove_file(&path).context("remove", &path)
    }

    /// Makes a whole staged file of a file that was described by a base and pieces.
    pub(crate) fn materialise(&mut self, fs: &dyn Fs, node: &FileNode) -> Result<u32> {
        let (number, file) = self.create(fs, node.executable)?;
        let path = self.layout.object(number);
        if let Base::Tree { path: from, .. } = &node.base {
            let from_file = fs.open(from.as_str(), OpenMode::Read).context("open", from.as_str())?;
            for (start, end) in node.extents.gaps(0, node.base_len.min(node.len)) {
                self.bytes += copy_range(&*from_file, &*file, start, end).map_err(|error| error.at(&path))?;
            }
        }
        for range in node.extents.ranges() {
            self.bytes += self.unspool(fs, &*file, range)?;
        }
        file.set_len(node.len).context("set the length of", &path)?;
        let object = self.object_mut(number)?;
        (object.len, object.bytes) = (node.len, node.base_len.min(node.len) + node.extents.bytes());
        Ok(number)
    }

    /// Copies a range out of the redo file.
    fn unspool(&mut self, fs: &dyn Fs, to: &dyn File, range: Range) -> Result<u64> {
        let mut buffer = vec![0; buffer_len(range.len)];
        let mut done = 0;
        while done < range.len {
            let n = buffer_len(range.len - done);
            self.redo.read(fs, &mut buffer[..n], range.redo_at + done)?;
            to.write_all_at(&buffer[..n], range.at + done).context("write", self.redo.path())?;
            done += n as u64;
        }
        Ok(range.len)
    }

    /// Hash of the pieces `ranges` of the redo file, one after the other.
    pub(crate) fn hash_spooled(&mut self, fs: &dyn Fs, ranges: &[Range]) -> Result<Hash> {
        let mut hasher = Hasher::new();
        let mut buffer = vec![0; ranges.iter().map(|range| buffer_len(range.len)).max().unwrap_or(0)];
        for range in ranges {
            let mut done = 0;
            while done < range.len {
                let n = buffer_len(range.len - done);
                self.redo.read(fs, &mut buffer[..n], range.redo_at + done)?;
                hasher.update(&buffer[..n]);
                done += n as u64;
            }
        }
        Ok(hasher.finish())
    }

    /// Makes the folder of what is kept.
    pub(crate) fn make_kept_dir(&self, fs: &dyn Fs) -> Result<()> {
        make_dir(fs, &self.layout.kept_dir())
    }

    /// Keeps the file at `path` whole for going back.
    pub(crate) fn keep(&mut self, fs: &dyn Fs, path: &str, len: u64, executable: bool) -> Result<u32> {
        let number =
            u32::try_from(self.kept.len()).map_err(|_| Error::new(Cause::Unsupported { what: "that many files kept" }))?;
        if number == 0 {
            self.make_kept_dir(fs)?;
        }
        let to = self.layout.kept(number);
        match fs.hard_link(path, &to) {
            Ok(()) => {}
            Err(error) if cannot_link(&error) => {
                let from = fs.open(path, OpenMode::Read).context("open", path)?;
                let file = fs.open(&to, OpenMode::CreateNew { executable }).context("make", &to)?;
                self.bytes += copy_range(&*from, &*file, 0, len).map_err(|error| error.at(&to))?;
            }
            Err(error) => return Err(Error::io("link", path, error)),
        }
        self.kept.push(Blob { len, hash: Hash::NONE });
        Ok(number)
    }

    /// The files kept whole.
    pub(crate) fn kept(&self) -> &[Blob] {
        &self.kept
    }

    /// Makes the numbers of the objects dense: the last ones move into the gaps. Says which moved.
    pub(crate) fn compact(&mut self, fs: &dyn Fs) -> Result<Vec<(u32, u32)>> {
        let mut moved = Vec::new();
        loop {
            while self.objects.last().is_some_and(Option::is_none) {
                self.objects.pop();
            }
            let Some(gap) = self.objects.iter().position(Option::is_none) else { return Ok(moved) };
            let last = self.objects.len() - 1;
            let (from, to) = (u32_of(last)?, u32_of(gap)?);
            let path = self.layout.object(from);
            fs.rename(&path, &self.layout.object(to)).context("rename", &path)?;
            self.objects.swap(gap, last);
            moved.push((from, to));
        }
    }

    /// The objects as the plan lists them; hashes what has not been hashed.
    pub(crate) fn objects(&self, fs: &dyn Fs) -> Result<Vec<Object>> {
        self.objects.iter().enumerate().map(|(at, object)| self.planned(fs, u32_of(at)?, object.as_ref())).collect()
    }

    fn planned(&self, fs: &dyn Fs, number: u32, object: Option<&StagedObject>) -> Result<Object> {
        let object = object.ok_or_else(|| Error::damaged("a staged object is missing"))?;
        let path = self.layout.object(number);
        Ok(match (object.origin, object.hash) {
            (Origin::Link, _) => Object::Link { len: object.len },
            (Origin::New, Some(hash)) => Object::File(Blob { len: object.len, hash }),
            (Origin::New, None) => Object::File(hash_file(fs, &path)?),
            (Origin::Clone, _) => {
                let written: Vec<(u64, u64)> = object.written.ranges().iter().map(|range| (range.at, range.len)).collect();
                Object::Clone { len: object.len, hash: hash_pieces(fs, &path, &written)?, written }
            }
        })
    }

    /// The hash of a staged object that began empty.
    pub(crate) fn hash_of(&self, fs: &dyn Fs, number: u32) -> Result<Option<Hash>> {
        match self.object(number) {
            Some(StagedObject { origin: Origin::New, hash: Some(hash), .. }) => Ok(Some(*hash)),
            Some(StagedObject { origin: Origin::New, .. }) => Ok(Some(hash_file(fs, &self.layout.object(number))?.hash)),
            _ => Ok(None),
        }
    }

    /// The pieces of a staged object that the transaction wrote, and their hash; none for another name of an existing file.
    pub(crate) fn written(&self, fs: &dyn Fs, number: u32) -> Result<(Vec<(u64, u64)>, Hash)> {
        Ok(match self.planned(fs, number, self.object(number))? {
            Object::File(Blob { len: 0, hash }) => (Vec::new(), hash),
            Object::File(Blob { len, hash }) => (vec![(0, len)], hash),
            Object::Clone { written, hash, .. } => (written, hash),
            Object::Link { .. } => (Vec::new(), Hash::of(&[])),
        })
    }

    /// What B1 has to make durable here.
    pub(crate) fn unsynced(&self, unsynced: &mut Unsynced) {
        for (at, object) in self.objects.iter().enumerate() {
            if object.as_ref().is_some_and(|object| object.origin != Origin::Link)
                && let Ok(number) = u32::try_from(at)
            {
                unsynced.file(self.layout.object(number));
            }
        }
        for number in 0..self.kept.len() {
            if let Ok(number) = u32::try_from(number) {
                unsynced.file(self.layout.kept(number));
            }
        }
        self.unsynced_names(unsynced);
    }

    /// The same of the spools, and of the names.
    pub(crate) fn unsynced_names(&self, unsynced: &mut Unsynced) {
        for spool in [&self.redo, &self.undo] {
            if spool.is_made() {
                unsynced.file(spool.path());
            }
        }
        unsynced.dir(self.layout.objects());
        unsynced.dir(self.layout.dir());
        unsynced.dir(TRANSACTIONS);
        unsynced.dir(crate::layout::STATE);
    }
}

fn u32_of(at: usize) -> Result<u32> {
    u32::try_from(at).map_err(|_| Error::damaged("too many staged objects"))
}

/// How long a buffer serves best for moving `len` bytes.
pub(crate) fn buffer_len(len: u64) -> usize {
    usize::try_from(len).map_or(COPY_LEN, |len| len.min(COPY_LEN))
}

/// Whether a hard link failed because this file system, or this file, cannot have one.
fn cannot_link(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::Unsupported | io::ErrorKind::TooManyLinks | io::ErrorKind::CrossesDevices)
}

fn make_dir(fs: &dyn Fs, path: &str) -> Result<()> {
    match fs.create_dir(path, None) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(Error::io("make", path, error)),
        _ => Ok(()),
    }
}

/// Fills `buffer` as far as the reader goes.
pub(crate) fn fill(reader: &mut dyn Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut len = 0;
    while len < buffer.len() {
        match reader.read(&mut buffer[len..]) {
            Ok(0) => break,
            Ok(n) => len += n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(len)
}

/// Copies `start..end` to the same place in another file; holes at the end of the source are left to `set_len`.
pub(crate) fn copy_range(from: &dyn File, to: &dyn File, start: u64, end: u64) -> Result<u64> {
    let mut buffer = vec![0; buffer_len(end - start)];
    let mut at = start;
    while at < end {
        let n = buffer_len(end - at);
        from.read_exact_at(&mut buffer[..n], at).map_err(|error| Error::io("read", "", error))?;
        to.write_all_at(&buffer[..n], at).map_err(|error| Error::io("write", "", error))?;
        at += n as u64;
    }
    Ok(end - start)
}

/// Length and hash of a file.
pub(crate) fn hash_file(fs: &dyn Fs, path: &str) -> Result<Blob> {
    let file = fs.open(path, OpenMode::Read).context("open", path)?;
    let (mut hasher, mut len) = (Hasher::new(), 0);
    let mut buffer = vec![0; buffer_len(file.metadata().context("look at", path)?.len.max(1))];
    loop {
        match file.read_at(&mut buffer, len).context("read", path)? {
            0 => return Ok(Blob { len, hash: hasher.finish() }),
            n => {
                hasher.update(&buffer[..n]);
                len += n as u64;
            }
        }
    }
}

/// Hash of pieces (offset, length) of a file, one after the other.
pub(crate) fn hash_pieces(fs: &dyn Fs, path: &str, pieces: &[(u64, u64)]) -> Result<Hash> {
    let file = fs.open(path, OpenMode::Read).context("open", path)?;
    let mut hasher = Hasher::new();
    let mut buffer = vec![0; pieces.iter().map(|&(_, len)| buffer_len(len)).max().unwrap_or(0)];
    for &(at, len) in pieces {
        let mut done = 0;
        while done < len {
            let n = buffer_len(len - done);
            file.read_exact_at(&mut buffer[..n], at + done).context("read", path)?;
            hasher.update(&buffer[..n]);
            done += n as u64;
        }
    }
    Ok(hasher.finish())
}

/// Reads a file of the seam from front to back.
pub(crate) struct Cursor<'f> {
    pub(crate) file: &'f dyn File,
    pub(crate) at: u64,
}

impl Read for Cursor<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.file.read_at(buf, self.at)?;
        self.at += n as u64;
        Ok(n)
    }
}
