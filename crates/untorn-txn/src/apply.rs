//! Making the tree the new one, step by step. Every step can be done any number of times, and a crash anywhere is cured by doing all of them again: commit
//! and recovery both come here.
//!
//! No crash may lose what is staged. Where a rename is old or new, the staged name itself is renamed into the tree, and what is missing from the stage after a crash is
//! known in the tree by its hash. Elsewhere a staged file gets a second name, and that is renamed; where there are no hard links either, its bytes are copied:
//! see [`Landing`].

use std::{
    collections::BTreeSet,
    io,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use untorn_format::{
    TreePath,
    journal::{Object, Plan, Range, Step, Target},
};
use untorn_fs::{File, FileKind, Fs, OpenMode, Permissions, is_in_use, is_outside_tree};

use crate::{
    aside::{self, Wanted},
    barrier::Unsynced,
    error::{Cause, Context, Error, Result},
    landing::Landing,
    layout::{HEAD, STATE, TxLayout},
    options::{Options, Phase},
    pool,
    reporting::path_of,
    stage::{COPY_LEN, copy_range},
    warning::Warning,
};

/// What is written in place is whole blocks of this length, and the end of a file.
const BLOCK_LEN: u64 = 4096;

/// What came up while applying.
#[derive(Debug, Default)]
pub(crate) struct Applied {
    /// Directories that had to stay because others put files into them.
    pub(crate) dirs_kept: Vec<String>,
    /// What else others did.
    pub(crate) warnings: Vec<Warning>,
}

impl Applied {
    /// What was in the way was moved, directories that had to stay among it.
    fn warn(&mut self, warnings: Vec<Warning>) {
        for warning in &warnings {
            if let Warning::MovedAside { path, .. } = warning {
                self.dirs_kept
                    .retain(|kept| kept.strip_prefix(path).is_none_or(|rest| !rest.is_empty() && !rest.starts_with('/')));
            }
        }
        self.warnings.extend(warnings);
    }
}

/// Applies all steps; recovery does so again, save putting those staged files in place that are `lost`.
pub(crate) fn apply(
    fs: &dyn Fs,
    layout: TxLayout,
    plan: &Plan,
    lost: Option<&BTreeSet<u32>>,
    unsynced: &mut Unsynced,
    options: &Options,
) -> Result<Applied> {
    let (again, none) = (lost.is_some(), BTreeSet::new());
    let lost = lost.unwrap_or(&none);
    let redo =
        if plan.redo.len == 0 { None } else { Some(fs.open(&layout.redo(), OpenMode::Read).context("open", &layout.redo())?) };
    let landing = Landing::of(plan, fs.capabilities());
    let apply = Apply { fs, layout, landing, objects: &plan.objects, lost, again, redo: redo.as_deref(), options };
    let mut applied = Applied::default();
    let total = plan.steps.len() as u64;
    let patches = plan.steps.partition_point(|step| !matches!(step, Step::Patch { .. } | Step::SetExecutable { .. }));
    for (done, step) in plan.steps[..patches].iter().enumerate() {
        apply.with_ballast(|| apply.name_step(step, &mut applied, unsynced))?;
        tell_sometimes(options, done as u64, total);
    }
    let mut missing = BTreeSet::new();
    for (step, error) in apply.content_steps(&plan.steps[patches..], patches as u64)? {
        missing.extend(apply.content_step_again(step, error, &mut applied, unsynced)?);
    }
    for step in plan.steps[patches..].iter().filter(|step| path_of(step).is_none_or(|path| !missing.contains(path))) {
        note_content(step, plan, layout, unsynced);
    }
    applied.warnings.extend(missing.iter().map(|path| Warning::Missing { path: path.to_string() }));
    if plan.new_head {
        apply.with_ballast(|| apply.head(plan.to.is_none(), unsynced))?;
    }
    options.tell(Phase::Apply, total, total);
    applied.warnings.sort();
    Ok(applied)
}

/// What a step on content has left to be synced.
fn note_content(step: &Step, plan: &Plan, layout: TxLayout, unsynced: &mut Unsynced) {
    let (Step::Patch { target, .. } | Step::SetExecutable { target, .. }) = step else { return };
    match target {
        Target::Path(path) => unsynced.file(path.as_str()),
        Target::Object(object) => unsynced.file(layout.object(*object)),
    }
    if let Step::Patch { create: true, target: Target::Path(path), .. } = step {
        unsynced.name(path.as_str());
    }
    debug_assert!(plan.txid == layout.0);
}

/// Progress, but not for every small file.
fn tell_sometimes(options: &Options, done: u64, total: u64) {
    const STRIDE: u64 = 64;
    if done.is_multiple_of(STRIDE) {
        options.tell(Phase::Apply, done, total);
    }
}

/// Where the blocks begin that are all written up to the end, so that the file may be cut off there before it is done again.
///
/// It has to be. Where a sync failed, writing the same bytes once more makes up for it only in blocks that had been written before. A block that was new to the file
/// is not: ext4 goes on taking it for one that was never written, says that all is well, and shows zeros after the next mount (measured on Linux 6.18). Cut
/// off, such blocks are made anew.
fn again_from(ranges: &[Range], len: u64) -> u64 {
    let mut from = len;
    for range in ranges.iter().rev() {
        if range.at + range.len < from {
            break;
        }
        from = from.min(range.at);
    }
    // A plan that nobody has made may name a length beyond all blocks: such a file is not cut off.
    from.checked_next_multiple_of(BLOCK_LEN).unwrap_or(u64::MAX)
}

struct Apply<'a> {
    fs: &'a dyn Fs,
    layout: TxLayout,
    landing: Landing,
    objects: &'a [Object],
    lost: &'a BTreeSet<u32>,
    /// Whether it may have been done before.
    again: bool,
    redo: Option<&'a dyn File>,
    options: &'a Options,
}

