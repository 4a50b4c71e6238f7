//! Which chunks the files of a build consist of, and where these lie. Byte tables: `docs/format/index.md`.
//!
//! An index is a head and pages behind it. The head is small and is fetched whole; of the pages only those that are needed. A file longer than
//! [`CHUNK_LEN_MAX`] is listed as *spans* of some 256 chunks, each with a page of its own; a shorter one is one chunk, whose hash is in the manifest already, and
//! *groups* of some 256 such files share a page. A chunk lies in a *frame*, a frame in a *pack*.

mod head;
mod page;

pub use head::{Group, Head, PageRef, Span};
pub use page::{Chunk, Frame, Items, Page, Place};

pub(crate) use head::ROWS as HEAD_ROWS;
pub(crate) use page::ROWS as PAGE_ROWS;

/// The longest chunk, in bytes. A file up to this long is one chunk.
pub const CHUNK_LEN_MAX: u32 = 128 << 10;

/// The longest frame once decompressed, in bytes.
pub const FRAME_LEN_MAX: u32 = 128 << 10;

/// The longest frame as stored, in bytes: what does not compress gets no more than this longer.
pub const FRAME_STORED_LEN_MAX: u32 = FRAME_LEN_MAX + 1024;

/// The most chunks, or files, that a page lists.
pub const PAGE_ITEMS_MAX: usize = 512;

/// The longest page, in bytes.
pub const PAGE_LEN_MAX: u32 = 64 << 10;

/// The longest head, in bytes: 64 MiB.
pub const HEAD_LEN_MAX: u64 = 64 << 20;
