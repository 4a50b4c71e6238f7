//! Which blocks the old file has, and where.

use std::{collections::HashMap, io};

use md4::{Digest, Md4};

use super::{Block, Zsync, rolling::Rolling};
use crate::old::Old;

/// How much of the old file is looked at at once, besides a window.
const PIECE_LEN: usize = 1 << 20;

impl Zsync {
    /// Where the old file has each block; `None` where it does not. As the sums are cut short, only the sum of the whole tells for certain.
    pub(crate) fn find(&self, old: &Old) -> io::Result<Vec<Option<u64>>> {
        let mut found = vec![None; self.blocks.len()];
        let mut by_sum: HashMap<u32, Vec<usize>> = HashMap::new();
        for (number, block) in self.blocks.iter().enumerate() {
            by_sum.entry(block.rolling & self.rolling_mask).or_default().push(number);
        }
        let block_len = self.block_len as usize;
        // Beyond the end are zeros, as the last block is filled up with.
        let mut window = Window { old, bytes: Vec::new(), start: 0, at: 0, block_len };
        let mut missing = found.len();
        window.fill()?;
        let mut rolling = Rolling::of(window.block(0));
        while missing > 0 && window.offset() < old.len {
            let taken = match by_sum.get(&(rolling.value() & self.rolling_mask)) {
                Some(numbers) => self.take(numbers, &window, &mut found, &mut missing),
                None => false,
            };
            if taken {
                window.advance(block_len)?;
                rolling = Rolling::of(window.block(0));
            } else {
                let (gone, come) = window.edge();
                rolling.roll(gone, come);
                window.advance(1)?;
            }
        }
        Ok(found)
    }

    /// Notes the blocks that lie at the window. Says whether there was any.
    fn take(&self, numbers: &[usize], window: &Window<'_>, found: &mut [Option<u64>], missing: &mut usize) -> bool {
        let here = strong(window.block(0));
        let mut taken = false;
        for &number in numbers {
            if !self.is_strong(&self.blocks[number], &here) || !self.is_believed(number, window, found) {
                continue;
            }
            taken = true;
            if found[number].is_none() {
                found[number] = Some(window.offset());
                *missing -= 1;
            }
        }
        taken
    }

    /// Short sums need a neighbour that fits as well.
    fn is_believed(&self, number: usize, window: &Window<'_>, found: &[Option<u64>]) -> bool {
        let block_len = u64::from(self.block_len);
        let follows = number > 0 && found[number - 1].is_some_and(|before| before + block_len == window.offset());
        match self.blocks.get(number + 1) {
            _ if self.run == 1 || follows => true,
            Some(next) => self.is_strong(next, &strong(window.block(1))),
            None => self.blocks.len() == 1,
        }
    }

    fn is_strong(&self, block: &Block, sum: &[u8; 16]) -> bool {
        block.strong[..self.strong_len] == sum[..self.strong_len]
    }
}

fn strong(block: &[u8]) -> [u8; 16] {
    Md4::digest(block).into()
}

/// A place in the old file, of which two blocks can be seen.
struct Window<'o> {
    old: &'o Old,
    bytes: Vec<u8>,
    /// Where `bytes` begin in the file.
    start: u64,
    /// Where in `bytes` the window begins.
    at: usize,
    block_len: usize,
}

impl Window<'_> {
    fn offset(&self) -> u64 {
        self.start + self.at as u64
    }

    /// The block at the window, or one further on.
    fn block(&self, further: usize) -> &[u8] {
        let start = self.at + further * self.block_len;
        &self.bytes[start..start + self.block_len]
    }

    /// The byte that goes when the window moves by one, and the one that comes.
    fn edge(&self) -> (u8, u8) {
        (self.bytes[self.at], self.bytes[self.at + self.block_len])
    }

    fn advance(&mut self, by: usize) -> io::Result<()> {
        self.at += by;
        if self.at + 2 * self.block_len >= self.bytes.len() { self.fill() } else { Ok(()) }
    }

    /// Reads on; what is beyond the end is zero.
    fn fill(&mut self) -> io::Result<()> {
        self.bytes.drain(..self.at.min(self.bytes.len()));
        (self.start, self.at) = (self.offset(), 0);
        let (from, len) = (self.start + self.bytes.len() as u64, PIECE_LEN + 2 * self.block_len);
        let there = usize::try_from(self.old.len.saturating_sub(from)).unwrap_or(usize::MAX).min(len);
        let kept = self.bytes.len();
        self.bytes.resize(kept + len, 0);
        self.old.read(&mut self.bytes[kept..kept + there], from)
    }
}
