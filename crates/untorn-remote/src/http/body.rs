//! What comes after the head of an answer, no more of it than is wanted, and no slower than is bearable.

use std::{
    io::{self, Read, Write},
    time::{Duration, Instant},
};

use ureq::{Body, BodyReader};

use super::{failure, meter::Meter};
use crate::Fault;

/// How much is read at once.
const PIECE_LEN: usize = 64 << 10;

/// The body of an answer.
pub(super) struct Pour {
    reader: BodyReader<'static>,
    meter: Meter,
    patience: Duration,
}

impl Pour {
    pub(super) fn new(body: Body, meter: Meter, patience: Duration) -> Self {
        Self { reader: body.into_with_config().limit(u64::MAX).reader(), meter, patience }
    }

    /// All of it into `sink`: `len` bytes, where that is known, and at most `limit`. Says how many there were.
    pub(super) fn all_into(mut self, len: Option<u64>, limit: u64, sink: &mut dyn Write) -> Result<u64, Fault> {
        let (mut buffer, mut got) = (vec![0; PIECE_LEN], 0_u64);
        loop {
            let piece = self.read(&mut buffer, got, len)?;
            if piece == 0 {
                break;
            }
            if got + piece as u64 > limit {
                // What is too much must not be taken for what was asked for.
                let allowed = usize::try_from(limit - got).unwrap_or(piece);
                sink.write_all(&buffer[..allowed]).map_err(Fault::Sink)?;
                return Err(Fault::Length { limit, found: None });
            }
            sink.write_all(&buffer[..piece]).map_err(Fault::Sink)?;
            got += piece as u64;
        }
        if len.is_some_and(|len| len != got) { Err(Fault::Broken { got, of: len }) } else { Ok(got) }
    }

    /// How it begins, as far as that comes without trouble.
    pub(super) fn first(&mut self, len: usize) -> Vec<u8> {
        let mut first = vec![0; len];
        let mut got = 0;
        while got < len {
            match self.read(&mut first[got..], 0, None) {
                Ok(piece) if piece > 0 => got += piece,
                _ => break,
            }
        }
        first.truncate(got);
        first
    }

    fn read(&mut self, buffer: &mut [u8], got: u64, of: Option<u64>) -> Result<usize, Fault> {
        loop {
            let began = Instant::now();
            match self.reader.read(buffer) {
                Ok(len) if len == 0 || self.meter.is_enough(len, began.elapsed()) => return Ok(len),
                Ok(_) => return Err(Fault::Slow { got, within: self.patience }),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if failure::is_timeout(&error) => return Err(Fault::Slow { got, within: self.patience }),
                Err(_) => return Err(Fault::Broken { got, of }),
            }
        }
    }
}
