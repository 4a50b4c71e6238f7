//! What a patch is going to write, told before anything is.

use untorn_delta::{Cost, Way as Composition};
use untorn_format::patch::{After, Before, Change, Index};
use untorn_fs::Fs;
use untorn_txn::{Options, Transaction, Way, WayChoice};

use crate::Result;

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

impl Forecast {
    /// All bytes to be written.
    #[must_use]
    pub fn bytes_written(&self) -> u64 {
        [self.bytes_staged, self.bytes_in_place, self.bytes_undo]
            .iter()
            .fold(self.bytes_redo, |sum, len| sum.saturating_add(*len))
    }
}

/// Files up to this long go through the redo file when they come as a whole: see `Transaction::replace`.
const SPOOL_LEN_MAX: u64 = 64 << 10;
/// What a name takes, at most.
const NAME_LEN: u64 = 4096;

/// How the bytes of a changed file are made, and written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FilePlan {
    pub(super) composition: Composition,
    way: Way,
    cost: Cost,
    old_len: u64,
    /// Whether something else than a file stands there before.
    replaces_other: bool,
}

impl FilePlan {
    /// Decides for one change with a file afterwards; `None` for any other.
    pub(super) fn of(tx: &Transaction<'_>, fs: &dyn Fs, options: &Options, change: &Change) -> Result<Option<Self>> {
        let Some(cost) = Cost::of(change) else { return Ok(None) };
        let old_len = change.old_len();
        let replaces_other = matches!(change.before, Before::Dir | Before::Symlink { .. });
        let plan = |composition, way| Some(Self { composition, way, cost, old_len, replaces_other });
        if !matches!(change.before, Before::File { .. }) {
            let is_spooled = cost.whole_len <= SPOOL_LEN_MAX && writes_in_place(fs, options);
            return Ok(plan(Composition::Whole, if is_spooled { Way::Patch } else { Way::Put }));
        }
        if cost.in_place_len == 0 && cost.whole_len == old_len {
            return Ok(plan(Composition::InPlace, Way::Metadata));
        }
        Ok(match tx.way_for(change.path.as_str(), cost.whole_len, cost.in_place_len)?.0 {
            Way::Put => plan(Composition::Whole, Way::Put),
            way => plan(Composition::InPlace, way),
        })
    }

    /// How many bytes are to be made.
    pub(super) fn made_len(&self) -> u64 {
        match self.composition {
            Composition::Whole => self.cost.whole_len,
            Composition::InPlace => self.cost.in_place_len,
        }
    }

    fn add_to(&self, forecast: &mut Forecast, keep_undo: bool) {
        let (made, growth) = (self.made_len(), self.cost.whole_len.saturating_sub(self.old_len));
        add(&mut forecast.bytes_whole, self.cost.whole_len);
        match self.way {
            Way::Patch => {
                add(&mut forecast.bytes_redo, made);
                if self.replaces_other {
                    add(&mut forecast.bytes_staged, made);
                } else {
                    add(&mut forecast.bytes_in_place, made);
                    add(&mut forecast.bytes_needed, growth);
                }
                if keep_undo {
                    add(&mut forecast.bytes_undo, self.cost.replaced_len);
                }
            }
            Way::Metadata => {}
            _ => add(&mut forecast.bytes_staged, made),
        }
    }
}

/// What the patch is going to write.
pub(super) fn forecast(index: &Index, plans: &[Option<FilePlan>], keep_undo: bool) -> Forecast {
    let mut forecast = Forecast::default();
    for (change, plan) in index.changes().as_slice().iter().zip(plans) {
        forecast.paths += 1;
        if let Some(plan) = plan {
            plan.add_to(&mut forecast, keep_undo);
        }
        if change.after != After::Absent {
            add(&mut forecast.bytes_needed, NAME_LEN);
        }
    }
    let more = [forecast.bytes_redo, forecast.bytes_staged, forecast.bytes_undo];
    more.iter().for_each(|len| add(&mut forecast.bytes_needed, *len));
    forecast
}

/// Whether small new files are written straight from the redo file.
fn writes_in_place(fs: &dyn Fs, options: &Options) -> bool {
    fs.capabilities().in_place && matches!(options.way, WayChoice::Auto | WayChoice::Patch)
}

fn add(sum: &mut u64, len: u64) {
    *sum = sum.saturating_add(len);
}
