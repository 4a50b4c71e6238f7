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
        let mut wanted = search.wanted();
        for look in 1..=effort.looks {
            if let Some(len) = search.longer(place, wanted) {
                if search.take(place, len) {
                    return (search.best, look - 1);
                }
                wanted = search.wanted();
            }
            let back = usize::from(links[place % LINKS].back);
            if place <= limit + back {
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
        if at == 0 || usize::from(first.back) > DISTANCE_MAX {
            return Default::default();
        }
        // What is as far back as the limit is too far back, unless it is the nearest one.
        let limit = at.saturating_sub(DISTANCE_MAX + usize::from(usize::from(first.back) == DISTANCE_MAX));
        let looks = self.count(raw, at, first).clamp(1, effort.looks);
        let len_max = search.scan_len;
        let mut hunt = Hunt { search, links, order: first.order, limit, looks_max: effort.looks, len_max, steps: looks + STEPS };
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
    /// The number of the place itself on its chain.
    order: u16,
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
    #[inline]
    fn run(&mut self, fours: &[u16; LINKS], sixes: &[u16; LINKS], least: usize) -> End {
        let len = self.search.best.len;
        if self.search.scan_len < WORD_LEN {
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
        self.order.wrapping_sub(self.links[place % LINKS].order).into()
    }

    /// Follows chains of `LEN` bytes; `None` once there is nothing on them that matches longer.
    #[inline]
    fn grams<const LEN: usize>(&mut self, backs: &[u16; LINKS]) -> Option<End> {
        let (raw, at) = (self.search.raw, self.search.at);
        // The chain that is followed is that of the bytes so much behind the places that are looked at: it jumps farthest.
        let mut lead = self.farthest::<LEN>(backs, at, self.search.best.len.max(LEN - 1) + 1)?;
        let mut link_at = at + lead;
        'longer: loop {
            // A match that counts has these bytes, the last of them one more than the best has.
            let behind = self.search.best.len.max(LEN - 1) - 3;
            let wanted = word(raw, at + behind);
            let (stop, behind) = (self.limit + lead, behind.wrapping_sub(lead));
            loop {
                let back = usize::from(backs[link_at % LINKS]);
                if link_at <= stop.wrapping_add(back) {
                    return None;
                }
                link_at = link_at.wrapping_sub(back);
                if word(raw, link_at.wrapping_add(behind)) == wanted
                    && let Some(len) = self.search.measured(link_at - lead).filter(|len| *len >= LEN)
                {
                    let place = link_at - lead;
                    lead = match self.take::<LEN>(backs, place, len) {
                        Ok(lead) => lead,
                        Err(end) => return end,
                    };
                    link_at = place + lead;
                    continue 'longer;
                }
                self.steps -= 1;
                if self.steps == 0 {
                    return Some(self.threes());
                }
            }
        }
    }

    /// Takes a match with a place that is longer than the best, and says which chain to follow from there; or how the search ended.
    #[inline]
    fn take<const LEN: usize>(&mut self, backs: &[u16; LINKS], place: usize, len: usize) -> Result<usize, Option<End>> {
        let looks = self.looks_to(place);
        if looks > self.looks_max {
            return Err(None);
        }
        if self.search.take(place, len) {
            return Err(Some(End::Nice(looks - 1)));
        }
        if len >= self.len_max {
            return Err(Some(End::Known));
        }
        self.farthest::<LEN>(backs, place, len).ok_or(None)
    }

    /// Which of the strings within the first `len` bytes from `place` on jumps farthest; `None` when one of them has nowhere to go within the limit.
    #[inline]
    fn farthest<const LEN: usize>(&self, backs: &[u16; LINKS], place: usize, len: usize) -> Option<usize> {
        // Those close to the end are on no chain.
        let count = (len + 1 - LEN).min(self.search.raw.len() - WORD_LEN + 1 - place);
        let (mut best, mut jump) = (0, 0);
        for ahead in (count.saturating_sub(COMPARED)..count).rev() {
            let back = backs[(place + ahead) % LINKS];
            if back > jump {
                (best, jump) = (ahead, back);
                if usize::from(back) > DISTANCE_MAX {
                    return None;
                }
            }
        }
        (place > self.limit + usize::from(jump)).then_some(best)
    }

    /// Follows zlib's own chain, from the best match on.
    fn threes(&mut self) -> End {
        let mut place = self.search.at - self.search.best.distance;
        let mut looks = if self.search.best.distance > 0 { self.looks_to(place) } else { 0 };
        let mut wanted = self.search.wanted();
        while looks < self.looks_max {
            let back = usize::from(self.links[place % LINKS].back);
            if place <= self.limit + back {
                break;
            }
            place -= back;
            looks += 1;
            if let Some(len) = self.search.longer(place, wanted) {
                if self.search.take(place, len) {
                    return End::Nice(looks - 1);
                }
                if len >= self.len_max {
                    break;
                }
                wanted = self.search.wanted();
            }
        }
        End::Known
    }
}

/// Four bytes, as one number; zeros where there are none.
#[inline]
fn word(raw: &[u8], at: usize) -> u32 {
    raw.get(at..at.wrapping_add(4)).and_then(|bytes| bytes.first_chunk()).map_or(0, |word| u32::from_le_bytes(*word))
}

/// A search at one place.
struct Search<'r> {
    raw: &'r [u8],
    at: usize,
    /// What a match can be as long as.
    scan_len: usize,
    /// The best so far, whose length may be that of another one.
    best: Match,
    nice: usize,
}

