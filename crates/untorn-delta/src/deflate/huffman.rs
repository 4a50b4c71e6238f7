//! Huffman codes: reading them, and choosing their lengths as zlib does.

use super::{Bad, bits::BitReader};

/// The longest code for bytes, lengths and distances.
pub(super) const CODE_LEN_MAX: usize = 15;

const MAX_BITS: u32 = 15;
const _: () = assert!(MAX_BITS as usize == CODE_LEN_MAX);
/// Codes up to this length are looked up at once.
const QUICK_BITS: u32 = 11;

/// Codes that are read.
pub(super) struct Table {
    /// By the next bits: the symbol times 16, and the length of its code; 0 where there is none, or a longer one.
    entries: Vec<u16>,
    bits: u32,
    /// Longer codes, the shorter first: code, length, and symbol.
    long: Vec<(u16, u8, u16)>,
}

impl Table {
    /// From the length of the code of each symbol.
    pub(super) fn new(lens: &[u8]) -> Result<Self, Bad> {
        let codes = codes(lens)?;
        let bits = u32::from(lens.iter().copied().max().unwrap_or(0)).clamp(1, QUICK_BITS);
        let (mut entries, mut long) = (vec![0; 1 << bits], Vec::new());
        for (symbol, (code, len)) in (0_u16..).zip(codes.iter().zip(lens)).filter(|(_, (_, len))| **len > 0) {
            if u32::from(*len) > bits {
                long.push((*code, *len, symbol));
                continue;
            }
            let entry = symbol << 4 | u16::from(*len);
            entries.iter_mut().skip(usize::from(*code)).step_by(1 << *len).for_each(|place| *place = entry);
        }
        long.sort_unstable_by_key(|(_, len, _)| *len);
        Ok(Self { entries, bits, long })
    }

    /// The next symbol.
    pub(super) fn take(&self, bits: &mut BitReader<'_>) -> Result<usize, Bad> {
        let (symbol, len) = self.find(bits.peek(MAX_BITS).into()).ok_or(NO_CODE)?;
        bits.skip(len)?;
        Ok(symbol)
    }

    /// The symbol that the next bits begin with, 15 of them at least, and how many of these are its code.
    #[inline]
    pub(super) fn find(&self, next: u64) -> Option<(usize, u32)> {
        let number = next & ((1 << self.bits) - 1);
        let entry = usize::try_from(number).ok().and_then(|number| self.entries.get(number)).copied().unwrap_or(0);
        if entry == 0 { self.find_long(next) } else { Some((usize::from(entry >> 4), u32::from(entry & 15))) }
    }

    #[cold]
    fn find_long(&self, next: u64) -> Option<(usize, u32)> {
        let is_next = |(code, len, _): &&(u16, u8, u16)| next & ((1 << *len) - 1) == u64::from(*code);
        let (_, len, symbol) = self.long.iter().find(is_next)?;
        Some((usize::from(*symbol), u32::from(*len)))
    }
}

/// Why bits are no symbol.
pub(super) const NO_CODE: Bad = Bad("a code that means nothing");

/// The code of each symbol, its first bit lowest.
pub(super) fn codes(lens: &[u8]) -> Result<Vec<u16>, Bad> {
    let mut counts = [0_u32; CODE_LEN_MAX + 1];
    for len in lens.iter().filter(|len| **len > 0) {
        *counts.get_mut(usize::from(*len)).ok_or(Bad("a code that is too long"))? += 1;
    }
    let (mut next, mut code) = ([0_u32; CODE_LEN_MAX + 2], 0);
    for len in 1..=CODE_LEN_MAX {
        next[len] = code;
        code = (code + counts[len]) << 1;
        if next[len] + counts[len] > 1 << len {
            return Err(Bad("more codes than there can be"));
        }
    }
    Ok(lens.iter().map(|len| if *len == 0 { 0 } else { reversed(&mut next[usize::from(*len)], u32::from(*len)) }).collect())
}

fn reversed(next: &mut u32, len: u32) -> u16 {
    let code = next.reverse_bits() >> (32 - len);
    *next += 1;
    u16::try_from(code).unwrap_or(0)
}

