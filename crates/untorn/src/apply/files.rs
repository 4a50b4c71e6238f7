//! The bytes of the new files, from the patch and the old tree.

use std::{
    io::{self, Read},
    path::Path,
};

use untorn_delta::{FileReader, PatchError, PatchReader, Way as Composition};
use untorn_txn::{Observer, Phase, Transaction};

use super::{file_plan::FilePlan, modified::Modified};
use crate::{Difference, Error, Result, What, tree_files::TreeFiles};

/// Makes every file with new content but the `modified` ones, and stages it where `tx` is given. Gives the old files that turn out not to be what the patch starts from; then what was
/// staged is of no use.
pub(super) fn make<R: Read>(
    mut tx: Option<&mut Transaction<'_>>,
    reader: &mut PatchReader<R>,
    plans: &[Option<FilePlan>],
    modified: &Modified,
    old: &TreeFiles<'_>,
    dir: &Path,
    observer: Option<&dyn Observer>,
) -> Result<Vec<Difference>> {
    let (mut differences, mut plans) = (Vec::new(), plans.iter().flatten());
    let mut progress =
        Progress { observer, done: 0, total: plans.clone().map(|plan| plan.made_len).fold(0, u64::saturating_add) };
    while let Some(change) = reader.peek_file() {
        if modified.contains_key(&change.path) {
            let Some(file) = reader.next_file(old, Composition::Whole) else { break };
            // Made all the same where only that tells its hash, which the new manifest needs.
            if let Err(error) = discard_unless_known(file) {
                differences.extend(blame(error, dir)?);
                break;
            }
            continue;
        }
        let Some(plan) = plans.next() else { break };
        let Some(file) = reader.next_file(old, plan.composition) else { break };
        let made = match &mut tx {
            Some(tx) if differences.is_empty() => stage(tx, file, plan.composition, &mut progress)?,
            _ => discard(file, &mut progress),
        };
        let Err(error) = made else { continue };
        let goes_on = !matches!(error, PatchError::References { .. });
        differences.extend(blame(error, dir)?);
        if !goes_on {
            // Which literal bytes come next cannot be known.
            break;
        }
    }
    Ok(differences)
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

/// Stages one file. The outer error ends the work; the inner one is about the old tree or the patch.
fn stage<R: Read>(
    tx: &mut Transaction<'_>,
    mut file: FileReader<'_, R>,
    composition: Composition,
    progress: &mut Progress<'_>,
) -> Result<Result<(), PatchError>> {
    let (path, patch, old_len) = (file.change().path.clone(), file.file(), file.change().old_len());
    match composition {
        Composition::InPlace => loop {
            match file.next_piece() {
                Ok(Some(piece)) => {
                    tx.write_at(path.as_str(), piece.at, piece.bytes)?;
                    progress.add(piece.bytes.len());
                }
                Ok(None) if patch.len == old_len => break,
                Ok(None) => break tx.set_len(path.as_str(), patch.len)?,
                Err(error) => return Ok(Err(error)),
            }
        },
        Composition::Whole => {
            let mut content = Content { file, failure: None, progress };
            let replaced = tx.replace(path.as_str(), &mut content);
            if let Some(error) = content.failure {
                return Ok(Err(error));
            }
            replaced?;
        }
    }
    tx.set_executable(path.as_str(), patch.executable)?;
    Ok(Ok(()))
}

/// Makes a file only to see whether it can be made.
fn discard<R: Read>(mut file: FileReader<'_, R>, progress: &mut Progress<'_>) -> Result<(), PatchError> {
    while let Some(piece) = file.next_piece()? {
        progress.add(piece.bytes.len());
    }
    Ok(())
}

/// Makes a file only to know its hash, where the patch does not tell it.
fn discard_unless_known<R: Read>(mut file: FileReader<'_, R>) -> Result<(), PatchError> {
    while file.file().hash.is_none() && file.next_piece()?.is_some() {}
    Ok(())
}

/// A file as it is made, which remembers why it failed.
struct Content<'p, 'o, 'r, R> {
    file: FileReader<'r, R>,
    failure: Option<PatchError>,
    progress: &'p mut Progress<'o>,
}

impl<R: Read> Read for Content<'_, '_, '_, R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let len = self.file.read(buf).map_err(|error| {
            self.failure = error.into_inner().and_then(|inner| inner.downcast::<PatchError>().ok()).map(|error| *error);
            io::Error::from(io::ErrorKind::Other)
        })?;
        self.progress.add(len);
        Ok(len)
    }
}

struct Progress<'o> {
    observer: Option<&'o dyn Observer>,
    done: u64,
    total: u64,
}

impl Progress<'_> {
    fn add(&mut self, len: usize) {
        self.done = self.done.saturating_add(len as u64);
        if let Some(observer) = self.observer {
            observer.progress(Phase::Stage, self.done, self.total);
        }
    }
}
