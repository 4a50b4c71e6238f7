//! What a patch cannot bring, since somebody changed what it starts from, comes by chunks, in the same transaction.

use std::{
    cell::Cell,
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use untorn_format::{
    Hash, Hasher, TreePath,
    manifest::{Kind, Manifest},
    patch::{After, Index},
    release::Release,
};
use untorn_fs::Fs;
use untorn_txn::Transaction;

use super::{
    Policy, UpdateOptions,
    changes::Changes,
    chunks::ChunkPlan,
    local::Local,
    pieces::Pieces,
    restore::{Restored, Restorer},
    stage,
};
use crate::{
    Difference, Error, Result, What,
    apply::{LeftOut, Lost, Mend, Modified, is_modification},
    releases::{self, Progress, Supply, Wanted, len_without_ranges},
    verify::file_by_metadata,
};

/// Which patch it is about.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    /// Whether it leads to the release. Before that, what somebody changed stays as it is.
    pub(super) is_last: bool,
    /// How many of its bytes are still to come.
    pub(super) left: u64,
    /// Whether it is decided already that it is to be used.
    pub(super) is_decided: bool,
    /// Whether only what it takes is asked for.
    pub(super) is_plan: bool,
}

/// Brings files that somebody changed, and what a patch would have made from them, out of a store.
pub(super) struct Mender<'m, 'r> {
    pub(super) fs: &'m dyn Fs,
    pub(super) dir: &'m Path,
    /// The build that the patch starts from.
    pub(super) old: &'m Manifest,
    /// What is known to differ from it.
    pub(super) known: Vec<Difference>,
    pub(super) supply: &'m mut Supply<'r>,
    pub(super) options: &'m UpdateOptions,
    pub(super) step: Step,
    /// The release that is installed, where that is known.
    installed: Option<Release>,
    restored: Restored,
    /// Whether the patch is used, in spite of what differs.
    pub(super) was_begun: bool,
    chosen: Option<Chosen>,
    /// What somebody had changed, and is replaced.
    pub(super) replaced: Vec<Difference>,
}

/// What comes by chunks.
struct Chosen {
    manifest: Manifest,
    changes: Changes,
    local: Local,
    pieces: Pieces,
    wanted: Vec<Wanted>,
}

/// One way to bring what a patch cannot.
struct Choice {
    brought: BTreeSet<TreePath>,
    remade: BTreeSet<TreePath>,
    chosen: Chosen,
    restored: Restored,
    /// Bytes of the patch that are of no use.
    useless_len: u64,
}

impl Choice {
    /// How many bytes are to be fetched.
    fn len(&self) -> u64 {
        releases::len(self.chosen.wanted.iter().chain(&self.restored.wanted))
    }
}

/// What comes by chunks beside a patch.
#[derive(Clone, Debug, Default)]
pub(super) struct Besides {
    pub(super) wanted: Vec<Wanted>,
    /// Of the release that is installed.
    pub(super) older: Vec<Wanted>,
    pub(super) files: usize,
}

impl Besides {
    /// How many bytes are still to come.
    pub(super) fn len(&self) -> u64 {
        releases::len(self.wanted.iter().chain(&self.older))
    }

    /// The same from a host that gives out whole objects only.
    pub(super) fn len_without_ranges(&self) -> u64 {
        len_without_ranges(&self.wanted) + len_without_ranges(&self.older)
    }
}

