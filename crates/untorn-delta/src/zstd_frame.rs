//! Frames of zstd: what they hold, and how they become again exactly what they were.
//!
//! Textures (KTX 2), and archives that are packed with zstd, consist of such frames. Of a deflated stream every choice can be told, because all programs have the same few; the choices of zstd are told by
//! naming it: whichever program made a frame, it nearly always called this very library, at one of its levels. So a frame is made again by compressing what it holds, with the
//! same library at the same level. Which level that was, [`level_of`] finds by trying; another version of the library may choose otherwise, so the [recipe](Recipe) names the version, and
//! no other counts. Maker and reader compress with a context of their own for each frame: what one did before may change what it does next.

use zstd::zstd_safe::{
    CCtx, CParameter, InBuffer, OutBuffer, compress_bound, find_frame_compressed_size, get_frame_content_size, version_number,
};

/// The first bytes of a frame.
const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// The levels that programs use.
const LEVELS: std::ops::RangeInclusive<u8> = 1..=22;
/// So many bytes of what a long frame holds tell its level: the first block.
const BLOCK_LEN: usize = 128 << 10;
/// Where the flag of a frame is that says that a checksum follows, in the byte behind the magic.
const CHECKSUM: u8 = 1 << 2;
/// What compressing takes besides the tables, in bytes of memory: sequences and literals of a block, what the optimal parsers keep, and a table of short matches.
const BESIDES: u64 = 4 << 20;

/// How a frame is made of what it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Recipe {
    /// The version of the library, as [`version_number`] tells it.
    pub(crate) version: u32,
    level: u8,
    /// Whether it ends with a checksum.
    has_checksum: bool,
}

/// Where the flag of the checksum stands, beside the level.
const HAS_CHECKSUM: u8 = 1 << 5;

impl Recipe {
    /// The bytes of a recipe: the level and the flag, then the version, lowest byte first.
    pub(crate) fn encode(self) -> Vec<u8> {
        let [low, middle, high, _] = self.version.to_le_bytes();
        vec![self.level | if self.has_checksum { HAS_CHECKSUM } else { 0 }, low, middle, high]
    }

    /// Reads a recipe; `None` when it is none.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let [how, low, middle, high] = *bytes else { return None };
        let recipe = Self {
            version: u32::from_le_bytes([low, middle, high, 0]),
            level: how & !HAS_CHECKSUM,
            has_checksum: how & HAS_CHECKSUM != 0,
        };
        LEVELS.contains(&recipe.level).then_some(recipe)
    }

    /// Whether the library at hand is the one that is meant.
    pub(crate) fn is_ours(self) -> bool {
        self.version == version_number()
    }

    /// The frame; `None` when it does not get `len` bytes long, or another version of the library is meant.
    pub(crate) fn frame(self, raw: &[u8], len: usize) -> Option<Vec<u8>> {
        if !self.is_ours() {
            return None;
        }
        let mut frame = Vec::with_capacity(compress_bound(raw.len()));
        self.context()?.compress2(&mut frame, raw).ok()?;
        (frame.len() == len).then_some(frame)
    }

    /// How many bytes of memory compressing `raw_len` bytes takes at most: two tables for the matches, whose sizes are those of zstd 1.5, as long as the input makes them longer.
    pub(crate) fn memory_len(self, raw_len: u64) -> u64 {
        let log_max = match self.level {
            ..=4 => 18,
            5 | 6 => 19,
            7 | 8 => 20,
            9 => 21,
            10 | 11 => 22,
            12..=18 => 23,
            level => u32::from(level) + 5,
        };
        let input_log = raw_len.max(1 << 10).next_power_of_two().ilog2() + 1;
        let table = 4_u64 << input_log.min(log_max);
        let hashes = 4_u64 << input_log.min(log_max).min(25);
        table.saturating_add(hashes).saturating_add(BESIDES).saturating_add(raw_len)
    }

    fn context(self) -> Option<CCtx<'static>> {
        let mut context = CCtx::create();
        let parameters = [
            CParameter::CompressionLevel(self.level.into()),
            CParameter::ContentSizeFlag(true),
            CParameter::ChecksumFlag(self.has_checksum),
        ];
        parameters.into_iter().all(|parameter| context.set_parameter(parameter).is_ok()).then_some(context)
    }

    /// Whether this is how `frame` was made, as far as its beginning tells.
    fn fits(self, frame: &[u8], raw: &[u8]) -> bool {
        if raw.len() <= 2 * BLOCK_LEN {
            return self.frame(raw, frame.len()).is_some_and(|made| made == frame);
        }
        self.beginning(raw).is_some_and(|made| made.len() > MAGIC.len() && frame.starts_with(&made))
    }

    /// How the frame of `raw` begins: with its first block. Only of what is longer than a block.
    fn beginning(self, raw: &[u8]) -> Option<Vec<u8>> {
        let mut context = self.context()?;
        context.set_pledged_src_size(Some(raw.len() as u64)).ok()?;
        let mut made = vec![0; compress_bound(2 * BLOCK_LEN)];
        let mut out = OutBuffer::around(&mut made[..]);
        let mut input = InBuffer::around(&raw[..BLOCK_LEN]);
        while input.pos() < BLOCK_LEN {
            context.compress_stream(&mut out, &mut input).ok()?;
        }
        while context.flush_stream(&mut out).ok()? > 0 {}
        let len = out.pos();
        made.truncate(len);
        Some(made)
    }
}

