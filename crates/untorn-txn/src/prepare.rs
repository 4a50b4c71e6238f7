//! What must be on the disk before the plan can be written: files that are to be replaced whole are made whole, files that move get a staged name, and
//! with undo, what will be lost is kept.

use std::{collections::BTreeMap, io};

use untorn_format::{TreePath, check_set};
use untorn_fs::{Fs, Metadata, OpenMode, is_outside_tree};

use crate::{
    error::{Cause, Context, Error, Result},
    keep::Relinked,
    options::Options,
    pool,
    stage::{Origin, Stage},
    steps::Links,
    view::{Base, FileNode, Node, Touched, View, names},
    way::{self, Way, Why},
};

/// Zeros that may be written through the redo file where a file was cut and grown again.
const ZEROS_LEN_MAX: u64 = 1 << 20;

/// How each file goes.
pub(crate) type Ways = BTreeMap<TreePath, (Way, Why)>;

/// Checks that need the whole set of touched paths.
pub(crate) fn check(fs: &dyn Fs, view: &View) -> Result<()> {
    check_set(view.iter().filter(|(_, touched)| !touched.now.is_absent()).map(|(path, touched)| (path, touched.now.is_dir())))?;
    room_for_files(fs, view)
}

/// A directory that becomes a file must be empty by then.
fn room_for_files(fs: &dyn Fs, view: &View) -> Result<()> {
    let becomes_file = |touched: &Touched| touched.was.is_dir() && matches!(touched.now, Node::File(_) | Node::Symlink { .. });
    view.iter().filter(|(_, touched)| becomes_file(touched)).try_for_each(|(path, _)| nothing_foreign_below(fs, view, path))
}

/// A directory that becomes a file must not hold anything the transaction does not know.
fn nothing_foreign_below(fs: &dyn Fs, view: &View, path: &TreePath) -> Result<()> {
    for name in names(fs, path.as_str())? {
        let goes = path.join(&name).is_ok_and(|child| view.get(&child).is_some_and(|touched| touched.now.is_absent()));
        if !goes {
            return Err(Error::new(Cause::Foreign { what: name.escape_debug().to_string() }).at(path.as_str()));
        }
    }
    Ok(())
}

/// Chooses the way of every file that is still described by a base and pieces, and makes those whole that need it.
pub(crate) fn choose_ways(fs: &dyn Fs, options: &Options, view: &mut View, stage: &mut Stage) -> Result<Ways> {
    let mut ways = Ways::new();
    let described: Vec<(TreePath, bool)> = view
        .iter()
        .filter(|(_, touched)| matches!(touched.now, Node::File(_)))
        .map(|(path, touched)| (path.clone(), touched.was.is_absent()))
        .collect();
    for (path, is_new) in described {
        options.stop_if_asked()?;
        let Some(file) = view.file_mut(fs, &path)? else { continue };
        let (way, why) = way_of(fs, options, &path, is_new, file, stage);
        if way == Way::Put && !matches!(file.base, Base::Staged(_)) {
            let number = stage.materialise(fs, file).map_err(|error| error.at(path.as_str()))?;
            *file = FileNode::staged(number, file.len, file.executable);
        } else if way == Way::Patch {
            write_zeros(fs, file, stage)?;
            cover_blocks(fs, file, stage).map_err(|error| error.at(path.as_str()))?;
        }
        ways.insert(path, (way, why));
    }
    Ok(ways)
}

/// How a file is to be changed.
pub(crate) fn way_of(
    fs: &dyn Fs,
    options: &Options,
    path: &TreePath,
    is_new: bool,
    file: &FileNode,
    stage: &Stage,
) -> (Way, Why) {
    let capabilities = fs.capabilities();
    match &file.base {
        Base::Staged(number) => match stage.object(*number).map(|object| object.origin) {
            Some(Origin::Clone) => (Way::Clone, Why::Cheapest),
            Some(Origin::Link) => (Way::Metadata, Why::NoContent),
            _ => (Way::Put, Why::Whole),
        },
        Base::Nothing if is_new && capabilities.in_place => {
            way::choose(options.way, None, file.extents.bytes(), (file.extents.bytes(), 0))
        }
        Base::Nothing => (Way::Put, Why::Whole),
        // The executable bit of a file with other names would change under all of them.
        Base::Tree { meta, .. }
            if !file.is_rewritten() && (meta.links < 2 || meta.permissions.executable() == file.executable) =>
        {
            (Way::Metadata, Why::NoContent)
        }
        Base::Tree { path: origin, meta } => {
            let zeros: u64 = zero_gaps(file).iter().map(|(from, to)| to - from).sum();
            let obstacle = way::in_place_obstacle(options, capabilities, meta)
                .or((origin != path && !capabilities.hard_links).then_some(Why::NoInPlace))
                .or((zeros > ZEROS_LEN_MAX).then_some(Why::Cheapest));
            let beside: u64 = uncovered(file).iter().map(|(from, to)| to - from).sum();
            let kept = if options.keep_undo { file.lost(meta.len).iter().map(|(_, len)| len).sum() } else { 0 };
            way::choose(options.way, obstacle, file.len, (file.extents.bytes() + zeros + beside, kept))
        }
    }
}

