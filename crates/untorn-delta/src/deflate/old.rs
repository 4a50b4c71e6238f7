//! The stream of the old build, to which the new one is expected to be alike.

use crate::adapt::Stretch;
use crate::files::common_prefix;

use super::{
    block::{Packing, Token, push},
    parse::{Head, Parsed},
    trees::Trees,
};

/// The shortest stretch of equal bytes that is followed: so their number is bounded by the bytes.
pub(super) const STRETCH_LEN_MIN: u64 = 16;

/// Every so many tokens it is noted where one stands.
const MARK: usize = 256;

/// An old stream.
pub(crate) struct Old {
    /// The bytes it holds.
    pub(crate) raw: Vec<u8>,
    tokens: Vec<Token>,
    /// Where every [`MARK`]th token stands.
    marks: Vec<u32>,
    /// Where each block ends, and its codes, when it has some of its own.
    blocks: Vec<(usize, Option<Box<Trees>>)>,
}

impl Old {
    pub(crate) fn new(parsed: Parsed) -> Self {
        let (mut marks, mut blocks, mut at) = (Vec::new(), Vec::new(), 0_usize);
        let tokens = if parsed.heads.iter().any(|head| matches!(head.packing, Packing::Stored(_))) {
            with_stored(&parsed)
        } else {
            parsed.tokens
        };
        for (number, token) in tokens.iter().enumerate() {
            if number % MARK == 0 {
                marks.push(u32::try_from(at).unwrap_or(u32::MAX));
            }
            at += token.len();
        }
        at = 0;
        for Head { packing, raw_len, .. } in parsed.heads {
            at += raw_len;
            if blocks.last().is_some_and(|(end, _)| *end == at) {
                continue;
            }
            blocks.push((at, if let Packing::Dynamic(trees) = packing { Some(trees) } else { None }));
        }
        Self { raw: parsed.raw, tokens, marks, blocks }
    }

    /// Of bytes that were not deflated: nothing is predicted from it but what they are.
    pub(crate) fn plain(raw: Vec<u8>) -> Self {
        Self { raw, tokens: Vec::new(), marks: Vec::new(), blocks: Vec::new() }
    }

    /// How many bytes of memory it takes.
    pub(crate) fn memory_len(&self) -> u64 {
        (self.raw.len() + 4 * (self.tokens.capacity() + self.marks.len()) + 640 * self.blocks.len()) as u64
    }

    /// The number of the first token at `at` or behind, and where it stands.
    fn token_from(&self, at: usize) -> (usize, usize) {
        let mark = self.marks.partition_point(|mark| *mark as usize <= at).saturating_sub(1);
        let (mut number, mut place) = (mark * MARK, self.marks.get(mark).map_or(0, |mark| *mark as usize));
        while place < at
            && let Some(token) = self.tokens.get(number)
        {
            (number, place) = (number + 1, place + token.len());
        }
        (number, place)
    }
}

/// All tokens, and one for each byte that is stored as it is.
fn with_stored(parsed: &Parsed) -> Vec<Token> {
    let (mut tokens, mut at) = (Vec::new(), 0);
    for block in parsed.blocks() {
        if let Packing::Stored(_) = block.packing {
            parsed.raw[at..at + block.raw_len].iter().for_each(|byte| push(&mut tokens, Token::literal(*byte)));
        }
        block.tokens.iter().for_each(|token| push(&mut tokens, *token));
        at += block.raw_len;
    }
    tokens
}

/// Follows the old stream while the new one is made.
pub(super) struct Follower<'a> {
    old: Option<&'a Old>,
    stretches: &'a [Stretch],
    /// Where each stretch begins in the new bytes.
    starts: Vec<usize>,
    /// Where a block ends, if it ends where the old one did.
    ends: Vec<usize>,
    /// Number of the stretch looked at last.
    stretch: usize,
    /// Number of the next old token, and where that stands.
    token: (usize, usize),
}

impl<'a> Follower<'a> {
    pub(super) fn new(old: Option<&'a Old>, stretches: &'a [Stretch]) -> Self {
        let (mut starts, mut ends, mut at) = (Vec::with_capacity(stretches.len()), Vec::new(), 0);
        for stretch in stretches {
            at += size(stretch.literal_len);
            starts.push(at);
            let (from, to) = (size(stretch.at), size(stretch.at) + size(stretch.len));
            let blocks = old.map(|old| old.blocks.as_slice()).unwrap_or_default();
            let first = blocks.partition_point(|(end, _)| *end <= from);
            ends.extend(blocks[first..].iter().take_while(|(end, _)| *end <= to).map(|(end, _)| at + end - from));
            at += size(stretch.len);
        }
        ends.sort_unstable();
        Self { old, stretches, starts, ends, stretch: 0, token: (0, 0) }
    }

    /// Where the byte `at` stands in the old bytes.
    fn place(&self, stretch: usize, at: usize) -> Option<usize> {
        let within = at.checked_sub(*self.starts.get(stretch)?)?;
        let stretch = self.stretches.get(stretch)?;
        (within < size(stretch.len)).then(|| size(stretch.at) + within)
    }

