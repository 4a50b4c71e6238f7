//! The rolling sum of zsync, after that of rsync (Tridgell and Mackerras 1996): two sums of 16 bits, the second one weighted by place.

/// The sum of a window that moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rolling {
    plain: u16,
    weighted: u16,
    shift: u32,
}

impl Rolling {
    /// Of a whole block; its length is a power of two.
    pub(super) fn of(block: &[u8]) -> Self {
        let (mut plain, mut weighted) = (0_u16, 0_u16);
        for byte in block {
            plain = plain.wrapping_add((*byte).into());
            // Each byte once for itself and for each one after it.
            weighted = weighted.wrapping_add(plain);
        }
        Self { plain, weighted, shift: block.len().trailing_zeros() }
    }

    /// One byte on.
    pub(super) fn roll(&mut self, gone: u8, come: u8) {
        self.plain = self.plain.wrapping_add(come.into()).wrapping_sub(gone.into());
        let all = u16::from(gone).checked_shl(self.shift).unwrap_or(0);
        self.weighted = self.weighted.wrapping_add(self.plain).wrapping_sub(all);
    }

    pub(super) fn value(self) -> u32 {
        u32::from(self.plain) << 16 | u32::from(self.weighted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rolling_on_gives_the_sum_of_the_next_window() {
        let bytes: Vec<u8> = (0..5000_u32).map(|at| (at.wrapping_mul(at) >> 3).to_le_bytes()[0]).collect();
        let mut rolling = Rolling::of(&bytes[..1024]);
        for start in 1..=bytes.len() - 1024 {
            rolling.roll(bytes[start - 1], bytes[start + 1023]);
            assert_eq!(rolling, Rolling::of(&bytes[start..start + 1024]), "{start}");
        }
    }
}
