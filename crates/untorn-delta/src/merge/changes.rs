//! The changes of a joined patch.

use std::collections::BTreeSet;

use untorn_format::TreePath;
use untorn_format::patch::{After, Before, Change, FilePatch, Op, Replaced, Restored};

use super::error::MergeError;
use super::joiner::{Joiner, Mid, Side};
use super::ops::Made;
use super::sources::Source;

/// All changes from the build before the first patch to the one behind the second, in the order of their paths.
pub(super) fn join(joiner: &mut Joiner<'_>) -> Result<Vec<Change>, MergeError> {
    let (first, second) = (joiner.first, joiner.second);
    let paths: BTreeSet<_> =
        [first, second].iter().flat_map(|index| index.changes().as_slice()).map(|change| &change.path).collect();
    let moving = moving(joiner, &paths)?;
    let (mut changes, mut literal_at) = (Vec::new(), 0);
    for path in paths {
        let (one, two) = (first.changes().get(path), second.changes().get(path));
        check(joiner, path, one, two)?;
        let after = match two {
            Some(two) => after_second(joiner, two, &moving, literal_at)?,
            None => after_first(joiner, path, &moving)?,
        };
        literal_at += two.and_then(Change::file).map_or(0, FilePatch::literal_len);
        let before = before(one, two, &after);
        let change = Change { path: path.clone(), before, after };
        if !changes_nothing(&change) {
            changes.push(change);
        }
    }
    joiner.second_frames_to(literal_at)?;
    Ok(changes)
}

/// What the first patch leaves at a path must be what the second one finds there.
fn check(joiner: &Joiner<'_>, path: &TreePath, one: Option<&Change>, two: Option<&Change>) -> Result<(), MergeError> {
    let (Some(one), Some(two)) = (one, two) else { return Ok(()) };
    let fits = match (&one.after, &two.before) {
        (After::Absent, Before::Absent) | (After::Dir, Before::Dir) => true,
        (After::Symlink { target }, Before::Symlink { target: found }) => target == found,
        (After::File(_) | After::Moved { .. }, Before::File { len, .. }) => return joiner.mid(path, *len).map(drop),
        _ => false,
    };
    if fits { Ok(()) } else { Err(MergeError::Contradiction { path: path.clone() }) }
}

/// Of files that only move: from which path to which. A file moves from a path where none stands afterwards; elsewhere it is copied.
struct Moving(BTreeSet<TreePath>);

fn moving(joiner: &Joiner<'_>, paths: &BTreeSet<&TreePath>) -> Result<Moving, MergeError> {
    let mut leaving = BTreeSet::new();
    for path in paths {
        let (one, two) = (joiner.first.changes().get(path), joiner.second.changes().get(path));
        let before = one.or(two).map(|change| &change.before);
        let after = two.or(one).map(|change| &change.after);
        let stands = matches!(after, Some(After::File(_) | After::Moved { .. }));
        if matches!(before, Some(Before::File { .. })) && !stands {
            leaving.insert((*path).clone());
        }
    }
    Ok(Moving(leaving))
}

/// What stands at a path that only the first patch changes.
fn after_first(joiner: &mut Joiner<'_>, path: &TreePath, moving: &Moving) -> Result<After, MergeError> {
    let first = joiner.first;
    let Some((number, change)) = first.changes().number(path).map(|number| (number, &first.changes().as_slice()[number])) else {
        return Err(MergeError::Contradiction { path: path.clone() });
    };
    match &change.after {
        After::File(file) => {
            let mut made = Made::file(path);
            joiner.copy(&Mid::Made(number), (0, file.len), &mut made)?;
            Ok(After::File(FilePatch { written: file.written, ..file_of(made, file, file.executable) }))
        }
        After::Moved { from, executable } => moved(joiner, from, *executable, moving),
        after => Ok(after.clone()),
    }
}

/// What stands at a path that the second patch changes; `literal_at` is where its literal bytes begin.
fn after_second(joiner: &mut Joiner<'_>, change: &Change, moving: &Moving, literal_at: u64) -> Result<After, MergeError> {
    match &change.after {
        After::Moved { from, executable } => {
            let len = joiner.second.changes().get(from).map_or(0, Change::old_len);
            match joiner.mid(from, len)? {
                Mid::Old(path) => moved(joiner, &path, *executable, moving),
                Mid::Made(number) => {
                    let first = joiner.first;
                    let Some(file) = first.changes().as_slice()[number].file() else {
                        return Err(MergeError::Contradiction { path: from.clone() });
                    };
                    let mut made = Made::file(&change.path);
                    joiner.copy(&Mid::Made(number), (0, file.len), &mut made)?;
                    Ok(After::File(file_of(made, file, *executable)))
                }
            }
        }
        After::File(file) => {
            let is_alone = joiner.first.changes().number(&change.path).is_none();
            let made = second_file(joiner, change, file, literal_at)?;
            let written = file.written.filter(|_| is_alone);
            let program = file.program.clone();
            Ok(After::File(FilePatch { written, program, ..file_of(made, file, file.executable) }))
        }
        after => Ok(after.clone()),
    }
}

