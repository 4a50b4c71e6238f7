//! What a level of compression means.

use lzma_rust2::{LzmaOptions, MfType};
use untorn_format::patch::{MAX_FRAME_LEN, MAX_LZMA_LEN, MAX_REFERENCE_LEN};

use super::Search;
use super::frame_plan::FrameLens;

/// How much is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Effort {
    /// Level of zstd.
    pub(super) zstd: i32,
    /// How zstd looks for matches, where it is not as the level says.
    pub(super) hunts: Option<Hunts>,
    /// Whether zstd divides blocks of which the parts are unlike, once it knows what they are made of.
    pub(super) splits: bool,
    /// The largest tables of zstd, as a power of two of their entries of 4 bytes; there are two.
    pub(super) table_log_max: u32,
    /// How long frames are.
    pub(super) frame_lens: FrameLens,
    /// Whether LZMA is tried too, and how.
    pub(super) lzma: Option<Lzma>,
    /// The same, for what is compressed already, as pictures and sounds: it takes longest and gains least.
    pub(super) lzma_dense: Option<Lzma>,
    /// Which old bytes are searched.
    pub(super) search: Search,
    /// How many blocks of old bytes the table of the search may have.
    pub(super) blocks_max: u64,
    /// How long a copy must be that lies by itself in a long file: a read of its own, which costs a disk more than a line these bytes.
    pub(super) lone_copy_len_min: u64,
    /// One place in two to the power of this is searched in executables.
    pub(super) sampling_log: u32,
    /// Whether little that is new is looked for in all old files once more, to refer to few of them.
    pub(super) few_names: bool,
}

/// How zstd looks for matches, by what a frame holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Hunts {
    /// What leans on itself, for lack of old bytes.
    pub(super) alone: Hunt,
    /// What old bytes say most of: short matches are far away, and cost more than they say.
    pub(super) leaning: Hunt,
    /// What is compressed already: more looks find nothing but chance.
    pub(super) dense: Hunt,
}

/// How zstd looks for a match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Hunt {
    /// At how many older places, as a power of two.
    pub(super) looks_log: u32,
    /// The shortest match, in bytes.
    pub(super) match_len_min: u32,
}

impl Hunt {
    pub(super) const fn new(looks_log: u32, match_len_min: u32) -> Self {
        Self { looks_log, match_len_min }
    }
}

/// How LZMA looks for matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lzma {
    /// In chains of equal hashes, of which so many are looked at: old bytes are entered quickly.
    Chains(i32),
    /// In a binary tree.
    Tree,
}

impl Lzma {
    pub(super) fn options(self) -> LzmaOptions {
        let mut options = LzmaOptions::with_preset(9);
        if let Self::Chains(depth) = self {
            (options.mf, options.depth_limit) = (MfType::Hc4, depth);
        }
        options
    }
}

const fn zstd(zstd: i32, table_log_max: u32, search: Search) -> Effort {
    Effort {
        zstd,
        hunts: None,
        splits: zstd >= 9,
        table_log_max,
        frame_lens: FrameLens { literal: MAX_FRAME_LEN, reference: MAX_REFERENCE_LEN },
        lzma: None,
        lzma_dense: None,
        search,
        blocks_max: 6 << 20,
        lone_copy_len_min: 0,
        sampling_log: 3,
        few_names: false,
    }
}

/// A line of 100 Mbit/s brings about so many bytes, compressed to a half, while a solid disk reads one place that it was told of before: 256.
const LONE_LEN_MIN: u64 = 256;

/// Hash rows whose tables hold every position of a frame and its references: with smaller ones, most of what the old bytes say is forgotten before it is of use (the
/// patch of wesnoth is twice as long with tables of 2^22 entries, 4 times with 2^20). Next to that, trees and optimal parsing gain little for the sixfold time.
///
/// Frames that refer to little have tables that stay in the processor's cache: a fifth less time. What has no old bytes to refer to still goes into long frames, and so
/// does what is new in many files alike: such frames are gathered.
const QUICK: Effort = Effort {
    hunts: Some(Hunts { alone: Hunt::new(6, 4), leaning: Hunt::new(6, 5), dense: Hunt::new(4, 4) }),
    frame_lens: FrameLens { literal: MAX_FRAME_LEN / 2, reference: 1 << 20 },
    lone_copy_len_min: LONE_LEN_MIN,
    ..zstd(12, 24, Search::Everything)
};
/// For what is new in executables.
const ADAPTED: Hunt = Hunt::new(4, 5);
/// A tree that holds every position, and optimal parsing.
const THOROUGH: Effort = Effort { blocks_max: 24 << 20, sampling_log: 1, ..zstd(19, 25, Search::Everything) };

