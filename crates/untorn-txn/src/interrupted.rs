//! A stage that was interrupted, set aside for whoever takes it up again. No part of any guarantee: what is used of it is hashed first, and whatever is
//! missing, or not what its record says, is staged anew.

use std::collections::BTreeMap;

use untorn_format::{
    Hash, TreePath,
    journal::{Blob, MAX_PROGRESS_LEN, Progress, StagedBase, StagedFile},
};
use untorn_fs::{File, Fs, OpenMode};

use crate::{
    cleanup,
    layout::{INTERRUPTED, OBJECTS, PROGRESS, REDO, TxLayout, object_name},
    tree::Tree,
};

/// What an interrupted transaction had staged, durably, before it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Interrupted {
    /// Hash of the manifest of the build it leads to; [`Hash::NONE`] where nobody said so.
    pub to: Hash,
    /// Bytes made.
    pub done: u64,
    /// Bytes to be made.
    pub total: u64,
}

/// All parts of a record of progress, as one.
#[derive(Debug)]
pub(crate) struct Noted {
    pub(crate) tree_id: [u8; 16],
    pub(crate) key: Hash,
    pub(crate) to: Hash,
    pub(crate) done: u64,
    pub(crate) total: u64,
    pub(crate) redo: Blob,
    pub(crate) entries: BTreeMap<TreePath, StagedFile>,
    /// How many parts there are.
    pub(crate) parts: u64,
    /// How many bytes they take.
    pub(crate) len: u64,
}

impl Noted {
    /// What the record in a folder says; `None` when it says nothing that can be read.
    pub(crate) fn read(fs: &dyn Fs, dir: &str) -> Option<Self> {
        let file = fs.open(&format!("{dir}/{PROGRESS}"), OpenMode::Read).ok()?;
        let mut noted = Self::of(read_part(&*file, 0)?)?;
        while let Some((part, len)) = read_part(&*file, noted.len)
            && noted.takes(&part)
        {
            noted.add(part, len);
        }
        Some(noted)
    }

    fn of((part, len): (Progress, u64)) -> Option<Self> {
        let entries = BTreeMap::new();
        let (tree_id, key, to, total, redo) = (part.tree_id, part.key, part.to, part.total, part.redo);
        let mut noted = Self { tree_id, key, to, done: 0, total, redo, entries, parts: 0, len: 0 };
        noted.takes(&part).then(|| {
            noted.add(part, len);
            noted
        })
    }

    /// Whether a part follows those before.
    fn takes(&self, part: &Progress) -> bool {
        (part.tree_id, part.key, part.to, part.total) == (self.tree_id, self.key, self.to, self.total)
            && part.number == self.parts
            && part.redo.len >= self.redo.len
    }

    fn add(&mut self, part: Progress, len: u64) {
        self.entries.extend(part.entries.into_iter().map(|entry| (entry.path.clone(), entry)));
        (self.done, self.redo) = (part.done, part.redo);
        self.parts += 1;
        self.len += len;
    }

    /// The staged objects that it names, by number, and how many of their bytes count.
    pub(crate) fn objects(&self) -> BTreeMap<u32, u64> {
        let object = |entry: &StagedFile| match entry.base {
            StagedBase::Object { number, .. } => Some((number, entry.len)),
            _ => None,
        };
        let mut objects = BTreeMap::new();
        objects.extend(self.entries.values().filter_map(object));
        objects
    }

    /// Whether everything is there that it names, as long as it should be.
    fn is_there(&self, fs: &dyn Fs, dir: &str) -> bool {
        let has =
            |name: &str, len: u64| fs.metadata(&format!("{dir}/{name}")).is_ok_and(|meta| meta.is_file() && meta.len >= len);
        let objects = self.objects();
        (self.redo.len == 0 || has(REDO, self.redo.len))
            && objects.iter().all(|(number, len)| has(&format!("{OBJECTS}/{}", object_name(*number)), *len))
    }
}

/// The part of a record that begins at `at`, and how many bytes it takes.
fn read_part(file: &dyn File, at: u64) -> Option<(Progress, u64)> {
    let mut len = [0; 4];
    file.read_exact_at(&mut len, at).ok()?;
    let len = u32::from_le_bytes(len);
    let left = file.metadata().ok()?.len.checked_sub(at)?;
    let mut bytes = vec![0; usize::try_from(len).ok().filter(|_| u64::from(len) <= left.min(MAX_PROGRESS_LEN))?];
    file.read_exact_at(&mut bytes, at + 4).ok()?;
    Some((Progress::decode(&bytes).ok()?, u64::from(len) + 4))
}

/// Sets aside what a transaction that was not decided had staged, in place of what was set aside before; removes its folder where nothing can be taken up again. Its
/// plan goes first: see `cleanup::discard`. Says whether something was set aside.
pub(crate) fn set_aside(fs: &dyn Fs, folder: TxLayout) -> bool {
    drop(fs.remove_file(&folder.plan()));
    let Some(noted) = Noted::read(fs, &folder.dir()).filter(|noted| noted.is_there(fs, &folder.dir())) else {
        cleanup::remove_folder(fs, folder);
        return false;
    };
    // What is kept for going back, and files that move, are names of files of the tree.
    cleanup::remove_below(fs, &folder.dir(), &[PROGRESS, REDO, OBJECTS]);
    let objects: Vec<String> = noted.objects().into_keys().map(object_name).collect();
    let objects: Vec<&str> = objects.iter().map(String::as_str).collect();
    cleanup::remove_below(fs, &folder.objects(), &objects);
    discard(fs);
    let is_aside = fs.rename(&folder.dir(), INTERRUPTED).is_ok();
    if !is_aside {
        cleanup::remove_folder(fs, folder);
    }
    is_aside
}

/// Removes what was set aside. Says whether there was anything.
pub(crate) fn discard(fs: &dyn Fs) -> bool {
    let is_there = fs.metadata(INTERRUPTED).is_ok();
    if is_there {
        // Without its record it is of no use to anybody, should the rest be left behind.
        drop(fs.remove_file(&format!("{INTERRUPTED}/{PROGRESS}")));
        cleanup::remove_all(fs, INTERRUPTED);
    }
    is_there
}

/// What can be taken up again: of the newest transaction that is not decided, or of one that was set aside.
pub(crate) fn look(fs: &dyn Fs, undecided: Option<u64>) -> Option<Interrupted> {
    let dirs = undecided.map(|txid| TxLayout(txid).dir()).into_iter().chain([INTERRUPTED.to_owned()]);
    let there = |dir: String| Noted::read(fs, &dir).filter(|noted| noted.is_there(fs, &dir));
    dirs.into_iter().find_map(there).map(|noted| Interrupted { to: noted.to, done: noted.done, total: noted.total })
}

impl Tree {
    /// What an interrupted transaction had staged, for one with the same purpose to take up: see [`crate::Transaction::resume`].
    #[must_use]
    pub fn interrupted(&self) -> Option<Interrupted> {
        look(&**self.fs(), None)
    }

    /// Removes what an interrupted transaction had staged. Says whether there was anything.
    pub fn discard_interrupted(&mut self) -> bool {
        discard(&**self.fs())
    }
}

#[cfg(test)]
#[path = "interrupted_tests.rs"]
mod tests;
