//! Fields of the index: numbers of variable length, texts, and slices that shrink as they are read.

use crate::DecodeError;

/// Appends `number` as LEB128: seven bits a byte, lowest first, in as few bytes as possible.
pub(super) fn put_number(out: &mut Vec<u8>, number: u64) {
    let [low, ..] = number.to_le_bytes();
    if number < 0x80 {
        out.push(low);
    } else {
        out.push(low | 0x80);
        put_number(out, number >> 7);
    }
}

/// Appends a signed number: its sign in the lowest bit.
pub(super) fn put_signed(out: &mut Vec<u8>, number: i64) {
    put_number(out, (number.cast_unsigned() << 1) ^ (number >> 63).cast_unsigned());
}

/// Appends a text after its length.
pub(super) fn put_text(out: &mut Vec<u8>, text: &str) {
    put_number(out, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}

/// Bytes not read yet.
#[derive(Clone, Copy)]
pub(super) struct Fields<'a>(pub(super) &'a [u8]);

impl<'a> Fields<'a> {
    /// The next `len` bytes.
    pub(super) fn bytes(&mut self, len: u64) -> Result<&'a [u8], DecodeError> {
        let len = usize::try_from(len).map_err(|_| DecodeError::Length)?;
        let (taken, rest) = self.0.split_at_checked(len).ok_or(DecodeError::Length)?;
        self.0 = rest;
        Ok(taken)
    }

    /// The next `N` bytes.
    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let (taken, rest) = self.0.split_first_chunk().ok_or(DecodeError::Length)?;
        self.0 = rest;
        Ok(*taken)
    }

    /// The next byte.
    pub(super) fn byte(&mut self) -> Result<u8, DecodeError> {
        self.array().map(|[byte]| byte)
    }

    /// The next number; refused when it could have been written in fewer bytes.
    pub(super) fn number(&mut self) -> Result<u64, DecodeError> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let seven = u64::from(byte & 0x7f);
            if (seven << shift) >> shift != seven {
                return Err(DecodeError::Field("number too large"));
            }
            number |= seven << shift;
            if byte < 0x80 {
                return if byte == 0 && shift > 0 { Err(DecodeError::Field("number longer than needed")) } else { Ok(number) };
            }
        }
        Err(DecodeError::Field("number too large"))
    }

    /// The next number, which counts things of at least one byte each among the bytes left.
    pub(super) fn count(&mut self, max: u64) -> Result<usize, DecodeError> {
        let count = self.number()?;
        let count_max = max.min(self.0.len() as u64);
        if count > count_max {
            return Err(DecodeError::Field("count"));
        }
        usize::try_from(count).map_err(|_| DecodeError::Field("count"))
    }

    /// The next signed number.
    pub(super) fn signed(&mut self) -> Result<i64, DecodeError> {
        let number = self.number()?;
        Ok((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
    }

    /// The next text.
    pub(super) fn text(&mut self) -> Result<&'a str, DecodeError> {
        let len = self.number()?;
        std::str::from_utf8(self.bytes(len)?).map_err(|_| DecodeError::Field("text"))
    }

    /// The next bytes up to a zero byte, which is passed over.
    pub(super) fn until_zero(&mut self) -> Result<&'a [u8], DecodeError> {
        let len = self.0.iter().position(|byte| *byte == 0).ok_or(DecodeError::Length)?;
        let taken = self.bytes(len as u64)?;
        self.byte()?;
        Ok(taken)
    }

    /// Nothing may be left.
    pub(super) fn end(self) -> Result<(), DecodeError> {
        if self.0.is_empty() { Ok(()) } else { Err(DecodeError::Length) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_reads_back_and_no_other_spelling_is_read() {
        for number in (0..64).flat_map(|bit| [(1_u64 << bit) - 1, 1 << bit]).chain([u64::MAX]) {
            let mut bytes = Vec::new();
            put_number(&mut bytes, number);
            assert_eq!(Fields(&bytes).number(), Ok(number));
            let last = bytes.len() - 1;
            bytes[last] |= 0x80;
            bytes.push(0);
            assert!(Fields(&bytes).number().is_err(), "{number} with a zero byte behind");
        }
        assert!(Fields(&[0xff; 9]).number().is_err());
        assert!(Fields(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2]).number().is_err());
    }

    #[test]
    fn every_signed_number_reads_back() {
        for number in [0, 1, -1, 63, -64, i64::MAX, i64::MIN] {
            let mut bytes = Vec::new();
            put_signed(&mut bytes, number);
            assert_eq!(Fields(&bytes).signed(), Ok(number));
        }
    }

    #[test]
    fn a_count_beyond_the_bytes_left_is_refused() {
        assert!(Fields(&[3, 0, 0]).count(10).is_err());
        assert_eq!(Fields(&[2, 0, 0]).count(10), Ok(2));
        assert!(Fields(&[2, 0, 0]).count(1).is_err());
    }
}
