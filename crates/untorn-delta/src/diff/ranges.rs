//! A set of old bytes.

use std::collections::BTreeMap;

use untorn_format::patch::Reference;

/// Ranges so close to each other become one: a reference costs some bytes in the index, what it refers to costs none.
pub(super) const GAP_LEN_MAX: u64 = 256;

/// Ranges of old files, apart from each other.
#[derive(Debug, Default)]
pub(super) struct Ranges {
    /// File and start, and the end.
    ends: BTreeMap<(u32, u64), u64>,
    len: u64,
}

impl Ranges {
    /// Bytes in all of them.
    pub(super) fn len(&self) -> u64 {
        self.len
    }

    /// Adds a range, and what lies between it and ranges close by.
    pub(super) fn add(&mut self, range: &Reference) {
        if range.len == 0 {
            return;
        }
        let (mut start, mut end) = (range.at, range.at + range.len);
        while let Some((&(source, at), &last)) = self.ends.range(..=(range.source, end.saturating_add(GAP_LEN_MAX))).next_back() {
            if source != range.source || last.saturating_add(GAP_LEN_MAX) < start {
                break;
            }
            (start, end) = (start.min(at), end.max(last));
            self.ends.remove(&(source, at));
            self.len -= last - at;
        }
        self.ends.insert((range.source, start), end);
        self.len += end - start;
    }

    /// The ranges, by file and start.
    pub(super) fn into_references(self) -> Vec<Reference> {
        self.ends.into_iter().map(|((source, at), end)| Reference { source, at, len: end - at }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn added(ranges: &[(u32, u64, u64)]) -> (Vec<(u32, u64, u64)>, u64) {
        let mut set = Ranges::default();
        ranges.iter().for_each(|&(source, at, len)| set.add(&Reference { source, at, len }));
        let len = set.len();
        (set.into_references().into_iter().map(|range| (range.source, range.at, range.len)).collect(), len)
    }

    #[test]
    fn ranges_that_overlap_or_nearly_touch_are_one() {
        assert_eq!(added(&[(1, 5000, 100), (1, 0, 10), (2, 0, 10)]), (vec![(1, 0, 10), (1, 5000, 100), (2, 0, 10)], 120));
        assert_eq!(added(&[(1, 0, 10), (1, 5, 100)]), (vec![(1, 0, 105)], 105));
        assert_eq!(added(&[(1, 5, 100), (1, 0, 10), (1, 20, 5)]), (vec![(1, 0, 105)], 105));
        assert_eq!(added(&[(1, 0, 10), (1, 266, 10), (1, 10, 0)]), (vec![(1, 0, 276)], 276));
        assert_eq!(added(&[(1, 0, 10), (1, 2000, 10), (1, 5, 2000)]), (vec![(1, 0, 2010)], 2010));
    }
}
