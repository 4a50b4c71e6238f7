//! How much space an update in steps takes, told before its first step.

use untorn_format::patch::{Before, Change, Index};

use super::schedule::{Act, Part, Schedule, What};

/// What a name and the journal's own files may take in a step.
pub(super) const STEP_OVERHEAD: u64 = 256 << 10;

/// The most space that is needed at once, beyond what the tree takes now, from step `first` on. Each step writes the head document twice.
pub(super) fn bytes_needed(index: &Index, schedule: &Schedule, first: usize, head_len: u64) -> u64 {
    let (mut now, mut most) = (0_i128, 0_i128);
    for step in schedule.steps.iter().skip(first) {
        let cost = Cost::of(index, schedule, step);
        most = most.max(now + cost.meanwhile);
        now += cost.after;
    }
    u64::try_from(most + i128::from(STEP_OVERHEAD) + 2 * i128::from(head_len)).unwrap_or(u64::MAX)
}

/// The space that step `number` needs for itself.
pub(super) fn step_bytes_needed(index: &Index, schedule: &Schedule, number: u32, head_len: u64) -> u64 {
    let step = usize::try_from(number).ok().and_then(|number| schedule.steps.get(number));
    let meanwhile = step.map_or(0, |step| Cost::of(index, schedule, step).meanwhile);
    u64::try_from(meanwhile + i128::from(STEP_OVERHEAD) + 2 * i128::from(head_len)).unwrap_or(u64::MAX)
}

/// What one step takes.
#[derive(Default)]
struct Cost {
    /// As long as it is under way.
    meanwhile: i128,
    /// For good; less than nothing where it gives space.
    after: i128,
}

impl Cost {
    fn of(index: &Index, schedule: &Schedule, step: &[Act]) -> Self {
        let mut cost = Self::default();
        for act in step {
            match act {
                Act::Make(number) => {
                    let part = &schedule.parts[*number];
                    cost.make(&index.changes().as_slice()[part.change], part);
                }
                Act::Stash(number) => cost.add(len(&schedule.parts[*number]), len(&schedule.parts[*number])),
                Act::Place(number) => {
                    let part = &schedule.parts[*number];
                    cost.make(&index.changes().as_slice()[part.change], part);
                    cost.after -= len(part);
                }
            }
        }
        cost
    }

    fn make(&mut self, change: &Change, part: &Part) {
        let old_len = if let Before::File { len, .. } = change.before { i128::from(len) } else { 0 };
        match part.what {
            What::Remove => self.after -= old_len,
            What::Cut => self.after -= old_len - change.file().map_or(0, |file| i128::from(file.len)),
            What::Whole { len } => self.add(i128::from(len), i128::from(len) - old_len),
            What::Stretch { at, len } => {
                let grown = (i128::from(at) + i128::from(len) - old_len.max(i128::from(at))).max(0);
                self.add(i128::from(len) + grown, grown);
            }
        }
    }

    fn add(&mut self, meanwhile: i128, after: i128) {
        self.meanwhile += meanwhile;
        self.after += after;
    }
}

fn len(part: &Part) -> i128 {
    part.stretch().map_or(0, |(_, len)| i128::from(len))
}
