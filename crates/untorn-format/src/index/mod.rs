//! Which chunks the files of a build consist of, and where these lie. Byte tables: `docs/format/index.md`.
//!
//! An index is a head and pages behind it. The head is small and is fetched whole; of the pages only those that are needed. A file longer than
//! [`CHUNK_LEN_MAX`] is listed as *spans* of some 256 chunks, each with a page of its own; a shorter one is one chunk, whose hash is in the manifest already, and
//! *groups* of some 256 such files share a page. A chunk lies in a *frame*, a frame in a *pack*. A *bridge* lists other frames of the same chunks, for who has the build before.

mod bridge;
mod head;
mod page;

pub use bridge::{Bridge, BridgeFrame, Mark};
pub use head::{Group, Head, PageRef, Span};
pub use page::{Chunk, Frame, Items, Page, Place};

pub(crate) use bridge::ROWS as BRIDGE_ROWS;
pub(crate) use head::ROWS as HEAD_ROWS;
pub(crate) use page::ROWS as PAGE_ROWS;

/// The longest chunk, in bytes. A file up to this long is one chunk.
pub const CHUNK_LEN_MAX: u32 = 128 << 10;

/// The longest frame once decompressed, in bytes.
pub const FRAME_LEN_MAX: u32 = 128 << 10;

/// The longest frame as stored, in bytes: what does not compress gets no more than this longer.
pub const FRAME_STORED_LEN_MAX: u32 = FRAME_LEN_MAX + 1024;

/// The longest frame of a bridge once decompressed, in bytes.
pub const BRIDGE_FRAME_LEN_MAX: u32 = 4 << 20;

/// The longest frame of a bridge as stored, in bytes.
pub const BRIDGE_FRAME_STORED_LEN_MAX: u32 = BRIDGE_FRAME_LEN_MAX + (16 << 10);

/// The most bytes of old chunks that a frame of a bridge is made of: so much memory its reader takes besides.
pub const BRIDGE_BASE_LEN_MAX: u32 = 8 << 20;

/// The most chunks, or files, that a page lists.
pub const PAGE_ITEMS_MAX: usize = 512;

/// The longest page, in bytes.
pub const PAGE_LEN_MAX: u32 = 64 << 10;

/// The longest head, in bytes: 64 MiB.
pub const HEAD_LEN_MAX: u64 = 64 << 20;
