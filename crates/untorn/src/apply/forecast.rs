//! What a patch is going to write, told before anything is.

use untorn_format::patch::{After, Index};

use super::{file_plan::FilePlan, left_out::LeftOut};

/// What a patch is going to write, in bytes of files. Names, the journal's own records and the file system's bookkeeping come on top.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Forecast {
    /// Paths that change.
    pub paths: u64,
    /// Bytes for the redo file.
    pub bytes_redo: u64,
    /// Bytes for staged files.
    pub bytes_staged: u64,
    /// Bytes written in place.
    pub bytes_in_place: u64,
    /// Bytes kept for going back.
    pub bytes_undo: u64,
    /// The most space that is needed at once, beyond what the tree takes now.
    pub bytes_needed: u64,
    /// What writing every changed and added file whole would write, for comparison.
    pub bytes_whole: u64,
}

/// What a name takes, at most.
const NAME_LEN: u64 = 4096;

impl Forecast {
    /// All bytes to be written.
    #[must_use]
    pub fn bytes_written(&self) -> u64 {
        [self.bytes_staged, self.bytes_in_place, self.bytes_undo]
            .iter()
            .fold(self.bytes_redo, |sum, len| sum.saturating_add(*len))
    }

    pub(super) fn of(index: &Index, plans: &[Option<FilePlan>], left_out: &LeftOut, keep_undo: bool) -> Self {
        let mut forecast = Self::default();
        for (change, plan) in index.changes().as_slice().iter().zip(plans).filter(|(change, _)| !left_out.contains(&change.path))
        {
            forecast.paths += 1;
            if let Some(plan) = plan {
                forecast.add(plan, keep_undo);
            }
            if change.after != After::Absent {
                add(&mut forecast.bytes_needed, NAME_LEN);
            }
        }
        let more = [forecast.bytes_redo, forecast.bytes_staged, forecast.bytes_undo];
        more.iter().for_each(|len| add(&mut forecast.bytes_needed, *len));
        forecast
    }

    /// Adds files that come from elsewhere, as if each came whole.
    pub(super) fn bring(&mut self, len: u64, keep_undo: bool) {
        let undo_len = if keep_undo { len } else { 0 };
        add(&mut self.bytes_staged, len);
        add(&mut self.bytes_needed, len.saturating_add(undo_len));
        add(&mut self.bytes_whole, len);
    }

    /// Takes off what turned out to stand in its place already.
    pub(super) fn spare(&mut self, len: u64, keep_undo: bool) {
        let undo_len = if keep_undo { len } else { 0 };
        self.bytes_redo -= len.min(self.bytes_redo);
        self.bytes_in_place -= len.min(self.bytes_in_place);
        self.bytes_undo -= undo_len.min(self.bytes_undo);
        self.bytes_needed -= (len + undo_len).min(self.bytes_needed);
    }

    fn add(&mut self, plan: &FilePlan, keep_undo: bool) {
        add(&mut self.bytes_redo, plan.redo_len);
        add(&mut self.bytes_staged, plan.staged_len);
        add(&mut self.bytes_in_place, plan.in_place_len);
        add(&mut self.bytes_undo, if keep_undo { plan.undo_len } else { 0 });
        add(&mut self.bytes_needed, plan.growth_len);
        add(&mut self.bytes_whole, plan.whole_len);
    }
}

fn add(sum: &mut u64, len: u64) {
    *sum = sum.saturating_add(len);
}