impl Apply<'_> {
    /// Does something that may need space; on a full disk gives back what was set aside and does it once more.
    fn with_ballast(&self, mut act: impl FnMut() -> Result<()>) -> Result<()> {
        match act() {
            Err(error) if matches!(error.cause(), Cause::NoSpace { .. }) => {
                // Gone already is as good: another thread may have been quicker.
                drop(self.fs.remove_file(&self.layout.ballast()));
                act()
            }
            other => other,
        }
    }

    /// A step that changes names. What others have put in its way is moved aside, and it is done once more.
    fn name_step(&self, step: &Step, applied: &mut Applied, unsynced: &mut Unsynced) -> Result<()> {
        let Err(error) = self.name_step_once(step, applied, unsynced) else { return Ok(()) };
        let wanted = if matches!(step, Step::MakeDir { .. }) { Wanted::Dir } else { Wanted::File };
        self.make_way(step, wanted, error, applied, unsynced)?;
        self.name_step_once(step, applied, unsynced)
    }

    /// Takes away what `error` comes from; the error itself is the answer when nothing of that kind is found.
    fn make_way(&self, step: &Step, wanted: Wanted, error: Error, applied: &mut Applied, unsynced: &mut Unsynced) -> Result<()> {
        let Some(path) = path_of(step).filter(|_| is_obstructed(&error)) else { return Err(error) };
        let found = aside::make_way(self.fs, path.as_str(), wanted, unsynced)?;
        if found.is_empty() {
            return Err(error);
        }
        applied.warn(found);
        Ok(())
    }

    fn name_step_once(&self, step: &Step, applied: &mut Applied, unsynced: &mut Unsynced) -> Result<()> {
        match step {
            Step::RemoveFile { path } => self.remove_file(path, unsynced),
            Step::RemoveDir { path } => {
                self.note_gone(path, unsynced);
                if self.remove_dir(path)? {
                    // Whatever was removed in it is gone with its name, and what stands there now cannot be synced as a directory.
                    unsynced.gone_dir(path.as_str());
                } else {
                    applied.dirs_kept.push(path.to_string());
                }
                Ok(())
            }
            Step::MakeDir { path, permissions } => {
                self.make_dir(path, *permissions)?;
                unsynced.name(path.as_str());
                unsynced.dir(path.as_str());
                Ok(())
            }
            Step::Put { object, .. } if self.lost.contains(object) => Ok(()),
            Step::Put { path, object } => {
                let landing = self.landing_of(*object);
                self.put(landing, &self.layout.object(*object), path.as_str(), unsynced)?;
                unsynced.name(path.as_str());
                Ok(())
            }
            Step::Symlink { path, target } => {
                self.symlink(path, target, unsynced)?;
                unsynced.name(path.as_str());
                Ok(())
            }
            Step::Patch { .. } | Step::SetExecutable { .. } => Ok(()),
        }
    }

    fn remove_file(&self, path: &TreePath, unsynced: &mut Unsynced) -> Result<()> {
        match self.fs.remove_file(path.as_str()) {
            // Gone already, or something that belongs to the new tree stands there, or in its way.
            Err(error) if is_gone(&error) || error.kind() == io::ErrorKind::IsADirectory => {
                self.note_gone(path, unsynced);
                Ok(())
            }
            Err(error) if is_in_use(&error) => self.move_out_of_use(path.as_str(), error, unsynced),
            other => {
                unsynced.name(path.as_str());
                other.context("remove", path.as_str())
            }
        }
    }

    /// A name that goes, unless its directory is known to have gone before it: others removed that, and it cannot be synced.
    fn note_gone(&self, path: &TreePath, unsynced: &mut Unsynced) {
        let is_gone = |dir: TreePath| self.fs.metadata(dir.as_str()).map_or_else(|error| is_gone(&error), |meta| !meta.is_dir());
        if !path.parent().is_some_and(is_gone) {
            unsynced.name(path.as_str());
        }
    }

    /// Whether the directory is gone; one with unknown files in it stays.
    fn remove_dir(&self, path: &TreePath) -> Result<bool> {
        match self.fs.remove_dir(path.as_str()) {
            Ok(()) => Ok(true),
            Err(error) if is_gone(&error) => Ok(true),
            // Or one that a program is in.
            Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty || is_in_use(&error) => Ok(false),
            Err(error) => Err(Error::io("remove", path.as_str(), error)),
        }
    }

    fn make_dir(&self, path: &TreePath, permissions: u32) -> Result<()> {
        let permissions = (permissions != 0).then(|| Permissions::from_bits(permissions));
        match self.fs.create_dir(path.as_str(), permissions) {
            Err(error)
                if error.kind() == io::ErrorKind::AlreadyExists
                    && self.fs.metadata(path.as_str()).is_ok_and(|meta| meta.is_dir()) =>
            {
                Ok(())
            }
            other => other.context("make", path.as_str()),
        }
    }

    fn landing_of(&self, object: u32) -> Landing {
        let object = usize::try_from(object).ok().and_then(|at| self.objects.get(at));
        object.map_or(Landing::Link, |object| self.landing.of_object(object))
    }

    /// Puts a staged file at `path`.
    fn put(&self, landing: Landing, staged: &str, path: &str, unsynced: &mut Unsynced) -> Result<()> {
        match landing {
            Landing::Link => self.put_by_link(staged, path, unsynced),
            Landing::Rename => self.put_by_rename(staged, path, unsynced),
            Landing::Copy => self.put_by_copy(staged, path, unsynced),
        }
    }

    fn put_by_link(&self, staged: &str, path: &str, unsynced: &mut Unsynced) -> Result<()> {
        // A name that is free is taken at once.
        match self.fs.hard_link(staged, path) {
            Ok(()) => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) if matches!(error.kind(), io::ErrorKind::Unsupported | io::ErrorKind::TooManyLinks) => {
                return self.put_by_copy(staged, path, unsynced);
            }
            Err(error) => return Err(Error::io("link", path, error)),
        }
        let passing = self.layout.passing();
        self.clear_passing()?;
        self.fs.hard_link(staged, &passing).context("link", staged)?;
        self.replace(&passing, path, unsynced).context("rename to", path)?;
        // Renaming one of two names of a file over the other does nothing: then it is in its place already.
        self.clear_passing()
    }

    fn clear_passing(&self) -> Result<()> {
        let passing = self.layout.passing();
        match self.fs.remove_file(&passing) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Error::io("remove", &passing, error)),
            _ => Ok(()),
        }
    }

    /// Renames over what is at `path`. A file that others have open, or that is a running program, can be renamed where it cannot be replaced: it makes room for
    /// the new one. Should a crash come between, nothing is at `path`, and recovery puts the new one there.
    fn replace(&self, from: &str, path: &str, unsynced: &mut Unsynced) -> io::Result<()> {
        match self.fs.rename(from, path) {
            Err(error) if is_in_use(&error) && self.fs.rename(path, &self.free_in_use()?).is_ok() => {
                unsynced.name(path);
                unsynced.dir(self.layout.dir());
                self.fs.rename(from, path)
            }
            other => other,
        }
    }

    fn move_out_of_use(&self, path: &str, error: io::Error, unsynced: &mut Unsynced) -> Result<()> {
        let to = self.free_in_use().context("look at", path)?;
        self.fs.rename(path, &to).map_err(|_| Error::io("remove", path, error))?;
        unsynced.name(path);
        unsynced.dir(self.layout.dir());
        Ok(())
    }

    /// A name in the folder of the transaction, with which it goes when nobody has it open any more.
    fn free_in_use(&self) -> io::Result<String> {
        let is_free = |name: &String| self.fs.metadata(name).is_err_and(|error| error.kind() == io::ErrorKind::NotFound);
        let mut names = (0..IN_USE_MAX).map(|number| self.layout.in_use(number));
        names.find(is_free).ok_or_else(|| io::ErrorKind::ResourceBusy.into())
    }

    fn put_by_rename(&self, staged: &str, path: &str, unsynced: &mut Unsynced) -> Result<()> {
        match self.replace(staged, path, unsynced) {
            // It went before a crash; recovery has checked that what is there is what was staged.
            Err(error) if error.kind() == io::ErrorKind::NotFound && self.fs.metadata(path).is_ok_and(|meta| meta.is_file()) => {
                Ok(())
            }
            other => other.context("rename to", path),
        }
    }

    fn put_by_copy(&self, staged: &str, path: &str, unsynced: &mut Unsynced) -> Result<()> {
        unsynced.file(path);
        let from = self.fs.open(staged, OpenMode::Read).context("open", staged)?;
        let staged_meta = from.metadata().context("look at", staged)?;
        if self.fs.metadata(path).is_ok_and(|meta| meta.kind == FileKind::Symlink) {
            self.fs.remove_file(path).context("remove", path)?;
        }
        let (to, old_len) = self.open(path, true, staged_meta.permissions.executable())?;
        if old_len != staged_meta.len {
            to.set_len(staged_meta.len).context("set the length of", path)?;
        }
        copy_range(&*from, &*to, 0, staged_meta.len).map_err(|error| error.at(path))?;
        if to.metadata().context("look at", path)?.permissions == staged_meta.permissions {
            return Ok(());
        }
        to.set_permissions(staged_meta.permissions).context("set permissions of", path)
    }

    fn symlink(&self, path: &TreePath, target: &str, unsynced: &mut Unsynced) -> Result<()> {
        let passing = self.layout.passing();
        self.clear_passing()?;
        self.fs.symlink(target, &passing).context("make", &passing)?;
        self.replace(&passing, path.as_str(), unsynced).context("rename to", path.as_str())
    }

    /// Steps on the content of files touch each its own file, so they can be shared out. Answers with those that something is in the way of.
    fn content_steps<'s>(&self, steps: &'s [Step], before: u64) -> Result<Vec<(&'s Step, Error)>> {
        let (total, done) = (before + steps.len() as u64, AtomicU64::new(before));
        let obstructed = Mutex::new(Vec::new());
        pool::each_run(self.options.jobs, pool::SHORT, steps, |run| {
            let mut buffer = Vec::new();
            run.iter().try_for_each(|step| {
                match self.with_ballast(|| self.content_step(step, &mut buffer)) {
                    Err(error) if is_obstructed(&error) => {
                        obstructed.lock().unwrap_or_else(PoisonError::into_inner).push((step, error));
                    }
                    other => other?,
                }
                tell_sometimes(self.options, done.fetch_add(1, Ordering::Relaxed), total);
                Ok(())
            })
        })?;
        Ok(obstructed.into_inner().unwrap_or_else(PoisonError::into_inner))
    }

    /// What is in the way of a new file is moved. An old file that others removed, or put something else in the place of, cannot be changed: answers with it.
    fn content_step_again<'s>(
        &self,
        step: &'s Step,
        error: Error,
        applied: &mut Applied,
        unsynced: &mut Unsynced,
    ) -> Result<Option<&'s TreePath>> {
        match step {
            Step::Patch { target: Target::Path(_), create: true, .. } => {
                self.make_way(step, Wanted::OpenedFile, error, applied, unsynced)?;
                self.with_ballast(|| self.content_step(step, &mut Vec::new()))?;
                Ok(None)
            }
            Step::Patch { target: Target::Path(path), .. } | Step::SetExecutable { target: Target::Path(path), .. } => {
                Ok(Some(path))
            }
            _ => Err(error),
        }
    }

    fn content_step(&self, step: &Step, buffer: &mut Vec<u8>) -> Result<()> {
        match step {
            Step::Patch { target, create, executable, len, ranges } => {
                let path = self.path_of(target);
                let (file, mut old_len) = self.open(&path, *create, *executable)?;
                let from = again_from(ranges, *len);
                if self.again && from < old_len.min(*len) {
                    file.set_len(from).context("cut off", &path)?;
                    old_len = from;
                }
                // Only where it differs: setting a length is a change of the file even when it is the same.
                if old_len != *len {
                    file.set_len(*len).context("set the length of", &path)?;
                }
                if ranges.is_empty() { Ok(()) } else { self.write_ranges(&*file, &path, ranges, buffer) }
            }
            Step::SetExecutable { target, executable } => {
                let path = self.path_of(target);
                let file = self.fs.open(&path, OpenMode::Read).context("open", &path)?;
                let permissions = file.metadata().context("look at", &path)?.permissions;
                file.set_permissions(permissions.with_executable(*executable)).context("set permissions of", &path)
            }
            _ => Ok(()),
        }
    }

    fn path_of(&self, target: &Target) -> String {
        match target {
            Target::Path(path) => path.to_string(),
            Target::Object(object) => self.layout.object(*object),
        }
    }

    fn open(&self, path: &str, create: bool, executable: bool) -> Result<(Box<dyn File>, u64)> {
        if create {
            match self.fs.open(path, OpenMode::CreateNew { executable }) {
                Ok(file) => return Ok((file, 0)),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(Error::io("make", path, error)),
            }
        }
        let file = self.fs.open(path, OpenMode::Write).context("open", path)?;
        let len = file.metadata().context("look at", path)?.len;
        Ok((file, len))
    }

    /// Pieces that follow each other are written in one go.
    fn write_ranges(&self, file: &dyn File, path: &str, ranges: &[Range], buffer: &mut Vec<u8>) -> Result<()> {
        let Some(redo) = self.redo else { return Err(Error::damaged("the redo file is missing")) };
        let mut at = 0;
        buffer.clear();
        for range in ranges {
            let mut done = 0;
            while done < range.len {
                let here = range.at + done;
                if buffer.len() == COPY_LEN || here != at + buffer.len() as u64 {
                    file.write_all_at(buffer, at).context("write", path)?;
                    buffer.clear();
                    at = here;
                }
                let start = buffer.len();
                let n = usize::try_from(range.len - done).map_or(COPY_LEN, |left| left.min(COPY_LEN)).min(COPY_LEN - start);
                buffer.resize(start + n, 0);
                redo.read_exact_at(&mut buffer[start..], range.redo_at + done).context("read", &self.layout.redo())?;
                done += n as u64;
            }
        }
        file.write_all_at(buffer, at).context("write", path)
    }

    /// Puts the next head document in place, or removes the present one.
    fn head(&self, remove: bool, unsynced: &mut Unsynced) -> Result<()> {
        unsynced.dir(STATE);
        if !remove {
            return self.put(self.landing, &self.layout.head(), HEAD, unsynced);
        }
        match self.fs.remove_file(HEAD) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Error::io("remove", HEAD, error)),
            _ => Ok(()),
        }
    }
}

