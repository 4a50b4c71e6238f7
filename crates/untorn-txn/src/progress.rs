//! What of a stage is durable: noted from time to time, for whoever takes it up again should it be interrupted.

use std::collections::BTreeMap;

use untorn_format::{
    TreePath,
    journal::{Blob, Progress, StagedBase, StagedFile},
};
use untorn_fs::{File, Fs, OpenMode};

use crate::{
    barrier::Unsynced,
    error::{Context, Result},
    interrupted::Noted,
    resume::Purpose,
    stage::{Origin, Stage},
    transaction::Transaction,
    view::{Base, FileNode, Node, View},
};

/// What is written to the redo file after a part of the record was written shares no block of this length with what was written before: a power cut that tears it
/// destroys nothing the record vouches for.
const BLOCK_LEN: u64 = 4096;

/// The record of progress of one transaction.
pub(crate) struct Keeper {
    pub(crate) purpose: Purpose,
    /// What an interrupted transaction had staged, and nobody has asked for yet.
    pub(crate) waiting: BTreeMap<TreePath, StagedFile>,
    /// Bytes made.
    pub(crate) done: u64,
    /// Files that are whole since the last part was written.
    fresh: Vec<TreePath>,
    /// Bytes that had been staged then.
    staged: u64,
    parts: u64,
    len: u64,
    file: Option<Box<dyn File>>,
}

impl Keeper {
    /// A new record, not yet begun.
    pub(crate) fn new(purpose: Purpose) -> Self {
        let waiting = BTreeMap::new();
        Self { purpose, waiting, done: 0, fresh: Vec::new(), staged: 0, parts: 0, len: 0, file: None }
    }

    /// Goes on with the record at `path`. Whatever stands behind the parts that could be read is of no use.
    pub(crate) fn go_on(fs: &dyn Fs, path: &str, purpose: Purpose, noted: Noted, staged: u64) -> Result<Self> {
        let file = fs.open(path, OpenMode::Write).context("open", path)?;
        file.set_len(noted.len).context("set the length of", path)?;
        let Noted { entries: waiting, parts, len, .. } = noted;
        Ok(Self { waiting, staged, parts, len, file: Some(file), ..Self::new(purpose) })
    }

    /// Whether there is anything to take up.
    pub(crate) fn is_recorded(&self) -> bool {
        self.parts > 0
    }

    /// How many bytes were staged since the last part, if there are `staged` now.
    pub(crate) fn staged_since(&self, staged: u64) -> u64 {
        staged.saturating_sub(self.staged)
    }

    /// Notes that nothing more comes of a file.
    pub(crate) fn is_whole(&mut self, path: TreePath) {
        self.fresh.push(path);
    }

    fn write(&mut self, path: &str, part: &Progress) -> Result<()> {
        let (Some(bytes), Some(file)) = (part.encode(), &self.file) else { return Ok(()) };
        let Ok(len) = u32::try_from(bytes.len()) else { return Ok(()) };
        file.write_all_at(&[&len.to_le_bytes()[..], &bytes].concat(), self.len).context("write", path)?;
        file.sync_data().context("sync", path)?;
        self.len += 4 + u64::from(len);
        self.parts += 1;
        self.fresh.clear();
        Ok(())
    }
}