/// LZMA for what it gains by, beside zstd's hash rows as at the default level, but with all old bytes that a frame can refer to.
const fn smallest(lzma: Lzma, lzma_dense: Option<Lzma>) -> Effort {
    Effort {
        lzma: Some(lzma),
        lzma_dense,
        few_names: true,
        frame_lens: FrameLens { literal: MAX_LZMA_LEN, reference: MAX_REFERENCE_LEN },
        blocks_max: 24 << 20,
        sampling_log: 1,
        ..zstd(12, 24, Search::Everything)
    }
}

/// What a level comes to; numbers beyond the ends mean the ends.
const LEVELS: [Effort; 9] = [
    zstd(1, 17, Search::Replaced),
    zstd(3, 18, Search::Replaced),
    zstd(6, 20, Search::Replaced),
    zstd(9, 21, Search::Replaced),
    Effort { lone_copy_len_min: LONE_LEN_MIN, ..zstd(9, 24, Search::Everything) },
    QUICK,
    THOROUGH,
    smallest(Lzma::Chains(8), None),
    Effort { blocks_max: 48 << 20, ..smallest(Lzma::Chains(12), Some(Lzma::Chains(6))) },
];

/// Up to this many literal bytes, the default level is as thorough as the next, and LZMA has a tree: it takes a fraction of a second. 2 MiB.
const LITTLE_LEN_MAX: u64 = 2 << 20;

impl Effort {
    pub(super) fn of(level: i32) -> Self {
        let number = usize::try_from(level.clamp(1, 9) - 1).unwrap_or(0);
        LEVELS[number]
    }

    /// The same, for a patch with `total` literal bytes.
    pub(super) fn for_total(self, total: u64) -> Self {
        match self.lzma {
            _ if total > LITTLE_LEN_MAX => self,
            Some(_) => self.with_tree(),
            None if self == QUICK => THOROUGH,
            None => self,
        }
    }

    /// What it comes to for what is new in executables, where `base` is what the level says by itself. It leans on all of the old ones, which take long to enter and say little
    /// of it: what was alike was copied.
    pub(super) fn for_adapted(self, base: Self) -> Self {
        match (self.lzma, base.hunts) {
            (None, Some(_)) => Self { hunts: Some(Hunts { alone: ADAPTED, leaning: ADAPTED, dense: ADAPTED }), ..base },
            _ => self,
        }
    }

    /// Whether frames that are new alike become one: those that refer to all they can are long anyway.
    pub(super) fn gathers(&self) -> bool {
        self.frame_lens.reference < MAX_REFERENCE_LEN
    }

    fn with_tree(self) -> Self {
        Self { lzma: Some(Lzma::Tree), lzma_dense: Some(Lzma::Tree), ..self }
    }

    /// Bytes that compressing one frame of `len` bytes, references included, takes at most.
    pub(super) fn memory_len(&self, len: u64) -> u64 {
        let zstd = (8 << self.table_log_max) + 2 * len + (16 << 20);
        // The tables of the match finder, the dictionary with what is read ahead, and the bytes themselves once more.
        let lzma = self.lzma.map_or(0, |_| 12 * len + (16 << 20));
        2 * len + zstd.max(lzma)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_levels_search_more_places_in_executables() {
        assert_eq!([1, 6, 7, 9].map(|number| Effort::of(number).sampling_log), [3, 3, 1, 1]);
    }

    #[test]
    fn little_is_compressed_thoroughly_but_not_what_is_new_in_executables() {
        let base = Effort::of(6);
        let level = base.for_total(LITTLE_LEN_MAX);
        assert_eq!((level, base.for_total(LITTLE_LEN_MAX + 1)), (THOROUGH, base));
        let hunts = Hunts { alone: ADAPTED, leaning: ADAPTED, dense: ADAPTED };
        for level in [level, base] {
            assert_eq!(level.for_adapted(base), Effort { hunts: Some(hunts), ..base });
        }
        // Levels that are asked for get what they say, the highest ones their tree.
        for number in [1, 5, 7, 9] {
            let base = Effort::of(number);
            let level = base.for_total(1000);
            assert_eq!(level.for_adapted(base), level, "{number}");
            assert_eq!(level.lzma, (number == 9).then_some(Lzma::Tree));
        }
    }
}