/// More files in use at once are not moved out of the way.
const IN_USE_MAX: u64 = 100_000;

/// Whether an error may come from what others have put in the way, or taken away.
fn is_obstructed(error: &Error) -> bool {
    matches!(error.cause(), Cause::Io { source, .. } if aside::may_be_in_the_way(source))
}

/// Whether the error says that nothing is at the path any more. What leads through a symlink or a file is gone, too: the new tree has put that there.
fn is_gone(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) || is_outside_tree(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All pieces that are apart and sorted, as far as two, between these bounds.
    fn ranges(bounds: &[u64]) -> Vec<Vec<Range>> {
        let pieces: Vec<Range> = bounds
            .iter()
            .flat_map(|&at| bounds.iter().filter(move |&&end| end > at).map(move |&end| Range { at, len: end - at, redo_at: 0 }))
            .collect();
        let apart = |a: &Range, b: &Range| a.at + a.len <= b.at;
        let pairs = pieces.iter().flat_map(|a| pieces.iter().filter(|b| apart(a, b)).map(|b| vec![*a, *b]));
        std::iter::once(Vec::new()).chain(pieces.iter().map(|piece| vec![*piece])).chain(pairs).collect()
    }

    #[test]
    fn a_directory_that_was_moved_aside_is_kept_no_more_nor_is_what_was_in_it() {
        let kept = ["d", "d/sub", "deep", "other/d"].map(str::to_owned).to_vec();
        let mut applied = Applied { dirs_kept: kept, ..Applied::default() };
        let moved = Warning::MovedAside { path: "d".into(), to: "d.moved-by-untorn".into() };
        applied.warn(vec![Warning::Missing { path: "deep".into() }, moved.clone()]);
        assert_eq!(applied.dirs_kept, ["deep", "other/d"]);
        assert_eq!(applied.warnings, [Warning::Missing { path: "deep".into() }, moved]);
    }

    #[test]
    fn what_is_cut_off_is_whole_blocks_that_are_written_to_the_end() {
        const B: u64 = BLOCK_LEN;
        let far = u64::MAX - u64::MAX % B;
        for bounds in
            [[0, 1, B - 1, B, B + 1, 2 * B, 3 * B - 1], [far - B, far - 1, far, far + 1, far + 2, u64::MAX - 1, u64::MAX]]
        {
            for ranges in ranges(&bounds) {
                for len in bounds.into_iter().filter(|&len| ranges.iter().all(|range| range.at + range.len <= len)) {
                    // Every byte between two bounds is written, or none is.
                    let is_written = |from: u64| ranges.iter().any(|range| range.at <= from && from < range.at + range.len);
                    let holes = bounds.windows(2).filter(|pair| pair[0] < len && !is_written(pair[0]));
                    let written_from = holes.map(|pair| pair[1].min(len)).max().unwrap_or(bounds[0]);
                    let blocks = (u128::from(written_from)).next_multiple_of(u128::from(B));
                    let wanted = u64::try_from(blocks).unwrap_or(u64::MAX);
                    assert_eq!(again_from(&ranges, len), wanted, "{ranges:?} {len}");
                }
            }
        }
    }
}
