//! One step, as one transaction.

use std::io::{self, Read, Seek};

use untorn_delta::{PatchError, StretchReader};
use untorn_format::{
    Hash, Hasher, TreePath,
    patch::{After, Before, Change, Changes},
};
use untorn_fs::{Fs, OpenMode};
use untorn_txn::{Cause, Transaction};

use super::schedule::{Act, Part, What};
use crate::{Error, Result, tree_files::TreeFiles};

/// How many bytes are written at a time.
const PIECE_LEN: usize = 1 << 20;

/// Where a file that has no place yet is made, in the root of the tree, and what is put aside.
pub(super) fn working_name(change: usize) -> String {
    format!("untorn-low-disk-{change}")
}

fn stash_name(part: usize) -> String {
    format!("untorn-low-disk-stash-{part}")
}

/// Whether a name in the root of a tree is one of those.
pub(crate) fn is_working_name(name: &str) -> bool {
    let number = name.strip_prefix("untorn-low-disk-").map(|rest| rest.strip_prefix("stash-").unwrap_or(rest));
    number.is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Where the bytes of the new file of a change are made.
fn place(number: usize, change: &Change) -> String {
    if matches!(change.before, Before::File { .. }) { change.path.to_string() } else { working_name(number) }
}

/// What a step works with.
pub(super) struct Step<'s, R> {
    pub(super) fs: &'s dyn Fs,
    pub(super) parts: &'s [Part],
    /// What the bytes of each part must be.
    pub(super) hashes: &'s [Hash],
    pub(super) reader: &'s mut StretchReader<R>,
}

impl<R: Read + Seek> Step<'_, R> {
    pub(super) fn stage(&mut self, tx: &mut Transaction<'_>, acts: &[Act]) -> Result<()> {
        acts.iter().try_for_each(|act| match *act {
            Act::Make(number) => self.make(tx, number),
            Act::Stash(number) => self.put_aside(tx, number),
            Act::Place(number) => self.put_in_place(tx, number),
        })
    }

    fn change(&self, part: &Part) -> Change {
        self.reader.index().changes().as_slice()[part.change].clone()
    }

    fn make(&mut self, tx: &mut Transaction<'_>, number: usize) -> Result<()> {
        let part = self.parts[number];
        let change = self.change(&part);
        let place = place(part.change, &change);
        match part.what {
            What::Remove => Ok(tx.remove(&place)?),
            What::Cut => Ok(tx.set_len(&place, change.file().map_or(0, |file| file.len))?),
            What::Whole { len } => self.make_whole(tx, number, &place, (0, len), &change.path),
            What::Stretch { at, len } => {
                let old = TreeFiles::new(self.fs, None);
                let stretch = self.reader.stretch(part.change, (at, len), &old).map_err(|error| wrong(error, &change.path))?;
                write(tx, &place, at, stretch, self.hashes[number], &change.path)
            }
        }
    }

    fn make_whole(
        &mut self,
        tx: &mut Transaction<'_>,
        number: usize,
        place: &str,
        stretch: (u64, u64),
        path: &TreePath,
    ) -> Result<()> {
        let old = TreeFiles::new(self.fs, None);
        let content = self.reader.stretch(self.parts[number].change, stretch, &old).map_err(|error| wrong(error, path))?;
        let mut content = Hashing::of(content);
        let replaced = tx.replace(place, &mut content);
        if let Some(error) = content.failure.take() {
            return Err(wrong_io(error, path));
        }
        replaced?;
        content.check(self.hashes[number], path)
    }

    fn put_aside(&mut self, tx: &mut Transaction<'_>, number: usize) -> Result<()> {
        let part = self.parts[number];
        let path = self.change(&part).path;
        self.make_whole(tx, number, &stash_name(number), part.stretch().unwrap_or_default(), &path)
    }

    fn put_in_place(&mut self, tx: &mut Transaction<'_>, number: usize) -> Result<()> {
        let part = self.parts[number];
        let (change, stash) = (self.change(&part), stash_name(number));
        let place = place(part.change, &change);
        let What::Stretch { at, len } = part.what else { return Ok(tx.rename(&stash, &place)?) };
        let file = self.fs.open(&stash, OpenMode::Read).map_err(|error| wrong_io(error, &change.path))?;
        let content = Stashed { file: &*file, at: 0 }.take(len);
        write(tx, &place, at, content, self.hashes[number], &change.path)?;
        Ok(tx.remove(&stash)?)
    }
}

/// A file that was put aside.
struct Stashed<'f> {
    file: &'f dyn untorn_fs::File,
    at: u64,
}

impl Read for Stashed<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let len = self.file.read_at(buf, self.at)?;
        self.at += len as u64;
        Ok(len)
    }
}

