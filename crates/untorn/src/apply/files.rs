//! The bytes of the new files, from the patch and the old tree.

use std::{
    io::{self, Read},
    path::Path,
};

use untorn_delta::{FileReader, Files, PatchError, PatchReader, Piece, Way as Composition};
use untorn_format::{TreePath, patch::FilePatch};
use untorn_txn::{Observer, Phase, Transaction};

use super::{
    file_plan::{FilePlan, SPOOL_LEN_MAX},
    left_out::LeftOut,
    resumed::{self, Resumed},
};
use crate::{
    Difference, Error, Result, What,
    blocks::{BLOCK_LEN, different},
    tree_files::TreeFiles,
};

/// What making the files showed.
#[derive(Default)]
pub(super) struct Made {
    /// The old files that turn out not to be what the patch starts from; then what was staged is of no use.
    pub(super) differences: Vec<Difference>,
    /// Bytes that need not be written in place, since they stand there.
    pub(super) bytes_spared: u64,
}

/// Makes every file with new content but those that are left out, and stages it where `tx` is given. Whether the new build is known says whether the hashes of those are needed.
pub(super) fn make<R: Read>(
    mut tx: Option<&mut Transaction<'_>>,
    reader: &mut PatchReader<R>,
    plans: &[Option<FilePlan>],
    (left_out, is_known): (&LeftOut, bool),
    old: &TreeFiles<'_>,
    dir: &Path,
    observer: Option<&dyn Observer>,
) -> Result<Made> {
    let mut progress = Progress { observer, done: 0, total: total(plans) };
    let (mut result, mut plans) = (Made::default(), plans.iter().flatten());
    while let Some(change) = reader.peek_file() {
        if left_out.contains(&change.path) {
            let Some(file) = reader.next_file(old, Composition::Whole) else { break };
            if is_known {
                continue;
            }
            // Made all the same where only that tells its hash, which the new manifest needs.
            if let Err(error) = discard_unless_known(file) {
                result.differences.extend(blame(error, dir)?);
                break;
            }
            continue;
        }
        let Some(plan) = plans.next() else { break };
        let Some(file) = reader.next_file(old, plan.composition) else { break };
        let target = tx.as_deref_mut().filter(|_| result.differences.is_empty());
        let path = file.change().path.clone();
        let error = match make_file(target, file, plan, old, &mut progress)? {
            Ok(bytes_spared) => {
                result.bytes_spared += bytes_spared;
                if let Some(tx) = &mut tx {
                    tx.made(path.as_str(), None, progress.done)?;
                }
                continue;
            }
            Err(error) => error,
        };
        let goes_on = !matches!(error, PatchError::References { .. });
        result.differences.extend(blame(error, dir)?);
        if !goes_on {
            // Which literal bytes come next cannot be known.
            break;
        }
    }
    Ok(result)
}

/// How many bytes are made in all.
pub(super) fn total(plans: &[Option<FilePlan>]) -> u64 {
    plans.iter().flatten().map(|plan| plan.made_len).fold(0, u64::saturating_add)
}

/// The old files an error is about; any other error ends the work.
fn blame(error: PatchError, dir: &Path) -> Result<Vec<Difference>> {
    let at = |path: untorn_format::TreePath, what| Difference { path: path.to_string(), what };
    match error {
        PatchError::Old { path } => Ok(vec![at(path, What::Content)]),
        PatchError::Made { path } => Ok(vec![at(path, What::Source)]),
        PatchError::References { paths } if paths.len() == 1 => {
            Ok(paths.into_iter().map(|path| at(path, What::Content)).collect())
        }
        PatchError::References { paths } => Ok(paths.into_iter().map(|path| at(path, What::Source)).collect()),
        PatchError::Read { path, source } => Err(Error::io("read", &dir.join(path.as_str()), source)),
        other => Err(other.into()),
    }
}

/// Makes one file, and stages it where `tx` is given. The outer error ends the work; the inner one is about the old tree or the patch. Gives how many bytes need not
/// be written.
fn make_file<R: Read>(
    tx: Option<&mut Transaction<'_>>,
    file: FileReader<'_, R>,
    plan: &FilePlan,
    old: &TreeFiles<'_>,
    progress: &mut Progress<'_>,
) -> Result<Result<u64, PatchError>> {
    let mut file = file;
    let Some(tx) = tx else { return stage_pieces(None, file, plan, old, (progress, None)) };
    let taken = resumed::take_up(tx, &mut file, plan)?;
    if let Some(taken) = &taken {
        progress.add(taken.made_len);
    }
    match plan.composition {
        Composition::Whole => Ok(stage_whole(tx, file, taken.as_ref(), progress)?.map(|()| 0)),
        Composition::InPlace => stage_pieces(Some(tx), file, plan, old, (progress, taken.as_ref())),
    }
}

