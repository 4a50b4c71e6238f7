//! What zlib would do: the matches its levels look for. (Gailly and Adler; the structure is that of RFC 1951, section 4, the limits are zlib's.)

use super::{
    block::Token,
    chains::{Chains, MATCH_LEN_MIN},
    search::{Effort, Match},
};

/// A match of three bytes is not worth a distance above this.
pub(super) const FAR: usize = 4096;
/// Of what is filtered, matches up to this length do not count.
const FILTERED_LEN: usize = 5;
/// How many older places may be looked at for each byte, on average. What programs deflate needs far fewer; what is made to take long is not looked at to its end.
pub(super) const LOOKS_EACH: u64 = 256;

/// How hard a level tries.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Level {
    /// From this length of a match on, a quarter of the looks must do for a better one.
    pub(super) good: usize,
    /// A match of this length is taken; a shorter one is compared with that of the next byte. Of quick levels: longer matches are not remembered.
    pub(super) lazy: usize,
    /// From this length on no better one is looked for.
    pub(super) nice: usize,
    /// How many older places are looked at.
    pub(super) looks: usize,
    pub(super) is_quick: bool,
}

const fn level(good: usize, lazy: usize, nice: usize, looks: usize, is_quick: bool) -> Level {
    Level { good, lazy, nice, looks, is_quick }
}

pub(super) const LEVELS: [Level; 9] = [
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

/// Says which token zlib would take, from the bytes before. Its memory is used for one stream after the other.
#[derive(Default)]
pub(crate) struct Zlib {
    level: Level,
    is_filtered: bool,
    chains: Chains,
    /// A match that was found when the place before was looked at.
    found: Option<(usize, Match)>,
    /// Whether it is counted how many places were looked at.
    counts: bool,
    looks_left: u64,
}

impl Zlib {
    /// Begins a stream that holds so many bytes, as the kind below [`KINDS`] of that number.
    pub(super) fn begin(&mut self, kind: usize, raw_len: usize) {
        (self.level, self.is_filtered, self.found) = (LEVELS[kind / 2 % LEVELS.len()], kind % 2 == 1, None);
        // At each place is looked twice at most: other levels never look at so many.
        self.counts = 2 * self.level.looks as u64 > LOOKS_EACH;
        self.looks_left = (raw_len as u64).saturating_mul(LOOKS_EACH).saturating_add(1 << 16);
        self.chains.begin(!self.level.is_quick, self.counts);
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
        if !self.level.is_quick {
            return;
        }
        if len > self.level.lazy {
            self.chains.remember(raw, at + 1);
            self.chains.pass_over(at + len);
        } else {
            self.chains.remember(raw, at + len);
        }
    }

    /// The longest match at `at` that is longer than `len`.
    fn search(&mut self, raw: &[u8], at: usize, len: usize) -> Match {
        let Level { good, nice, looks, is_quick, .. } = self.level;
        let looks = if len >= good { looks >> 2 } else { looks };
        let looks = looks.min(usize::try_from(self.looks_left).unwrap_or(usize::MAX)).max(1);
        let least = if self.is_filtered { FILTERED_LEN + 1 } else { MATCH_LEN_MIN };
        let effort = Effort { len, nice, looks, least };
        let (found, looks) = if is_quick { self.chains.look(raw, at, effort) } else { self.chains.find(raw, at, effort) };
        if self.counts {
            self.looks_left = self.looks_left.saturating_sub(looks as u64);
        }
        let is_far = found.len == MATCH_LEN_MIN && found.distance > FAR;
        let is_dropped = !is_quick && (is_far || found.len < least);
        if found.distance == 0 || is_dropped { Match::default() } else { found }
    }
}
