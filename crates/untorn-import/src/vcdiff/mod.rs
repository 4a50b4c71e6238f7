//! Deltas in VCDIFF: RFC 3284, with the Adler-32 of windows and the secondary compression that xdelta3 adds.

mod address;
mod code_table;
mod secondary;
mod window;

use std::io::{ErrorKind, Read};

use untorn::escape;

pub(crate) use window::Window;

use self::secondary::Secondary;
use crate::foreign::Fault;

/// How a delta begins; a version follows.
pub(crate) const MAGIC: [u8; 3] = [0xd6, 0xc3, 0xc4];

const HAS_SECONDARY: u8 = 1;
const HAS_CODE_TABLE: u8 = 2;
/// Something for the program that made it; xdelta3 writes names there.
const HAS_APPLICATION: u8 = 4;
const DJW: u8 = 1;
const LZMA: u8 = 2;
const FGK: u8 = 16;
const APPLICATION_LEN_MAX: u64 = 1 << 20;
/// How much of a name is shown.
const NAME_LEN_MAX: usize = 200;

/// A delta that is being read.
pub(crate) struct Vcdiff<R> {
    input: R,
    secondary: Option<Secondary>,
    /// What xdelta3 calls the file that it starts from, escaped.
    pub(crate) from: Option<String>,
    is_begun: bool,
}

impl<R: Read> Vcdiff<R> {
    /// Reads the header.
    pub(crate) fn new(mut input: R) -> Result<Self, Fault> {
        let mut magic = [0; 4];
        input.read_exact(&mut magic)?;
        if magic[..3] != MAGIC || magic[3] != 0 {
            return Err(Fault::Wrong("it is of another version of VCDIFF"));
        }
        let flags = byte(&mut input)?;
        if flags & !(HAS_SECONDARY | HAS_CODE_TABLE | HAS_APPLICATION) != 0 || flags & HAS_CODE_TABLE != 0 {
            return Err(Fault::Wrong("it has a code table of its own, or something unknown"));
        }
        let secondary = match flags & HAS_SECONDARY {
            0 => None,
            _ => Some(secondary(byte(&mut input)?)?),
        };
        let application = match flags & HAS_APPLICATION {
            0 => Vec::new(),
            _ => {
                let len = number(&mut input)?;
                bytes(&mut input, len, APPLICATION_LEN_MAX)?
            }
        };
        Ok(Self { input, secondary, from: named(&application)?, is_begun: false })
    }

    /// The next window; `None` at the end. Every file is made of at least one.
    pub(crate) fn next(&mut self) -> Result<Option<Window>, Fault> {
        let mut first = [0];
        loop {
            match self.input.read(&mut first) {
                Ok(0) if !self.is_begun => return Err(Fault::Wrong("it ends too early")),
                Ok(0) => return Ok(None),
                Ok(_) => {
                    self.is_begun = true;
                    return Window::read(first[0], &mut self.input, self.secondary.as_mut()).map(Some);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

fn secondary(number: u8) -> Result<Secondary, Fault> {
    match number {
        LZMA => Ok(Secondary::default()),
        DJW => Err(Fault::Wrong("it is compressed with DJW: make it with xdelta3 -S lzma, or -S none")),
        FGK => Err(Fault::Wrong("it is compressed with FGK: make it with xdelta3 -S lzma, or -S none")),
        _ => Err(Fault::Wrong("it is compressed in a way that is not known: make it with xdelta3 -S lzma, or -S none")),
    }
}

/// What xdelta3 calls the file that the delta starts from: it writes name and kind of compression of the new file, then those of the old one. What others write is nothing to go by.
fn named(application: &[u8]) -> Result<Option<String>, Fault> {
    let parts: Vec<_> = application.split(|byte| *byte == b'/').collect();
    let is_packed = |kind: &[u8]| matches!(kind, b"B" | b"G" | b"Y" | b"Z");
    let (packed, name) = match parts[..] {
        [_, new_kind] => (is_packed(new_kind), &b""[..]),
        [_, new_kind, name, old_kind] => (is_packed(new_kind) || is_packed(old_kind), name),
        _ => return Ok(None),
    };
    if packed {
        return Err(Fault::Wrong("it is a delta of what the files held before they were compressed: make it with xdelta3 -D"));
    }
    Ok((!name.is_empty()).then(|| escape(&name[..name.len().min(NAME_LEN_MAX)])))
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