fn stage_whole<R: Read>(
    tx: &mut Transaction<'_>,
    file: FileReader<'_, R>,
    taken: Option<&Resumed>,
    progress: &mut Progress<'_>,
) -> Result<Result<(), PatchError>> {
    let (path, len, executable) = (file.change().path.clone(), file.file().len, file.file().executable);
    let made = match taken {
        Some(Resumed { is_whole: true, .. }) => Ok(()),
        Some(Resumed { at, taken, .. }) => {
            pour(file, progress, |content| tx.go_on(path.as_str(), taken, *at, content))?.map(drop)
        }
        None if len <= SPOOL_LEN_MAX => pour(file, progress, |content| tx.replace(path.as_str(), content))?.map(drop),
        // The transaction hashes it while it writes.
        None => match pour(file.hashed_elsewhere(), progress, |content| tx.replace(path.as_str(), content))? {
            Ok(file) => file.finish(tx.staged_hash(path.as_str())?.ok_or(Error::Contradiction)?),
            Err(error) => Err(error),
        },
    };
    if made.is_ok() {
        tx.set_executable(path.as_str(), executable)?;
    }
    Ok(made)
}

/// Gives all of a file to `stage`; then the file is given back.
fn pour<F: Read>(
    file: F,
    progress: &mut Progress<'_>,
    stage: impl FnOnce(&mut Content<'_, '_, F>) -> untorn_txn::Result<()>,
) -> Result<Result<F, PatchError>> {
    let mut content = Content { file, failure: None, progress };
    let staged = stage(&mut content);
    if let Some(error) = content.failure {
        return Ok(Err(error));
    }
    staged?;
    Ok(Ok(content.file))
}

fn stage_pieces<R: Read>(
    mut tx: Option<&mut Transaction<'_>>,
    mut file: FileReader<'_, R>,
    plan: &FilePlan,
    old: &TreeFiles<'_>,
    (progress, taken): (&mut Progress<'_>, Option<&Resumed>),
) -> Result<Result<u64, PatchError>> {
    let (path, patch, old_len) = (file.change().path.clone(), file.file().clone(), file.change().old_len());
    let standing = Standing { old, path: &path, len: standing_len(&patch, plan, old_len) };
    let mut bytes_spared = taken.map_or(0, |taken| taken.made_len.saturating_sub(taken.taken.bytes));
    loop {
        let piece = match file.next_piece() {
            Ok(Some(piece)) => piece,
            Ok(None) => break,
            Err(error) => return Ok(Err(error)),
        };
        progress.add(piece.bytes.len() as u64);
        bytes_spared += piece.bytes.len() as u64;
        for (start, end) in standing.not_there(&piece) {
            bytes_spared -= (end - start) as u64;
            if let Some(tx) = &mut tx {
                tx.write_at(path.as_str(), piece.at + start as u64, &piece.bytes[start..end])?;
            }
        }
        if let Some(tx) = &mut tx {
            tx.made(path.as_str(), Some(piece.at + piece.bytes.len() as u64), progress.done)?;
        }
    }
    if let Some(tx) = tx {
        if patch.len != old_len {
            tx.set_len(path.as_str(), patch.len)?;
        }
        tx.set_executable(path.as_str(), patch.executable)?;
    }
    Ok(Ok(bytes_spared))
}

/// How much of the old file is worth comparing. A patch says of a small file all bytes, also those that stay; of others only what changes. The block in which a
/// file is cut is written in any case.
fn standing_len(patch: &FilePatch, plan: &FilePlan, old_len: u64) -> u64 {
    match patch.len {
        _ if plan.redo_len == 0 || !patch.is_literal() => 0,
        len if len < old_len => len / BLOCK_LEN as u64 * BLOCK_LEN as u64,
        _ => old_len,
    }
}

/// What stands in the place of a file that is made.
struct Standing<'s> {
    old: &'s TreeFiles<'s>,
    path: &'s TreePath,
    len: u64,
}

impl Standing<'_> {
    /// The stretches of a piece that must be written. What cannot be read is not there.
    fn not_there(&self, piece: &Piece<'_>) -> Vec<(usize, usize)> {
        let len = self.len.saturating_sub(piece.at).min(piece.bytes.len() as u64);
        if len == 0 || !piece.at.is_multiple_of(BLOCK_LEN as u64) {
            return vec![(0, piece.bytes.len())];
        }
        let mut found = vec![0; usize::try_from(len).unwrap_or(0)];
        let mut known = 0;
        while let Ok(more @ 1..) = self.old.read_at(self.path, &mut found[known..], piece.at + known as u64) {
            known += more;
        }
        different(&found[..known], piece.bytes)
    }
}

/// Makes a file only to know its hash, where the patch does not tell it.
fn discard_unless_known<R: Read>(mut file: FileReader<'_, R>) -> Result<(), PatchError> {
    while file.file().hash.is_none() && file.next_piece()?.is_some() {}
    Ok(())
}

/// A file as it is made, which remembers why it failed.
struct Content<'p, 'o, F> {
    file: F,
    failure: Option<PatchError>,
    progress: &'p mut Progress<'o>,
}

impl<F: Read> Read for Content<'_, '_, F> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let len = self.file.read(buf).map_err(|error| {
            self.failure = error.into_inner().and_then(|inner| inner.downcast::<PatchError>().ok()).map(|error| *error);
            io::Error::from(io::ErrorKind::Other)
        })?;
        self.progress.add(len as u64);
        Ok(len)
    }
}

struct Progress<'o> {
    observer: Option<&'o dyn Observer>,
    done: u64,
    total: u64,
}

impl Progress<'_> {
    fn add(&mut self, len: u64) {
        self.done = self.done.saturating_add(len);
        if let Some(observer) = self.observer {
            observer.progress(Phase::Stage, self.done, self.total);
        }
    }
}
