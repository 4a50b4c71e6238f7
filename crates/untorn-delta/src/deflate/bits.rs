//! Bits, the lowest of each byte first.

use super::Bad;

/// Reads bits. Behind the end it reads zeros; [`BitReader::end`] tells.
pub(super) struct BitReader<'a> {
    bytes: &'a [u8],
    /// The next byte to take.
    at: usize,
    held: u64,
    held_len: u32,
    /// Bits taken from behind the end.
    missing: u32,
}

impl<'a> BitReader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, held: 0, held_len: 0, missing: 0 }
    }

    /// Holds 32 bits at least.
    fn fill(&mut self) {
        if self.held_len >= 32 {
            return;
        }
        if let Some(word) = self.bytes.get(self.at..).and_then(|bytes| bytes.first_chunk::<4>()) {
            self.held |= u64::from(u32::from_le_bytes(*word)) << self.held_len;
            self.at += 4;
            self.held_len += 32;
        } else {
            self.fill_at_end();
        }
    }

    #[cold]
    fn fill_at_end(&mut self) {
        while self.held_len <= 48 {
            let byte = self.bytes.get(self.at).copied();
            self.missing += if byte.is_none() { 8 } else { 0 };
            self.held |= u64::from(byte.unwrap_or(0)) << self.held_len;
            self.at += usize::from(byte.is_some());
            self.held_len += 8;
        }
    }

    /// The next bits, up to 32, without taking them.
    pub(super) fn peek(&mut self, len: u32) -> u32 {
        self.fill();
        u32::try_from(self.held & ((1 << len) - 1)).unwrap_or(0)
    }

    /// Takes bits that were looked at.
    pub(super) fn skip(&mut self, len: u32) -> Result<(), Bad> {
        self.held >>= len;
        self.held_len -= len;
        if self.held_len < self.missing { Err(Bad("it ends too early")) } else { Ok(()) }
    }

    pub(super) fn take(&mut self, len: u32) -> Result<u32, Bad> {
        let bits = self.peek(len);
        self.skip(len)?;
        Ok(bits)
    }

    /// Takes what is left of a byte, which must be zeros.
    pub(super) fn align(&mut self) -> Result<(), Bad> {
        let rest = self.held_len % 8;
        if self.take(rest)? == 0 { Ok(()) } else { Err(Bad("bits that mean nothing are not 0")) }
    }

    /// How many bytes are used.
    pub(super) fn used(&self) -> usize {
        let held = (self.held_len - self.missing.min(self.held_len)) / 8;
        self.at - (held as usize).min(self.at)
    }
}

/// Writes bits, up to a number of bytes.
pub(super) struct BitWriter {
    bytes: Vec<u8>,
    len_max: usize,
    held: u64,
    held_len: u32,
}

impl BitWriter {
    pub(super) fn new(len_max: usize) -> Self {
        Self { bytes: Vec::new(), len_max, held: 0, held_len: 0 }
    }

    /// Appends up to 32 bits; those above are zeros.
    #[inline]
    pub(super) fn put(&mut self, bits: u32, len: u32) {
        self.held |= u64::from(bits) << self.held_len;
        self.held_len += len;
        if self.held_len >= 32 {
            let [one, two, three, four, ..] = self.held.to_le_bytes();
            self.bytes.extend_from_slice(&[one, two, three, four]);
            self.held >>= 32;
            self.held_len -= 32;
        }
    }

    /// Fills the current byte with zeros.
    pub(super) fn align(&mut self) {
        let held = self.held_len.div_ceil(8) as usize;
        self.bytes.extend_from_slice(&self.held.to_le_bytes()[..held]);
        (self.held, self.held_len) = (0, 0);
    }

    /// Appends whole bytes, once aligned.
    pub(super) fn put_bytes(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    pub(super) fn check(&self) -> Result<(), Bad> {
        if self.bytes.len() > self.len_max { Err(Bad("a recipe makes too many bytes")) } else { Ok(()) }
    }

    /// All bytes.
    pub(super) fn finish(mut self) -> Result<Vec<u8>, Bad> {
        self.align();
        if self.bytes.len() == self.len_max { Ok(self.bytes) } else { Err(Bad("a recipe makes another number of bytes")) }
    }
}
