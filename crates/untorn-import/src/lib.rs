//! Files as other tools describe them: deltas in VCDIFF (xdelta3), block lists of zsync, and chunk indexes of casync and desync. A file of a tree is made
//! what they describe, in one transaction.
//!
//! # Guarantees
//! - Those of a transaction: the file is as before or as described, whatever happens meanwhile.
//! - What comes out is checked by the sums that the description holds (Adler-32 of each window, SHA-1 of the whole, SHA-256 or SHA-512/256 of each chunk)
//!   before anything is changed; only blocks that differ are written. A delta without sums (`xdelta3 -n`) is refused, unless the hash of the old or the new file is
//!   named.
//! - A description from anywhere does no harm but to its own file: lengths are checked before memory is taken, nothing is read outside what it describes, and what
//!   is not understood is refused.
//!
//! # Limitations
//! - These sums protect from damage, not from malice: Adler-32, MD4 and SHA-1 can be forged, and nobody signed the description. Use untorn's own patches and stores for
//!   what players get.
//! - A program that writes into the file without taking a lock, while it is read and before the first block of it that differs, is not noticed: what it wrote stays where the
//!   description changes nothing.
//! - VCDIFF has neither a hash of the old file nor an end: another old file is noticed by what is made of it, window by window, and a delta that is cut off just between two windows is one of a
//!   shorter file to anybody. `new_hash` notices both.
//! - One file at a time: catar archives and their indexes (`.caidx`) are refused, as are VCDIFF deltas with a code table of their own, with DJW or FGK compression, or
//!   with copies from the target, or of what compressed files hold (made without `-D`), none of which xdelta3 writes unless told to.
//! - zsync: of a compressed file (`Z-URL`, `Z-Map2`) only its own bytes are of use.
//! - casync: what moved within the file is found only with an index of the file as it is (`seed`).
//!
//! ```
//! use untorn_import::{ImportOptions, import};
//! # let work = tempfile::tempdir()?;
//! # let dir = work.path().join("game");
//! # std::fs::create_dir(&dir)?;
//! # std::fs::write(dir.join("level.map"), "level one")?;
//! # let delta = work.path().join("level.xdelta");
//! # let from = 0xd6_u8; // "level two" out of "level one", by hand
//! # std::fs::write(&delta, [from, 0xc3, 0xc4, 0, 0, 5, 9, 0, 15, 9, 0, 3, 2, 1, 0x11, 0xea, 0x03, 0x93, b't', b'w', b'o', 22, 4, 0])?;
//! let report = import(&delta, &dir, "level.map", &ImportOptions::default())?;
//! assert_eq!(report.bytes, 9);
//! assert_eq!(std::fs::read_to_string(dir.join("level.map"))?, "level two");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod caibx;
mod error;
mod foreign;
mod import;
mod old;
mod source;
mod target;
mod vcdiff;
mod zsync;

pub use error::{Error, Result};
pub use foreign::Kind;
pub use import::{ImportOptions, ImportReport, import};
