//! A web server for tests: serves a directory on loopback, as static hosts do, or in one of the ways in which hosts fail.
//!
//! # Guarantees
//! - What it served is written down: every question, and how many bytes of which answer went out.
//! - It listens on loopback only, on a port the system chose, and ends with the [`Host`].
//!
//! # Limitations
//! - GET and HEAD, one range, no compression: what static hosts do for untorn.
//!
//! ```
//! use untorn_testhost::Host;
//! # let dir = tempfile::tempdir()?;
//! # std::fs::write(dir.path().join("a"), "hello")?;
//! let host = Host::start(dir.path())?;
//! assert!(host.url().starts_with("http://127.0.0.1:"));
//! assert_eq!(host.served(), 0);
//! # Ok::<(), std::io::Error>(())
//! ```

mod action;
mod answer;
mod host;
mod line;
mod noise;
mod request;
mod tls;

pub use action::Action;
pub use host::{Decide, Host, HostOptions, Served};
pub use noise::noise;
pub use request::Request;
pub use tls::certificate;
