//! Where the same three bytes stood before: zlib's chains of places.

pub(super) const MATCH_LEN_MIN: usize = 3;
pub(super) const MATCH_LEN_MAX: usize = 258;
/// zlib refers at most so far back.
pub(super) const DISTANCE_MAX: usize = (1 << 15) - 262;

const HASHES: usize = 1 << 15;
/// Places that are remembered: as far back as zlib refers, and some ahead.
pub(super) const LINKS: usize = 1 << 16;
/// How far ahead of where is looked places are remembered at a time, besides the length of a match.
const AHEAD: usize = 1 << 10;
const _: () = assert!(DISTANCE_MAX + MATCH_LEN_MAX + AHEAD < LINKS);
/// As long as a machine compares at once: what is this close to the end is not in [`Grams`].
pub(super) const WORD_LEN: usize = 8;
/// Places so far apart do not see each other.
const APART: u32 = 1 << 16;

/// The last place with a hash.
#[derive(Clone, Copy, Default)]
struct Last {
    /// Counted on from stream to stream, so that nothing need be cleared between them.
    place: u32,
    /// How many places have it, and how many of these are out of reach; of both the lowest bits.
    count: u16,
    gone: u16,
}

/// What is remembered of a place.
#[derive(Clone, Copy, Default)]
pub(super) struct Link {
    /// How far back the one before with the same hash stands; 0 when there is none that matters.
    pub(super) back: u16,
    /// Its number among those with the same hash: the lowest bits.
    pub(super) order: u16,
}

/// Chains of longer strings of bytes. They lead to every place that has the same ones, the nearest first, and may lead to others, too: nothing of an older stream is cleared.
#[derive(Default)]
pub(super) struct Grams {
    /// The last place with a hash, its lowest bits.
    lasts: Vec<u16>,
    /// How far back the one before each place stands; 0 when there is none.
    backs: Vec<u16>,
}

/// The tables of [`Grams`]: by hash, and by place.
type Tables<'t> = (&'t mut [u16; LINKS], &'t mut [u16; LINKS]);

impl Grams {
    fn allocate(&mut self) {
        (self.lasts, self.backs) = (vec![0; LINKS], vec![0; LINKS]);
    }

    fn tables(&mut self) -> Option<Tables<'_>> {
        Some((self.lasts.first_chunk_mut()?, self.backs.first_chunk_mut()?))
    }

    /// How far back the place before each one is, at its number modulo their count.
    pub(super) fn backs(&self) -> Option<&[u16; LINKS]> {
        self.backs.first_chunk()
    }
}

/// Puts a place in; `hash` has 16 bits.
fn put((lasts, backs): &mut Tables<'_>, hash: u64, place: usize) {
    let (last, low) = (&mut lasts[usize::try_from(hash).unwrap_or(0) % LINKS], low(place));
    backs[place % LINKS] = low.wrapping_sub(*last);
    *last = low;
}

/// The lowest 16 bits of a place.
fn low(place: usize) -> u16 {
    u16::try_from(place % LINKS).unwrap_or(0)
}

/// The chains of one stream after the other.
#[derive(Default)]
pub(super) struct Chains {
    lasts: Vec<Last>,
    links: Vec<Link>,
    /// Of four bytes, and of six.
    pub(super) fours: Grams,
    pub(super) sixes: Grams,
    /// What is added to places in `lasts`.
    base: u32,
    counts: bool,
    /// The next place to remember.
    built: usize,
    /// The next place to go out of reach.
    gone: usize,
}

impl Chains {
    /// Begins another stream. Whether it is to be known how many places are within reach.
    pub(super) fn begin(&mut self, counts: bool) {
        self.counts = counts;
        if self.lasts.is_empty() {
            (self.lasts, self.links) = (vec![Last::default(); HASHES], vec![Link::default(); LINKS]);
            self.fours.allocate();
            self.sixes.allocate();
        }
        // In zlib's tables 0 is no place: nothing refers to the first byte.
        self.restart(1);
    }

    /// Forgets all places, and goes on at one that is not before them.
    fn restart(&mut self, place: usize) {
        self.base = self.base.saturating_add(number(self.built)).saturating_add(APART);
        if self.base > u32::MAX / 2 {
            self.lasts.fill(Last::default());
            self.base = APART;
        }
        (self.built, self.gone) = (place, place);
    }

