//! A binary arithmetic coder without carries, as in Mahoney's lpaq1 (2007): the interval shrinks, and its equal leading bytes are written.

use super::model::Prob;

/// Either side of the coder, so that maker and reader run the same code.
pub(crate) trait Coder {
    /// Whether it writes.
    const ENCODES: bool;

    /// Codes one bit, which is `bit` when it is written; returns the bit.
    fn bit(&mut self, prob: &mut Prob, bit: bool) -> bool;

    /// Does what codes several bits, one right after the other.
    fn several<T>(&mut self, code: impl FnOnce(&mut Self) -> T) -> T;
}

/// Writes bits.
pub(crate) struct Encoder {
    low: u32,
    high: u32,
    bytes: Vec<u8>,
}

/// Reads bits. Behind the end it reads zeros: whoever reads makes sure by a hash that the result is right.
pub(crate) struct Decoder<'a> {
    low: u32,
    high: u32,
    code: u32,
    bytes: &'a [u8],
}

impl Encoder {
    pub(crate) fn new() -> Self {
        Self { low: 0, high: u32::MAX, bytes: Vec::new() }
    }

    /// What was written; zeros at the end are left out.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        self.bytes.extend_from_slice(&self.high.to_be_bytes()[..1]);
        if self.low >> 24 == self.high >> 24 {
            self.bytes.extend_from_slice(&self.high.to_be_bytes()[1..]);
        }
        while self.bytes.last() == Some(&0) {
            self.bytes.pop();
        }
        self.bytes
    }
}

impl<'a> Decoder<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        let mut decoder = Self { low: 0, high: u32::MAX, code: 0, bytes };
        (0..4).for_each(|_| decoder.take());
        decoder
    }

    #[inline(always)]
    fn take(&mut self) {
        let next = self.bytes.split_first().map_or(0, |(next, rest)| {
            self.bytes = rest;
            *next
        });
        self.code = self.code << 8 | u32::from(next);
    }
}

/// The last number of the lower part of an interval: as large a part of it as the probability of a one.
#[inline]
fn split(low: u32, high: u32, prob: &Prob) -> u32 {
    // As large a part of less than 2^32 is less.
    let part = (u64::from(high.wrapping_sub(low)) * u64::from(prob.one())) >> 16;
    low.wrapping_add(u32::try_from(part).unwrap_or(u32::MAX))
}

impl Coder for Encoder {
    const ENCODES: bool = true;

    fn bit(&mut self, prob: &mut Prob, bit: bool) -> bool {
        let middle = split(self.low, self.high, prob);
        if bit {
            self.high = middle;
        } else {
            self.low = middle + 1;
        }
        prob.learn(bit);
        while self.low >> 24 == self.high >> 24 {
            self.bytes.extend_from_slice(&self.low.to_be_bytes()[..1]);
            (self.low, self.high) = (self.low << 8, self.high << 8 | 0xff);
        }
        bit
    }

    fn several<T>(&mut self, code: impl FnOnce(&mut Self) -> T) -> T {
        code(self)
    }
}

impl Coder for Decoder<'_> {
    const ENCODES: bool = false;

    /// Half of the time of adapting goes by here, and nobody can foretell the bit: so nothing but the caller branches on it.
    #[inline(always)]
    fn bit(&mut self, prob: &mut Prob, _: bool) -> bool {
        let middle = split(self.low, self.high, prob);
        let bit = self.code <= middle;
        (self.low, self.high) = (if bit { self.low } else { middle.wrapping_add(1) }, if bit { middle } else { self.high });
        prob.learn(bit);
        while (self.low ^ self.high) >> 24 == 0 {
            (self.low, self.high) = (self.low << 8, self.high << 8 | 0xff);
            self.take();
        }
        bit
    }

    /// Each bit waits for the interval that the one before left: so it stays in registers meanwhile.
    #[inline]
    fn several<T>(&mut self, code: impl FnOnce(&mut Self) -> T) -> T {
        let mut near = Self { ..*self };
        let coded = code(&mut near);
        *self = near;
        coded
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_read_back_whatever_their_probability() {
        let bits: Vec<bool> =
            (0..100_000_u32).map(|at| at % 977 == 0 || (at / 1000 % 5 == 0 && at.wrapping_mul(at) % 7 < 3)).collect();
        let (mut encoder, mut prob) = (Encoder::new(), Prob::default());
        bits.iter().for_each(|bit| assert_eq!(encoder.bit(&mut prob, *bit), *bit));
        let bytes = encoder.finish();
        assert!(bytes.len() < 4000, "{}", bytes.len());
        let (mut decoder, mut prob) = (Decoder::new(&bytes), Prob::default());
        assert!(bits.iter().all(|bit| decoder.bit(&mut prob, false) == *bit));
    }

    #[test]
    fn any_bytes_are_bits() {
        for bytes in [&[][..], &[0xff; 9], &[0; 3]] {
            let (mut decoder, mut prob) = (Decoder::new(bytes), Prob::default());
            (0..10_000).for_each(|_| {
                decoder.bit(&mut prob, false);
            });
        }
    }
}
