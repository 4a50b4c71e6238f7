//! The studio's half of trust: secret keys, and documents signed with them.
//!
//! Keys are those of minisign, in its own files: `minisign -G` and [`SecretKey::generate`] make the same, and `minisign -Vm` verifies what is signed here.
//!
//! # Guarantees
//! - A root that cannot be followed from the one before is never given out as finished: [`Successor::finish`] checks it as a player would.
//! - Revoking a key raises the epoch of every role it stood in.
//! - No secret key and no password is printed, or part of an error.
//!
//! # Limitations
//! - Keys are in memory while they are used, and nothing is done to wipe them afterwards beyond what the crate `minisign` does.
//! - Reading and writing files, and asking for passwords, is the caller's work.
//!
//! ```
//! use untorn_keys::{SecretKey, first_root, sign};
//! use untorn_trust::{Document, TrustedRoot};
//! let key = SecretKey::generate(None)?;
//! let root = sign(&Document::Root(first_root("game", key.public())), &[&key])?;
//! assert_eq!(TrustedRoot::pin(root)?.root().version, 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod error;
mod roots;
mod secret_key;
mod sign;

pub use error::KeyError;
pub use roots::{RoleChange, Successor, first_root};
pub use secret_key::SecretKey;
pub use sign::{add_signature, sign};