    /// Remembers all places before `end`, but for those that were passed over.
    pub(super) fn remember(&mut self, raw: &[u8], end: usize) {
        let end = end.min(raw.len().saturating_sub(MATCH_LEN_MIN - 1));
        let Some(bytes) = raw.get(self.built..end + MATCH_LEN_MIN - 1).filter(|_| self.built < end) else { return };
        let (Some(lasts), Some(links)) = (self.lasts.first_chunk_mut::<HASHES>(), self.links.first_chunk_mut::<LINKS>()) else {
            return;
        };
        for bytes in bytes.windows(MATCH_LEN_MIN) {
            let (last, now) = (&mut lasts[hash(bytes)], self.base + number(self.built));
            let back = u16::try_from(now - last.place).unwrap_or(0);
            if back == 0 {
                last.gone = last.count;
            }
            (last.place, last.count) = (now, last.count.wrapping_add(1));
            links[self.built % LINKS] = Link { back, order: last.count };
            self.built += 1;
        }
    }

    /// Passes over the places before `end`.
    pub(super) fn pass_over(&mut self, end: usize) {
        self.built = self.built.max(end);
    }

    /// Remembers longer strings of bytes at the same places.
    fn remember_grams(&mut self, raw: &[u8], (from, end): (usize, usize)) {
        let bytes = raw.get(from..raw.len().min(end + WORD_LEN - 1)).unwrap_or_default();
        let (Some(mut fours), Some(mut sixes)) = (self.fours.tables(), self.sixes.tables()) else { return };
        for (place, word) in (from..).zip(bytes.windows(WORD_LEN)) {
            let word = word.first_chunk().map_or(0, |word| u64::from_le_bytes(*word));
            put(&mut fours, (word << 32).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 48, place);
            put(&mut sixes, (word << 16).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 48, place);
        }
    }

    /// Remembers whatever a match at `at` may hold, and forgets what is out of its reach.
    pub(super) fn move_to(&mut self, raw: &[u8], at: usize) {
        let reach = at.saturating_sub(DISTANCE_MAX);
        if reach >= self.built {
            self.restart(reach);
        }
        // What was remembered goes first: what is counted is never farther back than a link can say.
        self.forget(raw, reach);
        if at + MATCH_LEN_MAX > self.built {
            let from = self.built;
            self.remember(raw, at + MATCH_LEN_MAX + AHEAD);
            self.remember_grams(raw, (from, self.built));
            self.forget(raw, reach);
        }
    }

    /// Counts those places that are not behind `reach` as gone.
    fn forget(&mut self, raw: &[u8], reach: usize) {
        let end = if self.counts { (reach + 1).min(self.built) } else { 0 };
        let Some(bytes) = raw.get(self.gone..end + MATCH_LEN_MIN - 1).filter(|_| self.gone < end) else { return };
        let Some(lasts) = self.lasts.first_chunk_mut::<HASHES>() else { return };
        for bytes in bytes.windows(MATCH_LEN_MIN) {
            let last = &mut lasts[hash(bytes)];
            last.gone = last.gone.wrapping_add(1);
        }
        self.gone = end;
    }

    /// The links of places, each at its number modulo their count.
    pub(super) fn links(&self) -> Option<&[Link; LINKS]> {
        self.links.first_chunk()
    }

    /// How far back the last place that was remembered with the hash of the bytes at `at` stands.
    pub(super) fn last(&self, raw: &[u8], at: usize) -> Option<usize> {
        let last = self.lasts.get(hash(raw.get(at..at + MATCH_LEN_MIN)?))?;
        let place = last.place.checked_sub(self.base)? as usize;
        at.checked_sub(place)
    }

    /// How many places within reach stand before `at` on its chain; some number where that is not counted.
    pub(super) fn count(&self, raw: &[u8], at: usize, link: Link) -> usize {
        let Some(last) = raw.get(at..at + MATCH_LEN_MIN).and_then(|bytes| self.lasts.get(hash(bytes))) else { return 0 };
        link.order.wrapping_sub(1).wrapping_sub(last.gone).into()
    }
}

fn number(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX / 4)
}

/// zlib's hash of three bytes.
fn hash(bytes: &[u8]) -> usize {
    bytes.iter().fold(0_usize, |mix, byte| mix << 5 ^ usize::from(*byte)) % HASHES
}
