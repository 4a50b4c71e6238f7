//! Taking up what an interrupted transaction had staged.

use std::io::Read;

use untorn_format::{
    Hash, Hasher, TreePath,
    journal::{Range, StagedBase, StagedFile},
};
use untorn_fs::{Fs, OpenMode};

use crate::{
    cleanup,
    error::{Cause, Context, Error, Result},
    interrupted::{self, Noted},
    layout::{INTERRUPTED, OBJECTS, PROGRESS, REDO, TRANSACTIONS},
    pouring::Pouring,
    progress::Keeper,
    spool::Spool,
    transaction::Transaction,
    view::{Base, FileNode, Node},
};

/// How much of a staged file is poured between two looks at whether progress is to be noted.
const POUR_LEN: u64 = 8 << 20;

/// What a transaction is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Purpose {
    /// A hash over everything that decides which bytes are staged: two transactions with the same key, on the same tree, stage the same ones.
    pub key: Hash,
    /// Hash of the manifest of the build it leads to, or [`Hash::NONE`]: for messages.
    pub to: Hash,
    /// How many bytes are to be made, as [`Transaction::made`] counts them.
    pub total: u64,
}

/// What of a file was staged before.
#[derive(Clone, Debug)]
pub struct TakenUp {
    /// How far it is made, in bytes from its beginning; of a file that is written in ranges, everything that comes before is written.
    pub made: u64,
    /// Whether nothing more comes.
    pub is_whole: bool,
    /// Of a file that is staged whole: what has seen its first `made` bytes, as they were read just now. They are those that were staged.
    pub hasher: Option<Hasher>,
    /// How many bytes were staged for it.
    pub bytes: u64,
}

