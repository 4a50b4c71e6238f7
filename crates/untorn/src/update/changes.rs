//! What must change in a tree so that it is another build: found out by comparing manifests, and looking at what stands there.

use std::{collections::BTreeSet, path::Path};

use untorn_format::{
    Hash, TreePath, fold_key,
    manifest::{Entry, Kind, Manifest},
};
use untorn_fs::{FileKind, Fs, Metadata};
use untorn_txn::Observer;

use super::{Policies, Policy, local::Local};
use crate::{
    Difference, Error, Result, What,
    difference::kind_name,
    verify::{file_by_metadata, look, read_link},
};

/// What must change.
#[derive(Debug, Default)]
pub(super) struct Changes {
    /// Files and symlinks that go, or give way to something of another kind.
    pub(super) removed: Vec<TreePath>,
    /// Directories that go, innermost first.
    pub(super) dirs_removed: Vec<TreePath>,
    /// Directories that come, outermost first.
    pub(super) dirs: Vec<TreePath>,
    /// Symlinks that come or change.
    pub(super) symlinks: Vec<(TreePath, String)>,
    /// Files whose bytes change: their places in the new manifest.
    pub(super) files: Vec<usize>,
    /// Files of which only the executable bit changes.
    pub(super) bits: Vec<(TreePath, bool)>,
    /// What somebody had changed, and is replaced.
    pub(super) replaced: Vec<Difference>,
    /// What somebody had changed, and stays.
    pub(super) kept: Vec<Difference>,
}

/// Who compares.
pub(super) struct Comparison<'c> {
    pub(super) fs: &'c dyn Fs,
    pub(super) dir: &'c Path,
    pub(super) old: Option<&'c Manifest>,
    pub(super) new: &'c Manifest,
    pub(super) policies: &'c Policies,
    pub(super) jobs: usize,
    pub(super) observer: Option<&'c dyn Observer>,
}

