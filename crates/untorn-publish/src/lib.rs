//! Release stores, from the studio's side.
//!
//! # Guarantees
//! - Whoever reads a [`Backend`] sees whole objects, also while they are written and after a crash of the writer.
//!
//! # Limitations
//! - Buckets need the feature `cloud`, which brings a runtime; it stays inside this crate.

mod backend;

pub use backend::*;