/// The lengths zlib gives to the codes of symbols that are used so often, none longer than `len_max`; and the last symbol that has one.
///
/// Two at least get a code. Equal sums are taken in the order of zlib's heap, since which of them goes deeper decides the lengths.
pub(super) fn lengths(frequencies: &[u32], len_max: usize) -> (Vec<u8>, usize) {
    let count = frequencies.len();
    let mut nodes: Vec<Node> = frequencies.iter().map(|sum| Node { sum: *sum, depth: 0, parent: 0, len: 0 }).collect();
    let mut heap: Vec<usize> = (0..count).filter(|symbol| frequencies[*symbol] > 0).collect();
    let mut last = heap.last().copied();
    while heap.len() < 2 {
        let symbol = match last {
            Some(found) if found >= 2 => 0,
            found => {
                let next = found.map_or(0, |found| found + 1);
                last = Some(next);
                next
            }
        };
        nodes[symbol].sum = 1;
        heap.push(symbol);
    }
    for at in (0..heap.len() / 2).rev() {
        sift_down(&nodes, &mut heap, at);
    }
    let mut taken = Vec::with_capacity(2 * heap.len());
    while heap.len() > 1 {
        let one = pop(&nodes, &mut heap);
        let other = heap[0];
        taken.extend([one, other]);
        let node = nodes.len();
        let depth = nodes[one].depth.max(nodes[other].depth).saturating_add(1);
        nodes.push(Node { sum: nodes[one].sum.wrapping_add(nodes[other].sum), depth, parent: 0, len: 0 });
        (nodes[one].parent, nodes[other].parent) = (node, node);
        heap[0] = node;
        sift_down(&nodes, &mut heap, 0);
    }
    limit(&mut nodes, &taken, (count, len_max));
    let lens = nodes[..count].iter().map(|node| u8::try_from(node.len).unwrap_or(0)).collect();
    (lens, last.unwrap_or(0))
}

struct Node {
    sum: u32,
    depth: u8,
    parent: usize,
    len: usize,
}

/// Gives each node its depth, from the root down; what would be deeper than allowed is put elsewhere, the rarest deepest.
fn limit(nodes: &mut [Node], taken: &[usize], (count, len_max): (usize, usize)) {
    let (mut counts, mut overflow) = ([0_usize; CODE_LEN_MAX + 1], 0_usize);
    for node in taken.iter().rev() {
        let len = nodes[nodes[*node].parent].len + 1;
        overflow += usize::from(len > len_max);
        nodes[*node].len = len.min(len_max);
        if *node < count {
            counts[nodes[*node].len] += 1;
        }
    }
    if overflow == 0 {
        return;
    }
    while overflow > 0 {
        let mut bits = len_max - 1;
        while bits > 1 && counts[bits] == 0 {
            bits -= 1;
        }
        counts[bits] = counts[bits].saturating_sub(1);
        counts[bits + 1] += 2;
        counts[len_max] = counts[len_max].saturating_sub(1);
        overflow = overflow.saturating_sub(2);
    }
    let mut rarest = taken.iter().filter(|node| **node < count);
    for bits in (1..=len_max).rev() {
        for _ in 0..counts[bits] {
            if let Some(node) = rarest.next() {
                nodes[*node].len = bits;
            }
        }
    }
}

fn is_smaller(nodes: &[Node], one: usize, other: usize) -> bool {
    let (one, other) = (&nodes[one], &nodes[other]);
    one.sum < other.sum || (one.sum == other.sum && one.depth <= other.depth)
}

fn sift_down(nodes: &[Node], heap: &mut [usize], mut at: usize) {
    let node = heap[at];
    loop {
        let mut child = 2 * at + 1;
        if child >= heap.len() {
            break;
        }
        if child + 1 < heap.len() && is_smaller(nodes, heap[child + 1], heap[child]) {
            child += 1;
        }
        if is_smaller(nodes, node, heap[child]) {
            break;
        }
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = node;
}

fn pop(nodes: &[Node], heap: &mut Vec<usize>) -> usize {
    let top = heap.swap_remove(0);
    sift_down(nodes, heap, 0);
    top
}