impl Transaction<'_> {
    /// Whether so much was staged since the last part that another is due.
    pub(crate) fn is_note_due(&self) -> bool {
        let staged = self.stage.bytes() + self.stage.redo.len();
        self.keeper.as_ref().is_some_and(|keeper| keeper.staged_since(staged) >= self.options.progress_len)
    }

    /// Makes what is staged durable, and notes it: files that are whole, and `partly` the one that is being made. An error of the sync is final, as that of a barrier is: the
    /// handle is poisoned, and what was noted before still holds.
    pub(crate) fn note(&mut self, partly: Option<StagedFile>) -> Result<()> {
        let Some(mut keeper) = self.keeper.take() else { return Ok(()) };
        let result = self.note_with(&mut keeper, partly);
        self.keeper = Some(keeper);
        result
    }

    /// As [`Transaction::note`], where all is staged.
    pub(crate) fn note_all(&mut self) -> Result<()> {
        if let Some(keeper) = &mut self.keeper {
            keeper.done = keeper.purpose.total;
        }
        self.note(None)
    }

    fn note_with(&mut self, keeper: &mut Keeper, partly: Option<StagedFile>) -> Result<()> {
        let fs = self.tree.fs().clone();
        let path = self.stage.layout.progress();
        self.stage.make(&*fs)?;
        if keeper.file.is_none() {
            keeper.file = Some(fs.open(&path, OpenMode::CreateNew { executable: false }).context("make", &path)?);
        }
        let redo = if self.stage.redo.len() > 0 {
            self.stage.redo.pad(&*fs, BLOCK_LEN)?;
            self.stage.redo.finish(&*fs)?
        } else {
            Blob { len: 0, hash: untorn_format::Hash::NONE }
        };
        keeper.staged = self.stage.bytes() + self.stage.redo.len();
        let mut entries: BTreeMap<TreePath, StagedFile> = BTreeMap::new();
        let whole = keeper.fresh.iter().filter_map(|path| whole(&self.view, &self.stage, path));
        entries.extend(whole.chain(partly).map(|entry| (entry.path.clone(), entry)));
        let entries: Vec<StagedFile> = entries.into_values().collect();
        let unsynced = self.unsynced(&entries);
        let synced = self.tree.syncer().and_then(|syncer| syncer.sync(&*fs, &unsynced));
        synced.map_err(|error| self.tree.poison(error))?;
        let Purpose { key, to, total } = keeper.purpose;
        let (number, done) = (keeper.parts, keeper.done.min(total));
        let part = Progress { tree_id: self.tree.id(), key, to, number, done, total, redo, entries };
        keeper.write(&path, &part).map_err(|error| self.tree.poison(error))
    }

    /// What must be durable before these files are noted.
    fn unsynced(&self, entries: &[StagedFile]) -> Unsynced {
        let (mut unsynced, layout) = (Unsynced::default(), self.stage.layout);
        for entry in entries {
            if let StagedBase::Object { number, .. } = entry.base {
                unsynced.file(layout.object(number));
            }
        }
        self.stage.unsynced_names(&mut unsynced);
        unsynced
    }

    /// A file that is written in ranges, as far as it is made.
    pub(crate) fn in_ranges(&self, path: &TreePath, made: u64) -> Option<StagedFile> {
        let Node::File(file) = &self.view.get(path)?.now else { return None };
        let base = base_of(&self.stage, path, file).filter(|base| !matches!(base, StagedBase::Object { .. }))?;
        (made <= file.len).then(|| StagedFile { path: path.clone(), is_whole: false, made, len: file.len, base })
    }
}

fn whole(view: &View, stage: &Stage, path: &TreePath) -> Option<StagedFile> {
    let Node::File(file) = &view.get(path)?.now else { return None };
    let base = base_of(stage, path, file)?;
    Some(StagedFile { path: path.clone(), is_whole: true, made: file.len, len: file.len, base })
}

/// What a file stands on, where that can be taken up again: not clones, whose bytes are mostly those of another file.
fn base_of(stage: &Stage, path: &TreePath, file: &FileNode) -> Option<StagedBase> {
    let ranges = file.extents.ranges();
    match &file.base {
        Base::Nothing => Some(StagedBase::Nothing { ranges }),
        Base::Tree { path: origin, meta } if origin == path => Some(StagedBase::Tree {
            base_len: file.base_len,
            old_len: meta.len,
            id: meta.id.map_or(0, |id| id.0),
            changed: meta.changed,
            ranges,
        }),
        Base::Tree { .. } => None,
        Base::Staged(number) => {
            let object = stage.object(*number).filter(|object| object.origin == Origin::New && object.len == file.len)?;
            object.hash.map(|hash| StagedBase::Object { number: *number, hash })
        }
    }
}

impl std::fmt::Debug for Keeper {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keeper").field("purpose", &self.purpose).field("parts", &self.parts).finish_non_exhaustive()
    }
}
