//! What a level of compression means.

use super::Search;

/// How much is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Effort {
    /// Level of zstd.
    pub(super) zstd: i32,
    /// The largest tables of zstd, as a power of two of their entries of 4 bytes; there are two.
    pub(super) table_log_max: u32,
    /// Whether LZMA is tried too, and with which preset.
    pub(super) lzma: Option<u32>,
    /// Which old bytes are searched.
    pub(super) search: Search,
}

/// What a level comes to; numbers beyond the ends mean the ends.
const LEVELS: [Effort; 9] = [
    Effort { zstd: 1, table_log_max: 17, lzma: None, search: Search::Replaced },
    Effort { zstd: 3, table_log_max: 18, lzma: None, search: Search::Replaced },
    Effort { zstd: 6, table_log_max: 20, lzma: None, search: Search::Replaced },
    Effort { zstd: 9, table_log_max: 21, lzma: None, search: Search::Replaced },
    Effort { zstd: 13, table_log_max: 22, lzma: None, search: Search::Everything },
    Effort { zstd: 19, table_log_max: 25, lzma: None, search: Search::Everything },
    Effort { zstd: 19, table_log_max: 25, lzma: Some(6), search: Search::Everything },
    Effort { zstd: 22, table_log_max: 25, lzma: Some(6), search: Search::Everything },
    Effort { zstd: 22, table_log_max: 25, lzma: Some(9), search: Search::Everything },
];

impl Effort {
    pub(super) fn of(level: i32) -> Self {
        let number = usize::try_from(level.clamp(1, 9) - 1).unwrap_or(0);
        LEVELS[number]
    }

    /// Bytes that compressing one frame of `len` bytes, references included, takes at most.
    pub(super) fn memory_len(&self, len: u64) -> u64 {
        let zstd = (8 << self.table_log_max) + 2 * len + (16 << 20);
        // The tables of the match finder, the dictionary with what is read ahead, and the bytes themselves once more.
        let lzma = self.lzma.map_or(0, |_| 12 * len + (16 << 20));
        2 * len + zstd.max(lzma)
    }
}
