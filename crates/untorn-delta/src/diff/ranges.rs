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

    /// How many bytes of a range are in none of them.
    pub(super) fn missing(&self, range: &Reference) -> u64 {
        let (start, end) = (range.at, range.at + range.len);
        let before_end = self.ends.range((range.source, 0)..(range.source, end)).rev();
        let held = before_end.take_while(|(_, last)| **last > start).map(|((_, at), last)| (*last).min(end) - (*at).max(start));
        range.len - held.sum::<u64>()
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
    fn what_is_missing_is_what_adding_would_add() {
        let mut set = Ranges::default();
        for (source, at, len) in [(1, 1000, 10), (1, 5000, 100), (2, 0, 10), (1, 6000, 50)] {
            set.add(&Reference { source, at, len });
        }
        for (source, at, len, missing) in [
            (1, 1000, 10, 0),
            (1, 0, 4000, 3990),
            (1, 5050, 100, 50),
            (1, 0, 10_000, 9840),
            (0, 0, 5, 5),
            (2, 3, 0, 0),
            (1, 6050, 1, 1),
        ] {
            assert_eq!(set.missing(&Reference { source, at, len }), missing, "{source} {at} {len}");
        }
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
