//! Which old bytes resemble which new ones: the search of Percival, "Naive differences of executable code" (2003).
//!
//! A match is taken where it says more than going on behind the last one would; then both are extended towards each other as long as at least half of the
//! bytes are equal.

use super::filter::Filter;
use super::suffixes::Suffixes;
use crate::adapt::Stretch;

/// How many more bytes a match must explain than going on would: little where the files are alike, so that also short functions are followed; more
/// where they are not, since there each short stretch costs more than the literal bytes it saves.
const GAIN_MIN: usize = 8;
pub(super) const GAIN_MIN_UNLIKE: usize = 32;
/// Files with more stretches than one for so many bytes, and so many more, are not alike.
const STRETCH_LEN_UNLIKE: usize = 256;
const STRETCHES_MORE: usize = 4096;
/// Of a longer file so many places are looked at first, and with fewer matches than one in so many there is no need to count stretches. Of programs of one compiler 5 of 6 places
/// and more match, of two compilers 3 of 10 and fewer.
const SAMPLES: usize = 4096;
const SAMPLED_LEN_MIN: usize = 1 << 20;
const MATCHES_UNLIKE: usize = SAMPLES / 3;
/// Where matches must be long, it is enough to look at some places: the match is extended back.
const STEP_UNLIKE: usize = 4;

/// Old bytes, in order, to copy with differences for the new ones.
pub(super) fn stretches(old: &[u8], new: &[u8]) -> Vec<Stretch> {
    let suffixes = Suffixes::new(old);
    let few = |count: usize, at: usize| count <= STRETCHES_MORE + at / STRETCH_LEN_UNLIKE;
    let alike = || find(Scan::new(old, new, &suffixes, (GAIN_MIN, 1)), few);
    let unlike = || find(Scan::new(old, new, &suffixes, (GAIN_MIN_UNLIKE, STEP_UNLIKE)).filtered(), |_, _| true);
    if is_unlike(new, &suffixes) { None } else { alike() }.or_else(unlike).unwrap_or_default()
}

/// Whether samples tell that matches are few.
fn is_unlike(new: &[u8], suffixes: &Suffixes<'_>) -> bool {
    let matches = |at: &usize| suffixes.find(&new[*at..]).1 >= GAIN_MIN_UNLIKE;
    new.len() >= SAMPLED_LEN_MIN && (0..new.len()).step_by(new.len() / SAMPLES).filter(matches).count() < MATCHES_UNLIKE
}

/// `None` when there are soon too many: `few` tells of a count, and how many bytes it is for.
fn find(mut scan: Scan<'_>, few: impl Fn(usize, usize) -> bool) -> Option<Vec<Stretch>> {
    let (mut stretches, mut made) = (Vec::new(), 0);
    // Where the last stretch may be extended from.
    let mut from = NONE;
    loop {
        let next = scan.next();
        let end = next.map_or(scan.new.len(), |next| next.new);
        let mut forth = scan.forth(from, end);
        let mut back = next.map_or(0, |next| scan.back(next, from.new));
        let overlap = (from.new + forth + back).saturating_sub(end);
        if let Some(next) = next.filter(|_| overlap > 0) {
            let keep = scan.split(from, forth, next, back, overlap);
            (forth, back) = (forth - overlap + keep, back - keep);
        }
        if forth > 0 {
            stretches.push(Stretch { literal_len: (from.new - made) as u64, at: from.old as u64, len: forth as u64 });
            made = from.new + forth;
        }
        let Some(next) = next else { return Some(stretches) };
        if !few(stretches.len(), made) {
            return None;
        }
        from = Match { new: next.new - back, old: next.old - back, len: 0 };
    }
}

/// Equal bytes.
#[derive(Clone, Copy)]
struct Match {
    new: usize,
    old: usize,
    len: usize,
}

const NONE: Match = Match { new: 0, old: 0, len: 0 };

struct Scan<'a> {
    old: &'a [u8],
    new: &'a [u8],
    suffixes: &'a Suffixes<'a>,
    gain_min: usize,
    step: usize,
    /// Tells most places that no match is long enough at.
    filter: Option<Filter>,
    last: Match,
}

impl<'a> Scan<'a> {
    fn new(old: &'a [u8], new: &'a [u8], suffixes: &'a Suffixes<'a>, (gain_min, step): (usize, usize)) -> Self {
        Self { old, new, suffixes, gain_min, step, filter: None, last: NONE }
    }

    fn filtered(self) -> Self {
        Self { filter: Some(Filter::new(self.old)), ..self }
    }

    /// The longest match of the bytes at `at`; none where it would be too short to count.
    fn longest(&self, at: usize) -> (usize, usize) {
        let wanted = &self.new[at..];
        let may_count = self.filter.as_ref().is_none_or(|filter| filter.may_have(wanted));
        if may_count { self.suffixes.find(wanted) } else { (0, 0) }
    }