impl Transaction<'_> {
    /// Notes from now on what is staged (see [`crate::Options::progress_len`]), and takes over what an interrupted transaction with the same purpose had staged. What
    /// one with another purpose had staged is removed. To be called before anything is staged. Gives how many bytes are on the disk already.
    ///
    /// # Errors
    /// [`Cause::Io`].
    pub fn resume(&mut self, purpose: Purpose) -> Result<u64> {
        if self.options.progress_len == 0 || self.stage.is_made() {
            return Ok(0);
        }
        let fs = self.tree.fs().clone();
        self.stage.keep_numbers();
        let is_ours = |noted: &Noted| {
            (noted.tree_id, noted.key, noted.to, noted.total) == (self.tree.id(), purpose.key, purpose.to, purpose.total)
        };
        let keeper = match Noted::read(&*fs, INTERRUPTED).filter(is_ours) {
            Some(noted) => self.take_over(&*fs, purpose, noted)?,
            None => None,
        };
        let has_taken_over = keeper.is_some();
        if !has_taken_over {
            interrupted::discard(&*fs);
        }
        self.keeper = Some(keeper.unwrap_or_else(|| Keeper::new(purpose)));
        Ok(if has_taken_over { self.stage.bytes() + self.stage.redo.len() } else { 0 })
    }

    /// The folder becomes that of this transaction. `None` when the redo file is not what the record says: then nothing of it is used.
    fn take_over(&mut self, fs: &dyn Fs, purpose: Purpose, noted: Noted) -> Result<Option<Keeper>> {
        let layout = self.stage.layout;
        match fs.create_dir(TRANSACTIONS, None) {
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
                return Err(Error::io("make", TRANSACTIONS, error));
            }
            _ => {}
        }
        // A power cut may have brought back names that were removed when it was set aside.
        cleanup::remove_below(fs, INTERRUPTED, &[PROGRESS, REDO, OBJECTS]);
        fs.rename(INTERRUPTED, &layout.dir()).context("rename", INTERRUPTED)?;
        let Some(redo) = Spool::reopen(fs, layout.redo(), noted.redo)? else {
            cleanup::remove_folder(fs, layout);
            return Ok(None);
        };
        self.stage.adopt(fs, redo, &noted.objects())?;
        let staged = self.stage.bytes() + self.stage.redo.len();
        Keeper::go_on(fs, &layout.progress(), purpose, noted, staged).map(Some)
    }

    /// What an interrupted transaction had staged of the file `path`, found again and proven to be what it was: it is part of this transaction from now on. `None` when
    /// there is nothing, or anything about it has changed; then the file is as if nothing had been staged.
    ///
    /// Of ranges it is proven that they are the bytes that were staged, and that the file they stand on was not touched since.
    ///
    /// # Errors
    /// [`Cause::Io`].
    pub fn take_up(&mut self, path: &str) -> Result<Option<TakenUp>> {
        let path = TreePath::new(path)?;
        let Some(entry) = self.keeper.as_mut().and_then(|keeper| keeper.waiting.remove(&path)) else { return Ok(None) };
        let fs = self.fs();
        let standing = self.view.look(&*fs, &path)?;
        let (made, is_whole) = (entry.made, entry.is_whole);
        let taken = match entry.base {
            StagedBase::Object { number, hash } => return self.take_up_object(&entry, number, hash, &standing),
            StagedBase::Nothing { ref ranges } if standing.is_absent() => Some((FileNode::empty(), 0, ranges)),
            StagedBase::Tree { base_len, old_len, id, changed, ref ranges } => {
                untouched(standing, &path, (old_len, id, changed)).map(|file| (file, base_len, ranges))
            }
            StagedBase::Nothing { .. } => None,
        };
        let Some((file, base_len, ranges)) = taken else { return Ok(None) };
        if matches!(file.base, Base::Nothing) {
            self.create_parents(&path)?;
        }
        let mut file = FileNode { base_len, len: entry.len, ..file };
        ranges.iter().for_each(|Range { at, len, redo_at }| file.extents.insert(*at, *len, *redo_at));
        let bytes = file.extents.bytes();
        self.view.set(&*fs, &path, Node::File(file))?;
        Ok(Some(TakenUp { made, is_whole, hasher: None, bytes }))
    }

    fn take_up_object(&mut self, entry: &StagedFile, number: u32, hash: Hash, standing: &Node) -> Result<Option<TakenUp>> {
        let fs = self.fs();
        let hasher = self.stage.hash_beginning(&*fs, number, entry.len)?.filter(|hasher| hasher.finish() == hash);
        let executable = match standing {
            Node::Absent => Some(false),
            Node::File(file) => file.origin().map(|(_, meta)| meta.permissions.executable()),
            _ => None,
        };
        let (Some(hasher), Some(executable)) = (hasher, executable) else {
            self.stage.give_up_leftover(&*fs, number)?;
            return Ok(None);
        };
        self.stage.set_len(&*fs, number, entry.len)?;
        self.stage.is_known(number, hash)?;
        if standing.is_absent() {
            self.create_parents(&entry.path)?;
        }
        self.view.set(&*fs, &entry.path, Node::File(FileNode::staged(number, entry.len, executable)))?;
        Ok(Some(TakenUp { made: entry.made, is_whole: entry.is_whole, hasher: Some(hasher), bytes: entry.len }))
    }

    /// Makes `content` all there is in the file `path` behind its first `at` bytes, which were taken up: at most as many as that.
    ///
    /// # Errors
    /// As [`Transaction::replace`]; [`Cause::Missing`] when the file was not taken up whole.
    pub fn go_on(&mut self, path: &str, taken: &TakenUp, at: u64, content: &mut dyn Read) -> Result<()> {
        let (fs, path) = (self.fs(), TreePath::new(path)?);
        let Some(&mut FileNode { base: Base::Staged(number), executable, .. }) = self.view.file_mut(&*fs, &path)? else {
            return Err(Error::new(Cause::Missing).at(path.as_str()));
        };
        let hasher = taken.hasher.clone().filter(|_| at == taken.made);
        let pouring = self.stage.go_on_pouring(&*fs, number, at.min(taken.made), hasher)?;
        let len = self.pour(&path, pouring, content)?;
        self.view.set(&*fs, &path, Node::File(FileNode::staged(number, len, executable)))
    }

    /// Fills a staged file, noting progress on the way. Gives its length.
    pub(crate) fn pour(&mut self, path: &TreePath, mut pouring: Pouring, content: &mut dyn Read) -> Result<u64> {
        let (begun_at, done) = (pouring.len, self.keeper.as_ref().map_or(0, |keeper| keeper.done));
        let max = if self.keeper.is_some() { POUR_LEN.min(self.options.progress_len) } else { u64::MAX };
        while !self.stage.pour(&mut pouring, content, max)? {
            if let (true, Some(hash), Some(keeper)) = (self.is_note_due(), pouring.hash(), &mut self.keeper) {
                keeper.done = done.saturating_add(pouring.len - begun_at);
                let base = StagedBase::Object { number: pouring.number, hash };
                self.note(Some(StagedFile { path: path.clone(), is_whole: false, made: pouring.len, len: pouring.len, base }))?;
            }
        }
        Ok(pouring.len)
    }

    /// Says that `path` is made as far as `made`, or whole, and `done` bytes of all that is to be made: from time to time this is noted. A file that is staged whole
    /// need not be spoken of before it is.
    ///
    /// # Errors
    /// [`Cause::Io`]; after an error of a sync the tree must be opened anew.
    pub fn made(&mut self, path: &str, made: Option<u64>, done: u64) -> Result<()> {
        let Some(keeper) = &mut self.keeper else { return Ok(()) };
        let path = TreePath::new(path)?;
        keeper.done = done;
        if made.is_none() {
            keeper.is_whole(path.clone());
        }
        if !self.is_note_due() {
            return Ok(());
        }
        let partly = made.and_then(|made| self.in_ranges(&path, made));
        self.note(partly)
    }

    /// Reads the file `path` as this transaction would make it, up to the end of `buf`.
    ///
    /// # Errors
    /// [`Cause::Missing`]; [`Cause::Io`], also when it ends before.
    pub fn read(&mut self, path: &str, buf: &mut [u8], at: u64) -> Result<()> {
        let (fs, path) = (self.fs(), TreePath::new(path)?);
        let Some(file) = self.view.file_mut(&*fs, &path)?.cloned() else {
            return Err(Error::new(Cause::Missing).at(path.as_str()));
        };
        let end = at.saturating_add(buf.len() as u64);
        if end > file.len {
            return Err(Error::io("read", path.as_str(), std::io::ErrorKind::UnexpectedEof.into()));
        }
        let below = match &file.base {
            Base::Staged(number) => Some(self.stage.layout.object(*number)),
            Base::Tree { path, .. } => Some(path.to_string()),
            Base::Nothing => None,
        };
        buf.fill(0);
        let gaps = file.extents.gaps(at, end.min(file.base_len).max(at));
        if let (Some(below), false) = (below, gaps.is_empty()) {
            let below_file = fs.open(&below, OpenMode::Read).context("open", &below)?;
            for (from, to) in gaps {
                below_file.read_exact_at(&mut buf[index(from - at)..index(to - at)], from).context("read", &below)?;
            }
        }
        for range in file.extents.ranges() {
            let (from, to) = (range.at.max(at), (range.at + range.len).min(end));
            if from < to {
                let redo_at = range.redo_at + (from - range.at);
                self.stage.redo.read(&*fs, &mut buf[index(from - at)..index(to - at)], redo_at)?;
            }
        }
        Ok(())
    }

    /// Makes `path` what it was before the transaction, whatever was staged for it.
    ///
    /// # Errors
    /// [`Cause::Io`].
    pub fn put_back(&mut self, path: &str) -> Result<()> {
        let (fs, path) = (self.fs(), TreePath::new(path)?);
        let Some(touched) = self.view.get(&path).cloned() else { return Ok(()) };
        if let Node::File(file) = &touched.now {
            self.give_up(Some(file))?;
        }
        self.view.set(&*fs, &path, touched.was)
    }

    /// What an interrupted transaction had staged, and nobody asked for, is of no use.
    pub(crate) fn give_up_waiting(&mut self) -> Result<()> {
        let fs = self.fs();
        let waiting = self.keeper.as_mut().map(|keeper| std::mem::take(&mut keeper.waiting)).unwrap_or_default();
        for entry in waiting.into_values() {
            if let StagedBase::Object { number, .. } = entry.base {
                self.stage.give_up_leftover(&*fs, number)?;
            }
        }
        Ok(())
    }

    /// Staged objects are about to get other numbers where some are free: then a record that names them goes.
    pub(crate) fn forget_numbers(&mut self) -> Result<()> {
        let is_recorded = self.keeper.as_ref().is_some_and(Keeper::is_recorded);
        if is_recorded && self.stage.has_gaps() {
            let path = self.stage.layout.progress();
            self.fs().remove_file(&path).context("remove", &path)?;
            self.keeper = None;
        }
        Ok(())
    }

    /// Gives the transaction up, but keeps what it has staged for the next one with the same purpose, where it was made to be resumed. The rest is discarded.
    pub fn set_aside(mut self) {
        let (staged, has_much) = (self.stage.bytes() + self.stage.redo.len(), self.options.progress_len / 16);
        if self.keeper.as_ref().is_some_and(|keeper| keeper.staged_since(staged) > has_much) {
            // What was noted before still holds.
            drop(self.note(None));
        }
    }

    /// Gives the transaction up, with all it has staged: nobody will want it.
    pub fn abandon(mut self) {
        self.keeper = None;
    }
}

fn index(at: u64) -> usize {
    usize::try_from(at).unwrap_or(usize::MAX)
}

/// The file of the tree, if it is still the one that it was.
fn untouched(standing: Node, path: &TreePath, (len, id, changed): (u64, u128, i128)) -> Option<FileNode> {
    let Node::File(file) = standing else { return None };
    let (origin, meta) = file.origin()?;
    let is_same = (meta.len, meta.id.map_or(0, |id| id.0), meta.changed) == (len, id, changed);
    (origin == path && is_same && !file.is_rewritten()).then_some(file)
}
