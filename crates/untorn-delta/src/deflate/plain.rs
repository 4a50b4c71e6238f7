//! What zlib would do, as plainly as zlib does it: every older place is looked at. For tests, which compare.

use super::{
    block::Token,
    chains::{DISTANCE_MAX, MATCH_LEN_MAX, MATCH_LEN_MIN},
    zlib::{FAR, LEVELS, LOOKS_EACH, Level},
};

/// A match.
#[derive(Clone, Copy, Default)]
struct Match {
    len: usize,
    distance: usize,
}

/// As [`Zlib`](super::zlib::Zlib).
pub(super) struct Plain {
    level: Level,
    is_filtered: bool,
    /// The last place of each hash; 0 is none, as in zlib.
    heads: Vec<u32>,
    /// For each place the one before of the same hash.
    before: Vec<u32>,
    /// Places before this one are remembered.
    seen: usize,
    /// A match that was found when the place before was looked at.
    found: Option<(usize, Match)>,
    looks_left: u64,
}

const HASH_BITS: u32 = 15;

impl Plain {
    pub(super) fn new(kind: usize, raw_len: usize) -> Self {
        Self {
            level: LEVELS[kind / 2 % LEVELS.len()],
            is_filtered: kind % 2 == 1,
            heads: vec![0; 1 << HASH_BITS],
            before: vec![0; 1 << 15],
            seen: 0,
            found: None,
            looks_left: (raw_len as u64).saturating_mul(LOOKS_EACH).saturating_add(1 << 16),
        }
    }

    /// The token it would take at `at`, which is before the end.
    pub(super) fn predict(&mut self, raw: &[u8], at: usize) -> Token {
        let found = match self.found {
            Some((place, found)) if place == at => found,
            _ => self.search(raw, at, MATCH_LEN_MIN - 1),
        };
        if found.len < MATCH_LEN_MIN {
            return Token::literal(raw[at]);
        }
        if !self.level.is_quick && found.len < self.level.lazy {
            self.remember(raw, at + 1);
            let next = self.search(raw, at + 1, found.len);
            if next.len > found.len {
                self.found = Some((at + 1, next));
                return Token::literal(raw[at]);
            }
        }
        let number = |number: usize| u32::try_from(number).unwrap_or(0);
        Token::back(number(found.len), number(found.distance))
    }

    /// Goes on behind a token that stands at `at`.
    pub(super) fn pass(&mut self, raw: &[u8], at: usize, len: usize) {
        if self.level.is_quick && len > self.level.lazy {
            self.remember(raw, at + 1);
            self.seen = self.seen.max(at + len);
        } else {
            self.remember(raw, at + len);
        }
    }

    fn remember(&mut self, raw: &[u8], end: usize) {
        while self.seen < end {
            if let Some(hash) = hash(raw, self.seen) {
                let head = &mut self.heads[hash];
                self.before[self.seen & 0x7fff] = *head;
                *head = u32::try_from(self.seen).unwrap_or(0);
            }
            self.seen += 1;
        }
    }

    /// The longest match at `at` that is longer than `len`.
    fn search(&mut self, raw: &[u8], at: usize, len: usize) -> Match {
        let ahead = (raw.len() - at).min(MATCH_LEN_MAX);
        let Some(hash) = hash(raw, at).filter(|_| len < ahead) else { return Match::default() };
        let (mut best, mut place) = (Match { len, distance: 0 }, self.heads[hash] as usize);
        let mut looks = if len >= self.level.good { self.level.looks >> 2 } else { self.level.looks };
        let (nice, scan) = (self.level.nice.min(ahead), &raw[at..at + ahead]);
        if place == 0 || place >= at || at - place > DISTANCE_MAX {
            return Match::default();
        }
        loop {
            let old = &raw[place..place + ahead];
            if old[best.len] == scan[best.len] && old[best.len - 1] == scan[best.len - 1] && old[..2] == scan[..2] {
                let len = old.iter().zip(scan).take_while(|(old, new)| old == new).count();
                if len > best.len {
                    best = Match { len, distance: at - place };
                    if len >= nice {
                        break;
                    }
                }
            }
            let next = self.before[place & 0x7fff] as usize;
            looks -= 1;
            self.looks_left = self.looks_left.saturating_sub(1);
            if next >= place || next <= at.saturating_sub(DISTANCE_MAX) || looks == 0 || self.looks_left == 0 {
                break;
            }
            place = next;
        }
        let is_far = best.len == MATCH_LEN_MIN && best.distance > FAR && !self.level.is_quick;
        let is_dropped = is_far || self.is_filtered && best.len <= 5 && !self.level.is_quick;
        if best.distance == 0 || is_dropped { Match::default() } else { best }
    }
}

fn hash(raw: &[u8], at: usize) -> Option<usize> {
    let [one, two, three] = raw.get(at..at + 3)?.try_into().ok()?;
    let three_bytes: [u8; 3] = [one, two, three];
    let mix = three_bytes.iter().fold(0_usize, |mix, byte| mix << 5 ^ usize::from(*byte));
    Some(mix & ((1 << HASH_BITS) - 1))
}