/// The version of the library at hand: 10507 is 1.5.7.
pub(crate) fn version() -> u32 {
    version_number()
}

/// How many bytes a frame says that it holds; `None` when `stored` is not exactly one, or says nothing.
pub(crate) fn raw_len(stored: &[u8]) -> Option<u64> {
    let is_one = stored.starts_with(&MAGIC) && find_frame_compressed_size(stored) == Ok(stored.len());
    get_frame_content_size(stored).ok().flatten().filter(|_| is_one)
}

/// What a frame holds; `None` when `stored` is not exactly one, says nothing of how much it holds, or holds more than `raw_len_max` bytes.
pub(crate) fn raw(stored: &[u8], raw_len_max: usize) -> Option<Vec<u8>> {
    let len = usize::try_from(raw_len(stored)?).ok().filter(|len| (1..=raw_len_max).contains(len))?;
    let raw = zstd::bulk::decompress(stored, len).ok()?;
    (raw.len() == len).then_some(raw)
}

/// What was found out about the frames before, which mostly are the work of one program.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Known {
    /// How many frames were looked at.
    pub(crate) asked: u32,
    level: Option<u8>,
    /// How many frames in a row no level made.
    strangers: u32,
}

impl Known {
    /// What the other frames of an archive are tried with: of one whose longest frame no level made, none is tried.
    pub(crate) fn ask_no_further(&mut self) {
        self.strangers = STRANGERS_MAX;
    }
}

/// After so many frames that no level made, all levels are not tried any more: what another version made, or another library.
const STRANGERS_MAX: u32 = 8;

/// How `frame` is made of `raw`: checked by making it. `known` is what is tried first, and takes what was found.
pub(crate) fn recipe_of(frame: &[u8], raw: &[u8], known: &mut Known) -> Option<Recipe> {
    known.asked = known.asked.saturating_add(1);
    let has_checksum = frame.get(MAGIC.len())? & CHECKSUM != 0;
    let recipe = |level| Recipe { version: version_number(), level, has_checksum };
    let makes = |recipe: &Recipe| recipe.frame(raw, frame.len()).is_some_and(|made| made == frame);
    if let Some(found) = known.level.map(recipe).filter(makes) {
        return Some(found);
    }
    if known.strangers >= STRANGERS_MAX {
        return None;
    }
    let found = level_of(frame, raw, recipe).filter(makes);
    known.level = found.map(|found| found.level).or(known.level);
    known.strangers = if found.is_some() { 0 } else { known.strangers + 1 };
    found
}

