//! Neighbouring frames that have new bytes in common are gathered into one.

use std::collections::HashSet;
use std::vec::IntoIter;

use super::compress::Job;
use super::draft::Draft;
use super::effort::Effort;
use super::frame_plan::FramePlan;
use super::members::Raws;
use super::rolling::FACTOR;
use crate::DiffError;

/// Bytes that are compared at a time: the shortest match that the compressor takes where it has old bytes to lean on. Tables of offsets have no longer ones in common.
const WINDOW_LEN: usize = 5;
/// One place in so many is looked at, the same ones in equal bytes.
const SAMPLED: u64 = 64;
/// A frame is gathered when one in so many of the windows that its own old bytes do not have stands in the frames before,
const COMMON_RATIO: usize = 32;
/// and when these are one in so many of all its new ones: with less there is little to win, and long tables cost time.
const WORTH_RATIO: usize = 200;

/// Reads what the plans say, in order, and gathers them.
pub(super) struct Gathered<'p, 'a> {
    plans: IntoIter<FramePlan>,
    drafts: &'p [Draft<'a>],
    raws: Raws<'a>,
    level: Effort,
    /// Read, but not gathered with what came before.
    waiting: Option<Read>,
}

/// A frame to be, and its bytes.
struct Read {
    plan: FramePlan,
    job: Job,
    sample: Option<Sample>,
}

impl<'p, 'a> Gathered<'p, 'a> {
    pub(super) fn new(plans: Vec<FramePlan>, drafts: &'p [Draft<'a>], raws: Raws<'a>, level: Effort) -> Self {
        Self { plans: plans.into_iter(), drafts, raws, level, waiting: None }
    }

    /// The next frame, and its bytes.
    pub(super) fn next(&mut self) -> Result<Option<(FramePlan, Job)>, DiffError> {
        let Some(Read { mut plan, mut job, sample }) = self.read()? else { return Ok(None) };
        let (mut known, mut is_gathered) = (sample.map(Sample::into_all), false);
        while self.level.gathers()
            && let Some(mut other) = self.read()?
        {
            if plan.takes(&other.plan) {
                let known = known.get_or_insert_with(|| Sample::of(&job).into_all());
                let sample = Sample::of(&other.job);
                if sample.has_much_of(known) {
                    plan.gather(other.plan);
                    known.extend(sample.into_all());
                    is_gathered = true;
                    continue;
                }
                other.sample = Some(sample);
            }
            self.waiting = Some(other);
            break;
        }
        if is_gathered {
            job = plan.read(self.drafts, &mut self.raws)?;
        }
        Ok(Some((plan, job)))
    }

    fn read(&mut self) -> Result<Option<Read>, DiffError> {
        if self.waiting.is_some() {
            return Ok(self.waiting.take());
        }
        let Some(plan) = self.plans.next() else { return Ok(None) };
        let job = plan.read(self.drafts, &mut self.raws)?;
        Ok(Some(Read { plan, job, sample: None }))
    }
}

/// What stands at some places, picked by that itself.
struct Sample {
    old: HashSet<u64>,
    new: HashSet<u64>,
    /// New places, equal ones counted again.
    new_count: usize,
}

impl Sample {
    fn of(job: &Job) -> Self {
        let (old, new) = job.bytes.split_at(job.reference_len);
        let (mut sample, mut new_count) = (Self { old: HashSet::new(), new: HashSet::new(), new_count: 0 }, 0);
        windows(old, |window| _ = sample.old.insert(window));
        windows(new, |window| {
            new_count += 1;
            sample.new.insert(window);
        });
        Self { new_count, ..sample }
    }

    /// Whether much of what only the new bytes have is known.
    fn has_much_of(&self, known: &HashSet<u64>) -> bool {
        let (mut count, mut common) = (0, 0);
        for window in self.new.difference(&self.old) {
            count += 1;
            common += usize::from(known.contains(window));
        }
        common > 0 && common * COMMON_RATIO >= count && common * WORTH_RATIO >= self.new_count
    }

    fn into_all(mut self) -> HashSet<u64> {
        self.old.extend(self.new);
        self.old
    }
}

/// Calls for what stands at the places that are looked at.
fn windows(bytes: &[u8], mut each: impl FnMut(u64)) {
    const SHIFT: usize = 64 - 8 * WINDOW_LEN;
    let mut window = 0;
    for (at, byte) in bytes.iter().enumerate() {
        window = window >> 8 | u64::from(*byte) << 56;
        // That of zeros is zero: they say nothing, and would be looked at everywhere.
        let hash = (window >> SHIFT).wrapping_mul(FACTOR);
        if (1..u64::MAX / SAMPLED).contains(&hash) && at + 1 >= WINDOW_LEN {
            each(hash);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::noise;
    use super::*;

    fn sample(old: &[u8], new: &[u8]) -> Sample {
        Sample::of(&Job { bytes: [old, new].concat(), reference_len: old.len() })
    }

    /// Keys that all have, and values that nobody else has.
    fn table(seed: u32) -> Vec<u8> {
        let (keys, values) = (noise(1, 6 << 12), noise(seed, 2 << 12));
        keys.chunks(6).zip(values.chunks(2)).flat_map(|(key, value)| [key, value].concat()).collect()
    }

    #[test]
    fn what_is_new_in_two_frames_is_told_by_short_windows() {
        let (one, two) = (noise(10, 1 << 20), noise(20, 1 << 20));
        let known = sample(&one, &[&one[..], &table(11)].concat()).into_all();
        assert!(sample(&two, &[&two[..], &table(21)].concat()).has_much_of(&known));
        // What the own old bytes say need not be known.
        assert!(!sample(&one, &one).has_much_of(&known));
        assert!(!sample(&two, &[&two[..], &noise(22, 8 << 12)].concat()).has_much_of(&known));
        // Little among much that is new, and little among much that stays.
        assert!(!sample(&[], &[&noise(22, 4 << 20)[..], &table(21)].concat()).has_much_of(&known));
        assert!(!sample(&[], &[&noise(22, 1 << 20)[..], &table(21)].concat()).has_much_of(&known));
        assert!(!sample(&two, &[&two.repeat(8)[..], &table(21)].concat()).has_much_of(&known));
    }

    #[test]
    fn equal_bytes_are_looked_at_in_the_same_places() {
        let bytes = noise(1, 1 << 16);
        let at = |bytes: &[u8]| {
            let mut found = Vec::new();
            windows(bytes, |window| found.push(window));
            found
        };
        let all = at(&bytes);
        assert!((700..1400).contains(&all.len()), "{}", all.len());
        assert!(all.ends_with(&at(&bytes[777..])));
        assert!(bytes.chunks(WINDOW_LEN - 1).all(|short| at(short).is_empty()) && at(&[0; 100]).is_empty());
    }
}
