//! Which old bytes resemble which new ones: the search of Percival, "Naive differences of executable code" (2003).
//!
//! A match is taken where it says more than going on behind the last one would; then both are extended towards each other as long as at least half of the
//! bytes are equal.

use super::seeds::Seeds;
use crate::adapt::Stretch;

/// How many more bytes a match must explain than going on would: little where the files are alike, so that also short functions are followed, but not so little that one that matches by chance
/// tells wrongly where addresses went; more where they are not, since there are many short stretches, and each takes time when it is applied.
const GAIN_MIN: usize = 16;
const GAIN_MIN_UNLIKE: usize = 28;
/// Files with more stretches than one for so many bytes, and so many more, are not alike.
const STRETCH_LEN_UNLIKE: usize = 512;
const STRETCHES_MORE: usize = 4096;

/// From so many bytes on a match is long.
const LONG_LEN: usize = 256;

/// Old bytes, in order, to copy with differences for the new ones. One place in two to the power of `sampling_log` is searched.
pub(super) fn stretches(old: &[u8], new: &[u8], sampling_log: u32) -> Vec<Stretch> {
    let seeds = Seeds::new(old, sampling_log);
    let scan = |gain_min| Scan { old, new, seeds: &seeds, gain_min, last: NONE };
    let few = |count: usize, at: usize| count <= STRETCHES_MORE + at / STRETCH_LEN_UNLIKE;
    let unlike = || find(scan(GAIN_MIN_UNLIKE), |_, _| true);
    find(scan(GAIN_MIN), few).or_else(unlike).unwrap_or_default()
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
    seeds: &'a Seeds<'a>,
    gain_min: usize,
    last: Match,
}

impl Scan<'_> {
    /// The next match that says more than going on behind the last one.
    fn next(&mut self) -> Option<Match> {
        let mut at = self.last.new + self.last.len;
        // How many bytes from `at` to `counted` going on would explain.
        let (mut explained, mut counted) = (0, at);
        while at < self.new.len() {
            let (old, len) = self.seeds.find(&self.new[at..]);
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
                // Of a long match that says hardly more than going on, half is passed: else bytes that repeat, of which each place matches the rest, would be compared with it from every place.
                let behind = at + if len >= LONG_LEN { len / 2 } else { 1 };
                explained -= (at..behind.min(counted)).filter(|at| self.goes_on(*at)).count();
                at = behind;
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
        // Much that both say equally well stays with the first: given to the next, it would be looked at again with the one after it.
        let stays = overlap >= LONG_LEN;
        let (mut score, mut best, mut keep) = (0_i64, 0, 0);
        for at in 0..overlap {
            let new = self.new[first.0 + at];
            score += i64::from(new == self.old[first.1 + at]) - i64::from(new == self.old[second + at]);
            if score > best || score == best && stays {
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

    /// How many bytes of `new` are literal, and how many of those copied differ.
    fn said(old: &[u8], new: &[u8], stretches: &[Stretch]) -> (usize, usize) {
        let (mut made, mut literal, mut differing) = (0, 0, 0);
        for stretch in stretches {
            let [literal_len, at, len] =
                [stretch.literal_len, stretch.at, stretch.len].map(|number| usize::try_from(number).unwrap());
            let (start, end) = (made + literal_len, made + literal_len + len);
            differing += new[start..end].iter().zip(&old[at..at + len]).filter(|(new, old)| new != old).count();
            (made, literal) = (end, literal + literal_len);
        }
        (literal + new.len() - made, differing)
    }

    #[test]
    fn parts_in_another_order_with_differences_are_copied() {
        let old = noise(1, 40_000);
        let mut new: Vec<u8> = (0..40).flat_map(|part| old[part * 7919 % 39_000..][..400 + part * 10].to_vec()).collect();
        new.iter_mut().step_by(101).for_each(|byte| *byte ^= 1);
        for sampling_log in [0, 1, 3] {
            let stretches = stretches(&old, &new, sampling_log);
            let (literal, differing) = said(&old, &new, &stretches);
            assert!(
                stretches.len() <= 50 && literal < new.len() / 50,
                "{sampling_log}: {} stretches, {literal}",
                stretches.len()
            );
            assert!(differing >= new.len() / 101 - literal && differing < new.len() / 50, "{sampling_log}: {differing}");
        }
    }

    #[test]
    fn a_match_that_says_little_more_is_no_stretch_of_its_own() {
        let old = noise(1, 4000);
        let new = |len: usize| [&old[..2000], &old[3000..3000 + len], &old[2000 + len..3000]].concat();
        let (little, enough) = (new(GAIN_MIN - 4), new(2 * GAIN_MIN));
        assert_eq!(stretches(&old, &little, 0), [Stretch { literal_len: 0, at: 0, len: 3000 }]);
        assert_eq!(stretches(&old, &enough, 0).len(), 3);
        assert_eq!(said(&old, &enough, &stretches(&old, &enough, 0)), (0, 0));
    }

    #[test]
    fn of_many_short_matches_only_longer_ones_count() {
        let (old, other) = (noise(1, 400_000), noise(77, 400_000));
        let new = |pieces: usize| -> Vec<u8> {
            (0..pieces).flat_map(|piece| [&old[piece * 7919 % 399_000..][..24], &other[piece * 24..][..24]].concat()).collect()
        };
        let few = stretches(&old, &new(2000), 0);
        assert!(few.len() > 1900, "{}", few.len());
        let many = stretches(&old, &new(6000), 0);
        assert!(many.len() < 100, "{}", many.len());
    }

    /// What happened: making a patch of a program with megabytes of zeros, or of equal records, took minutes to hours.
    /// Why: from each of their places a match reached to their end, said hardly more than going on, and was compared again from the next; and where one was taken, it was extended back over all of them, which were given to it.
    /// What would have been lost: the patch, on the day of a release.
    #[test]
    fn bytes_that_repeat_are_searched_in_the_time_of_their_length() {
        let (head, tail) = (noise(1, 5000), noise(77, 5000));
        let changed = |mut bytes: Vec<u8>, step: usize| {
            bytes.iter_mut().step_by(step).skip(1).for_each(|byte| *byte ^= 0x55);
            bytes
        };
        for unit in [&b"\0"[..], b"records", &noise(5, 64)] {
            let bytes = unit.repeat((4 << 20) / unit.len());
            let old = [&head, &changed(bytes.clone(), 399_991)[..], &tail].concat();
            let new = [&head, &changed(bytes, 300_001)[unit.len() / 2..], &tail].concat();
            let (literal, differing) = said(&old, &new, &stretches(&old, &new, 3));
            assert!(literal + differing < 4096, "{literal} {differing}");
        }
        // What is there twice, hardly different: going on says nearly as much as the match.
        let twice = noise(3, 2 << 20);
        let old = [&twice, &head, &changed(twice.clone(), 500_000)[..]].concat();
        let new = [head, twice].concat();
        let (literal, differing) = said(&old, &new, &stretches(&old, &new, 3));
        assert!(literal + differing < 10, "{literal} {differing}");
    }

    #[test]
    fn what_stands_nowhere_is_literal() {
        for (old_len, new_len) in [(3000, 2000), (0, 2000), (3000, 0)] {
            let (old, new) = (noise(1, old_len), noise(77, new_len));
            // But for what is equal by chance where both begin.
            let (literal, _) = said(&old, &new, &stretches(&old, &new, 0));
            assert!(literal + 4 >= new_len, "{literal} of {new_len}");
        }
    }
}
