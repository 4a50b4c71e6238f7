//! The codes of a block, and how they are told.

use super::{
    Bad,
    bits::{BitReader, BitWriter},
    huffman::{self, CODE_LEN_MAX, Table},
};

/// In which order the lengths of the codes for lengths stand.
const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
/// The longest of those codes.
const INNER_LEN_MAX: usize = 7;

/// A symbol of the list of lengths: a length (0 to 15), or how often one is repeated (16 to 18), and by how much more than at least.
pub(super) type Run = (u8, u8);

/// The codes of a block, as they are told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Trees {
    /// Lengths of the codes for bytes and lengths: 257 to 286 of them.
    pub(super) literals: Vec<u8>,
    /// Lengths of the codes for distances: 1 to 30.
    pub(super) distances: Vec<u8>,
    /// How both lists are told.
    pub(super) runs: Vec<Run>,
    /// Lengths of the codes for these symbols.
    pub(super) inner: [u8; 19],
    /// How many of those are told, 4 to 19.
    pub(super) inner_count: usize,
}

impl Trees {
    /// What zlib would choose.
    pub(super) fn of(literals: &[u32; 286], distances: &[u32; 30]) -> Self {
        let (mut literals, last) = huffman::lengths(literals, CODE_LEN_MAX);
        literals.truncate(last.max(256) + 1);
        let (mut distances, last) = huffman::lengths(distances, CODE_LEN_MAX);
        distances.truncate(last + 1);
        let runs = runs(&literals, &distances);
        Self { literals, distances, ..Self::told(runs) }
    }

    /// As zlib would tell these runs, without what they tell.
    pub(super) fn told(runs: Vec<Run>) -> Self {
        let mut counts = [0; 19];
        runs.iter().for_each(|(symbol, _)| counts[usize::from(*symbol).min(18)] += 1);
        let (lens, _) = huffman::lengths(&counts, INNER_LEN_MAX);
        let mut inner = [0; 19];
        inner.iter_mut().zip(lens).for_each(|(place, len)| *place = len);
        let inner_count = least_inner_count(&inner);
        Self { literals: Vec::new(), distances: Vec::new(), runs, inner, inner_count }
    }

    /// Reads codes.
    pub(super) fn take(bits: &mut BitReader<'_>) -> Result<Self, Bad> {
        let literals = bits.take(5)? as usize + 257;
        let distances = bits.take(5)? as usize + 1;
        let inner_count = bits.take(4)? as usize + 4;
        if literals > 286 || distances > 30 {
            return Err(Bad("more codes than there can be"));
        }
        let mut inner = [0; 19];
        for place in ORDER.iter().take(inner_count) {
            inner[*place] = bits.take(3)?.to_le_bytes()[0];
        }
        let (table, mut runs, mut lens) = (Table::new(&inner)?, Vec::new(), Vec::new());
        while lens.len() < literals + distances {
            let symbol = table.take(bits)?;
            let more = bits.take(extra_bits(symbol))?;
            let run = (u8::try_from(symbol).unwrap_or(0), more.to_le_bytes()[0]);
            expand(run, &mut lens)?;
            runs.push(run);
        }
        let told = lens.split_at_checked(literals).filter(|_| lens.len() == literals + distances);
        let (literals, distances) = told.ok_or(Bad("more codes than there can be"))?;
        Ok(Self { literals: literals.to_vec(), distances: distances.to_vec(), runs, inner, inner_count })
    }

    /// Writes codes.
    pub(super) fn put(&self, bits: &mut BitWriter) -> Result<(), Bad> {
        let counts = [(self.literals.len().wrapping_sub(257), 5), (self.distances.len().wrapping_sub(1), 5)];
        for (count, len) in counts.into_iter().chain([(self.inner_count.wrapping_sub(4), 4)]) {
            bits.put(count as u64 & ((1 << len) - 1), len);
        }
        ORDER.iter().take(self.inner_count).for_each(|place| bits.put(self.inner[*place].into(), 3));
        let codes = huffman::codes(&self.inner)?;
        for (symbol, more) in &self.runs {
            let symbol = usize::from(*symbol).min(18);
            bits.put(codes[symbol].into(), self.inner[symbol].into());
            bits.put((*more).into(), extra_bits(symbol));
        }
        Ok(())
    }
}

/// As few as there can be.
pub(super) fn least_inner_count(inner: &[u8; 19]) -> usize {
    ORDER.iter().rposition(|place| inner[*place] > 0).map_or(4, |last| (last + 1).max(4))
}

/// How many bits tell how often more a length is repeated.
pub(super) fn extra_bits(symbol: usize) -> u32 {
    match symbol {
        16 => 2,
        17 => 3,
        18 => 7,
        _ => 0,
    }
}

/// Appends the lengths that a symbol stands for.
pub(super) fn expand((symbol, more): Run, lens: &mut Vec<u8>) -> Result<(), Bad> {
    let (len, count) = match symbol {
        0..=15 => (symbol, 1),
        16 => (*lens.last().ok_or(Bad("a code that repeats nothing"))?, 3 + more),
        17 => (0, 3 + more),
        _ => (0, 11 + more),
    };
    lens.extend(std::iter::repeat_n(len, count.into()));
    Ok(())
}

/// How zlib tells both lists: each on its own.
pub(super) fn runs(literals: &[u8], distances: &[u8]) -> Vec<Run> {
    let mut runs = Vec::new();
    for lens in [literals, distances] {
        let (mut before, mut at) = (None, 0);
        while let Some(&len) = lens.get(at) {
            let (least, most) = if len == 0 {
                (3, 138)
            } else if before == Some(len) {
                (3, 6)
            } else {
                (4, 7)
            };
            let count = lens[at..].iter().take(most).take_while(|next| **next == len).count();
            let more = |least: usize| u8::try_from(count - least).unwrap_or(0);
            match count {
                _ if count < least => runs.extend(std::iter::repeat_n((len, 0), count)),
                _ if len != 0 && before == Some(len) => runs.push((16, more(3))),
                _ if len != 0 => runs.extend([(len, 0), (16, more(4))]),
                3..=10 => runs.push((17, more(3))),
                _ => runs.push((18, more(11))),
            }
            before = Some(len);
            at += count;
        }
    }
    runs
}