/// Where old bytes would show through: a file that was cut and then grown again.
pub(crate) fn zero_gaps(file: &FileNode) -> Vec<(u64, u64)> {
    let old_len = file.origin().map_or(0, |(_, meta)| meta.len);
    file.extents.gaps(file.base_len, file.len.min(old_len))
}

fn write_zeros(fs: &dyn Fs, file: &mut FileNode, stage: &mut Stage) -> Result<()> {
    for (from, to) in zero_gaps(file) {
        let len = to - from;
        let zeros = vec![0; usize::try_from(len).map_err(|_| Error::damaged("too many zeros"))?];
        let redo_at = stage.spool(fs, &zeros)?;
        file.extents.insert(from, len, redo_at);
    }
    Ok(())
}

/// Adds to the pieces of a file what stands beside them in the same blocks, and in the block where it is cut or grows: whatever a power cut destroys
/// of a block that is being written, the redo file can restore.
fn cover_blocks(fs: &dyn Fs, file: &mut FileNode, stage: &mut Stage) -> Result<()> {
    let mut origin = None;
    for (from, to) in uncovered(file) {
        let mut bytes = vec![0; usize::try_from(to - from).map_err(|_| Error::damaged("too long a gap"))?];
        let old = usize::try_from(file.base_len.saturating_sub(from)).map_or(bytes.len(), |old| old.min(bytes.len()));
        if let Some((path, _)) = file.origin() {
            if origin.is_none() {
                origin = Some(fs.open(path.as_str(), OpenMode::Read).context("open", path.as_str())?);
            }
            if let Some(origin) = &origin {
                origin.read_exact_at(&mut bytes[..old], from).context("read", path.as_str())?;
            }
        }
        let redo_at = stage.spool(fs, &bytes)?;
        file.extents.insert(from, to - from, redo_at);
        file.beside.insert(from, old as u64, redo_at);
    }
    Ok(())
}

/// The parts of the blocks that are written which no piece covers.
pub(crate) fn uncovered(file: &FileNode) -> Vec<(u64, u64)> {
    let old_len = file.origin().map_or(file.len, |(_, meta)| meta.len);
    let edge = old_len.min(file.len);
    let edge = (file.len != old_len && !edge.is_multiple_of(BLOCK_LEN)).then_some((edge, edge));
    let pieces = file.extents.ranges().into_iter().map(|range| (range.at, range.at.saturating_add(range.len)));
    let mut blocks: Vec<(u64, u64)> = pieces
        .chain(edge)
        .map(|(from, to)| (from / BLOCK_LEN * BLOCK_LEN, to.checked_next_multiple_of(BLOCK_LEN).unwrap_or(to).min(file.len)))
        .collect();
    blocks.sort_unstable();
    let mut gaps = Vec::new();
    let mut done = 0;
    for (from, to) in blocks {
        gaps.extend(file.extents.gaps(from.max(done), to));
        done = done.max(to);
    }
    gaps
}

/// The largest piece of a disk that a power cut in the middle of a write may destroy as a whole: the sectors of today's disks, also of those that call
/// themselves 512 bytes.
const BLOCK_LEN: u64 = 4096;

/// Gives every file that moves a staged name.
pub(crate) fn link_moved(fs: &dyn Fs, view: &mut View, stage: &mut Stage) -> Result<Links> {
    let mut links = Links::new();
    for (path, file) in moved(view) {
        let Some((origin, meta)) = file.origin() else { continue };
        let number = stage.link(fs, origin.as_str(), meta.len, file.executable)?;
        if stage.object(number).is_some_and(|object| object.origin == Origin::Link) {
            links.insert(path, number);
            continue;
        }
        // No links here: the file was copied, and a copy is a staged file like any other.
        let number = if file.is_rewritten() {
            stage.give_up(fs, number)?;
            stage.materialise(fs, &file)?
        } else {
            number
        };
        view.set(fs, &path, Node::File(FileNode::staged(number, file.len, file.executable)))?;
    }
    Ok(links)
}

fn moved(view: &View) -> Vec<(TreePath, FileNode)> {
    view.iter()
        .filter_map(|(path, touched)| match &touched.now {
            Node::File(file) if file.origin().is_some_and(|(origin, _)| origin != path) => Some((path.clone(), file.clone())),
            _ => None,
        })
        .collect()
}

