//! Reading and writing fields: fixed widths, little-endian.

use crate::{DecodeError, Hash, TreePath};

/// Lists are not given more room than this many items before their items have been read.
const RESERVED_MAX: usize = 1024;

/// A field of `N` bytes at a fixed place of a block. That it lies within the block is checked when the crate is compiled (see
/// [`crate::layout`]).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Field<const N: usize> {
    pub(crate) at: usize,
}

impl<const N: usize> Field<N> {
    pub(crate) const fn at(at: usize) -> Self {
        Self { at }
    }

    pub(crate) const fn len(self) -> usize {
        N
    }

    pub(crate) fn put(self, block: &mut [u8], value: [u8; N]) {
        block[self.at..self.at + N].copy_from_slice(&value);
    }

    pub(crate) fn get(self, block: &[u8]) -> [u8; N] {
        let mut value = [0; N];
        value.copy_from_slice(&block[self.at..self.at + N]);
        value
    }
}

impl Field<4> {
    pub(crate) fn u32(self, block: &[u8]) -> u32 {
        u32::from_le_bytes(self.get(block))
    }
}

impl Field<8> {
    pub(crate) fn u64(self, block: &[u8]) -> u64 {
        u64::from_le_bytes(self.get(block))
    }
}

impl Field<32> {
    pub(crate) fn hash(self, block: &[u8]) -> Hash {
        Hash(self.get(block))
    }
}

/// Appends fields.
pub(crate) struct Writer(pub(crate) Vec<u8>);

impl Writer {
    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    pub(crate) fn u8(&mut self, value: u8) {
        self.0.push(value);
    }

    pub(crate) fn bool(&mut self, value: bool) {
        self.u8(u8::from(value));
    }

    pub(crate) fn u32(&mut self, value: u32) {
        self.bytes(&value.to_le_bytes());
    }

    pub(crate) fn u64(&mut self, value: u64) {
        self.bytes(&value.to_le_bytes());
    }

    pub(crate) fn hash(&mut self, hash: &Hash) {
        self.bytes(&hash.0);
    }

    pub(crate) fn text(&mut self, text: &str) {
        self.bytes(&u16::try_from(text.len()).unwrap_or(u16::MAX).to_le_bytes());
        self.bytes(text.as_bytes());
    }
}

/// A count as it is written. One that has no room is written as a number that does not fit the items, which makes a decoder refuse.
pub(crate) fn count(items: usize) -> u32 {
    u32::try_from(items).unwrap_or(u32::MAX)
}

/// Takes fields off the front of what is left.
pub(crate) struct Reader<'a>(pub(crate) &'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn take(&mut self, len: usize) -> Result<&'a [u8], DecodeError> {
        let (taken, rest) = self.0.split_at_checked(len).ok_or(DecodeError::Length)?;
        self.0 = rest;
        Ok(taken)
    }

    /// `len` bytes, as it stands in a field.
    pub(crate) fn bytes(&mut self, len: u32) -> Result<&'a [u8], DecodeError> {
        self.take(usize::try_from(len).map_err(|_| DecodeError::Length)?)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let (taken, rest) = self.0.split_first_chunk().ok_or(DecodeError::Length)?;
        self.0 = rest;
        Ok(*taken)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, DecodeError> {
        Ok(u8::from_le_bytes(self.array()?))
    }

    pub(crate) fn bool(&mut self, field: &'static str) -> Result<bool, DecodeError> {
        match self.u8()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(DecodeError::Field(field)),
        }
    }

    pub(crate) fn u32(&mut self) -> Result<u32, DecodeError> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    pub(crate) fn u64(&mut self) -> Result<u64, DecodeError> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    pub(crate) fn hash(&mut self) -> Result<Hash, DecodeError> {
        Ok(Hash(self.array()?))
    }

    fn counted_bytes(&mut self) -> Result<&'a [u8], DecodeError> {
        let len = u16::from_le_bytes(self.array()?);
        self.take(usize::from(len))
    }

    pub(crate) fn text(&mut self, field: &'static str) -> Result<&'a str, DecodeError> {
        std::str::from_utf8(self.counted_bytes()?).map_err(|_| DecodeError::Field(field))
    }

    pub(crate) fn path(&mut self) -> Result<TreePath, DecodeError> {
        Ok(TreePath::from_bytes(self.counted_bytes()?)?)
    }

    /// `count` items of at least `item_len_min` bytes each: a count that cannot be true is refused before anything is read or allocated.
    pub(crate) fn list<T>(
        &mut self,
        count: u32,
        item_len_min: usize,
        mut item: impl FnMut(&mut Self) -> Result<T, DecodeError>,
    ) -> Result<Vec<T>, DecodeError> {
        let count = usize::try_from(count).map_err(|_| DecodeError::Length)?;
        if count > self.0.len() / item_len_min {
            return Err(DecodeError::Length);
        }
        let mut items = Vec::with_capacity(count.min(RESERVED_MAX));
        for _ in 0..count {
            items.push(item(self)?);
        }
        Ok(items)
    }

    pub(crate) fn end(&self) -> Result<(), DecodeError> {
        if self.0.is_empty() { Ok(()) } else { Err(DecodeError::Length) }
    }
}

/// `Err(Field(field))` unless `holds`.
pub(crate) fn require(holds: bool, field: &'static str) -> Result<(), DecodeError> {
    if holds { Ok(()) } else { Err(DecodeError::Field(field)) }
}
