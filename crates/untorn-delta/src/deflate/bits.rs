//! Bits, the lowest of each byte first.

use super::Bad;

/// Reads bits. Behind the end it sees zeros; [taking](BitReader::skip) them is an error.
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
        if self.held_len < 32 && self.held().is_none() {
            self.fill_at_end();
        }
    }

    /// The next 56 bits, or some more; `None` close to the end. So many may be [passed](BitReader::pass) without asking again.
    #[inline]
    pub(super) fn held(&mut self) -> Option<u64> {
        let word = self.bytes.get(self.at..self.at.wrapping_add(8))?.first_chunk()?;
        // What does not fit is read again, to the same place.
        self.held |= u64::from_le_bytes(*word) << self.held_len;
        self.at += (63 - self.held_len as usize) / 8;
        self.held_len |= 56;
        Some(self.held)
    }

    /// Takes bits that are held.
    #[inline]
    pub(super) fn pass(&mut self, len: u32) {
        self.held >>= len;
        self.held_len -= len;
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
    /// Fewer than 8 bits, the rest zeros.
    held: u64,
    held_len: u32,
}

impl BitWriter {
    /// For `len_max` bytes at most. Memory is taken at once for as many of these as `len_likely`.
    pub(super) fn new(len_max: usize, len_likely: usize) -> Self {
        Self { bytes: Vec::with_capacity(len_max.min(len_likely) + 8), len_max, held: 0, held_len: 0 }
    }

    /// Appends up to 56 bits; those above are zeros.
    #[inline]
    pub(super) fn put(&mut self, bits: u64, len: u32) {
        self.held |= bits << self.held_len;
        self.held_len += len;
        // All bytes of the word, and those that are not full are taken back: that has no branch.
        let end = self.bytes.len() + (self.held_len / 8) as usize;
        self.bytes.extend_from_slice(&self.held.to_le_bytes());
        self.bytes.truncate(end);
        self.held = self.held.checked_shr(self.held_len & !7).unwrap_or(0);
        self.held_len %= 8;
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
