//! What a publisher may choose.

use std::{fmt, path::PathBuf, sync::Arc};

use untorn::Observer;
use untorn_format::release::Signed;

/// How the pointer of a channel is written.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PointerOptions {
    /// The time, in seconds since 1970: this crate has no clock.
    pub now: u64,
    /// For how many seconds the word of the channel is good; 0 for ever.
    pub valid_for: u64,
    /// How many players of 1,000 are meant.
    pub rollout_permille: u16,
    /// The least build that players may have from now on; it never falls.
    pub floor: Option<u64>,
    /// Roots that the publisher believes: with the first publication the first one, later those the store does not have yet.
    pub roots: Vec<Signed>,
    /// Say what would be done, but change nothing.
    pub dry_run: bool,
}

impl Default for PointerOptions {
    fn default() -> Self {
        Self { now: 0, valid_for: 0, rollout_permille: 1000, floor: None, roots: Vec::new(), dry_run: false }
    }
}

/// How a build is published.
#[derive(Clone)]
#[non_exhaustive]
pub struct PublishOptions {
    /// How the pointer is written.
    pub pointer: PointerOptions,
    /// For which platform the build is.
    pub platform: String,
    /// Of which product it is; that of the root, if nothing is said.
    pub product: Option<String>,
    /// What people call it; nothing but its number, if nothing is said.
    pub label: Option<String>,
    /// Its number; one more than the highest that is known, if nothing is said.
    pub build: Option<u64>,
    /// From how many builds before patches are made.
    pub patch_from: usize,
    /// Make no bridge from the build before, which is made so that players who have that fetch less where there is no patch.
    pub no_bridge: bool,
    /// Directories that hold builds from before: what they have need not be fetched from the store to make patches.
    pub old: Vec<PathBuf>,
    /// Where old builds are put together for that; the system's place for such things, if nothing is said.
    pub work_dir: Option<PathBuf>,
    /// Where the release document is left to be signed, instead of being signed at once: then the pointer does not move, and [`crate::resume`]
    /// does the rest.
    pub unsigned_out: Option<PathBuf>,
    /// How hard zstd tries at chunks, 1 to 22.
    pub level: i32,
    /// How much is tried to make patches small, 1 to 9.
    pub patch_level: i32,
    /// Whether patches may restore members that were deflated: see [`untorn::DiffOptions::recompress`].
    pub recompress: bool,
    /// How many threads work; 0 means one for each core. The bytes are the same.
    pub jobs: usize,
    /// Is told about progress.
    pub observer: Option<Arc<dyn Observer>>,
}

/// The platform of a build that runs everywhere.
const ANY: &str = "any";

impl Default for PublishOptions {
    fn default() -> Self {
        Self {
            pointer: PointerOptions::default(),
            platform: ANY.into(),
            product: None,
            label: None,
            build: None,
            patch_from: 0,
            no_bridge: false,
            old: Vec::new(),
            work_dir: None,
            unsigned_out: None,
            level: 12,
            patch_level: 6,
            recompress: true,
            jobs: 0,
            observer: None,
        }
    }
}

impl fmt::Debug for PublishOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PublishOptions")
            .field("pointer", &self.pointer)
            .field("platform", &self.platform)
            .field("label", &self.label)
            .field("build", &self.build)
            .field("patch_from", &self.patch_from)
            .finish_non_exhaustive()
    }
}