/// A file that makes of an old one's whole content another path's.
fn moved(joiner: &mut Joiner<'_>, from: &TreePath, executable: bool, moving: &Moving) -> Result<After, MergeError> {
    if moving.0.contains(from) {
        return Ok(After::Moved { from: from.clone(), executable });
    }
    // Another file stands there afterwards. What its hash is, no patch says.
    let (len, mut made) = (joiner.old_len(from), Made::bytes());
    let source = joiner.sources.number(Source::Old(from.clone()));
    made.push(Op::Copy { source, at: 0, len });
    let (ops, restored) = (made.ops, made.restored);
    Ok(After::File(FilePatch { len, hash: None, executable, ops, program: Vec::new(), restored, written: None }))
}

/// A file as it was made by one patch, by other operations.
fn file_of(made: Made<'_>, file: &FilePatch, executable: bool) -> FilePatch {
    let (ops, restored) = (made.ops, made.restored);
    FilePatch { len: file.len, hash: file.hash, executable, ops, program: Vec::new(), restored, written: None }
}

/// What makes a file of the second patch.
fn second_file<'c>(
    joiner: &mut Joiner<'_>,
    change: &'c Change,
    file: &FilePatch,
    mut literal_at: u64,
) -> Result<Made<'c>, MergeError> {
    let mut made = Made::file(&change.path);
    let mut at = 0;
    for op in &file.ops {
        match *op {
            Op::Literal { len } => made.push(Op::Literal { len }),
            Op::Keep { len } if joiner.first.changes().number(&change.path).is_none() => made.push(Op::Keep { len }),
            Op::Keep { len } => {
                let mid = joiner.mid(&change.path, change.old_len())?;
                joiner.copy(&mid, (at, len), &mut made)?;
            }
            Op::Copy { source, at, len } => joiner.second_bytes(source, (at, len), &mut made)?,
            Op::Adapt { source, len, literal_len } => {
                let source = joiner.second_adapts(source, &change.path, &file.program, (len, literal_len))?;
                made.push(Op::Adapt { source, len, literal_len });
            }
            Op::Restore { number, len, .. } => {
                let restored = file.restored.get(number as usize);
                let restored = restored.ok_or_else(|| MergeError::Contradiction { path: change.path.clone() })?;
                let restored = joiner.restored(Side::Second, restored, 0)?;
                made.restore(restored, len);
            }
        }
        literal_at += op.literal_len();
        joiner.second_frames_to(literal_at)?;
        at += op.len();
    }
    Ok(made)
}

/// What stands at a path before both. The checks of a file that one patch alone changes, and keeps bytes of, stay what they are.
fn before(one: Option<&Change>, two: Option<&Change>, after: &After) -> Before {
    let before = one.or(two).map_or(Before::Absent, |change| change.before.clone());
    let Before::File { len, replaced } = before else { return before };
    let is_checked = matches!(after, After::File(FilePatch { written: Some(_), .. }));
    let replaced = if is_checked && (one.is_none() || two.is_none()) { replaced } else { Replaced::Unsaid };
    Before::File { len, replaced }
}

fn changes_nothing(change: &Change) -> bool {
    match (&change.before, &change.after) {
        (Before::Absent, After::Absent) | (Before::Dir, After::Dir) => true,
        (Before::Symlink { target }, After::Symlink { target: after }) => target == after,
        _ => false,
    }
}

/// The numbers of all sources that are read: of files, of bytes in between, of frames.
pub(super) fn source_numbers(changes: &mut [Change]) -> impl Iterator<Item = &mut u32> {
    let files = changes.iter_mut().filter_map(|change| if let After::File(file) = &mut change.after { Some(file) } else { None });
    files.flat_map(|file| op_sources(&mut file.ops).chain(file.restored.iter_mut().flat_map(restored_sources)))
}

pub(super) fn op_sources(ops: &mut [Op]) -> impl Iterator<Item = &mut u32> {
    ops.iter_mut().filter_map(|op| if let Op::Copy { source, .. } | Op::Adapt { source, .. } = op { Some(source) } else { None })
}

pub(super) fn restored_sources(restored: &mut Restored) -> impl Iterator<Item = &mut u32> {
    op_sources(&mut restored.ops).chain(restored.like.as_mut())
}
