//! Where the same three bytes stood before: zlib's chains of places.
//!
//! Tables are looked up at random, so what counts is how much of a processor's cache they take: places in them are their lowest 16 bits. What is out of reach is put where it stays so, from time to
//! time ([`sweep`]).

pub(super) const MATCH_LEN_MIN: usize = 3;
pub(super) const MATCH_LEN_MAX: usize = 258;
/// zlib refers at most so far back.
pub(super) const DISTANCE_MAX: usize = (1 << 15) - 262;

const HASHES: usize = 1 << 15;
/// Places that are remembered: as far back as zlib refers, and some ahead.
pub(super) const LINKS: usize = 1 << 16;
/// How far ahead of where is looked places are remembered at a time, besides the length of a match.
const AHEAD: usize = 1 << 10;
/// As long as a machine compares at once: what is this close to the end is not in [`Grams`].
pub(super) const WORD_LEN: usize = 8;

/// How far back places are put that are out of reach, also of the last place ahead.
const AWAY: u16 = 34_000;
const _: () = assert!(DISTANCE_MAX + MATCH_LEN_MAX + AHEAD < AWAY as usize);
/// How many places may come until there is another look at them.
const SWEPT_MAX: usize = 31_000;
const _: () = assert!(AWAY as usize + SWEPT_MAX < LINKS);

/// What is remembered of a place.
#[derive(Clone, Copy, Default)]
pub(super) struct Link {
    /// How far back the one before with the same hash stands; more than anything is looked for where there is none.
    pub(super) back: u16,
    /// Its number among those with the same hash: the lowest bits.
    pub(super) order: u16,
}

/// Chains of longer strings of bytes. They lead to every place that has the same ones, the nearest first, and may lead to others, too, whose hash is the same.
#[derive(Default)]
pub(super) struct Grams {
    /// The last place with a hash.
    lasts: Vec<u16>,
    /// How far back the one before each place stands; or farther than anything is looked for.
    backs: Vec<u16>,
}

/// The tables of [`Grams`]: by hash, and by place.
type Tables<'t> = (&'t mut [u16; LINKS], &'t mut [u16; LINKS]);

impl Grams {
    fn tables(&mut self) -> Option<Tables<'_>> {
        Some((self.lasts.first_chunk_mut()?, self.backs.first_chunk_mut()?))
    }

    /// How far back the place before each one is, at its number modulo their count.
    pub(super) fn backs(&self) -> Option<&[u16; LINKS]> {
        self.backs.first_chunk()
    }
}

/// Puts a place in; `hash` has 16 bits.
#[inline]
fn put((lasts, backs): &mut Tables<'_>, hash: u64, place: usize) {
    let (last, low) = (&mut lasts[low_number(hash)], low(place));
    backs[place % LINKS] = low.wrapping_sub(*last);
    *last = low;
}

/// Forgets all last places, of which the next is `place`.
fn clear(lasts: &mut [u16], place: usize) {
    lasts.fill(low(place).wrapping_sub(AWAY));
}

/// Puts those last places that are out of reach of `place` where they stay so for the next [`SWEPT_MAX`] places.
fn sweep(lasts: &mut [u16], place: usize) {
    let place = low(place);
    for last in lasts {
        // No branch: so a machine does many at once.
        let is_away = 0_u16.wrapping_sub(u16::from(place.wrapping_sub(*last) > AWAY));
        *last ^= (*last ^ place.wrapping_sub(AWAY)) & is_away;
    }
}

/// The lowest 16 bits of a place.
#[inline]
fn low(place: usize) -> u16 {
    let [one, two, ..] = place.to_le_bytes();
    u16::from_le_bytes([one, two])
}

/// A number of 16 bits.
#[inline]
fn low_number(hash: u64) -> usize {
    let [one, two, ..] = hash.to_le_bytes();
    u16::from_le_bytes([one, two]).into()
}

/// The chains of one stream after the other.
#[derive(Default)]
pub(super) struct Chains {
    /// The last place with a hash.
    lasts: Vec<u16>,
    /// How many places there are with it, and how many of these are out of reach; of both the lowest bits.
    orders: Vec<u16>,
    gone: Vec<u16>,
    links: Vec<Link>,
    /// Of four bytes, and of six.
    pub(super) fours: Grams,
    pub(super) sixes: Grams,
    has_grams: bool,
    is_counted: bool,
    /// The next place to remember.
    built: usize,
    /// Up to where it was made sure that what is away stays so.
    swept: usize,
    /// The next place to go out of reach.
    forgotten: usize,
}

impl Chains {
    /// Begins another stream. Whether places are [found](Chains::find) ahead, and whether it is to be known then how many are within reach.
    pub(super) fn begin(&mut self, has_grams: bool, is_counted: bool) {
        (self.has_grams, self.is_counted) = (has_grams, is_counted);
        if self.lasts.is_empty() {
            (self.lasts, self.orders, self.gone) = (vec![0; HASHES], vec![0; HASHES], vec![0; HASHES]);
            self.links = vec![Link::default(); LINKS];
        }
        if has_grams && self.fours.lasts.is_empty() {
            for grams in [&mut self.fours, &mut self.sixes] {
                *grams = Grams { lasts: vec![0; LINKS], backs: vec![0; LINKS] };
            }
        }
        // In zlib's tables 0 is no place: nothing refers to the first byte.
        self.restart(1);
    }

