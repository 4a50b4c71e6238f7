//! The old bytes of files that somebody changed, out of the release that is installed: then a patch can make what it makes from them.

use std::{
    cell::Cell,
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use untorn_format::{
    Hash, TreePath,
    manifest::{Kind, Manifest},
    patch::{After, Index},
    release::Release,
};
use untorn_fs::Fs;

use super::{UpdateOptions, local::Local, pieces::Pieces, stage};
use crate::{
    Error, Result,
    releases::{self, Progress, Supply, Wanted},
};

/// More is not held in memory.
const LEN_MAX: u64 = 16 << 20;

/// Old files as they were.
#[derive(Debug, Default)]
pub(super) struct Restored {
    pub(super) paths: BTreeSet<TreePath>,
    /// Their bytes; none where only the plan is asked for.
    pub(super) bytes: BTreeMap<TreePath, Vec<u8>>,
    /// What was to be fetched for them.
    pub(super) wanted: Vec<Wanted>,
}

/// Who brings them back.
pub(super) struct Restorer<'r> {
    pub(super) fs: &'r dyn Fs,
    pub(super) dir: &'r Path,
    /// The build that they are of, and its release, where that is known.
    pub(super) old: &'r Manifest,
    pub(super) release: Option<&'r Release>,
    pub(super) options: &'r UpdateOptions,
    /// Whether only what it takes is asked for.
    pub(super) is_plan: bool,
}

impl Restored {
    /// How many bytes were to be fetched.
    pub(super) fn len(&self) -> u64 {
        releases::len(&self.wanted)
    }
}

impl Restorer<'_> {
    /// Brings back those of these `files` that a patch with this `index` can be given so. Nothing is missed where they cannot be had: a store need not have
    /// what is old any more.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::Stopped`]; where what was fetched cannot be kept.
    pub(super) fn run(&self, index: &Index, files: &BTreeSet<TreePath>, supply: &Supply<'_>) -> Result<Restored> {
        let is_it = |release: &&Release| release.manifest.hash == self.old.hash() && !release.index.hash.is_none();
        let Some(release) = self.release.filter(is_it) else { return Ok(Restored::default()) };
        let numbers = self.numbers(index, files);
        if numbers.is_empty() || self.len(&numbers) > LEN_MAX {
            return Ok(Restored::default());
        }
        match self.fetched(&numbers, &mut supply.of_older(release)) {
            Err(Error::Net(error)) if !matches!(error.fault(), untorn_remote::Fault::Stopped) => Ok(Restored::default()),
            Err(Error::Store { .. } | Error::NotFetched { .. } | Error::ChangedMeanwhile { .. } | Error::Contradiction) => {
                Ok(Restored::default())
            }
            other => other,
        }
    }

    /// Their places in the manifest. What moves elsewhere comes whole in any case.
    fn numbers(&self, index: &Index, files: &BTreeSet<TreePath>) -> Vec<usize> {
        let moves = |path: &TreePath| {
            let is_from = |after: &After| matches!(after, After::Moved { from, .. } if from == path);
            index.changes().as_slice().iter().any(|change| is_from(&change.after))
        };
        let entries = self.old.entries().iter().enumerate();
        let wanted = entries
            .filter(|(_, entry)| matches!(entry.kind, Kind::File { .. }) && files.contains(&entry.path) && !moves(&entry.path));
        wanted.map(|(number, _)| number).collect()
    }

    fn len(&self, numbers: &[usize]) -> u64 {
        let len = |number: &usize| if let Kind::File { len, .. } = self.old.entries()[*number].kind { len } else { 0 };
        numbers.iter().map(len).fold(0, u64::saturating_add)
    }

    fn fetched(&self, numbers: &[usize], supply: &mut Supply<'_>) -> Result<Restored> {
        let paths: Vec<TreePath> = numbers.iter().map(|number| self.old.entries()[*number].path.clone()).collect();
        let is_file = |path: &&TreePath| self.fs.metadata(path.as_str()).is_ok_and(|meta| meta.is_file());
        let present: Vec<TreePath> = paths.iter().filter(is_file).cloned().collect();
        let local = Local::read(self.fs, self.dir, &present, self.options.jobs, self.options.observer())?;
        let pieces = Pieces::find(supply, self.old, numbers, &local, Hash::NONE, true)?;
        let wanted = supply.wanted(pieces.frames())?;
        let mut restored = Restored { paths: paths.into_iter().collect(), bytes: BTreeMap::new(), wanted };
        if self.is_plan {
            return Ok(restored);
        }
        let progress = Progress { observer: self.options.observer(), done: Cell::new(0), total: restored.len() };
        supply.fetch(&restored.wanted, &progress)?;
        let source = stage::Source::new(self.fs, self.dir, &local, supply, &pieces);
        for number in numbers {
            let entry = &self.old.entries()[*number];
            restored.bytes.insert(entry.path.clone(), source.whole(*number, entry)?);
        }
        Ok(restored)
    }
}
