//! Whom to believe: signatures, roles, the chain of roots, and what a tree remembers so that nobody can lead it back.
//!
//! A [`TrustedRoot`] is believed; everything else is believed because of it. [`Trust`] is a root together with what a tree that follows releases has
//! to remember; it answers with what may be installed, and gives back what is to be stored in the same transaction as the files.
//!
//! # Guarantees
//! - Signatures are checked over raw bytes before anything in them is read. A threshold counts different keys, never signatures.
//! - Only minisign's prehashed Ed25519 signatures are read. Keys for which signatures can be forged (of small order, or in a wrong spelling) are
//!   refused wherever a root is made or loaded.
//! - What a tree remembers only rises: the version of the root, (epoch, seq) of each channel, the least build it may have. Only a root that raises
//!   the epoch of the channel role ends what a thief of its key made the tree remember.
//! - No I/O, no clock, no chance, no panic on any input. An error changes nothing.
//!
//! # Limitations
//! - Whoever can write a tree's state directory can make it trust anything.
//! - That there is nothing newer than what one was given cannot be known offline. A channel says how long its word is good; see [`ExpiryPolicy`].
//! - What is signed is what a studio said, not that it is good for you.
//!
//! What is checked, in which order, and why: `docs/trust.md`.
//!
//! ```
//! use untorn_trust::{Signature, public_key};
//! let key = public_key("RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3")?;
//! let signatures = Signature::read_all(
//!     "untrusted comment: signature from minisign secret key
//! RUQf6LRCGA9i559r3g7V1qNyJDApGip8MfqcadIgT9CuhV3EMhHoN1mGTkUidF/z7SrlQgXdy8ofjb7bNJJylDOocrCo8KLzZwo=
//! trusted comment: timestamp:1633700835\tfile:test\tprehashed
//! wLMDjy9FLAuxZ3q4NlEvkgtyhrr0gtTu6KC4KBJdITbbOeAi1zBIYo0v4iTgt8jJpIidRJnp94ABQkJAgAooBQ==
//! ",
//! )?;
//! assert!(signatures[0].is_of(&key, b"test") && !signatures[0].is_of(&key, b"Test"));
//! # Ok::<(), untorn_trust::TrustError>(())
//! ```

mod chain;
mod envelope;
mod error;
mod expiry;
mod facts;
mod key_text;
mod role;
mod rollout;
mod trust;
mod trusted_root;
mod verified;
mod weak;

pub use chain::{CHAIN_LEN_MAX, RootChain};
pub use envelope::{SIGNATURE_COUNT_MAX, Signature};
pub use error::TrustError;
pub use expiry::{ExpiryPolicy, Moment};
pub use facts::{Document, facts};
pub use key_text::{key_id, key_line, public_key};
pub use role::{RoleName, check_key, check_root};
pub use rollout::is_meant;
pub use trust::{Downgrade, Offer, Trust};
pub use trusted_root::TrustedRoot;
pub use verified::Verified;