    /// Forgets all places, and goes on at one that is not before them.
    fn restart(&mut self, place: usize) {
        (self.built, self.swept, self.forgotten) = (place, place, place);
        self.gone.copy_from_slice(&self.orders);
        self.each_table(|lasts| clear(lasts, place));
    }

    fn each_table(&mut self, each: impl Fn(&mut [u16])) {
        each(&mut self.lasts);
        if self.has_grams {
            each(&mut self.fours.lasts);
            each(&mut self.sixes.lasts);
        }
    }

    /// Remembers all places before `end`, but for those that were passed over.
    pub(super) fn remember(&mut self, raw: &[u8], end: usize) {
        let end = end.min(raw.len().saturating_sub(MATCH_LEN_MIN - 1));
        while self.built < end {
            let (from, to) = (self.built, end.min(self.built + SWEPT_MAX / 2));
            if to - self.swept > SWEPT_MAX {
                self.swept = from;
                self.each_table(|lasts| sweep(lasts, from));
            }
            if self.has_grams {
                self.remember_grams(raw, (from, to));
            }
            self.remember_threes(raw, (from, to));
            self.built = to;
        }
    }

    fn remember_threes(&mut self, raw: &[u8], (from, end): (usize, usize)) {
        let (Some(lasts), Some(orders)) = (self.lasts.first_chunk_mut::<HASHES>(), self.orders.first_chunk_mut::<HASHES>())
        else {
            return;
        };
        let Some(links) = self.links.first_chunk_mut::<LINKS>() else { return };
        let bytes = raw.get(from..end + MATCH_LEN_MIN - 1).unwrap_or_default();
        for (place, bytes) in (from..).zip(bytes.windows(MATCH_LEN_MIN)) {
            let hash = hash(bytes);
            let (last, order, low) = (&mut lasts[hash], &mut orders[hash], low(place));
            *order = order.wrapping_add(1);
            links[place % LINKS] = Link { back: low.wrapping_sub(*last), order: *order };
            *last = low;
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
    #[inline]
    pub(super) fn move_to(&mut self, raw: &[u8], at: usize) {
        let reach = at.saturating_sub(DISTANCE_MAX);
        // What was remembered goes first: what is counted is never farther back than a link can say.
        if at + MATCH_LEN_MAX > self.built {
            self.move_on(raw, at, reach);
        }
        self.forget(raw, reach);
    }

    #[cold]
    fn move_on(&mut self, raw: &[u8], at: usize, reach: usize) {
        if reach >= self.built {
            self.restart(reach);
        }
        self.forget(raw, reach);
        self.remember(raw, at + MATCH_LEN_MAX + AHEAD);
    }

    /// Counts those places that are not behind `reach` as gone.
    #[inline]
    fn forget(&mut self, raw: &[u8], reach: usize) {
        if !self.is_counted || self.forgotten > reach {
            return;
        }
        let end = (reach + 1).min(self.built);
        let bytes = raw.get(self.forgotten..end + MATCH_LEN_MIN - 1);
        let (Some(gone), Some(bytes)) = (self.gone.first_chunk_mut::<HASHES>(), bytes) else { return };
        for bytes in bytes.windows(MATCH_LEN_MIN) {
            let gone = &mut gone[hash(bytes)];
            *gone = gone.wrapping_add(1);
        }
        self.forgotten = self.forgotten.max(end);
    }

    /// The links of places, each at its number modulo their count.
    pub(super) fn links(&self) -> Option<&[Link; LINKS]> {
        self.links.first_chunk()
    }

    /// How far back the last place that was remembered with the hash of the bytes at `at` stands.
    pub(super) fn last(&self, raw: &[u8], at: usize) -> Option<usize> {
        let last = self.lasts.get(hash(raw.get(at..at + MATCH_LEN_MIN)?))?;
        Some(low(at).wrapping_sub(*last).into())
    }

    /// How many places within reach stand before `at` on its chain; some number where that is not counted.
    pub(super) fn count(&self, raw: &[u8], at: usize, link: Link) -> usize {
        let gone = raw.get(at..at + MATCH_LEN_MIN).and_then(|bytes| self.gone.get(hash(bytes)));
        gone.map_or(0, |gone| link.order.wrapping_sub(1).wrapping_sub(*gone).into())
    }
}

/// zlib's hash of three bytes.
#[inline]
fn hash(bytes: &[u8]) -> usize {
    let [one, two, three] = bytes.first_chunk().copied().unwrap_or_default();
    (usize::from(one) << 10 ^ usize::from(two) << 5 ^ usize::from(three)) % HASHES
}
