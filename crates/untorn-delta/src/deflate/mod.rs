//! Deflated bytes: what they hold, and how they become again exactly what they were.
//!
//! A deflated stream is one of very many that hold the same bytes: where it refers back and how far, where blocks end and with which codes they are
//! written is the choice of the program that made it. All these choices together are nearly as long as the stream. But most of them can be *predicted*: from the
//! choices in the stream of the old build, wherever the bytes are the same, whichever program made both; and, where they are not, by what zlib would have done. A
//! [recipe](make_recipe) codes only where the predictions are wrong.
//!
//! Maker and reader run the same code over the same bytes; one codes with an encoder, the other with a decoder. Restoring a stream takes no more time than deflating,
//! ends for any recipe, and makes no more bytes than it is asked for: [`restore`].
//!
//! Related: preflate (Steinke, 2018) and Microsoft's preflate-rs, which predict all choices from a model of the program that made them.

mod bits;
mod block;
mod chains;
mod code;
mod huffman;
mod old;
mod parse;
#[cfg(test)]
mod plain;
mod search;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_of_zlib;
mod trees;
mod wrap;
mod write;
mod zlib;

pub(crate) use code::{BLOCK_TOKENS_MAX, make_recipe, restore};
pub(crate) use old::{Old, align};
pub(crate) use parse::{Parsed, parse};
pub(crate) use wrap::{bare, wrapped};
pub(crate) use zlib::Zlib;

/// The longest raw bytes of one stream: 32 MiB.
pub(crate) const RAW_LEN_MAX: usize = 32 << 20;
const _: () = assert!(RAW_LEN_MAX as u64 == untorn_format::patch::MAX_RAW_LEN);

/// Why bytes are no deflated stream, or none that can be restored, or a recipe makes no such stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bad(pub(crate) &'static str);
