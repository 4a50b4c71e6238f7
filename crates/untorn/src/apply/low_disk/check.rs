//! Everything that an update in steps will make, made once before its first step, from the old tree as it is: so that a wrong base, a damaged patch and a forged one are found
//! while there is a way back, and every step can tell whether it makes the same.

use std::collections::BTreeMap;

use untorn_delta::{PatchError, PatchReader, Way};
use untorn_format::{Hash, Hasher, patch::Header};
use untorn_fs::Fs;
use untorn_txn::Phase;

use super::{
    patch_file::PatchFile,
    schedule::{Part, Schedule},
};
use crate::{ApplyOptions, Error, content, signed::Intake, tree_files::TreeFiles};

/// Why what will be made could not be made.
pub(super) enum Failure {
    /// The old bytes are not those that the patch was made for, or the patch lies.
    WrongBytes(WrongBytes),
    Other(Box<Error>),
}

pub(super) struct WrongBytes;

impl From<PatchError> for Failure {
    fn from(error: PatchError) -> Self {
        match error {
            PatchError::Old { .. } | PatchError::Made { .. } | PatchError::References { .. } => Self::WrongBytes(WrongBytes),
            other => Self::Other(Box::new(other.into())),
        }
    }
}

/// The hash of what each part makes (none where it makes nothing), and those of the files that have none in the patch, by the number of the change.
type Made = (Vec<Hash>, BTreeMap<usize, Hash>);

pub(super) fn make(
    patch: PatchFile<'_>,
    header: &Header,
    schedule: &Schedule,
    fs: &dyn Fs,
    options: &ApplyOptions,
) -> Result<Made, Failure> {
    let intake = Intake::read(patch).map_err(|error| Failure::Other(Box::new(error)))?;
    if intake.header != *header {
        return Err(Failure::Other(Box::new(Error::Contradiction)));
    }
    let mut reader = PatchReader::within(intake.stream, options.memory_len_max, content::threads(options.jobs))?;
    let observer = options.observer.as_deref();
    let old = TreeFiles::new(fs, observer);
    let mut hashes = vec![Hash::NONE; schedule.parts.len()];
    let mut parts = schedule.parts.iter().enumerate().filter(|(_, part)| part.stretch().is_some()).peekable();
    let mut done = 0_u64;
    while let Some(change) = reader.peek_file() {
        let number = reader.index().changes().number(&change.path).unwrap_or(usize::MAX);
        let mut of_file: Vec<(usize, &Part)> = Vec::new();
        while let Some(part) = parts.next_if(|(_, part)| part.change == number) {
            of_file.push(part);
        }
        let Some(mut file) = reader.next_file(&old, Way::Whole) else { break };
        let mut sums = Sums { parts: of_file.into_iter(), current: None, hashes: &mut hashes };
        while let Some(piece) = file.next_piece()? {
            done = done.saturating_add(piece.bytes.len() as u64);
            if let Some(observer) = observer {
                observer.progress(Phase::Read, done, schedule.made_len.max(done));
            }
            sums.add(piece.at, piece.bytes);
        }
        sums.finish();
    }
    Ok((hashes, reader.finish()?.made))
}

/// Hashes the parts of one file, from its bytes in order.
struct Sums<'s, P> {
    parts: P,
    current: Option<(usize, (u64, u64), Hasher)>,
    hashes: &'s mut [Hash],
}

impl<'p, P: Iterator<Item = (usize, &'p Part)>> Sums<'_, P> {
    fn add(&mut self, mut at: u64, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let Some((_, (start, end), hasher)) = self.current() else { return };
            // What is kept lies between parts.
            let skipped = usize::try_from(start.saturating_sub(at)).unwrap_or(usize::MAX).min(bytes.len());
            (at, bytes) = (at + skipped as u64, &bytes[skipped..]);
            let len = usize::try_from(end.saturating_sub(at)).unwrap_or(usize::MAX).min(bytes.len());
            hasher.update(&bytes[..len]);
            (at, bytes) = (at + len as u64, &bytes[len..]);
            if at >= *end {
                self.end();
            }
        }
    }

    fn current(&mut self) -> Option<&mut (usize, (u64, u64), Hasher)> {
        if self.current.is_none() {
            let (number, part) = self.parts.next()?;
            let (at, len) = part.stretch().unwrap_or_default();
            self.current = Some((number, (at, at.saturating_add(len)), Hasher::new()));
        }
        self.current.as_mut()
    }

    fn end(&mut self) {
        if let Some((number, _, hasher)) = self.current.take() {
            self.hashes[number] = hasher.finish();
        }
    }

    /// A part of no bytes is made of none.
    fn finish(mut self) {
        while self.current().is_some() {
            self.end();
        }
    }
}