    /// The token that stands where the old one does, as far as the bytes allow.
    #[inline]
    pub(super) fn predict(&mut self, raw: &[u8], at: usize) -> Option<Token> {
        if self.stretches.is_empty() { None } else { self.follow(raw, at) }
    }

    fn follow(&mut self, raw: &[u8], at: usize) -> Option<Token> {
        let old = self.old?;
        while self.starts.get(self.stretch + 1).is_some_and(|start| *start <= at) {
            self.stretch += 1;
        }
        let place = self.place(self.stretch, at)?;
        if self.token.1 > place || place - self.token.1 > 4 * MARK {
            self.token = old.token_from(place);
        }
        while self.token.1 < place {
            let len = old.tokens.get(self.token.0)?.len();
            self.token = (self.token.0 + 1, self.token.1 + len);
        }
        let token = old.tokens.get(self.token.0).filter(|_| self.token.1 == place)?;
        let Some((len, distance)) = token.reference() else { return Some(Token::literal(raw[at])) };
        let ahead = &raw[at..raw.len().min(at + len as usize)];
        let equal = at.checked_sub(distance as usize).map_or(0, |from| common_prefix(&raw[from..from + ahead.len()], ahead));
        let equal = u32::try_from(equal).unwrap_or(0);
        Some(if equal < 3 { Token::literal(raw[at]) } else { Token::back(equal, distance) })
    }

    /// Where the block that begins at `start` ends, if as in the old stream.
    pub(super) fn end(&self, start: usize) -> Option<usize> {
        self.ends.get(self.ends.partition_point(|end| *end <= start)).copied()
    }

    /// The codes of the old block that is where the new one is.
    pub(super) fn trees(&self, start: usize, end: usize) -> Option<&'a Trees> {
        let old = self.old?;
        let place = [start, start + (end - start) / 2, end.saturating_sub(1)]
            .into_iter()
            .find_map(|at| self.place(self.starts.partition_point(|start| *start <= at).checked_sub(1)?, at))?;
        old.blocks.get(old.blocks.partition_point(|(end, _)| *end <= place))?.1.as_deref()
    }
}

fn size(len: u64) -> usize {
    usize::try_from(len).unwrap_or(usize::MAX)
}

/// Finds where the new bytes stand among the old ones: long equal stretches, from the first to the last.
pub(crate) fn align(old: &[u8], new: &[u8]) -> Vec<Stretch> {
    if old == new && new.len() >= BLOCK_LEN {
        return vec![Stretch { literal_len: 0, at: 0, len: new.len() as u64 }];
    }
    let table = Blocks::new(old);
    let mut stretches = Vec::new();
    // The next byte, where the last stretch ended, and where the old bytes go on if nothing was put in or left out.
    let (mut at, mut done, mut old_at) = (0, 0, 0);
    while at < new.len() {
        let Some(place) = table.find(old, new, at, old_at) else {
            (at, old_at) = (at + 1, old_at + 1);
            continue;
        };
        let back = old[..place].iter().rev().zip(new[done..at].iter().rev()).take_while(|(one, other)| one == other).count();
        let len = common_prefix(&old[place..], &new[at..]);
        let (start, len) = (at - back, len + back);
        stretches.push(Stretch { literal_len: (start - done) as u64, at: (place - back) as u64, len: len as u64 });
        (done, at, old_at) = (start + len, start + len, place - back + len);
    }
    stretches
}

/// Blocks of old bytes.
struct Blocks {
    slots: Vec<u32>,
    mask: usize,
}

const BLOCK_LEN: usize = 32;
/// So many equal bytes are believed where they are expected.
const EXPECTED_LEN: usize = 16;
const _: () = assert!(EXPECTED_LEN as u64 == STRETCH_LEN_MIN);

impl Blocks {
    fn new(old: &[u8]) -> Self {
        let mask = (old.len() / BLOCK_LEN * 2 + 16).next_power_of_two() - 1;
        let mut blocks = Self { slots: vec![0; mask + 1], mask };
        for (number, block) in (1_u32..).zip(old.chunks_exact(BLOCK_LEN)) {
            let slot = blocks.slot(block);
            if blocks.slots[slot] == 0 {
                blocks.slots[slot] = number;
            }
        }
        blocks
    }

    fn slot(&self, block: &[u8]) -> usize {
        let (words, _) = block.as_chunks::<8>();
        let mix = words
            .iter()
            .fold(0, |mix: u64, word| (mix ^ u64::from_le_bytes(*word)).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29));
        usize::try_from(mix >> 20).unwrap_or(0) & self.mask
    }

    /// Where the bytes from `at` on stand.
    fn find(&self, old: &[u8], new: &[u8], at: usize, expected: usize) -> Option<usize> {
        let is_there = |place: usize, len: usize| {
            old.get(place..place + len).zip(new.get(at..at + len)).is_some_and(|(old, new)| old == new)
        };
        if is_there(expected, EXPECTED_LEN) {
            return Some(expected);
        }
        let block = new.get(at..at + BLOCK_LEN)?;
        let number = self.slots[self.slot(block)].checked_sub(1)?;
        Some(number as usize * BLOCK_LEN).filter(|place| is_there(*place, BLOCK_LEN))
    }
}