/// The level that a frame was made at, as far as its beginning tells: the usual ones are tried first.
fn level_of(frame: &[u8], raw: &[u8], recipe: impl Fn(u8) -> Recipe) -> Option<Recipe> {
    let usual = [3, 6, 19, 1, 9, 12, 18, 22, 20, 15];
    let others = LEVELS.filter(|level| !usual.contains(level));
    usual.into_iter().chain(others).map(recipe).find(|recipe| recipe.fits(frame, raw))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Texts, numbers and noise.
    fn sample(len: usize) -> Vec<u8> {
        let mut random = 7_u64;
        let mut bytes = Vec::with_capacity(len + 64);
        while bytes.len() < len {
            random = random.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
            match random >> 61 {
                0 => bytes.extend_from_slice(&random.to_be_bytes()),
                1..=4 => bytes.extend_from_slice(format!("texture {} of {}\n", random >> 52 & 63, random >> 40 & 7).as_bytes()),
                _ => {
                    let at = (random >> 32) as usize % bytes.len().max(1);
                    let again = bytes[at..(at + 24).min(bytes.len())].to_vec();
                    bytes.extend_from_slice(&again);
                }
            }
        }
        bytes.truncate(len);
        bytes
    }

    #[test]
    fn what_this_zstd_makes_stays_what_it_was() {
        // Patches name the version, and nothing but these bytes will do: whoever puts in another version must keep this one for them, or have them refused.
        assert_eq!(version_number(), 10507);
        let sums = |len: usize| -> Vec<u32> {
            let raw = sample(len);
            let sum = |level| {
                let recipe = Recipe { version: 10507, level, has_checksum: false };
                let mut frame = Vec::with_capacity(compress_bound(raw.len()));
                recipe.context().unwrap().compress2(&mut frame, &raw[..]).unwrap();
                crc32fast::hash(&frame)
            };
            LEVELS.map(sum).collect()
        };
        assert_eq!(sums(3_000), SHORT);
        assert_eq!(sums(400_000), LONG);
    }

    const SHORT: [u32; 22] = [
        972800256, 3170647065, 2698653665, 2172093218, 1128597344, 3841481710, 2380535260, 73580601, 1697747830, 1697747830,
        3202846289, 1010723679, 2020839860, 2020839860, 2020839860, 1509092550, 1509092550, 1509092550, 1509092550, 1509092550,
        1509092550, 1509092550,
    ];
    const LONG: [u32; 22] = [
        1106834447, 300811190, 1913675623, 3428722909, 508248861, 1575591020, 399777741, 3856906032, 3856906032, 3272696105,
        3899044346, 3899044346, 323629930, 1027064207, 3586985249, 3102629638, 1994064161, 618725362, 1603316040, 1603316040,
        1603316040, 1603316040,
    ];

    #[test]
    fn frames_of_all_levels_become_the_same_again() {
        let mut known = Known::default();
        for (len, level, has_checksum) in
            [(1, 1, false), (300, 3, true), (50_000, 5, false), (200_000, 7, true), (400_000, 6, false), (700_000, 17, false)]
        {
            let raw = sample(len);
            let made = Recipe { version: version_number(), level, has_checksum };
            let mut frame = Vec::with_capacity(compress_bound(len));
            made.context().unwrap().compress2(&mut frame, &raw[..]).unwrap();
            assert_eq!(super::raw(&frame, len), Some(raw.clone()), "{len}");
            assert_eq!(super::raw(&frame, len - 1), None, "{len}");
            let found = recipe_of(&frame, &raw, &mut known).expect("a recipe");
            assert_eq!(Recipe::decode(&found.encode()), Some(found));
            assert_eq!(found.frame(&raw, frame.len()), Some(frame.clone()), "{len}");
            assert_eq!(found.frame(&raw, frame.len() + 1), None, "{len}");
            assert_eq!(Recipe { version: found.version + 1, ..found }.frame(&raw, frame.len()), None, "{len}");
        }
    }

    #[test]
    fn what_no_level_makes_has_no_recipe_and_costs_little() {
        let raw = sample(300_000);
        let mut context = CCtx::create();
        context.set_parameter(CParameter::CompressionLevel(6)).unwrap();
        context.set_parameter(CParameter::HashLog(10)).unwrap();
        let mut frame = Vec::with_capacity(compress_bound(raw.len()));
        context.compress2(&mut frame, &raw[..]).unwrap();
        let mut known = Known::default();
        for _ in 0..STRANGERS_MAX + 2 {
            assert_eq!(recipe_of(&frame, &raw, &mut known), None);
        }
        assert_eq!(known.strangers, STRANGERS_MAX);
        for bytes in [&b""[..], &MAGIC, &frame[..frame.len() - 1], &[&frame[..], b"x"].concat(), &[&frame[..], &frame].concat()] {
            assert_eq!(super::raw(bytes, 1 << 20), None);
        }
    }

    #[test]
    fn compressing_takes_no_more_memory_than_is_told() {
        for level in LEVELS {
            for log in [10, 12, 14, 15, 17, 18, 19, 20, 23] {
                let recipe = Recipe { version: version_number(), level, has_checksum: true };
                let raw = vec![1; 1 << log];
                let mut context = recipe.context().unwrap();
                context.compress2(&mut Vec::with_capacity(compress_bound(raw.len())), &raw[..]).unwrap();
                let told = recipe.memory_len(1 << log);
                assert!(context.sizeof() as u64 <= told, "level {level}, 2^{log}: {} of {told}", context.sizeof());
            }
        }
    }
}
