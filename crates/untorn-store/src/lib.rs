//! What lies in a store of releases: builds cut into chunks, chunks compressed into packs, and the index that says where they are.
//!
//! A publisher gives [`build`] the files of a build and what earlier releases have [`Published`], and gets packs of what is new, and an index. An updater makes an
//! [`Index`] of the head and the manifest, asks it for the chunks of the files it needs ([`Index::chunks_of`]), leaves out what it has ([`missing`]), and fetches the rest
//! ([`plan_fetches`], [`Fetch::split`], [`open_frame`], [`Located::bytes`]). The names in a store are in [`layout`].
//!
//! # Guarantees
//! - No I/O: bytes come and go through the caller. No clock, no randomness: equal builds, options and earlier releases give equal packs and indexes.
//! - No byte reaches the decompressor before its hash was compared with one that the caller vouches for, and nothing is allocated by an unchecked length.
//! - What [`Located::bytes`] gives is the chunk: its hash was compared.
//!
//! # Limitations
//! - Whether an index is the right one is the caller's to know: by a hash from a signed document, or by comparing the hashes of whole files in the end.
//! - Files up to 128 KiB are one chunk: of one of those that changed a little, all is new. Who has the build before fetches less over a *bridge*
//!   ([`BridgePlan`], [`open_bridge_frame`]): new chunks, compressed against old ones.
//!
//! ```
//! use untorn_format::{TreePath, manifest::{Entry, Kind, Manifest}};
//! use untorn_store::{BuildOptions, Index, Pack, Published, build, open_frame};
//! let text = b"a level, not a long one".as_slice();
//! let mut packs = Vec::new();
//! let options = BuildOptions::default();
//! let mut sink = |pack: Pack| { packs.push(pack); Ok(()) };
//! let built = build(&[text.len() as u64], &|_| Ok(Box::new(text)), &Published::nothing(), &options, &mut sink)?;
//! let content = built.contents()[0];
//! let kind = Kind::File { len: content.len, hash: content.hash, executable: false };
//! let manifest = Manifest::new(vec![Entry { path: TreePath::new("one.map")?, kind }])?;
//! let file = built.index(&manifest)?;
//!
//! let (head, pages) = file.bytes.split_at(file.head_len as usize);
//! let index = Index::new(head, &manifest)?;
//! let page = index.page(0, pages)?;
//! let chunk = index.chunks_of(0, |_| Ok::<_, untorn_store::Error>(&page))?[0];
//! let stored = &packs[0].bytes[..chunk.frame.stored_len as usize];
//! assert_eq!(chunk.bytes(&open_frame(&chunk.frame, stored)?)?, text);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod bridge;
mod build;
mod chunker;
mod error;
mod fetch;
mod frame;
mod index;
pub mod layout;
mod manifest_object;
mod published;

pub use bridge::{BridgePlan, Crossing, open_bridge_frame};
pub use build::{BuildOptions, Built, Content, IndexFile, Open, Pack, PackInfo, Sink, build, cut};
pub use chunker::{CHUNK_LEN_MIN, Chunker};
pub use error::Error;
pub use fetch::{Fetch, FetchOptions, missing, plan_fetches};
pub use frame::open_frame;
pub use index::{Index, Located, chunks_of, located};
pub use manifest_object::{manifest_len, open_manifest, pack_manifest};
pub use published::Published;

pub use untorn_format::index::{
    Bridge, BridgeFrame, CHUNK_LEN_MAX, Chunk, FRAME_LEN_MAX, FRAME_STORED_LEN_MAX, Frame, Mark, Page, Span,
};
