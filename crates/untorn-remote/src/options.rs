//! What a caller may choose about fetching.

use std::time::Duration;

/// How things are fetched from one or several mirrors.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RemoteOptions {
    /// How long trying may go on while nothing comes, over all mirrors.
    pub patience: Duration,
    /// The same as long as nothing has ever come, from any of them: then the address is wrong more often than the network is.
    pub patience_at_first: Duration,
    /// How long to pause when all mirrors have failed; twice as long each time after that.
    pub pause_first: Duration,
    /// The longest pause.
    pub pause_max: Duration,
    /// How many bytes a second may come at most; `None` for as many as can.
    pub rate_max: Option<u64>,
    /// How many questions may be under way at once.
    pub connections: usize,
    /// Whether whole objects may be fetched for the sake of a part, where parts are not served.
    pub whole_instead: bool,
}

impl Default for RemoteOptions {
    fn default() -> Self {
        Self {
            patience: Duration::from_secs(180),
            patience_at_first: Duration::from_secs(15),
            pause_first: Duration::from_millis(250),
            pause_max: Duration::from_secs(15),
            rate_max: None,
            connections: 6,
            whole_instead: true,
        }
    }
}
