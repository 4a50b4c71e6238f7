//! Bytes and values: every format untorn writes to disk, and the paths it accepts.
//!
//! # Guarantees
//! - Decoders take a slice and return a value or a typed error: no I/O, no clock, no panic on any input, no allocation by an
//!   unchecked length.
//! - One byte string per meaning: what decodes, encodes to the same bytes again.
//! - A [`TreePath`] cannot name anything outside the tree, nor anything in untorn's state directory, and is safe to print on a
//!   terminal.
//!
//! # Limitations
//! - Nothing here knows whether a file exists; that is `untorn-txn`'s work.
//! - Encoders never fail. A value that breaks the rules of its type gives bytes which the decoder refuses: whoever makes such a
//!   value by hand decodes what was encoded before relying on it.
//! - Checksums find accidents. Whoever can write the state directory can forge a journal; the path rules still hold for it.
//!
//! The byte tables are in `docs/format/`; a test compares them with [`layout`] and reads the golden files by them.
//!
//! ```
//! use untorn_format::TreePath;
//! assert!(TreePath::new("data/levels/01.pak").is_ok());
//! assert_eq!(TreePath::new("../save.dat").unwrap_err().code(), "UNT-PATH-N2");
//! ```

mod bytes;
mod decode_error;
mod document;
mod escape;
mod fold_key;
mod hash;
mod hash_parts;
mod ignorable;
pub mod index;
pub mod journal;
pub mod layout;
pub mod manifest;
pub mod patch;
mod path_error;
mod path_rules;
mod path_set;
pub mod release;
mod reserved_names;
mod symlink_target;
mod tree_path;
pub mod verified;

pub use decode_error::DecodeError;
pub use escape::escape;
pub use fold_key::fold_key;
pub use hash::{Hash, HashParseError, Hasher};
pub use hash_parts::{HASH_PART_LEN, PartHash, PartHasher};
pub use path_error::{PathError, PathRule};
pub use path_rules::{COMPONENT_LEN_MAX, DEPTH_MAX, PATH_LEN_MAX, STATE_DIR};
pub use path_set::check_set;
pub use symlink_target::{TARGET_LEN_MAX, check_symlink_target};
pub use tree_path::TreePath;
