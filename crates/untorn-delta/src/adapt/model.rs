//! What is expected of a bit, learned from the bits before; and numbers made of such bits.

use super::coder::Coder;

/// How likely a one is: the mean of a quick learner and a slow one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Prob {
    quick: u16,
    slow: u16,
}

/// A probability is never closer to certainty than this, in parts of 65536.
const MARGIN: u32 = 24;

impl Default for Prob {
    fn default() -> Self {
        Self { quick: 1 << 15, slow: 1 << 15 }
    }
}

impl Prob {
    /// In parts of 65536; never none, never all.
    #[inline]
    pub(super) fn one(self) -> u32 {
        (u32::midpoint(self.quick.into(), self.slow.into())).clamp(MARGIN, 65536 - MARGIN)
    }

    /// Goes a part of the way to the bit: a sixteenth, and a 128th. Seen from the other end, the way up is the way down.
    #[inline]
    pub(super) fn learn(&mut self, bit: bool) {
        let other_end = if bit { u16::MAX } else { 0 };
        let (quick, slow) = (self.quick ^ other_end, self.slow ^ other_end);
        self.quick = (quick - (quick >> 4)) ^ other_end;
        self.slow = (slow - (slow >> 7)) ^ other_end;
    }
}

/// Numbers of any size: how many bits they have, then these bits (Elias' gamma code, with learned bits).
#[derive(Clone)]
pub(crate) struct Numbers {
    lens: [Prob; 64],
    /// The three bits below the first, for each length.
    tops: [[Prob; 8]; 64],
    rests: [Prob; 64],
}

impl Default for Numbers {
    fn default() -> Self {
        Self { lens: [Prob::default(); 64], tops: [[Prob::default(); 8]; 64], rests: [Prob::default(); 64] }
    }
}

impl Numbers {
    /// Codes a number below 2^63.
    pub(crate) fn code(&mut self, coder: &mut impl Coder, number: u64) -> u64 {
        let number = number.min((1 << 63) - 1) + 1;
        coder.several(|coder| {
            let wanted = number.ilog2() as usize;
            let mut len = 0;
            while len < 63 && coder.bit(&mut self.lens[len], len < wanted) {
                len += 1;
            }
            let (mut top, mut left) = (1, len);
            while top < 8 && left > 0 {
                left -= 1;
                top = top << 1 | usize::from(coder.bit(&mut self.tops[len][top], number >> left & 1 == 1));
            }
            let mut value = top as u64;
            for at in (0..left).rev() {
                let bit = coder.bit(&mut self.rests[at], number >> at & 1 == 1);
                value = value << 1 | u64::from(bit);
            }
            value - 1
        })
    }
}

/// Numbers with a sign.
#[derive(Clone, Default)]
pub(crate) struct Signed {
    negative: Prob,
    numbers: Numbers,
}

impl Signed {
    pub(crate) fn code(&mut self, coder: &mut impl Coder, number: i64) -> i64 {
        let magnitude = self.numbers.code(coder, number.unsigned_abs()).cast_signed();
        let negative = magnitude != 0 && coder.bit(&mut self.negative, number < 0);
        if negative { -magnitude } else { magnitude }
    }
}

/// Numbers below 2^`BITS`, each on its own; `SIZE` is 2^`BITS`.
#[derive(Clone)]
pub(crate) struct Symbols<const SIZE: usize>([Prob; SIZE]);

impl<const SIZE: usize> Default for Symbols<SIZE> {
    fn default() -> Self {
        Self([Prob::default(); SIZE])
    }
}

impl<const SIZE: usize> Symbols<SIZE> {
    /// Codes a number below `SIZE`, which is a power of two.
    pub(crate) fn code(&mut self, coder: &mut impl Coder, symbol: usize) -> usize {
        coder.several(|coder| {
            let mut node = 1;
            for at in (0..SIZE.ilog2()).rev() {
                node = node << 1 | usize::from(coder.bit(&mut self.0[node], symbol >> at & 1 == 1));
            }
            node - SIZE
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::coder::{Decoder, Encoder};
    use super::*;

    #[test]
    fn numbers_and_symbols_read_back() {
        let numbers: Vec<i64> = (0..62).flat_map(|bit| [1 << bit, (1 << bit) - 1, -(1 << bit)]).collect();
        let mut encoder = Encoder::new();
        let (mut signed, mut symbols) = (Signed::default(), Symbols::<256>::default());
        for (symbol, number) in numbers.iter().enumerate() {
            signed.code(&mut encoder, *number);
            symbols.code(&mut encoder, symbol);
        }
        let bytes = encoder.finish();
        let mut decoder = Decoder::new(&bytes);
        let (mut signed, mut symbols) = (Signed::default(), Symbols::<256>::default());
        for (symbol, number) in numbers.iter().enumerate() {
            assert_eq!(signed.code(&mut decoder, 0), *number);
            assert_eq!(symbols.code(&mut decoder, 0), symbol);
        }
    }
}
