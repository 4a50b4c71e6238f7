//! What going back would write, told before anything is.

use untorn_format::{
    TreePath,
    journal::{Before, Range, Source, UndoEntry},
};
use untorn_fs::Fs;

use crate::{
    error::{Cause, Error, Result},
    options::Options,
    prepare::{uncovered, way_of, zero_gaps},
    rollback::{load, refuse_changed},
    stage::Stage,
    tree::Tree,
    view::{FileNode, Node, on_disk},
    way::Way,
};

/// What going back would write, in bytes of files. Names, the journal's own records and the file system's bookkeeping come on top.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RollbackForecast {
    /// Paths that change.
    pub paths: u64,
    /// Bytes for the redo file.
    pub bytes_redo: u64,
    /// Bytes for staged files.
    pub bytes_staged: u64,
    /// Bytes written in place.
    pub bytes_in_place: u64,
    /// Bytes kept for undoing the roll-back.
    pub bytes_undo: u64,
    /// The most space that is needed at once, beyond what the tree takes now.
    pub bytes_needed: u64,
}

/// What a name takes, at most.
const NAME_LEN: u64 = 4096;

impl RollbackForecast {
    /// All bytes to be written.
    #[must_use]
    pub fn bytes_written(&self) -> u64 {
        [self.bytes_redo, self.bytes_staged, self.bytes_in_place, self.bytes_undo].into_iter().fold(0, u64::saturating_add)
    }

    fn add(&mut self, other: Self) {
        for (sum, more) in [
            (&mut self.paths, other.paths),
            (&mut self.bytes_redo, other.bytes_redo),
            (&mut self.bytes_staged, other.bytes_staged),
            (&mut self.bytes_in_place, other.bytes_in_place),
            (&mut self.bytes_undo, other.bytes_undo),
            (&mut self.bytes_needed, other.bytes_needed),
        ] {
            *sum = sum.saturating_add(more);
        }
    }
}

/// Checks that going back is possible, and adds up what it would write. Only reads.
pub(crate) fn forecast(tree: &Tree, options: &Options, force: bool) -> Result<RollbackForecast> {
    let fs = &**tree.fs();
    let layout = tree.kept_folder().ok_or_else(|| Error::new(Cause::NoUndo))?;
    let undo = load(fs, tree, layout)?;
    if !force {
        refuse_changed(fs, &undo.entries, options)?;
    }
    let mut sum = RollbackForecast::default();
    for entry in &undo.entries {
        sum.add(of_entry(fs, options, entry).map_err(|error| error.at(entry.path.as_str()))?);
    }
    let needed = [sum.bytes_redo, sum.bytes_staged, sum.bytes_undo];
    sum.bytes_needed = needed.into_iter().fold(sum.bytes_needed, u64::saturating_add);
    Ok(sum)
}

fn of_entry(fs: &dyn Fs, options: &Options, entry: &UndoEntry) -> Result<RollbackForecast> {
    let mut sum = RollbackForecast { paths: 1, ..RollbackForecast::default() };
    if let Before::File { source, len, executable, ranges } = &entry.before {
        sum.add(match source {
            Source::Kept(_) => copied(fs, *len),
            Source::Current(now_at) => of_current(fs, options, (&entry.path, now_at), *len, *executable, ranges)?,
        });
    }
    if entry.before != Before::Absent {
        sum.bytes_needed = sum.bytes_needed.saturating_add(NAME_LEN);
    }
    Ok(sum)
}

/// A file gets another name; where there are no links, it is copied.
fn copied(fs: &dyn Fs, len: u64) -> RollbackForecast {
    let bytes_staged = if fs.capabilities().hard_links { 0 } else { len };
    RollbackForecast { bytes_staged, ..RollbackForecast::default() }
}

/// A file that still stands somewhere gets its old bytes, by the same rules as when it is done.
fn of_current(
    fs: &dyn Fs,
    options: &Options,
    (path, now_at): (&TreePath, &TreePath),
    len: u64,
    executable: bool,
    ranges: &[Range],
) -> Result<RollbackForecast> {
    let Node::File(current) = on_disk(fs, now_at)? else { return Err(Error::new(Cause::ChangedSince).at(now_at.as_str())) };
    let current_len = current.len;
    let mut file = FileNode { base_len: current.len.min(len), len, executable, ..current };
    ranges.iter().for_each(|range| file.extents.insert(range.at, range.len, range.redo_at));
    let mut sum = if path == now_at { RollbackForecast::default() } else { copied(fs, current_len) };
    sum.bytes_redo = file.extents.bytes();
    match way_of(fs, options, path, false, &file, &Stage::new(0)).0 {
        Way::Put => sum.bytes_staged = sum.bytes_staged.saturating_add(len),
        Way::Patch => {
            zero_gaps(&file).into_iter().for_each(|(from, to)| file.extents.insert(from, to - from, u64::MAX - to));
            let beside = uncovered(&file).iter().map(|(from, to)| to - from).sum::<u64>();
            sum.bytes_in_place = file.extents.bytes().saturating_add(beside);
            sum.bytes_redo = sum.bytes_in_place;
            sum.bytes_undo = if options.keep_undo { file.lost(current_len).iter().map(|(_, len)| len).sum() } else { 0 };
            sum.bytes_needed = len.saturating_sub(current_len);
        }
        Way::Clone | Way::Metadata => {}
    }
    Ok(sum)
}
