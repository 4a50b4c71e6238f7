//! Chunks: what of the new build is nowhere in the tree is fetched, and the rest taken from where it is.

use std::{cell::Cell, path::Path};

use untorn_format::{
    Hash, Hasher,
    manifest::{Kind, Manifest},
    release::Following,
};
use untorn_fs::Fs;
use untorn_store::Frame;
use untorn_txn::{Observer, Purpose, Tree};

use super::{
    UpdateOptions, UpdateReport,
    changes::{Changes, Comparison},
    local::Local,
    pieces::Pieces,
    report::{Route, UpdatePlan},
    stage,
};
use crate::{
    Error, Result,
    releases::{self, Progress, Supply, Wanted, len_without_ranges},
};

/// What updating by chunks takes.
pub(super) struct ChunkPlan {
    manifest: Manifest,
    changes: Changes,
    local: Local,
    pieces: Pieces,
    wanted: Vec<Wanted>,
    pub(super) numbers: UpdatePlan,
}

impl ChunkPlan {
    /// Finds out what is missing. The manifest and those parts of the index that are needed are fetched, and kept.
    pub(super) fn make(
        supply: &mut Supply<'_>,
        fs: &dyn Fs,
        dir: &Path,
        old: Option<&Manifest>,
        options: &UpdateOptions,
        without_bridge: bool,
    ) -> Result<Self> {
        let manifest = supply.manifest_and_head(old)?;
        let comparison = Comparison {
            fs,
            dir,
            old,
            new: &manifest,
            policies: &options.policies,
            jobs: options.jobs,
            observer: options.observer(),
        };
        let (changes, local) = comparison.run()?;
        let installed = old.map_or(Hash::NONE, Manifest::hash);
        let pieces = Pieces::find(supply, &manifest, &changes.files, &local, installed, without_bridge)?;
        let frames = pieces.frames();
        let mut wanted = supply.wanted(frames.iter().copied())?;
        // What is staged first comes first.
        let order = pieces.order();
        wanted.sort_by_key(|wanted| wanted.pieces.iter().filter_map(|(hash, _)| order.get(hash)).min().copied());
        let numbers = numbers(supply, &manifest, &changes, &frames, &wanted, options);
        Ok(Self { manifest, changes, local, pieces, wanted, numbers })
    }

    /// Whether something comes over a bridge.
    pub(super) fn is_bridged(&self) -> bool {
        self.pieces.bridge.is_some()
    }

    /// What the transaction is made for: the same build, staged in the same way over the same files, is the same bytes.
    fn purpose(&self, options: &UpdateOptions) -> Purpose {
        let to = self.manifest.hash();
        let mut hasher = Hasher::new();
        hasher.update(b"untorn update 1");
        hasher.update(&to.0);
        hasher.update(&[u8::from(options.keep_undo)]);
        for number in &self.changes.files {
            let path = &self.manifest.entries()[*number].path;
            hasher.update(&(path.as_str().len() as u64).to_le_bytes());
            hasher.update(path.as_str().as_bytes());
            hasher.update(&self.local.get(path).map_or(Hash::NONE, |file| file.hash).0);
        }
        Purpose { key: hasher.finish(), to, total: stage::total(&self.manifest, &self.changes) }
    }

    /// Fetches what is missing. What has come before an error is not fetched again.
    pub(super) fn fetch(&self, supply: &Supply<'_>, options: &UpdateOptions) -> Result<()> {
        let progress = Progress { observer: options.observer(), done: Cell::new(0), total: self.numbers.bytes_to_fetch };
        supply.fetch(&self.wanted, &progress)
    }

    /// Fetches what is missing and changes the tree, in one transaction: what has come is staged while more comes. After this returns, it is the new build, also after a power cut.
    pub(super) fn commit(
        self,
        supply: &Supply<'_>,
        tree: &mut Tree,
        dir: &Path,
        following: Following,
        options: &UpdateOptions,
        report: &mut UpdateReport,
    ) -> Result<()> {
        let fs = tree.fs().clone();
        let source = stage::Source::new(&*fs, dir, &self.local, supply, &self.pieces);
        let mut tx = tree.begin_with(options.transaction())?;
        let at_hand = tx.resume(self.purpose(options))?;
        let staged = tx.require_space(self.numbers.bytes_to_write.unwrap_or_default().saturating_sub(at_hand));
        let staged = staged.map_err(Error::from).and_then(|()| {
            supply.fetch_beside(&self.wanted, self.numbers.bytes_to_fetch, || {
                stage::stage(&mut tx, &self.manifest, &self.changes, &source, options.observer())
            })
        });
        report.dirs_kept = match staged {
            Err(error) => {
                // What is missing is fetched later, and then the rest is staged.
                let may_go_on = matches!(error, Error::NotFetched { .. } | Error::Net(_) | Error::Stopped);
                if may_go_on || options.observer().is_some_and(Observer::should_stop) {
                    tx.set_aside();
                } else {
                    tx.abandon();
                }
                return Err(error);
            }
            kept => kept?,
        };
        tx.set_head(Some(super::head(self.manifest.clone(), following)));
        report.transaction = tx.commit()?;
        (report.replaced, report.kept) = (self.changes.replaced, self.changes.kept);
        report.dirs_kept.extend_from_slice(&report.transaction.dirs_kept);
        report.warnings.extend_from_slice(&report.transaction.warnings);
        Ok(())
    }
}

fn numbers(
    supply: &Supply<'_>,
    manifest: &Manifest,
    changes: &Changes,
    frames: &std::collections::BTreeSet<Frame>,
    wanted: &[Wanted],
    options: &UpdateOptions,
) -> UpdatePlan {
    let len = |number: &usize| if let Kind::File { len, .. } = manifest.entries()[*number].kind { len } else { 0 };
    let bytes_to_write = changes.files.iter().map(len).fold(0, u64::saturating_add);
    let at_hand = frames.iter().filter(|frame| supply.objects.contains(&frame.hash));
    let bytes_at_hand = at_hand.map(|frame| u64::from(frame.stored_len)).sum();
    let bytes_to_fetch = releases::len(wanted);
    let kept = if options.keep_undo { bytes_to_write } else { 0 };
    UpdatePlan {
        route: Route::Chunks,
        bytes_to_fetch,
        bytes_to_fetch_without_ranges: len_without_ranges(wanted),
        bytes_by_chunks: 0,
        files_by_chunks: 0,
        bytes_at_hand,
        bytes_to_write: Some(bytes_to_write),
        bytes_at_peak: Some(supply.objects.len() + bytes_to_fetch + bytes_to_write + kept),
        files: Some(changes.files.len() + changes.removed.len() + changes.symlinks.len() + changes.bits.len()),
    }
}

/// What of an error means that patches do not lead on from this tree, but chunks may.
pub(super) fn may_help(error: &Error) -> bool {
    matches!(error, Error::WrongBase(_) | Error::Patch(_) | Error::Contradiction)
        || matches!(error, Error::Net(error) if error.blame() == untorn_remote::Blame::Content)
}

#[cfg(test)]
mod tests {
    use untorn_delta::PatchError;

    use super::*;

    #[test]
    fn a_patch_for_another_encoder_or_of_features_that_are_not_known_is_no_reason_to_stop() {
        let unknown = untorn_format::DecodeError::UnknownFeatures { bits: 8 };
        for error in [PatchError::Encoder { needed: 10_508, found: 10_507 }, PatchError::Format(unknown)] {
            assert!(may_help(&Error::Patch(error)));
        }
        assert!(!may_help(&Error::Stopped));
    }
}