impl<'m, 'r> Mender<'m, 'r> {
    pub(super) fn new(
        (fs, dir): (&'m dyn Fs, &'m Path),
        (old, installed, known): (&'m Manifest, Option<Release>, Vec<Difference>),
        supply: &'m mut Supply<'r>,
        options: &'m UpdateOptions,
        step: Step,
    ) -> Self {
        Self {
            fs,
            dir,
            old,
            known,
            supply,
            options,
            step,
            installed,
            restored: Restored::default(),
            was_begun: false,
            chosen: None,
            replaced: Vec::new(),
        }
    }

    /// What is still to be fetched, once it is known what is left out.
    pub(super) fn besides(&self) -> Besides {
        let Some(chosen) = &self.chosen else { return Besides::default() };
        let (wanted, older) = (chosen.wanted.clone(), self.restored.wanted.clone());
        Besides { wanted, older, files: chosen.changes.files.len() + self.restored.paths.len() }
    }

    /// As [`Mend::left_out`], before the patch is known: as if nothing were made from what differs.
    pub(super) fn without_index(&mut self) -> Result<Option<LeftOut>> {
        let known = self.known.clone();
        let Some(modified) = modified(&known) else { return Ok(None) };
        let lost = Lost { paths: modified.keys().cloned().collect(), ..Lost::default() };
        let (kept, replaced) = self.told_apart(modified)?;
        let choice = self.choose(&kept, lost)?;
        Ok(Some(self.take(kept, replaced, choice)))
    }

    fn decide(&mut self, index: &Index, differences: &[Difference]) -> Result<Option<LeftOut>> {
        (self.chosen, self.restored, self.replaced) = (None, Restored::default(), Vec::new());
        let Some(modified) = modified(differences) else { return Ok(None) };
        let becomes_another =
            |path| matches!(index.changes().get(path).map(|change| &change.after), Some(After::Dir | After::Symlink { .. }));
        if modified.keys().any(becomes_another) {
            return Ok(None);
        }
        if modified.is_empty() {
            return Ok(Some(LeftOut::default()));
        }
        let mut files = BTreeSet::new();
        files.extend(modified.keys().cloned());
        let lost = Lost::of(index, &files);
        if !self.step.is_last {
            return self.for_later(index, modified, &lost);
        }
        let (kept, replaced) = self.told_apart(modified)?;
        let mut choice = self.choose(&kept, lost.clone())?;
        if lost.paths.len() > files.len() {
            // With the old bytes of what is lost, what is made from them is not.
            if let Some(other) = self.with_old_bytes(index, &kept, &files, choice.len())? {
                choice = other;
            }
        }
        // What of the patch is of use is hardly more than the same by chunks. Where most of what is to come is of none, chunks may take less.
        if !self.step.is_decided && choice.useless_len > self.step.left / 2 && self.step.left > 0 {
            let by_chunks = ChunkPlan::make(self.supply, self.fs, self.dir, Some(self.old), self.options, false)?;
            if by_chunks.numbers.bytes_to_fetch < self.step.left + choice.len() {
                return Ok(None);
            }
        }
        Ok(Some(self.take(kept, replaced, choice)))
    }

    /// What comes when the old bytes of `files` come, too, if that takes fewer than `len` bytes.
    fn with_old_bytes(&mut self, index: &Index, kept: &Modified, files: &BTreeSet<TreePath>, len: u64) -> Result<Option<Choice>> {
        let (fs, dir, old, options) = (self.fs, self.dir, self.old, self.options);
        let restorer = Restorer { fs, dir, old, release: self.installed.as_ref(), options, is_plan: true };
        let planned = restorer.run(index, files, self.supply)?;
        if planned.paths.is_empty() {
            return Ok(None);
        }
        let rest = files.difference(&planned.paths).cloned().collect();
        let mut lost = Lost::of(index, &rest);
        let is_remade = |path: &&TreePath| index.changes().get(path).is_some_and(|change| change.file().is_some());
        lost.remade.extend(planned.paths.iter().filter(is_remade).cloned());
        lost.paths.extend(files.iter().cloned());
        let installed = self.installed.clone();
        let mut choice = Choice { restored: planned, ..self.choose(kept, lost)? };
        if choice.len() >= len {
            return Ok(None);
        }
        if !self.step.is_plan {
            let restorer = Restorer { fs, dir, old, release: installed.as_ref(), options, is_plan: false };
            choice.restored = restorer.run(index, files, self.supply)?;
        }
        Ok(Some(choice).filter(|choice| !choice.restored.paths.is_empty()))
    }

    /// Finds out what comes by chunks, of what is `lost` and not `kept`.
    fn choose(&mut self, kept: &Modified, lost: Lost) -> Result<Choice> {
        let (remade, brought): (BTreeSet<TreePath>, BTreeSet<TreePath>) =
            lost.paths.into_iter().filter(|path| !kept.contains_key(path)).partition(|path| lost.remade.contains(path));
        let manifest = self.supply.manifest_and_head(Some(self.old))?;
        let is_file = |path: &&TreePath| self.fs.metadata(path.as_str()).is_ok_and(|meta| meta.is_file());
        let present: Vec<TreePath> = brought.iter().filter(is_file).cloned().collect();
        let local = Local::read(self.fs, self.dir, &present, self.options.jobs, self.options.observer())?;
        let changes = self.changes(&manifest, &brought, &local);
        let pieces = Pieces::find(self.supply, &manifest, &changes.files, &local, Hash::NONE, true)?;
        let wanted = self.supply.wanted(pieces.frames())?;
        let chosen = Chosen { manifest, changes, local, pieces, wanted };
        Ok(Choice { brought, remade, chosen, restored: Restored::default(), useless_len: lost.useless_len })
    }

    /// Makes it so.
    fn take(&mut self, kept: Modified, replaced: BTreeMap<TreePath, Difference>, choice: Choice) -> LeftOut {
        let Choice { brought, remade, chosen, restored, .. } = choice;
        let is_replaced = |path: &TreePath| !is_there(&chosen.manifest, path, &chosen.local);
        self.replaced = replaced.into_iter().filter(|(path, _)| is_replaced(path)).map(|(_, what)| what).collect();
        (self.chosen, self.restored) = (Some(chosen), restored);
        LeftOut { kept, brought, remade }
    }

    fn told_apart(&self, modified: Modified) -> Result<(Modified, BTreeMap<TreePath, Difference>)> {
        let (mut kept, mut replaced, mut refused) = (Modified::new(), BTreeMap::new(), Vec::new());
        for (path, difference) in modified {
            // What belongs to no build is somebody's own.
            let is_own = matches!(difference.what, What::Extra { .. });
            let default = if is_own { Policy::Refuse } else { Policy::Replace };
            match self.options.policies.of(path.as_str()).unwrap_or(default) {
                Policy::Keep => drop(kept.insert(path, difference)),
                Policy::Refuse => refused.push(difference),
                Policy::Replace => drop(replaced.insert(path, difference)),
            }
        }
        if refused.is_empty() {
            Ok((kept, replaced))
        } else {
            Err(Error::Modified { installed: self.old.hash(), differences: refused })
        }
    }

    fn changes(&self, manifest: &Manifest, brought: &BTreeSet<TreePath>, local: &Local) -> Changes {
        let mut changes = Changes::default();
        let is_brought = |path: &TreePath| brought.contains(path);
        for (number, entry) in manifest.entries().iter().enumerate().filter(|(_, entry)| is_brought(&entry.path)) {
            let Kind::File { len, executable, .. } = entry.kind else { continue };
            if !is_there(manifest, &entry.path, local) {
                changes.files.push(number);
            } else if let Ok(meta) = self.fs.metadata(entry.path.as_str())
                && file_by_metadata(len, executable, &meta).is_some()
            {
                changes.bits.push((entry.path.clone(), executable));
            }
        }
        changes
    }

    /// Before the last step, what somebody changed stays, or goes with what the patch removes. Nothing else may depend on it: the tree would be no build that anybody knows.
    fn for_later(&mut self, index: &Index, modified: Modified, lost: &Lost) -> Result<Option<LeftOut>> {
        if lost.paths.iter().any(|path| !modified.contains_key(path)) {
            return Ok(None);
        }
        let (mut kept, replaced) = self.told_apart(modified)?;
        let mut brought = BTreeSet::new();
        for (path, difference) in replaced {
            if index.changes().get(&path).is_some_and(|change| change.after == After::Absent) {
                brought.insert(path);
                self.replaced.push(difference);
            } else {
                kept.insert(path, difference);
            }
        }
        Ok(Some(LeftOut { kept, brought, remade: BTreeSet::new() }))
    }
}

impl Mend for Mender<'_, '_> {
    fn known(&self) -> Vec<Difference> {
        self.known.clone()
    }

