//! What of a file stays where it is: comparing two files at equal offsets.

use std::ops::Range;

use crate::files::common_prefix;

/// An equal stretch shorter than this is not worth an operation of its own: 32 bytes.
const KEEP_LEN_MIN: u64 = 32;
/// How many differing stretches of one file are told apart before short equal ones between them are given up.
pub(super) const STRETCHES_MAX: usize = 1 << 16;

/// Collects the stretches of a new file that differ from the old one.
#[derive(Debug)]
pub(super) struct Differences {
    stretches: Vec<Range<u64>>,
    stretches_max: usize,
    keep_len_min: u64,
}

impl Differences {
    /// No stretches, and never more than `stretches_max`.
    pub(super) fn new(stretches_max: usize) -> Self {
        Self { stretches: Vec::new(), stretches_max, keep_len_min: KEEP_LEN_MIN }
    }

    /// Compares the next bytes of both files, which begin at `at`.
    pub(super) fn compare(&mut self, old: &[u8], new: &[u8], at: u64) {
        let mut done = 0;
        while done < new.len() {
            let equal = common_prefix(&old[done..], &new[done..]);
            let differs = differing_prefix(&old[done + equal..], &new[done + equal..]);
            if differs > 0 {
                let start = at + (done + equal) as u64;
                self.add(start..start + differs as u64);
            }
            done += equal + differs;
        }
    }

    /// Adds a differing stretch behind the last one.
    pub(super) fn add(&mut self, stretch: Range<u64>) {
        let last_end = self.stretches.last().map_or(0, |last| last.end);
        if stretch.start - last_end >= self.keep_len_min {
            self.stretches.push(stretch);
        } else if let Some(last) = self.stretches.last_mut() {
            last.end = stretch.end;
        } else {
            self.stretches.push(0..stretch.end);
        }
        if self.stretches.len() > self.stretches_max {
            self.thin_out();
        }
    }

    /// The stretches of a new file of `len` bytes that differ, sorted, apart.
    pub(super) fn finish(mut self, len: u64) -> Vec<Range<u64>> {
        if let Some(last) = self.stretches.last_mut().filter(|last| len - last.end < KEEP_LEN_MIN) {
            last.end = len;
        }
        self.stretches
    }

    /// Gives up ever longer equal stretches until half as many are left.
    fn thin_out(&mut self) {
        while self.stretches.len() > self.stretches_max / 2 + 1 {
            self.keep_len_min *= 2;
            let stretches = std::mem::take(&mut self.stretches);
            for stretch in stretches {
                match self.stretches.last_mut() {
                    Some(last) if stretch.start - last.end < self.keep_len_min => last.end = stretch.end,
                    _ => self.stretches.push(stretch),
                }
            }
        }
    }
}

/// How many bytes are equal at the end.
pub(super) fn common_suffix(one: &[u8], other: &[u8]) -> usize {
    one.iter().rev().zip(other.iter().rev()).take_while(|(one, other)| one == other).count()
}

/// How many bytes differ from the start, each from its counterpart.
fn differing_prefix(one: &[u8], other: &[u8]) -> usize {
    one.iter().zip(other).take_while(|(one, other)| one != other).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn differences(old: &[u8], new: &[u8]) -> Vec<Range<u64>> {
        let mut differences = Differences::new(STRETCHES_MAX);
        let len = old.len().min(new.len());
        differences.compare(&old[..len], &new[..len], 0);
        if new.len() > len {
            differences.add(len as u64..new.len() as u64);
        }
        differences.finish(new.len() as u64)
    }

    #[test]
    fn equal_files_differ_nowhere() {
        assert_eq!(differences(&[7; 1000], &[7; 1000]), []);
    }

    #[test]
    fn short_equal_stretches_are_given_up() {
        let old = [0; 200];
        let mut new = old;
        (new[40], new[60], new[100], new[190]) = (1, 1, 1, 1);
        assert_eq!(differences(&old, &new), [40..61, 100..101, 190..200]);
        new[3] = 1;
        assert_eq!(differences(&old, &new), [0..4, 40..61, 100..101, 190..200]);
    }

    #[test]
    fn what_grows_differs_at_its_end() {
        assert_eq!(differences(&[7; 100], &[7; 120]), vec![Range { start: 100, end: 120 }]);
        assert_eq!(differences(&[7; 100], &[7; 50]), []);
        assert_eq!(differences(&[], &[7; 50]), vec![Range { start: 0, end: 50 }]);
    }

    #[test]
    fn many_stretches_are_thinned_out_and_still_hold_every_difference() {
        let old = vec![0; 40 * (STRETCHES_MAX + 10)];
        let mut new = old.clone();
        new.iter_mut().step_by(40).for_each(|byte| *byte = 1);
        let found = differences(&old, &new);
        assert!(found.len() <= STRETCHES_MAX, "{}", found.len());
        assert!((0..new.len() as u64).step_by(40).all(|at| found.iter().any(|stretch| stretch.contains(&at))));
    }
}
