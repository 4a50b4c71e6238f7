//! Release stores, from the studio's side: from a build to what players are pointed to.
//!
//! [`publish`] sends what is new of a build and moves the pointer of a channel; [`promote`] and [`roll_back`] move a pointer to what is there already; [`collect`] removes what
//! nothing reaches any more; [`check`] reads everything that players may be sent to. A store is whatever is a [`Backend`].
//!
//! # Guarantees
//! - **The pointer moves last**, and only on the word of the one that was read: of two who publish at once, one is refused, and players never see a mixture.
//! - **Killed at any instant**, a publication leaves what players see as it was, or as it was to be. Doing the same again sends only what is not there yet.
//! - Whatever the pointer names is there, whole, before it moves. Every patch was applied to a copy of the old build before anybody is offered it.
//! - Equal builds, options, times and earlier releases give equal bytes, on any machine; signatures are as equal as the [`Signer`] makes them (minisign's are not).
//! - What is being sent is never collected: [`collect`] and [`publish`] each leave a mark before they look for the other's.
//!
//! # Limitations
//! - Secret keys are the caller's: see [`Signer`].
//! - An object that is there with the right length is taken for what its name says, and not sent again; [`check`] reads all of them. Players find out in any case: they compare hashes.
//! - Marks of killed processes stay until somebody says that they are dead, or, for a publication, until the next one to that channel has succeeded.
//! - Buckets need the feature `cloud`, which brings a runtime; it stays inside this crate.
//! - A collection may take an old release from under a player who is updating to it, where fewer releases are kept than players lag behind: the update begins anew then.
//!
//! ```
//! use untorn_keys::{SecretKey, first_root, sign};
//! use untorn_publish::{DirBackend, PublicKey, PublishOptions, Signer, check, publish};
//! use untorn_trust::Document;
//!
//! struct Key(SecretKey);
//! impl Signer for Key {
//!     fn keys(&self) -> Vec<PublicKey> {
//!         vec![self.0.public()]
//!     }
//!     fn sign(&self, document: &[u8], comment: &str) -> Result<String, String> {
//!         self.0.sign_bytes(document, comment).map_err(|error| error.to_string())
//!     }
//! }
//! # let work = tempfile::tempdir()?;
//! # let (build, place) = (work.path().join("1.0"), work.path().join("store"));
//! # std::fs::create_dir(&build)?;
//! # std::fs::write(build.join("level.map"), "level one")?;
//! let key = Key(SecretKey::generate(None)?);
//! let root = sign(&Document::Root(first_root("game", key.0.public())), &[&key.0])?;
//! let store = DirBackend::open(&place, true)?;
//! let mut options = PublishOptions::default();
//! options.pointer.roots = vec![root.clone()];
//! let report = publish(&build, &store, "stable", &key, &options)?;
//! assert_eq!((report.build, report.new_chunks), (1, 1));
//! assert!(check(&store, &[root], None)?.is_sound());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod assemble;
mod backend;
mod base;
mod channel;
mod check;
mod collect;
mod error;
mod mark;
mod moves;
mod objects;
mod options;
mod publish;
mod release;
mod report;
mod resume;
mod roots;
mod sender;
mod signer;
mod work_dir;

pub use backend::*;
pub use check::{CheckReport, Problem, check};
pub use collect::{CollectOptions, CollectReport, collect};
pub use error::{Error, Result};
pub use moves::{MoveReport, promote, refresh, roll_back};
pub use options::{PointerOptions, PublishOptions};
pub use publish::publish;
pub use report::{Outcome, PatchReport, PublishReport};
pub use resume::resume;
pub use signer::Signer;
pub use untorn_format::release::{PublicKey, Signed};
