//! Where untorn's releases come from: a directory, or any static HTTP host.
//!
//! # Guarantees
//! - Nothing is asked for but the base and a name of ours below it ([`check_name`]): no answer, and no document, can lead anywhere else. Redirects are followed at
//!   most five times, never from HTTPS to something else, and without credentials.
//! - No answer is longer than the caller allows, however long it says it is; none takes longer than its slowest allowed rate.
//! - An answer to a range holds exactly the bytes of that range, or is an error that says what came instead.
//! - What comes is checked by the caller while it comes ([`Remote`]): bytes that are not the right ones are never handed on, and the next mirror is asked.
//! - Each error says whether the way there or what lies there is wrong ([`Error::blame`]).
//!
//! # Limitations
//! - Hosts are not trusted, and TLS is no more than privacy here: what comes is judged by hashes and signatures, above this crate.
//! - Nothing is written anywhere: sinks are the caller's.
//!
//! ```
//! use untorn_remote::{Dir, Transport};
//! # let store = tempfile::tempdir()?;
//! # std::fs::write(store.path().join("untorn.store"), "untorn store 1")?;
//! let from = Dir::new(store.path());
//! let mut marker = Vec::new();
//! from.get("untorn.store", 4096, &mut marker)?;
//! assert!(marker.starts_with(b"untorn store"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod dir;
mod error;
#[cfg(feature = "http")]
mod http;
mod name;
mod options;
mod pace;
mod parts;
mod remote;
mod transport;

pub use dir::Dir;
pub use error::{Answer, Blame, Error, Fault, Result};
#[cfg(feature = "http")]
pub use http::{Http, HttpOptions};
pub use name::check_name;
pub use options::RemoteOptions;
pub use parts::{PIECE_LEN_MAX, Part, Take, Taker};
pub use remote::{Check, Mirrors, Remote};
pub use transport::Transport;