impl Comparison<'_> {
    /// Compares. Of files that change, and of those that go, every byte is read; of others only their lengths are looked at.
    ///
    /// # Errors
    /// [`Error::Modified`] where somebody changed what is to be refused then; [`Error::Io`]; [`Error::Stopped`].
    pub(super) fn run(&self) -> Result<(Changes, Local)> {
        let (mut changes, mut candidates, mut found) = (Changes::default(), BTreeSet::new(), Vec::new());
        let respelled = self.respelled();
        for (number, entry) in self.new.entries().iter().enumerate() {
            let there = self.look(&entry.path, &respelled)?;
            if self.differs(entry, there.as_ref(), &mut changes)? {
                if there.as_ref().is_some_and(Metadata::is_file) {
                    candidates.insert(entry.path.clone());
                }
                found.push((number, there));
            }
        }
        let gone = self.gone(&respelled)?;
        candidates.extend(gone.iter().filter(|(_, there)| there.is_file()).map(|(entry, _)| entry.path.clone()));
        let paths: Vec<_> = candidates.into_iter().collect();
        let local = Local::read(self.fs, self.dir, &paths, self.jobs, self.observer)?;
        let mut refused = Vec::new();
        for (number, there) in found {
            self.change(number, there, &local, &mut changes, &mut refused)?;
        }
        self.remove(gone, &local, &mut changes, &mut refused);
        if refused.is_empty() {
            return Ok((changes, local));
        }
        refused.sort();
        Err(Error::Modified { installed: self.old.map_or(Hash::NONE, Manifest::hash), differences: refused })
    }

    /// The keys of the names that the new build spells otherwise than the old one.
    fn respelled(&self) -> BTreeSet<String> {
        let keys = |of: &Manifest, but: &Manifest| -> BTreeSet<String> {
            let mut keys = BTreeSet::new();
            let respelled = of.entries().iter().filter(|entry| but.get(&entry.path).is_none());
            keys.extend(respelled.map(|entry| fold_key(entry.path.as_str())));
            keys
        };
        self.old.map(|old| &keys(old, self.new) & &keys(self.new, old)).unwrap_or_default()
    }

    /// What stands at a path. Where case is ignored, one spelling of a name is found under the other, too: what must not be taken for there already, nor be removed.
    fn look(&self, path: &TreePath, respelled: &BTreeSet<String>) -> Result<Option<Metadata>> {
        let there = look(self.fs, self.dir, path)?;
        if there.is_none() || respelled.is_empty() || !respelled.contains(&fold_key(path.as_str())) {
            return Ok(there);
        }
        let is_spelled = untorn_fs::is_spelled(self.fs, path.as_str());
        let is_spelled = is_spelled.map_err(|source| Error::io("list", &self.dir.join(path.as_str()), source))?;
        Ok(there.filter(|_| is_spelled))
    }

    /// Whether what stands at a path must be looked at more closely. What can be told at once is told.
    fn differs(&self, entry: &Entry, there: Option<&Metadata>, changes: &mut Changes) -> Result<bool> {
        let before = self.old.and_then(|old| old.get(&entry.path)).map(|old| &old.kind);
        Ok(match (&entry.kind, there) {
            (Kind::Dir, Some(meta)) if meta.is_dir() => false,
            (Kind::Symlink { target }, Some(meta)) if meta.kind == FileKind::Symlink => {
                read_link(self.fs, self.dir, &entry.path)? != *target
            }
            (Kind::File { len, hash, executable }, Some(meta)) if meta.is_file() && meta.len == *len => {
                let is_same = matches!(before, Some(Kind::File { len: old_len, hash: old, .. }) if old == hash && old_len == len);
                if is_same && file_by_metadata(*len, *executable, meta).is_some() {
                    changes.bits.push((entry.path.clone(), *executable));
                }
                !is_same
            }
            _ => true,
        })
    }

    fn change(
        &self,
        number: usize,
        there: Option<Metadata>,
        local: &Local,
        changes: &mut Changes,
        refused: &mut Vec<Difference>,
    ) -> Result<()> {
        let entry = &self.new.entries()[number];
        let before = self.old.and_then(|old| old.get(&entry.path)).map(|old| &old.kind);
        if let Kind::File { len, hash, executable } = &entry.kind
            && local.get(&entry.path).is_some_and(|file| file.hash == *hash && file.len == *len)
        {
            if there.is_some_and(|meta| file_by_metadata(*len, *executable, &meta).is_some()) {
                changes.bits.push((entry.path.clone(), *executable));
            }
            return Ok(());
        }
        if let Some(what) = self.modified(entry, before, there.as_ref(), local)? {
            // What belongs to no build is somebody's own.
            let default = if before.is_none() && there.is_some() { Policy::Refuse } else { Policy::Replace };
            let difference = Difference { path: entry.path.to_string(), what };
            match self.policies.of(entry.path.as_str()).unwrap_or(default) {
                Policy::Keep => {
                    changes.kept.push(difference);
                    return Ok(());
                }
                Policy::Refuse => refused.push(difference),
                Policy::Replace => changes.replaced.push(difference),
            }
        }
        let is_kind = |kind| there.as_ref().is_some_and(|meta| meta.kind == kind);
        let stays = match &entry.kind {
            Kind::File { .. } => is_kind(FileKind::File),
            Kind::Symlink { .. } => is_kind(FileKind::Symlink),
            Kind::Dir => false,
        };
        if !stays && is_kind(FileKind::Dir) {
            changes.dirs_removed.push(entry.path.clone());
        } else if !stays && there.is_some() {
            changes.removed.push(entry.path.clone());
        }
        match &entry.kind {
            Kind::Dir => changes.dirs.push(entry.path.clone()),
            Kind::Symlink { target } => changes.symlinks.push((entry.path.clone(), target.clone())),
            Kind::File { .. } => changes.files.push(number),
        }
        Ok(())
    }

    /// How what stands at a path differs from what was installed there, if somebody changed it.
    fn modified(&self, entry: &Entry, before: Option<&Kind>, there: Option<&Metadata>, local: &Local) -> Result<Option<What>> {
        Ok(match (before, there) {
            (None, None) => None,
            (None, Some(meta)) => Some(What::Extra { found: kind_name(meta.kind) }),
            (Some(_), None) => Some(What::Missing),
            (Some(before), Some(meta)) => self.misfit(&entry.path, before, meta, local)?,
        })
    }

    fn misfit(&self, path: &TreePath, before: &Kind, meta: &Metadata, local: &Local) -> Result<Option<What>> {
        let another = |expected: FileKind| Some(What::Kind { expected: kind_name(expected), found: kind_name(meta.kind) });
        Ok(match (before, meta.kind) {
            (Kind::Dir, FileKind::Dir) => None,
            (Kind::Dir, _) => another(FileKind::Dir),
            (Kind::Symlink { target }, FileKind::Symlink) => {
                let found = read_link(self.fs, self.dir, path)?;
                (found != *target).then(|| What::Target { expected: target.clone(), found })
            }
            (Kind::Symlink { .. }, _) => another(FileKind::Symlink),
            (Kind::File { len, hash, .. }, FileKind::File) => match local.get(path) {
                Some(file) if file.len != *len => Some(What::Length { expected: *len, found: file.len }),
                Some(file) if file.hash != *hash => Some(What::Content),
                _ => None,
            },
            (Kind::File { .. }, _) => another(FileKind::File),
        })
    }

    /// What the old build has, the new one has not, and still stands there.
    fn gone(&self, respelled: &BTreeSet<String>) -> Result<Vec<(&Entry, Metadata)>> {
        let mut gone = Vec::new();
        for entry in self.old.map(Manifest::entries).unwrap_or_default() {
            if self.new.get(&entry.path).is_none()
                && let Some(meta) = self.look(&entry.path, respelled)?
            {
                gone.push((entry, meta));
            }
        }
        Ok(gone)
    }

    fn remove(&self, gone: Vec<(&Entry, Metadata)>, local: &Local, changes: &mut Changes, refused: &mut Vec<Difference>) {
        for (entry, meta) in gone.into_iter().rev() {
            let is_dir = matches!(entry.kind, Kind::Dir);
            if is_dir && meta.is_dir() {
                changes.dirs_removed.push(entry.path.clone());
                continue;
            }
            if meta.is_dir() {
                // Somebody's own, in the place of a file that goes.
                continue;
            }
            // What cannot be read as a symlink is no reason to fail here: it is removed, or kept.
            if let Some(what) = self.misfit(&entry.path, &entry.kind, &meta, local).unwrap_or(Some(What::Content)) {
                let difference = Difference { path: entry.path.to_string(), what };
                match self.policies.of(entry.path.as_str()).unwrap_or(Policy::Replace) {
                    Policy::Keep => {
                        changes.kept.push(difference);
                        continue;
                    }
                    Policy::Refuse => refused.push(difference),
                    Policy::Replace => changes.replaced.push(difference),
                }
            }
            changes.removed.push(entry.path.clone());
        }
        // Innermost first, whatever they came from.
        changes.dirs_removed.sort();
        changes.dirs_removed.dedup();
        changes.dirs_removed.reverse();
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use untorn_sim::{SimFs, SimOptions, write};

    use super::*;
    use crate::{ScanOptions, scan};

    const OLD: [&str; 3] = ["readme.txt", "maps/a.map", "same"];
    const NEW: [&str; 3] = ["README.txt", "Maps/a.map", "same"];

    fn manifest(paths: &[&str]) -> Manifest {
        let dir = tempfile::tempdir().unwrap();
        for path in paths {
            let path = dir.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "bytes").unwrap();
        }
        scan(dir.path(), &ScanOptions::default()).unwrap()
    }

    fn compared(options: SimOptions, there: &[&str]) -> (Vec<String>, Vec<String>) {
        let (fs, old, new) = (SimFs::new(options), manifest(&OLD), manifest(&NEW));
        for path in there {
            if let Some((dir, _)) = path.split_once('/') {
                fs.create_dir(dir, None).unwrap();
            }
            write(&fs, path, b"bytes").unwrap();
        }
        let policies = Policies::default();
        let (fs, dir, old) = (&fs as &dyn Fs, Path::new(""), Some(&old));
        let comparison = Comparison { fs, dir, old, new: &new, policies: &policies, jobs: 1, observer: None };
        let (changes, _) = comparison.run().unwrap();
        let text = |paths: Vec<TreePath>| paths.iter().map(TreePath::to_string).collect();
        let made = changes.files.iter().map(|number| new.entries()[*number].path.clone()).chain(changes.dirs).collect();
        (text([changes.removed, changes.dirs_removed].concat()), text(made))
    }

    #[test]
    fn n13_n14_a_name_of_which_only_the_case_changes_goes_and_comes() {
        for options in [SimOptions::ntfs_like(), SimOptions::strict()] {
            let (removed, made) = compared(options, &OLD);
            assert_eq!(removed, ["readme.txt", "maps/a.map", "maps"]);
            assert_eq!(made, ["Maps/a.map", "README.txt", "Maps"]);
        }
    }

    #[test]
    fn n13_n14_and_what_is_spelled_so_already_is_not_removed() {
        for options in [SimOptions::ntfs_like(), SimOptions::strict()] {
            assert_eq!(compared(options, &NEW), (Vec::new(), Vec::new()));
        }
    }
}
