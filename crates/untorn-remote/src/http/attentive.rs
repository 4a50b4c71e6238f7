//! Connections whose waits come in pieces: whoever waits for a host looks between them whether it was cancelled.
//!
//! Shutting a socket down wakes the thread that reads from it, but not under wine: there it would wait until its patience ends, a minute.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use ureq::{
    Error,
    unversioned::transport::{Buffers, ConnectionDetails, Connector, NextTimeout, Transport},
};

/// How long is waited at once.
const PIECE: Duration = Duration::from_millis(250);

/// Makes the connections of the connector before it attentive to a flag.
#[derive(Debug)]
pub(super) struct Attentive(pub(super) Arc<AtomicBool>);

impl<T: Transport> Connector<T> for Attentive {
    type Out = Attending<T>;

    fn connect(&self, _: &ConnectionDetails<'_>, connected: Option<T>) -> Result<Option<Self::Out>, Error> {
        Ok(connected.map(|below| Attending { below, is_cancelled: self.0.clone() }))
    }
}

/// A connection that is attentive.
#[derive(Debug)]
pub(super) struct Attending<T> {
    below: T,
    is_cancelled: Arc<AtomicBool>,
}

impl<T: Transport> Transport for Attending<T> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.below.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        self.below.transmit_output(amount, timeout)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        let (whole, began) = (timeout.for_read(), Instant::now());
        loop {
            if self.is_cancelled.load(Relaxed) {
                return Err(io::Error::from(io::ErrorKind::ConnectionAborted).into());
            }
            let left = whole.after.saturating_sub(began.elapsed());
            if left.is_zero() {
                return Err(Error::Timeout(whole.reason));
            }
            let piece = NextTimeout { after: left.min(PIECE).into(), per_read: None, ..whole };
            match self.below.await_input(piece) {
                Err(Error::Timeout(_)) => {}
                came => return came,
            }
        }
    }

    fn is_open(&mut self) -> bool {
        self.below.is_open()
    }

    fn is_tls(&self) -> bool {
        self.below.is_tls()
    }
}
