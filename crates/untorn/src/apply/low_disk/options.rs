//! What a caller of an update in steps may choose.

use untorn_format::release::STEP_LEN_MIN;

/// How an update is done in steps.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct LowDiskOptions {
    /// How many bytes a step may write, and so about how much space it takes beside the tree; 64 MiB at first, 64 KiB at least. What cannot be divided (an executable that is
    /// adapted, a file on a file system that cannot change files in place) takes what it takes. Shorter steps sync more often.
    pub step_len: u64,
}

impl Default for LowDiskOptions {
    fn default() -> Self {
        Self { step_len: 64 << 20 }
    }
}

impl LowDiskOptions {
    pub(super) fn step_len(&self) -> u64 {
        self.step_len.max(STEP_LEN_MIN)
    }
}
