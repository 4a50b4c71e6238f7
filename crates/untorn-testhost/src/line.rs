//! The line to the client: how fast it is, and what went over it.

use std::{
    io::{self, Write},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    thread,
    time::{Duration, Instant},
};

/// How much is written at once.
pub(crate) const PIECE_LEN: usize = 16 << 10;

/// A line shared by all connections.
#[derive(Debug)]
pub(crate) struct Line {
    rate_max: Option<u64>,
    next: Mutex<Instant>,
    served: AtomicU64,
}

impl Line {
    pub(crate) fn new(rate_max: Option<u64>) -> Self {
        Self { rate_max, next: Mutex::new(Instant::now()), served: AtomicU64::new(0) }
    }

    /// Bytes of bodies so far.
    pub(crate) fn served(&self) -> u64 {
        self.served.load(Relaxed)
    }

    /// Writes a piece of a body, not faster than the line is.
    pub(crate) fn write(&self, to: &mut dyn Write, piece: &[u8]) -> io::Result<()> {
        self.wait(piece.len());
        // Counted first: who has the bytes may ask at once how many there were.
        self.served.fetch_add(piece.len() as u64, Relaxed);
        to.write_all(piece)
    }

    fn wait(&self, len: usize) {
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
