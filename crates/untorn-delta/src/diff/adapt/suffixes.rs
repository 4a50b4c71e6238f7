//! The longest match of some bytes anywhere in others: a suffix array.

use libsais::SuffixArrayConstruction;

use crate::files::common_prefix;

/// All suffixes of some bytes, sorted: found by libsais (Nong, Zhang, Chan, "Two Efficient Algorithms for Linear Time Suffix Array Construction",
/// 2011). Takes four bytes for each byte.
pub(super) struct Suffixes<'a> {
    bytes: &'a [u8],
    sorted: Vec<i32>,
    /// For each two first bytes, how many suffixes stand before those that begin with them, or with more.
    starts: Vec<usize>,
}

impl<'a> Suffixes<'a> {
    /// Of at most 2^31 - 1 bytes; of more, or when there is no memory for it, nothing is found.
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        let sorted = SuffixArrayConstruction::for_text(bytes).in_owned_buffer32().single_threaded().run();
        let sorted = sorted.map(libsais::suffix_array::SuffixArrayWithText::into_vec).unwrap_or_default();
        Self { bytes, starts: starts(bytes), sorted }
    }

    /// Offset and length of the longest match with the start of `wanted`.
    pub(super) fn find(&self, wanted: &[u8]) -> (usize, usize) {
        let Some(first) = wanted.first_chunk().map(pair) else { return (0, 0) };
        let (mut low, behind) = (self.starts[first], self.starts[first + 1]);
        let Some(mut high) = behind.checked_sub(1).filter(|high| *high >= low && *high < self.sorted.len()) else {
            return (0, 0);
        };
        let (mut low_len, mut high_len) = (self.equal(low, wanted, 2), self.equal(high, wanted, 2));
        while high - low > 1 {
            let middle = low.midpoint(high);
            let len = self.equal(middle, wanted, low_len.min(high_len));
            let at = self.at(middle) + len;
            if len < wanted.len() && self.bytes.get(at).is_none_or(|byte| *byte < wanted[len]) {
                (low, low_len) = (middle, len);
            } else {
                (high, high_len) = (middle, len);
            }
        }
        if low_len > high_len { (self.at(low), low_len) } else { (self.at(high), high_len) }
    }

    fn at(&self, number: usize) -> usize {
        usize::try_from(self.sorted[number]).unwrap_or(self.bytes.len())
    }

    /// How many bytes a suffix has in common with `wanted`, of which `known` are.
    fn equal(&self, number: usize, wanted: &[u8], known: usize) -> usize {
        let at = self.at(number) + known;
        known + common_prefix(self.bytes.get(at..).unwrap_or(&[]), &wanted[known..])
    }
}

fn pair(two: &[u8; 2]) -> usize {
    usize::from(u16::from_be_bytes(*two))
}

/// The only suffix of one byte stands before all others that begin with it.
fn starts(bytes: &[u8]) -> Vec<usize> {
    let mut starts = vec![0; (1 << 16) + 1];
    bytes.windows(2).filter_map(|two| two.first_chunk()).for_each(|two| starts[pair(two) + 1] += 1);
    let single = bytes.last().map(|last| usize::from(*last) << 8);
    let mut sum = 0;
    for (number, start) in starts.iter_mut().enumerate() {
        sum += *start + usize::from(single == Some(number));
        *start = sum;
    }
    starts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_match_is_found() {
        let bytes = b"abracadabra abracadabra! abra\0\0\0a";
        let suffixes = Suffixes::new(bytes);
        for (wanted, len) in
            [(&b"abracadabra!x"[..], 12), (b"cadabra ", 8), (b"xy", 0), (b"a\0", 2), (b"\0\0\0\0", 3), (b"a", 0), (b"", 0)]
        {
            let (at, found) = suffixes.find(wanted);
            let expected = if len == 2 { 0 } else { len };
            assert!(found >= expected && bytes[at..at + found] == wanted[..found], "{wanted:?} {found}");
        }
        assert_eq!(Suffixes::new(b"").find(b"ab"), (0, 0));
        assert_eq!(Suffixes::new(b"a").find(b"ab"), (0, 0));
    }

    #[test]
    fn every_substring_is_found_whole() {
        let bytes: Vec<u8> = (0..2000_u32).map(|at| (at * at % 11 / 4) as u8).collect();
        let suffixes = Suffixes::new(&bytes);
        for start in 0..1900 {
            let wanted = &bytes[start..start + 2 + start % 90];
            assert_eq!(suffixes.find(wanted).1, wanted.len(), "{start}");
        }
    }
}
