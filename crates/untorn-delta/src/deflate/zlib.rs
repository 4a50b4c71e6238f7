//! What zlib would do: the matches its levels look for. (Gailly and Adler; the structure is that of RFC 1951, section 4, the limits are zlib's.)

use super::block::Token;

const MATCH_LEN_MIN: usize = 3;
const MATCH_LEN_MAX: usize = 258;
/// zlib refers at most so far back.
const DISTANCE_MAX: usize = (1 << 15) - 262;
/// A match of three bytes is not worth a distance above this.
const FAR: usize = 4096;
/// How many older places may be looked at for each byte, on average. What programs deflate needs far fewer; what is made to take long is not looked at to its end.
const LOOKS_EACH: u64 = 256;

/// How hard a level tries.
#[derive(Clone, Copy, Debug)]
struct Level {
    /// From this length of a match on, a quarter of the looks must do for a better one.
    good: usize,
    /// A match of this length is taken; a shorter one is compared with that of the next byte. Of quick levels: longer matches are not remembered.
    lazy: usize,
    /// From this length on no better one is looked for.
    nice: usize,
    /// How many older places are looked at.
    looks: u32,
    is_quick: bool,
}

const fn level(good: usize, lazy: usize, nice: usize, looks: u32, is_quick: bool) -> Level {
    Level { good, lazy, nice, looks, is_quick }
}

const LEVELS: [Level; 9] = [
    level(4, 4, 8, 4, true),
    level(4, 5, 16, 8, true),
    level(4, 6, 32, 32, true),
    level(4, 4, 16, 16, false),
    level(8, 16, 32, 32, false),
    level(8, 16, 128, 128, false),
    level(8, 32, 128, 256, false),
    level(32, 128, 258, 1024, false),
    level(32, 258, 258, 4096, false),
];

/// How many kinds of zlib there are to choose from: each level, without and with the filter that drops short matches, as for pictures.
pub(super) const KINDS: usize = 18;

/// A match.
#[derive(Clone, Copy, Default)]
struct Match {
    len: usize,
    distance: usize,
}

/// Says which token zlib would take, from the bytes before.
pub(super) struct Zlib {
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

impl Zlib {
    /// The kind below [`KINDS`] of that number.
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
                let len = crate::files::common_prefix(old, scan);
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
