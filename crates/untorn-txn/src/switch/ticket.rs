//! The ticket: one document in two halves, one in the state directory of each of the two trees of a switch. Whoever holds one half recognises the other
//! by its number, and nothing else is ever taken for the other tree.
//!
//! ```text
//!  0  8  magic "UNTORNsw"     13  1  how the new tree came about (0 cloned, 1 the previous one)
//!  8  4  format, 1            14  1  whether the old tree is kept
//! 12  1  half (0 old, 1 new)  15  1  0
//! 16 16  number of the switch, random
//! 32 32  BLAKE3 of all before
//! ```

use std::io;

use untorn_format::Hash;
use untorn_fs::{Fs, OpenMode};

use crate::error::{Cause, Context, Error, Result};

const MAGIC: [u8; 8] = *b"UNTORNsw";
const FORMAT: u32 = 1;
const HASHED_LEN: usize = 32;
const LEN: usize = 64;

/// Which of the two trees a ticket lies in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Half {
    /// The tree that stood under the name when the switch began.
    Old,
    /// The one that shall stand there.
    New,
}

/// How the new tree came about: what is to become of it when the switch is given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// A clone of the old one: it can be made again.
    Cloned,
    /// The tree before an earlier switch: it goes back to where it was kept.
    Previous,
}

/// One half.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ticket {
    pub(crate) half: Half,
    pub(crate) origin: Origin,
    pub(crate) keep: bool,
    pub(crate) id: [u8; 16],
}

impl Ticket {
    /// The other half.
    pub(crate) fn other(self) -> Self {
        let half = match self.half {
            Half::Old => Half::New,
            Half::New => Half::Old,
        };
        Self { half, ..self }
    }

    /// The bytes.
    pub(crate) fn encode(&self) -> [u8; LEN] {
        let mut bytes = [0; LEN];
        bytes[..8].copy_from_slice(&MAGIC);
        bytes[8..12].copy_from_slice(&FORMAT.to_le_bytes());
        bytes[12] = u8::from(self.half == Half::New);
        bytes[13] = u8::from(self.origin == Origin::Previous);
        bytes[14] = u8::from(self.keep);
        bytes[16..32].copy_from_slice(&self.id);
        let hash = Hash::of(&bytes[..HASHED_LEN]);
        bytes[HASHED_LEN..].copy_from_slice(&hash.0);
        bytes
    }

    /// `Ok(None)` for anything that is no ticket, or a damaged one; `Err` with the number of a format we do not know.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Option<Self>, u32> {
        let Ok(bytes) = <&[u8; LEN]>::try_from(bytes) else { return Ok(None) };
        if bytes[..8] != MAGIC || Hash::of(&bytes[..HASHED_LEN]).0 != bytes[HASHED_LEN..] {
            return Ok(None);
        }
        let format = u32::from_le_bytes([bytes[8], bytes[9], bytes[10], bytes[11]]);
        if format != FORMAT {
            return Err(format);
        }
        let mut id = [0; 16];
        id.copy_from_slice(&bytes[16..32]);
        let half = if bytes[12] == 0 { Half::Old } else { Half::New };
        let origin = if bytes[13] == 0 { Origin::Cloned } else { Origin::Previous };
        let ticket = Self { half, origin, keep: bytes[14] != 0, id };
        Ok((ticket.encode() == *bytes).then_some(ticket))
    }

    /// Reads the ticket at `path`; `None` when there is none that can be understood.
    pub(crate) fn read(fs: &dyn Fs, path: &str) -> Result<Option<Self>> {
        let file = match fs.open(path, OpenMode::Read) {
            Err(error) if is_absent(&error) => return Ok(None),
            other => other.context("open", path)?,
        };
        let mut bytes = [0; LEN + 1];
        let mut len = 0;
        while len < bytes.len() {
            match file.read_at(&mut bytes[len..], len as u64).context("read", path)? {
                0 => break,
                n => len += n,
            }
        }
        Self::decode(&bytes[..len]).map_err(|format| Error::new(Cause::JournalNewer { format }).at(path))
    }

    /// Writes the ticket; nothing is synced.
    pub(crate) fn write(&self, fs: &dyn Fs, path: &str) -> Result<()> {
        let file = fs.open(path, OpenMode::CreateNew { executable: false }).context("make", path)?;
        file.write_all_at(&self.encode(), 0).context("write", path)
    }
}

/// Nothing of that name, nothing that can be opened, or no way there: there is no ticket.
fn is_absent(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidInput, IsADirectory, NotADirectory, NotFound};
    matches!(error.kind(), NotFound | NotADirectory | IsADirectory | InvalidInput)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticket() -> Ticket {
        Ticket { half: Half::New, origin: Origin::Previous, keep: true, id: [7; 16] }
    }

    #[test]
    fn what_is_written_is_read_and_the_halves_differ() {
        for ticket in [ticket(), ticket().other(), Ticket { keep: false, origin: Origin::Cloned, ..ticket() }] {
            assert_eq!(Ticket::decode(&ticket.encode()), Ok(Some(ticket)));
            assert_ne!(ticket.other(), ticket);
            assert_eq!(ticket.other().other(), ticket);
        }
    }

    #[test]
    fn no_damaged_ticket_is_taken_for_one() {
        let good = ticket().encode();
        for bit in 0..good.len() * 8 {
            let mut bad = good;
            bad[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Ticket::decode(&bad), Ok(None), "bit {bit}");
        }
        for len in 0..good.len() {
            assert_eq!(Ticket::decode(&good[..len]), Ok(None), "{len} bytes");
        }
        assert_eq!(Ticket::decode(&[good.as_slice(), &[0]].concat()), Ok(None));
    }

    #[test]
    fn a_newer_format_is_told_apart_from_damage() {
        let mut newer = ticket().encode();
        newer[8] = 2;
        let hash = Hash::of(&newer[..HASHED_LEN]);
        newer[HASHED_LEN..].copy_from_slice(&hash.0);
        assert_eq!(Ticket::decode(&newer), Err(2));
    }
}
