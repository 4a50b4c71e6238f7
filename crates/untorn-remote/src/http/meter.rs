//! Whether enough comes.

use std::time::Duration;

/// Counts what comes, and how long it was waited for.
#[derive(Debug)]
pub(super) struct Meter {
    rate_min: u64,
    window: Duration,
    waited: Duration,
    came: u64,
}

impl Meter {
    /// At least `rate_min` bytes a second must come, over each `window` of waiting.
    pub(super) fn new(rate_min: u64, window: Duration) -> Self {
        Self { rate_min, window, waited: Duration::ZERO, came: 0 }
    }

    /// `len` bytes came after waiting for `waited`. Whether that is still enough.
    pub(super) fn is_enough(&mut self, len: usize, waited: Duration) -> bool {
        self.came = self.came.saturating_add(len as u64);
        self.waited += waited;
        if self.waited < self.window {
            return true;
        }
        let least = u128::from(self.rate_min).saturating_mul(self.waited.as_millis()) / 1000;
        let enough = u128::from(self.came) >= least;
        (self.waited, self.came) = (Duration::ZERO, 0);
        enough
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_window_of_too_little_counts() {
        let mut meter = Meter::new(1000, Duration::from_secs(10));
        assert!(meter.is_enough(0, Duration::from_secs(9)));
        assert!(meter.is_enough(10_000, Duration::from_secs(1)));
        assert!(meter.is_enough(1, Duration::from_secs(9)));
        assert!(!meter.is_enough(9_998, Duration::from_secs(1)));
    }
}
