//! The longest match that zlib finds.
//!
//! zlib looks at the older places with the hash of the next three bytes, the nearest first and so many of them, and takes the first of those that match longest. The same one is found by looking at
//! fewer: first along chains of six bytes, then of four, and only when there is no longer match along those of three. And what matches longer than the best so far has the same bytes at *every*
//! place of that: it is on the chain of each of them, and the one that jumps farthest is followed. As the places of zlib's chains are numbered, it is known how many looks zlib would have needed.

use super::chains::{Chains, DISTANCE_MAX, LINKS, Link, MATCH_LEN_MAX, MATCH_LEN_MIN, WORD_LEN};
use super::zlib::FAR;
use crate::files::common_prefix;

/// A match; one that is 0 long is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Match {
    pub(super) len: usize,
    pub(super) distance: usize,
}

/// How hard it is looked for.
#[derive(Clone, Copy)]
pub(super) struct Effort {
    /// Only longer ones count.
    pub(super) len: usize,
    /// From this length on no better one is looked for.
    pub(super) nice: usize,
    /// How many older places zlib looks at.
    pub(super) looks: usize,
    /// Of slow levels: shorter ones do not count in the end.
    pub(super) least: usize,
}

/// Of how many places of a match the jumps are compared.
const COMPARED: usize = 32;
/// So many steps may be taken on other chains, besides as many as zlib takes.
const STEPS: usize = 32;

impl Chains {
    /// The match at `at`, where all places before and none behind are remembered; and how many looks that took.
    pub(super) fn look(&self, raw: &[u8], at: usize, effort: Effort) -> (Match, usize) {
        let Some(mut search) = Search::new(raw, at, effort) else { return Default::default() };
        let (Some(links), Some(back)) = (self.links(), self.last(raw, at)) else { return Default::default() };
        if back > DISTANCE_MAX {
            return Default::default();
        }
        let (mut place, limit) = (at - back, at.saturating_sub(DISTANCE_MAX));
        for look in 1..=effort.looks {
            if let Some(len) = search.longer(place)
                && search.take(place, len)
            {
                return (search.best, look - 1);
            }
            let back = usize::from(links[place % LINKS].back);
            if back == 0 || place - back <= limit {
                return (search.best, look);
            }
            place -= back;
        }
        (search.best, effort.looks)
    }

    /// The same where places ahead are remembered, too.
    pub(super) fn find(&mut self, raw: &[u8], at: usize, effort: Effort) -> (Match, usize) {
        let Some(search) = Search::new(raw, at, effort) else { return Default::default() };
        self.move_to(raw, at);
        let (Some(links), Some(fours), Some(sixes)) = (self.links(), self.fours.backs(), self.sixes.backs()) else {
            return Default::default();
        };
        let first = links[at % LINKS];
        // The first place is not remembered.
        if at == 0 || first.back == 0 || usize::from(first.back) > DISTANCE_MAX {
            return Default::default();
        }
        // What is as far back as the limit is too far back, unless it is the nearest one.
        let limit = at.saturating_sub(DISTANCE_MAX + usize::from(usize::from(first.back) == DISTANCE_MAX));
        let looks = self.count(raw, at, first).clamp(1, effort.looks);
        let len_max = search.scan.len();
        let mut hunt = Hunt { search, links, first, limit, looks_max: effort.looks, len_max, steps: looks + STEPS };
        match hunt.run(fours, sixes, effort.least) {
            End::Nice(looks) => (hunt.search.best, looks),
            End::Known => (hunt.search.best, looks),
        }
    }
}

/// How a search ended.
enum End {
    /// With a match that is good enough, after so many looks of zlib.
    Nice(usize),
    /// All places were looked at that may be better.
    Known,
}

/// A search along several chains.
struct Hunt<'s> {
    search: Search<'s>,
    links: &'s [Link; LINKS],
    /// The link of the place itself.
    first: Link,
    /// Places up to this one are too far back.
    limit: usize,
    /// How many places zlib looks at.
    looks_max: usize,
    /// No match can be longer.
    len_max: usize,
    /// How many places may be looked at that are not on zlib's chain.
    steps: usize,
}