    fn left_out(&mut self, index: &Index, differences: &[Difference]) -> Result<Option<LeftOut>> {
        let left_out = self.decide(index, differences)?;
        self.was_begun = left_out.is_some();
        Ok(left_out)
    }

    fn add_to_key(&self, hasher: &mut Hasher) {
        for number in self.chosen.iter().flat_map(|chosen| &chosen.changes.files) {
            let Some(chosen) = &self.chosen else { continue };
            let path = &chosen.manifest.entries()[*number].path;
            hasher.update(&(path.as_str().len() as u64).to_le_bytes());
            hasher.update(path.as_str().as_bytes());
            hasher.update(&chosen.local.get(path).map_or(Hash::NONE, |file| file.hash).0);
        }
    }

    fn bytes_to_write(&self) -> u64 {
        self.chosen.as_ref().map_or(0, |chosen| stage::total(&chosen.manifest, &chosen.changes))
    }

    fn old_bytes(&self) -> BTreeMap<TreePath, Vec<u8>> {
        self.restored.bytes.clone()
    }

    fn stage(&mut self, tx: &mut Transaction<'_>) -> Result<()> {
        let Some(Chosen { manifest, changes, local, pieces, wanted }) = &self.chosen else { return Ok(()) };
        let (done, total) = (self.step.left + self.restored.len(), self.step.left + self.besides().len());
        self.supply.fetch(wanted, &Progress { observer: self.options.observer(), done: Cell::new(done), total })?;
        let source = stage::Source::new(self.fs, self.dir, local, self.supply, pieces);
        stage::stage(tx, manifest, changes, &source, self.options.observer()).map(drop)
    }

    fn new_build(&self) -> Option<&Manifest> {
        self.chosen.as_ref().map(|chosen| &chosen.manifest)
    }
}

/// What differs, where it is files that somebody changed, lost or put there; `None` where it is anything else.
fn modified(differences: &[Difference]) -> Option<Modified> {
    let mut modified = Modified::new();
    for difference in differences {
        let path = TreePath::new(&difference.path).ok().filter(|_| is_modification(&difference.what))?;
        modified.insert(path, difference.clone());
    }
    Some(modified)
}

/// Whether a file is what it should become.
fn is_there(manifest: &Manifest, path: &TreePath, local: &Local) -> bool {
    match (manifest.get(path).map(|entry| &entry.kind), local.get(path)) {
        (Some(Kind::File { len, hash, .. }), Some(file)) => (file.len, file.hash) == (*len, *hash),
        (None, None) => true,
        _ => false,
    }
}