    /// The next match that says more than going on behind the last one.
    fn next(&mut self) -> Option<Match> {
        let mut at = self.last.new + self.last.len;
        // How many bytes from `at` to `counted` going on would explain.
        let (mut explained, mut counted) = (0, at);
        while at < self.new.len() {
            let (old, len) = self.longest(at);
            counted = counted.max(at);
            while counted < at + len {
                explained += usize::from(self.goes_on(counted));
                counted += 1;
            }
            if len > explained + self.gain_min {
                self.last = Match { new: at, old, len };
                return Some(self.last);
            }
            if len == explained && len > 0 {
                // Going on explains the same: so it does, and the search continues behind.
                (self.last.old, self.last.new, self.last.len) = (self.diagonal(at), at, len);
                (at, explained, counted) = (at + len, 0, at + len);
            } else {
                let behind = self.new.len().min(at + self.step);
                let passed = (at..behind.min(counted)).filter(|at| self.goes_on(*at)).count();
                (explained, at) = (explained.saturating_sub(passed), behind);
            }
        }
        None
    }

    /// The old offset that stands for a new one when the last match goes on.
    fn diagonal(&self, new: usize) -> usize {
        self.last.old.wrapping_add(new.wrapping_sub(self.last.new))
    }

    fn goes_on(&self, new: usize) -> bool {
        self.old.get(self.diagonal(new)).is_some_and(|byte| *byte == self.new[new])
    }

    /// How far a match is worth extending towards `end`.
    fn forth(&self, from: Match, end: usize) -> usize {
        let pairs = self.new[from.new..end].iter().zip(self.old.get(from.old..).unwrap_or(&[]));
        worth(pairs.map(|(new, old)| new == old))
    }

    /// How far a match is worth extending back to `start`.
    fn back(&self, from: Match, start: usize) -> usize {
        let pairs = self.new[start..from.new].iter().rev().zip(self.old[..from.old].iter().rev());
        worth(pairs.map(|(new, old)| new == old))
    }

    /// How much of the overlap of a match extended forth and the next extended back belongs to the first.
    fn split(&self, from: Match, forth: usize, next: Match, back: usize, overlap: usize) -> usize {
        let first = (from.new + forth - overlap, from.old + forth - overlap);
        let second = next.old - back;
        let (mut score, mut best, mut keep) = (0_i64, 0, 0);
        for at in 0..overlap {
            let new = self.new[first.0 + at];
            score += i64::from(new == self.old[first.1 + at]) - i64::from(new == self.old[second + at]);
            if score > best {
                (best, keep) = (score, at + 1);
            }
        }
        keep
    }
}

/// The length up to which most more bytes are equal than differ.
fn worth(equal: impl Iterator<Item = bool>) -> usize {
    let (mut score, mut best, mut len) = (0_i64, 0, 0);
    for (at, equal) in equal.enumerate() {
        score += if equal { 1 } else { -1 };
        if score > best {
            (best, len) = (score, at + 1);
        }
    }
    len
}

#[cfg(test)]
mod tests {
    use super::super::super::noise;
    use super::*;

    #[test]
    fn samples_tell_unlike_files_if_they_are_long() {
        let (old, other) = (noise(1, SAMPLED_LEN_MIN), noise(77, SAMPLED_LEN_MIN));
        let suffixes = Suffixes::new(&old);
        assert!(!is_unlike(&old, &suffixes) && is_unlike(&other, &suffixes));
        assert!(!is_unlike(&other[1..], &suffixes), "a short one is not worth it");
        let half = [&old[..SAMPLED_LEN_MIN / 2], &other[..SAMPLED_LEN_MIN / 2]].concat();
        assert!(!is_unlike(&half, &suffixes));
    }

    #[test]
    fn with_a_filter_the_longest_match_is_found_wherever_it_counts() {
        let old = noise(1, 40_000);
        // Parts of it in another order, each with a changed byte now and then, and the ends of others.
        let mut new: Vec<u8> = (0..40).flat_map(|part| old[part * 7919 % 39_000..][..20 + part * 20].to_vec()).collect();
        new.iter_mut().step_by(331).for_each(|byte| *byte ^= 1);
        let suffixes = Suffixes::new(&old);
        let scan = Scan::new(&old, &new, &suffixes, (GAIN_MIN_UNLIKE, STEP_UNLIKE)).filtered();
        for at in (0..new.len()).step_by(STEP_UNLIKE) {
            let ((at_old, len), longest) = (scan.longest(at), suffixes.find(&new[at..]).1);
            assert!(len == longest || len == 0 && longest < GAIN_MIN_UNLIKE, "{at}: {len} of {longest}");
            assert_eq!(old[at_old..at_old + len], new[at..at + len]);
        }
    }
}
