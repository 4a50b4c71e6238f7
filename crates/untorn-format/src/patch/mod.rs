//! The patch: every change from one build to another, in one file.
//!
//! A patch is a [`Header`], an [`Index`] in two parts (*facts*, compressed by whoever writes the file, and *digests*, which nothing can
//! compress) and the frames that hold the literal bytes. The index comes first, so that a patch can be applied while it arrives.
//! Every copy reads the **old** tree: operations have no order among files, and none can read what another wrote.
//! Byte tables: `docs/format/patch.md`.

mod change;
mod changes;
mod check;
mod consistency;
mod fields;
mod frame;
mod header;
mod held;
mod index;
mod inflated;
mod middle;
mod op;
mod paths;

pub use change::{After, Before, Change, FilePatch, Replaced, Restored};
pub use changes::{Changes, MisfitError};
pub use check::{Check, Hint};
pub use frame::{Frame, FrameKind, Reference};
pub(crate) use header::ROWS as HEADER_ROWS;
pub use header::{FORMAT_NUMBER, HEADER_LEN, Header};
pub use held::{Expiry, Lifetime};
pub use index::{Features, Index, SourceFile, Sums};
pub use inflated::{CHUNK_LEN, Inflated, Source, Wrap};
pub use middle::{How, Middle};
pub use op::Op;

/// The most bytes of index facts that are read, before compression: 32 MiB.
pub const MAX_FACTS_LEN: u64 = 32 << 20;
/// The most bytes of index digests that are read: 32 MiB.
pub const MAX_DIGESTS_LEN: u64 = 32 << 20;
/// The most changed paths in a patch, and the most other files it may read.
pub const MAX_CHANGES: u64 = 512 << 10;
/// The most operations in a patch.
pub const MAX_OPS: u64 = 2 << 20;
/// The most bytes of a [program](FilePatch::program): 8 MiB.
pub const MAX_PROGRAM_LEN: u64 = 8 << 20;
/// The most frames in a patch.
pub const MAX_FRAMES: u64 = 256 << 10;
/// The most references of all frames in a patch.
pub const MAX_REFERENCES: u64 = 512 << 10;
/// The most literal bytes in one frame: 16 MiB.
pub const MAX_FRAME_LEN: u64 = 16 << 20;
/// The most literal bytes in one frame of LZMA, which is read through a window of its own: 8 MiB.
pub const MAX_LZMA_LEN: u64 = 8 << 20;
/// The most old bytes one frame may refer to: 16 MiB.
pub const MAX_REFERENCE_LEN: u64 = 16 << 20;
/// The most old members that are inflated.
pub const MAX_INFLATED: u64 = 512 << 10;
/// The most bytes that the members hold which one frame refers to, in whole or in part: 32 MiB.
pub const MAX_INFLATED_LEN: u64 = 32 << 20;
/// The most pieces of bytes in between.
pub const MAX_MIDDLES: u64 = 512 << 10;
/// The longest piece of bytes in between: 64 MiB.
pub const MAX_MIDDLE_LEN: u64 = 64 << 20;
/// The most bytes in between that are made, those of frames aside: 16 GiB.
pub const MAX_MIDDLES_LEN: u64 = 16 << 30;
/// The most bytes that a reader of a joined patch must keep in memory at a time, besides a frame: 160 MiB.
pub const MAX_HELD_LEN: u64 = 160 << 20;
/// Deflated bytes hold at most so many times their number: 1032 (258 bytes for two bits).
pub const INFLATION_MAX: u64 = 1032;
/// A frame of zstd holds at most so many times its bytes: 32768 (a block of four bytes stands for 128 KiB of one value).
pub const ZSTD_INFLATION_MAX: u64 = 32 << 10;
/// The most raw bytes of one [member](Restored) that is deflated again, and of an old one that is inflated: 32 MiB.
pub const MAX_RAW_LEN: u64 = 32 << 20;
/// The longest file: 1 EiB, so that no sum of two lengths overflows.
pub const MAX_FILE_LEN: u64 = 1 << 60;
