//! What a caller may choose about a web server.

use std::time::Duration;

/// How a web server is talked to.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct HttpOptions {
    /// How long finding the host, and connecting to it, may take.
    pub patience_to_connect: Duration,
    /// How long to wait for an answer, and how long it may come too slowly.
    pub patience: Duration,
    /// How many bytes a second must come at least, over each stretch of `patience`.
    pub rate_min: u64,
    /// Certificates of the authorities that are believed, in a PEM file; by default those the system believes.
    pub roots: Option<Vec<u8>>,
}

impl Default for HttpOptions {
    fn default() -> Self {
        Self { patience_to_connect: Duration::from_secs(15), patience: Duration::from_secs(60), rate_min: 1024, roots: None }
    }
}