impl Hunt<'_> {
    fn run(&mut self, fours: &[u16; LINKS], sixes: &[u16; LINKS], least: usize) -> End {
        let len = self.search.best.len;
        if self.search.scan.len() < WORD_LEN {
            return self.threes();
        }
        match self.grams::<6>(sixes) {
            Some(end) => return end,
            None if self.search.best.distance > 0 || len >= 5 || least > 5 => return End::Known,
            None => self.len_max = 5,
        }
        match self.grams::<4>(fours) {
            Some(end) => return end,
            None if self.search.best.distance > 0 || len >= 3 => return End::Known,
            None => self.len_max = 3,
        }
        // As short as that, it must be near.
        self.limit = self.limit.max(self.search.at.saturating_sub(FAR + 1));
        self.threes()
    }

    /// How many looks zlib needs to come to a place on its chain.
    fn looks_to(&self, place: usize) -> usize {
        self.first.order.wrapping_sub(self.links[place % LINKS].order).into()
    }

    /// Follows chains of `LEN` bytes; `None` once there is nothing on them that matches longer.
    fn grams<const LEN: usize>(&mut self, backs: &[u16; LINKS]) -> Option<End> {
        let (at, words) = (self.search.at, self.search.raw.len() - WORD_LEN - self.search.at);
        // The chain that is followed is that of the bytes so much behind the places that are looked at.
        let mut lead = self.farthest(backs, at, (self.search.best.len + 2).saturating_sub(LEN).clamp(1, words + 1))?;
        let mut link_at = at + lead;
        loop {
            let back = usize::from(backs[link_at % LINKS]);
            if back == 0 || link_at <= self.limit + lead + back {
                return None;
            }
            link_at -= back;
            let place = link_at - lead;
            if let Some(len) = self.search.longer(place).filter(|len| *len >= LEN) {
                let looks = self.looks_to(place);
                if looks > self.looks_max {
                    return None;
                }
                if self.search.take(place, len) {
                    return Some(End::Nice(looks - 1));
                }
                if len >= self.len_max {
                    return Some(End::Known);
                }
                lead = self.farthest(backs, place, (len + 1 - LEN).min(words + 1 + at - place))?;
                link_at = place + lead;
            }
            self.steps -= 1;
            if self.steps == 0 {
                return Some(self.threes());
            }
        }
    }

    /// Which of the `count` places from `place` on jumps farthest; `None` when one of them has nowhere to go within the limit.
    fn farthest(&self, backs: &[u16; LINKS], place: usize, count: usize) -> Option<usize> {
        let (mut best, mut jump) = (0, 0);
        for ahead in (count.saturating_sub(COMPARED)..count).rev() {
            let back = backs[(place + ahead) % LINKS];
            if back == 0 {
                return None;
            }
            if back > jump {
                (best, jump) = (ahead, back);
            }
        }
        (place > self.limit + usize::from(jump)).then_some(best)
    }

    /// Follows zlib's own chain, from the best match on.
    fn threes(&mut self) -> End {
        let mut place = self.search.at - self.search.best.distance;
        let mut looks = if self.search.best.distance > 0 { self.looks_to(place) } else { 0 };
        while looks < self.looks_max {
            let back = usize::from(self.links[place % LINKS].back);
            if back == 0 || place <= self.limit + back {
                break;
            }
            place -= back;
            looks += 1;
            if let Some(len) = self.search.longer(place) {
                if self.search.take(place, len) {
                    return End::Nice(looks - 1);
                }
                if len >= self.len_max {
                    break;
                }
            }
        }
        End::Known
    }
}

/// A search at one place.
struct Search<'r> {
    raw: &'r [u8],
    at: usize,
    /// What a match can be as long as.
    scan: &'r [u8],
    /// The best so far, whose length may be that of another one.
    best: Match,
    nice: usize,
    /// What must stand in a longer one, how far behind its start, and which bits count.
    wanted: u32,
    wanted_at: usize,
    mask: u32,
    /// All bytes from so far behind the start on.
    behind: &'r [u8],
}

impl<'r> Search<'r> {
    /// `None` where no match can be longer.
    fn new(raw: &'r [u8], at: usize, Effort { len, nice, .. }: Effort) -> Option<Self> {
        let scan = &raw[at..raw.len().min(at + MATCH_LEN_MAX)];
        if scan.len() < MATCH_LEN_MIN || len >= scan.len() {
            return None;
        }
        let mut search = Self {
            raw,
            at,
            scan,
            best: Match { len, distance: 0 },
            nice: nice.min(scan.len()),
            wanted: 0,
            wanted_at: 0,
            mask: 0,
            behind: raw,
        };
        search.want_longer();
        Some(search)
    }

    /// The bytes up to the first that is behind the best.
    fn want_longer(&mut self) {
        let len = self.best.len;
        (self.wanted_at, self.mask) = if len < MATCH_LEN_MIN { (0, 0x00ff_ffff) } else { (len - MATCH_LEN_MIN, u32::MAX) };
        self.behind = &self.raw[self.wanted_at..];
        let mut word = [0; 4];
        let bytes = &self.scan[self.wanted_at..self.scan.len().min(self.wanted_at + 4)];
        word[..bytes.len()].copy_from_slice(bytes);
        self.wanted = u32::from_le_bytes(word);
    }

    /// How long the match with an older place is, when it is longer than the best.
    #[inline]
    fn longer(&self, place: usize) -> Option<usize> {
        let word = self.behind.get(place..).and_then(|bytes| bytes.first_chunk()).map_or(0, |word| u32::from_le_bytes(*word));
        if (word ^ self.wanted) & self.mask == 0 { self.measured(place) } else { None }
    }

    fn measured(&self, place: usize) -> Option<usize> {
        let len = common_prefix(&self.raw[place..place + self.scan.len()], self.scan);
        (len > self.best.len).then_some(len)
    }

    /// Takes a longer one; whether it is good enough.
    fn take(&mut self, place: usize, len: usize) -> bool {
        self.best = Match { len, distance: self.at - place };
        if len >= self.nice {
            return true;
        }
        self.want_longer();
        false
    }
}