/// Writes bytes in place, once they prove to be the right ones: a transaction with others is dropped.
fn write(tx: &mut Transaction<'_>, place: &str, mut at: u64, content: impl Read, hash: Hash, path: &TreePath) -> Result<()> {
    let (mut content, mut buf) = (Hashing::of(content), vec![0; PIECE_LEN]);
    loop {
        let mut len = 0;
        while len < buf.len() {
            match content.read(&mut buf[len..]) {
                Ok(0) => break,
                Ok(more) => len += more,
                Err(error) => return Err(wrong_io(content.failure.take().unwrap_or(error), path)),
            }
        }
        if len == 0 {
            break;
        }
        tx.write_at(place, at, &buf[..len])?;
        at += len as u64;
    }
    content.check(hash, path)
}

/// Hashes what is read, and remembers why reading failed.
struct Hashing<C> {
    content: C,
    hasher: Hasher,
    failure: Option<io::Error>,
}

impl<C: Read> Hashing<C> {
    fn of(content: C) -> Self {
        Self { content, hasher: Hasher::new(), failure: None }
    }

    fn check(&self, hash: Hash, path: &TreePath) -> Result<()> {
        if self.hasher.finish() == hash { Ok(()) } else { Err(Error::ChangedMeanwhile { path: path.to_string() }) }
    }
}

impl<C: Read> Read for Hashing<C> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self.content.read(buf) {
            Ok(len) => {
                self.hasher.update(&buf[..len]);
                Ok(len)
            }
            Err(error) => {
                self.failure = Some(error);
                Err(io::ErrorKind::Other.into())
            }
        }
    }
}

fn wrong_io(error: io::Error, path: &TreePath) -> Error {
    match error.downcast::<PatchError>() {
        Ok(error) => wrong(error, path),
        Err(source) => Error::Io { doing: "read", path: path.to_string(), source },
    }
}

/// Wrong old bytes, this late, were changed by somebody; for all else the patch is to blame.
fn wrong(error: PatchError, path: &TreePath) -> Error {
    match error {
        PatchError::Old { path } => Error::ChangedMeanwhile { path: path.to_string() },
        PatchError::References { .. } | PatchError::Made { .. } => Error::ChangedMeanwhile { path: path.to_string() },
        other => other.into(),
    }
}

/// The last step: everything gets its name. In the order of `apply`'s own changes of names.
pub(super) fn stage_names(tx: &mut Transaction<'_>, fs: &dyn Fs, changes: &Changes) -> Result<Vec<String>> {
    let changes = changes.as_slice();
    let mut waiting = Vec::new();
    for (number, change) in changes.iter().enumerate() {
        if let After::Moved { from, executable } = &change.after {
            let between = working_name(number);
            tx.rename(from.as_str(), &between)?;
            waiting.push((between, change, *executable));
        }
        if let (After::File(file), false) = (&change.after, matches!(change.before, Before::File { .. })) {
            waiting.push((working_name(number), change, file.executable));
        }
        if matches!((&change.before, &change.after), (Before::Symlink { .. }, After::Absent | After::Dir | After::File(_))) {
            tx.remove(change.path.as_str())?;
        }
    }
    let kept = remove_dirs(tx, changes)?;
    for change in changes.iter().filter(|change| change.after == After::Dir) {
        tx.create_dir_all(change.path.as_str())?;
    }
    for (between, change, executable) in waiting {
        if let Some(parent) = change.path.parent() {
            tx.create_dir_all(parent.as_str())?;
        }
        tx.rename(&between, change.path.as_str())?;
        tx.set_executable(change.path.as_str(), executable)?;
    }
    for change in changes {
        match (&change.before, &change.after) {
            (Before::File { .. }, After::File(file)) => set_executable(tx, fs, change, file.executable)?,
            (_, After::Symlink { target }) => tx.symlink(target, change.path.as_str())?,
            _ => {}
        }
    }
    Ok(kept)
}

/// Only where it changes: a transaction looks at everything it names.
fn set_executable(tx: &mut Transaction<'_>, fs: &dyn Fs, change: &Change, executable: bool) -> Result<()> {
    let is_so = fs.metadata(change.path.as_str()).is_ok_and(|meta| meta.permissions.executable() == executable);
    if is_so { Ok(()) } else { Ok(tx.set_executable(change.path.as_str(), executable)?) }
}

/// Innermost first. One that should be gone but is not empty stays: what others put there is not ours.
fn remove_dirs(tx: &mut Transaction<'_>, changes: &[Change]) -> Result<Vec<String>> {
    let mut kept = Vec::new();
    for change in changes.iter().rev().filter(|change| change.before == Before::Dir) {
        match tx.remove_dir(change.path.as_str()) {
            Err(error) if change.after == After::Absent && matches!(error.cause(), Cause::NotEmpty | Cause::Foreign { .. }) => {
                kept.push(change.path.to_string());
            }
            other => other?,
        }
    }
    kept.reverse();
    Ok(kept)
}
