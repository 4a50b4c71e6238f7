//! Which files were found intact, for the next time.

use untorn_format::{
    manifest::{Entry, Kind},
    verified::{Stamp, Times, Verified},
};
use untorn_fs::{Fs, Metadata};
use untorn_txn::Note;

/// A file that was changed less than this before is not noted: it might be changed again without its times telling. Two seconds, in nanoseconds; the clocks of file systems go in
/// steps of up to that.
const STEP: i128 = 2_000_000_000;

/// What was found intact before, and what is now.
pub(crate) struct Noted<'f> {
    before: Verified,
    next: Option<Note<'f>>,
    stamps: Vec<Stamp>,
}

impl<'f> Noted<'f> {
    /// Where the directory is a tree, what a verification of it noted, and room for what this one does.
    pub(crate) fn of(fs: &'f dyn Fs, is_tree: bool) -> Self {
        let before = Note::read(fs).filter(|_| is_tree).and_then(|bytes| Verified::decode(&bytes).ok());
        // Where nothing can be noted, the next time reads everything.
        let next = is_tree.then(|| Note::begin(fs).ok()).flatten();
        Self { before: before.unwrap_or_default(), next, stamps: Vec::new() }
    }

    /// Whether the file was intact, and nobody has touched it since.
    pub(crate) fn is_untouched(&self, entry: &Entry, meta: &Metadata) -> bool {
        stamp(entry, meta).is_some_and(|stamp| self.before.contains(&stamp))
    }

    /// Notes that the file is intact; `meta` is what the system said before it was read.
    pub(crate) fn add(&mut self, entry: &Entry, meta: &Metadata) {
        let Some(next) = &self.next else { return };
        let is_old = meta.changed.saturating_add(STEP) < next.begun();
        self.stamps.extend(stamp(entry, meta).filter(|_| is_old));
    }

    /// Keeps what was noted.
    pub(crate) fn finish(self) {
        if let Some(next) = self.next {
            // Nothing depends on it.
            drop(next.finish(&Verified::new(self.stamps).encode()));
        }
    }
}

fn stamp(entry: &Entry, meta: &Metadata) -> Option<Stamp> {
    let Kind::File { len, hash, .. } = &entry.kind else { return None };
    let times = Times { id: meta.id.map_or(0, |id| id.0), changed: meta.changed, written: meta.written };
    Some(Stamp::of(&entry.path, *len, hash, &times))
}
