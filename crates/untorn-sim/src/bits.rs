//! A set of small numbers, written as a hexadecimal number.

use std::fmt;

/// A set; up to 64 members cost no allocation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Bits {
    low: u64,
    high: Vec<u64>,
}

impl Bits {
    pub(crate) fn from_low(low: u64) -> Self {
        Self { low, high: Vec::new() }
    }

    pub(crate) fn has(&self, at: usize) -> bool {
        let word = if at < 64 { self.low } else { self.high.get(at / 64 - 1).copied().unwrap_or(0) };
        word >> (at % 64) & 1 == 1
    }

    pub(crate) fn set(&mut self, at: usize, on: bool) {
        let word = if at < 64 { &mut self.low } else { self.high_word(at / 64 - 1) };
        *word = *word & !(1 << (at % 64)) | u64::from(on) << (at % 64);
        while self.high.last() == Some(&0) {
            self.high.pop();
        }
    }

    pub(crate) fn parse(hex: &str) -> Option<Self> {
        let mut words = Vec::new();
        for chunk in hex.as_bytes().rchunks(16) {
            words.push(u64::from_str_radix(std::str::from_utf8(chunk).ok()?, 16).ok()?);
        }
        let (low, high) = words.split_first()?;
        let mut bits = Self { low: *low, high: high.to_vec() };
        while bits.high.last() == Some(&0) {
            bits.high.pop();
        }
        Some(bits)
    }

    fn high_word(&mut self, at: usize) -> &mut u64 {
        if self.high.len() <= at {
            self.high.resize(at + 1, 0);
        }
        &mut self.high[at]
    }
}

impl fmt::Display for Bits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.high.split_last() {
            None => write!(f, "{:x}", self.low),
            Some((top, rest)) => {
                write!(f, "{top:x}")?;
                rest.iter().rev().chain([&self.low]).try_for_each(|word| write!(f, "{word:016x}"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_is_read_back_as_it_was_written() {
        for members in [vec![], vec![0], vec![3, 63], vec![64], vec![1, 64, 130, 131]] {
            let mut bits = Bits::default();
            members.iter().for_each(|&at| bits.set(at, true));
            assert_eq!(Bits::parse(&bits.to_string()).unwrap(), bits, "{members:?}");
            assert!((0..200).all(|at| bits.has(at) == members.contains(&at)), "{members:?}");
        }
    }
}