/// Up to four bytes that stand in a longer match: how far behind its start, and which of their bits count.
#[derive(Clone, Copy)]
struct Wanted {
    word: u32,
    behind: usize,
    mask: u32,
}

impl<'r> Search<'r> {
    /// `None` where no match can be longer.
    #[inline]
    fn new(raw: &'r [u8], at: usize, Effort { len, nice, .. }: Effort) -> Option<Self> {
        let scan_len = (raw.len() - at).min(MATCH_LEN_MAX);
        if scan_len < MATCH_LEN_MIN || len >= scan_len {
            return None;
        }
        Some(Self { raw, at, scan_len, best: Match { len, distance: 0 }, nice: nice.min(scan_len) })
    }

    /// The bytes up to the first that is behind the best.
    fn wanted(&self) -> Wanted {
        let len = self.best.len;
        let (behind, mask) = if len < MATCH_LEN_MIN { (0, 0x00ff_ffff) } else { (len - MATCH_LEN_MIN, u32::MAX) };
        let mut word = [0; 4];
        let bytes = &self.raw[self.at + behind..self.raw.len().min(self.at + behind + 4)];
        word[..bytes.len()].copy_from_slice(bytes);
        Wanted { word: u32::from_le_bytes(word), behind, mask }
    }

    /// How long the match with an older place is, when it is longer than the best.
    #[inline]
    fn longer(&self, place: usize, wanted: Wanted) -> Option<usize> {
        if (word(self.raw, place + wanted.behind) ^ wanted.word) & wanted.mask == 0 { self.measured(place) } else { None }
    }

    #[inline]
    fn measured(&self, place: usize) -> Option<usize> {
        let (old, new) = (&self.raw[place..place + self.scan_len], &self.raw[self.at..self.at + self.scan_len]);
        let len = match (old.first_chunk(), new.first_chunk()) {
            // Most are short.
            (Some(old), Some(new)) if old != new => {
                (u64::from_le_bytes(*old) ^ u64::from_le_bytes(*new)).trailing_zeros() as usize / 8
            }
            _ => common_prefix(old, new),
        };
        (len > self.best.len).then_some(len)
    }

    /// Takes a longer one; whether it is good enough.
    #[inline]
    fn take(&mut self, place: usize, len: usize) -> bool {
        self.best = Match { len, distance: self.at - place };
        len >= self.nice
    }
}
