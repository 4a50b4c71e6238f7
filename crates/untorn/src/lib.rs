//! Updates of a directory of files that are never half done.
//!
//! # Guarantees
//! See [`Tree`] and [`Transaction`].
//!
//! # Limitations
//! See the crate `untorn-txn`.

pub use untorn_format::{Hash, TreePath};
pub use untorn_txn::*;

/// The programs of the front page compile.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
