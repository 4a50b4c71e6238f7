//! Bytes and values: every format untorn writes to disk, and the paths it accepts.
//!
//! # Guarantees
//! - Decoders take a slice and return a value or a typed error: no I/O, no clock, no panic on any input, no allocation by an
//!   unchecked length.
//! - One byte string per meaning: what decodes, encodes to the same bytes again.
//! - A [`TreePath`] cannot name anything outside the tree, nor anything in untorn's state directory.
//!
//! # Limitations
//! - Nothing here knows whether a file exists; that is `untorn-txn`'s work.
//!
//! The byte tables are in `docs/format/`; a test compares them with this code.
//!
//! ```
//! use untorn_format::TreePath;
//! assert!(TreePath::new("data/levels/01.pak").is_ok());
//! assert_eq!(TreePath::new("../save.dat").unwrap_err().code(), "UNT-PATH-N2");
//! ```

mod bytes;
mod decode_error;
mod hash;
pub mod journal;
pub mod manifest;
pub mod patch;
mod tree_path;

pub use decode_error::DecodeError;
pub use hash::{Hash, Hasher};
pub use tree_path::{PathError, TreePath, check_set, fold_key};
