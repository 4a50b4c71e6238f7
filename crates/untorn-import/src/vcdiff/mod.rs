//! Deltas in VCDIFF: RFC 3284, with the Adler-32 of windows and the secondary compression that xdelta3 adds.

mod address;
mod code_table;
mod secondary;
mod window;

use std::io::{ErrorKind, Read};

pub(crate) use window::Window;

use self::secondary::Secondary;
use crate::foreign::Fault;

/// How a delta begins; a version follows.
pub(crate) const MAGIC: [u8; 3] = [0xd6, 0xc3, 0xc4];

const HAS_SECONDARY: u8 = 1;
const HAS_CODE_TABLE: u8 = 2;
/// Something for the program that made it; xdelta3 writes names there.
const HAS_APPLICATION: u8 = 4;
const LZMA: u8 = 2;
const APPLICATION_LEN_MAX: u64 = 1 << 20;

/// A delta that is being read.
pub(crate) struct Vcdiff<R> {
    from: R,
    secondary: Option<Secondary>,
}

impl<R: Read> Vcdiff<R> {
    /// Reads the header.
    pub(crate) fn new(mut from: R) -> Result<Self, Fault> {
        let mut magic = [0; 4];
        from.read_exact(&mut magic)?;
        if magic[..3] != MAGIC || magic[3] != 0 {
            return Err(Fault::Wrong("it is of another version of VCDIFF"));
        }
        let flags = byte(&mut from)?;
        if flags & !(HAS_SECONDARY | HAS_CODE_TABLE | HAS_APPLICATION) != 0 || flags & HAS_CODE_TABLE != 0 {
            return Err(Fault::Wrong("it has a code table of its own, or something unknown"));
        }
        let secondary = match flags & HAS_SECONDARY {
            0 => None,
            _ if byte(&mut from)? == LZMA => Some(Secondary::default()),
            _ => return Err(Fault::Wrong("it is compressed with DJW or FGK: make it with xdelta3 -S lzma, or -S none")),
        };
        if flags & HAS_APPLICATION != 0 {
            let len = number(&mut from)?;
            drop(bytes(&mut from, len, APPLICATION_LEN_MAX)?);
        }
        Ok(Self { from, secondary })
    }

    /// The next window; `None` at the end.
    pub(crate) fn next(&mut self) -> Result<Option<Window>, Fault> {
        let mut first = [0];
        loop {
            match self.from.read(&mut first) {
                Ok(0) => return Ok(None),
                Ok(_) => return Window::read(first[0], &mut self.from, self.secondary.as_mut()).map(Some),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

fn byte(from: &mut impl Read) -> Result<u8, Fault> {
    let mut byte = [0];
    from.read_exact(&mut byte)?;
    Ok(byte[0])
}

/// A number in base 128, the highest digit first.
fn number(from: &mut impl Read) -> Result<u64, Fault> {
    let mut value = 0_u64;
    loop {
        let digit = byte(from)?;
        if value >> 57 != 0 {
            return Err(Fault::Wrong("a number in it is too large"));
        }
        value = value << 7 | u64::from(digit & 0x7f);
        if digit & 0x80 == 0 {
            return Ok(value);
        }
    }
}

/// `len` bytes, if that is not too much to hold. Memory is taken as they come.
fn bytes(from: &mut impl Read, len: u64, len_max: u64) -> Result<Vec<u8>, Fault> {
    if len > len_max {
        return Err(Fault::Wrong("a part of it is too long"));
    }
    let mut bytes = Vec::new();
    from.by_ref().take(len).read_to_end(&mut bytes)?;
    if bytes.len() as u64 == len { Ok(bytes) } else { Err(Fault::Wrong("it ends too early")) }
}
