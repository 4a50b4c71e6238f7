//! A window: a part of the new file, made of a part of the old one, of what came before in it, and of bytes.

use std::{io::Read, ops::Range};

use super::{
    address::Addresses,
    byte, bytes,
    code_table::{Instruction, instructions},
    number,
    secondary::{Secondary, Section},
};
use crate::foreign::Fault;

const FROM_SOURCE: u8 = 1;
const FROM_TARGET: u8 = 2;
const HAS_ADLER32: u8 = 4;
/// What a window holds in memory at most; xdelta3 makes none above 16 MiB.
const WINDOW_LEN_MAX: u64 = 64 << 20;

/// A window, as it was read.
#[derive(Debug)]
pub(crate) struct Window {
    /// The part of the old file.
    pub(crate) source: Range<u64>,
    len: u64,
    adler32: Option<u32>,
    data: Vec<u8>,
    instructions: Vec<u8>,
    addresses: Vec<u8>,
}

impl Window {
    /// Reads one, of which the first byte was read already.
    pub(super) fn read(flags: u8, from: &mut impl Read, secondary: Option<&mut Secondary>) -> Result<Self, Fault> {
        if flags & FROM_TARGET != 0 || flags & !(FROM_SOURCE | HAS_ADLER32) != 0 {
            return Err(Fault::Wrong("it copies from the target, or does something unknown"));
        }
        let source = if flags & FROM_SOURCE == 0 {
            0..0
        } else {
            let (len, start) = (number(from)?, number(from)?);
            start..start.checked_add(len).ok_or(Fault::Wrong("a number in it is too large"))?
        };
        let delta_len = number(from)?;
        if delta_len > WINDOW_LEN_MAX {
            return Err(Fault::Wrong("a part of it is too long"));
        }
        let (len, compressed) = (number(from)?, byte(from)?);
        let lens = [number(from)?, number(from)?, number(from)?];
        let adler32 = match flags & HAS_ADLER32 {
            0 => None,
            _ => Some(bytes(from, 4, 4)?.iter().fold(0, |sum, byte| sum << 8 | u32::from(*byte))),
        };
        if len > WINDOW_LEN_MAX || compressed > 7 {
            return Err(Fault::Wrong("a part of it is too long, or something in it unknown"));
        }
        let mut secondary = secondary;
        let mut section = |kind: Section| {
            let section = bytes(from, lens[kind as usize], WINDOW_LEN_MAX)?;
            match secondary.as_deref_mut() {
                _ if compressed & (1 << kind as u8) == 0 => Ok(section),
                Some(secondary) => secondary.expand(kind, &section, WINDOW_LEN_MAX),
                None => Err(Fault::Wrong("a part of it is compressed in a way it does not name")),
            }
        };
        let data = section(Section::Data)?;
        let instructions = section(Section::Instructions)?;
        let addresses = section(Section::Addresses)?;
        Ok(Self { source, len, adler32, data, instructions, addresses })
    }

    /// Whether there is a sum of what it makes: xdelta3 leaves it out with `-n`.
    pub(crate) fn has_sum(&self) -> bool {
        self.adler32.is_some()
    }

    /// What the window is, made from `source`, the part of the old file. `None` when it is not what it was made from, as its sum tells.
    pub(crate) fn make(&self, source: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        let mut making = Making {
            window: self,
            source,
            target: Vec::new(),
            data: &self.data,
            addresses: &self.addresses,
            cache: Addresses::new(),
        };
        let mut codes = self.instructions.as_slice();
        while !codes.is_empty() {
            for instruction in instructions(byte(&mut codes)?) {
                making.follow(instruction, &mut codes)?;
            }
        }
        let is_used_up = making.data.is_empty() && making.addresses.is_empty();
        if making.target.len() as u64 != self.len || !is_used_up {
            return Err(Fault::Wrong("a part of it makes more or less than it says"));
        }
        let target = making.target;
        let is_right = self.adler32.is_none_or(|sum| adler2::adler32_slice(&target) == sum);
        Ok(is_right.then_some(target))
    }
}

struct Making<'w> {
    window: &'w Window,
    source: &'w [u8],
    target: Vec<u8>,
    data: &'w [u8],
    addresses: &'w [u8],
    cache: Addresses,
}

impl Making<'_> {
    fn follow(&mut self, instruction: Instruction, codes: &mut &[u8]) -> Result<(), Fault> {
        let mut len_of = |short: u8| if short == 0 { number(codes) } else { Ok(short.into()) };
        match instruction {
            Instruction::Nothing => Ok(()),
            Instruction::Run => {
                let len = len_of(0)?;
                let len = self.room(len)?;
                let byte = byte(&mut self.data)?;
                self.target.resize(self.target.len() + len, byte);
                Ok(())
            }
            Instruction::Add(short) => {
                let len = len_of(short)?;
                let len = self.room(len)?;
                let (now, later) = self.data.split_at_checked(len).ok_or(Fault::Wrong("it ends too early"))?;
                self.target.extend_from_slice(now);
                self.data = later;
                Ok(())
            }
            Instruction::Copy(short, mode) => {
                let len = len_of(short)?;
                let len = self.room(len)?;
                let here = (self.source.len() + self.target.len()) as u64;
                let address = self.cache.read(&mut self.addresses, mode, here)?;
                self.copy(usize::try_from(address).map_err(|_| Fault::Wrong("it copies from outside"))?, len);
                Ok(())
            }
        }
    }

    /// `len`, if the window has room for so much.
    fn room(&self, len: u64) -> Result<usize, Fault> {
        let room = self.window.len - self.target.len() as u64;
        let len = if len <= room { usize::try_from(len).ok() } else { None };
        len.ok_or(Fault::Wrong("a part of it makes more or less than it says"))
    }

    /// From source and target as if they were one; a copy may run into what it makes.
    fn copy(&mut self, address: usize, len: usize) {
        let from_source = self.source.len().saturating_sub(address).min(len);
        if from_source > 0 {
            self.target.extend_from_slice(&self.source[address..address + from_source]);
        }
        let start = (address + from_source) - self.source.len().min(address + from_source);
        for at in start..start + (len - from_source) {
            self.target.push(self.target[at]);
        }
    }
}
