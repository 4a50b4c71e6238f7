//! Not faster than allowed.

use std::{
    sync::{Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

/// A limit to how many bytes a second may come, shared by all connections.
#[derive(Debug)]
pub(crate) struct Pace {
    rate_max: Option<u64>,
    /// When the next byte may come.
    next: Mutex<Instant>,
}

impl Pace {
    pub(crate) fn new(rate_max: Option<u64>) -> Self {
        Self { rate_max: rate_max.filter(|rate| *rate > 0), next: Mutex::new(Instant::now()) }
    }

    /// Waits until `len` bytes more are not too many.
    pub(crate) fn wait(&self, len: usize) {
        let Some(rate) = self.rate_max else { return };
        let pause = {
            let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
            let now = Instant::now();
            let begin = (*next).max(now);
            *next = begin + Duration::from_secs_f64(len as f64 / rate as f64);
            begin - now
        };
        if !pause.is_zero() {
            thread::sleep(pause);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_no_faster_than_allowed() {
        let (pace, began) = (Pace::new(Some(100_000)), Instant::now());
        (0..10).for_each(|_| pace.wait(1000));
        assert!(began.elapsed() >= Duration::from_millis(90));
    }
}
