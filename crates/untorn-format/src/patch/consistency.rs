//! What must hold between the parts of an index.

use super::inflated;
use super::op::Limits;
use super::{
    Before, FilePatch, How, Index, MAX_FILE_LEN, MAX_FRAMES, MAX_HELD_LEN, MAX_MIDDLES, MAX_MIDDLES_LEN, MAX_OPS, MAX_REFERENCES,
    Op, SourceFile,
};
use crate::{DecodeError, bytes::require};

impl Index {
    /// The index, when it contradicts itself nowhere.
    pub(super) fn checked(self) -> Result<Self, DecodeError> {
        self.check_sources()?;
        inflated::check(&self.inflated, &self.source_lens(), self.sources.len())?;
        require(self.inflated.is_empty() || self.restores(), "old members that are not needed")?;
        self.check_ops()?;
        self.check_frames()?;
        self.check_middles()?;
        self.check_literals()?;
        self.check_use()?;
        require(!self.is_joined() || self.held_len() <= MAX_HELD_LEN, "bytes in between that must be kept")?;
        Ok(self)
    }

    fn check_sources(&self) -> Result<(), DecodeError> {
        require(self.sources.windows(2).all(|pair| pair[0].path < pair[1].path), "order of sources")?;
        let valid = |source: &SourceFile| match self.changes.get(&source.path).map(|change| &change.before) {
            Some(Before::File { len, .. }) => *len == source.len,
            Some(_) => false,
            None => source.len <= MAX_FILE_LEN,
        };
        require(self.sources.iter().all(valid), "source")
    }

    fn check_ops(&self) -> Result<(), DecodeError> {
        let sources = &self.source_lens();
        for change in self.changes.as_slice() {
            if let Some(file) = change.file() {
                Limits { len: file.len, old_len: change.old_len(), restored: &file.restored, ..self.limits(sources) }
                    .check(&file.ops)?;
            }
        }
        let of_file = |file: &FilePatch| file.ops.len() + file.restored.iter().map(|restored| restored.ops.len()).sum::<usize>();
        let in_between = self.middles.iter().map(|middle| middle.how.ops().len() as u64).sum::<u64>();
        let ops = self.files().map(|file| of_file(file) as u64).sum::<u64>();
        require(ops.saturating_add(in_between) <= MAX_OPS, "number of operations")
    }

    /// What may be read, of sources of these lengths.
    fn limits<'a>(&self, sources: &'a [u64]) -> Limits<'a> {
        let files = self.sources.len();
        Limits { len: 0, old_len: 0, sources, files, members_end: files + self.inflated.len(), restored: &[], is_inner: false }
    }

    /// That bytes in between are made from what is there by then, and that frames refer to none that are made later.
    fn check_middles(&self) -> Result<(), DecodeError> {
        require(self.middles.len() as u64 <= MAX_MIDDLES, "number of bytes in between")?;
        let made = self.middles.iter().filter(|middle| !matches!(middle.how, How::Frame(_))).map(|middle| middle.len);
        require(made.fold(0, u64::saturating_add) <= MAX_MIDDLES_LEN, "length of bytes in between")?;
        let (sources, mut frame_min) = (self.source_lens(), 0);
        let limits = self.limits(&sources);
        for (number, middle) in self.middles.iter().enumerate() {
            middle.check(&limits, &self.frames, frame_min)?;
            if let How::Frame(frame) = middle.how {
                frame_min = frame.saturating_add(1);
            }
            let is_there = |source| self.middle_of(source).is_none_or(|used| used < number);
            require(middle.how.sources().all(is_there), "bytes in between that are made later")?;
        }
        let lives = if self.middles.is_empty() { Vec::new() } else { self.lifetimes() };
        let is_there = |number: usize, source| self.middle_of(source).is_none_or(|used| lives[used].made <= number);
        let mut frames = self.frames.iter().enumerate();
        let all_there = frames.all(|(number, frame)| frame.references.iter().all(|reference| is_there(number, reference.source)));
        require(all_there, "bytes in between that are made later")
    }

    fn check_frames(&self) -> Result<(), DecodeError> {
        let lens = self.source_lens();
        let members = self.sources.len()..self.sources.len() + self.inflated.len();
        self.frames.iter().try_for_each(|frame| frame.check(&lens, &members))?;
        let references = self.frames.iter().map(|frame| frame.references.len() as u64).sum::<u64>();
        require(self.frames.len() as u64 <= MAX_FRAMES, "number of frames")?;
        require(references <= MAX_REFERENCES, "number of references")
    }

    fn check_literals(&self) -> Result<(), DecodeError> {
        let used = self.files().map(FilePatch::literal_len).try_fold(0_u64, u64::checked_add);
        let of_files = self.frames.iter().zip(self.passing()).filter(|(_, passing)| !passing).map(|(frame, _)| frame.len);
        let held = of_files.into_iter().try_fold(0_u64, u64::checked_add);
        require(used.is_some() && used == held, "literal bytes")
    }

    fn check_use(&self) -> Result<(), DecodeError> {
        let mut used = vec![false; self.sources.len() + self.inflated.len() + self.middles.len()];
        for file in self.files() {
            let inner = file.restored.iter().flat_map(|restored| &restored.ops);
            let like = file.restored.iter().filter_map(|restored| restored.like);
            for source in file.ops.iter().chain(inner).filter_map(Op::source).chain(like) {
                used[source as usize] = true;
            }
        }
        self.inflated.iter().for_each(|inflated| used[inflated.source as usize] = true);
        self.middles.iter().flat_map(|middle| middle.how.sources()).for_each(|source| used[source as usize] = true);
        for reference in self.frames.iter().flat_map(|frame| &frame.references) {
            used[reference.source as usize] = true;
        }
        require(used.into_iter().all(|used| used), "source that is not read")
    }
}
