//! Block lists of zsync, `.zsync`, as of version 0.6: <http://zsync.moria.org.uk/>. A header of lines, an empty line, then for each block the last bytes of its rolling
//! sum (big-endian) and the first of its MD4.

mod rolling;
mod search;

use std::str;

use crate::foreign::Fault;

/// A file, as a list of blocks.
#[derive(Debug)]
pub(crate) struct Zsync {
    pub(crate) len: u64,
    pub(crate) block_len: u32,
    pub(crate) sha1: [u8; 20],
    /// How many blocks in a row are needed to believe the sums of one.
    run: usize,
    /// Which bits of rolling sums are there.
    rolling_mask: u32,
    /// How many bytes of each MD4 are there.
    strong_len: usize,
    blocks: Vec<Block>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Block {
    rolling: u32,
    strong: [u8; 16],
}

/// The longest header, and the longest block.
const HEADER_LEN_MAX: usize = 64 << 10;
const BLOCK_LEN_MAX: u32 = 1 << 24;

impl Zsync {
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, Fault> {
        let ends = || Fault::Wrong("it ends too early");
        let head_len = bytes[..bytes.len().min(HEADER_LEN_MAX)].windows(2).position(|pair| pair == b"\n\n").ok_or_else(ends)?;
        let header = str::from_utf8(&bytes[..head_len]).map_err(|_| Fault::Wrong("its header is no text"))?;
        let field = |name: &str| {
            header
                .lines()
                .find_map(|line| line.split_once(": ").filter(|(other, _)| *other == name))
                .map(|(_, value)| value.trim())
        };
        let number = |name: &str| field(name).and_then(|value| value.parse::<u64>().ok());
        let len = number("Length").ok_or(Fault::Wrong("its header tells no length"))?;
        let block_len = number("Blocksize").and_then(|len| u32::try_from(len).ok()).filter(|len| len.is_power_of_two());
        let block_len = block_len.filter(|len| *len <= BLOCK_LEN_MAX).ok_or(Fault::Wrong("its blocks are of no length"))?;
        let sha1 = field("SHA-1").and_then(hex).ok_or(Fault::Wrong("its header tells no SHA-1 of the whole"))?;
        let lens = field("Hash-Lengths").unwrap_or("1,4,16").split(',').map(|part| part.trim().parse::<usize>().ok());
        let [run @ 1..=2, rolling_len @ 1..=4, strong_len @ 3..=16] = lens.collect::<Option<Vec<_>>>().unwrap_or_default()[..]
        else {
            return Err(Fault::Wrong("its sums are of no length"));
        };
        let sums = &bytes[head_len + 2..];
        let item_len = rolling_len + strong_len;
        let count = usize::try_from(len.div_ceil(u64::from(block_len))).ok();
        if count.and_then(|count| count.checked_mul(item_len)) != Some(sums.len()) {
            return Err(Fault::Wrong("it holds fewer or more sums than its length needs"));
        }
        let blocks = sums.chunks_exact(item_len).map(|item| Block::parse(item, rolling_len)).collect();
        let rolling_mask = u32::MAX >> (32 - 8 * rolling_len);
        Ok(Self { len, block_len, sha1, run, rolling_mask, strong_len, blocks })
    }

    /// How long the block of that number is; the last one may be shorter.
    pub(crate) fn len_of(&self, number: usize) -> u64 {
        let start = number as u64 * u64::from(self.block_len);
        u64::from(self.block_len).min(self.len.saturating_sub(start))
    }
}

impl Block {
    fn parse(item: &[u8], rolling_len: usize) -> Self {
        let rolling = item[..rolling_len].iter().fold(0, |sum, byte| sum << 8 | u32::from(*byte));
        let mut strong = [0; 16];
        strong[..item.len() - rolling_len].copy_from_slice(&item[rolling_len..]);
        Self { rolling, strong }
    }
}

fn hex(text: &str) -> Option<[u8; 20]> {
    let mut bytes = [0; 20];
    if text.len() != 40 || !text.is_ascii() {
        return None;
    }
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * at..2 * at + 2], 16).ok()?;
    }
    Some(bytes)
}