/// Staged files take over the permissions of the files they replace.
pub(crate) fn keep_permissions(fs: &dyn Fs, view: &View, stage: &mut Stage) -> Result<()> {
    for (_, touched) in view.iter() {
        let (Node::File(was), Node::File(now)) = (&touched.was, &touched.now) else { continue };
        if let (Some((_, meta)), Base::Staged(number)) = (was.origin(), &now.base)
            && stage.object(*number).is_some_and(|object| object.origin == Origin::New)
        {
            stage.set_permissions(fs, *number, meta.permissions.with_executable(now.executable))?;
        }
    }
    Ok(())
}

/// Makes the numbers of the staged objects dense.
pub(crate) fn compact(fs: &dyn Fs, view: &mut View, links: &mut Links, stage: &mut Stage) -> Result<()> {
    let mut moved = BTreeMap::new();
    moved.extend(stage.compact(fs)?);
    for node in view.nodes_mut() {
        if let Node::File(FileNode { base: Base::Staged(number), .. }) = node {
            *number = *moved.get(number).unwrap_or(number);
        }
    }
    for number in links.values_mut() {
        *number = *moved.get(number).unwrap_or(number);
    }
    Ok(())
}

/// The files of the old tree that live on in the new one, at whatever path.
pub(crate) fn surviving(view: &View) -> BTreeMap<TreePath, TreePath> {
    let mut surviving = BTreeMap::new();
    surviving.extend(view.iter().filter_map(|(path, touched)| match &touched.now {
        Node::File(file) => file.origin().map(|(origin, _)| (origin.clone(), path.clone())),
        _ => None,
    }));
    surviving
}

/// Looks again at every file of the old tree: whoever changed one since the transaction first looked must not lose that change.
pub(crate) fn recheck(fs: &dyn Fs, view: &View, relinked: &Relinked, jobs: usize) -> Result<()> {
    room_for_files(fs, view)?;
    let touched: Vec<(&TreePath, &Touched)> = view.iter().collect();
    pool::each(jobs, pool::SHORT, &touched, |(path, touched)| {
        let same = match &touched.was {
            Node::File(file) => match file.origin() {
                Some((_, before)) => is_same_file(fs, path, before, relinked, writes_in_place(path, touched))?,
                None => true,
            },
            Node::Absent if touched.now.is_absent() => true,
            Node::Absent => {
                found(fs.metadata(path.as_str()), "look at", path)?.is_none()
                    || view.is_respelled(path) && !untorn_fs::is_spelled(fs, path.as_str()).context("list", path.as_str())?
            }
            Node::Symlink { target } => found(fs.read_link(path.as_str()), "read", path)?.is_some_and(|now| now == *target),
            Node::Dir { .. } => fs.metadata(path.as_str()).context("look at", path.as_str())?.is_dir(),
            Node::Other => true,
        };
        if same { Ok(()) } else { Err(Error::new(Cause::ChangedMeanwhile).at(path.as_str())) }
    })
}

/// Whether the file of the old tree at `path` is going to be written where it stands.
fn writes_in_place(path: &TreePath, touched: &Touched) -> bool {
    matches!(&touched.now, Node::File(file) if file.origin().is_some_and(|(origin, _)| origin == path) && file.is_rewritten())
}

fn is_same_file(fs: &dyn Fs, path: &TreePath, before: &Metadata, relinked: &Relinked, in_place: bool) -> Result<bool> {
    let now = if in_place {
        // A file that cannot be written, such as a running program, is found out here: after the commit point it would be too late.
        let opened = fs.open(path.as_str(), OpenMode::Write).and_then(|file| file.metadata());
        found(opened, "open for writing", path)?
    } else {
        found(fs.metadata(path.as_str()), "look at", path)?
    };
    Ok(now.is_some_and(|now| {
        // Our own staged links count as a change of the file, but not of its content.
        let untouched = now.changed == before.changed || (now.written == before.written && relinked.has(path, before));
        untouched && now.len == before.len && now.id == before.id && now.kind == before.kind
    }))
}

/// What stands at `path`, or `None` for nothing of that kind. That the system refuses to say is neither.
fn found<T>(answer: io::Result<T>, doing: &'static str, path: &TreePath) -> Result<Option<T>> {
    match answer {
        Ok(found) => Ok(Some(found)),
        Err(error) if is_elsewhere(&error) || is_outside_tree(&error) => Ok(None),
        Err(error) => Err(Error::io(doing, path.as_str(), error)),
    }
}

/// Whether the error says that there is no such file any more.
fn is_elsewhere(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidInput, IsADirectory, NotADirectory, NotFound};
    matches!(error.kind(), InvalidInput | IsADirectory | NotADirectory | NotFound)
}

#[cfg(test)]
#[path = "prepare_tests.rs"]
mod tests;
