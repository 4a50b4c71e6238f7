//! Reading a deflated stream.

use super::{
    Bad,
    bits::BitReader,
    block::{Block, DISTANCES, LENGTHS, Packing, Token, push},
    huffman::{NO_CODE, Table},
    trees::Trees,
};

/// What a deflated stream holds, and how.
#[derive(Debug)]
pub(crate) struct Parsed {
    pub(super) heads: Vec<Head>,
    /// The tokens of all blocks.
    pub(super) tokens: Vec<Token>,
    /// The bytes it holds.
    pub(crate) raw: Vec<u8>,
    /// How many bytes it takes itself.
    pub(crate) stored_len: usize,
}

/// A block, but for its tokens.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) is_last: bool,
    pub(super) packing: Packing,
    /// How many tokens it has.
    pub(super) count: usize,
    pub(super) raw_len: usize,
}

impl Parsed {
    /// All blocks.
    pub(super) fn blocks(&self) -> impl Iterator<Item = Block<'_>> {
        let mut rest = &self.tokens[..];
        self.heads.iter().map(move |head| {
            let (tokens, behind) = rest.split_at(head.count);
            rest = behind;
            Block { is_last: head.is_last, packing: &head.packing, tokens, raw_len: head.raw_len }
        })
    }
}

/// How much longer most streams are once they are inflated, at most.
const RATIO: usize = 8;

/// Reads a deflated stream that holds at most `raw_len_max` bytes, and stands at the start of `bytes`.
pub(crate) fn parse(bytes: &[u8], raw_len_max: usize) -> Result<Parsed, Bad> {
    let (mut bits, mut heads, mut tokens) = (BitReader::new(bytes), Vec::new(), Vec::new());
    // As much as most streams hold, but not by what somebody says alone.
    let mut raw = Vec::with_capacity(raw_len_max.min(RATIO * bytes.len()));
    loop {
        let head = block(&mut bits, &mut raw, &mut tokens, raw_len_max)?;
        let is_last = head.is_last;
        heads.push(head);
        if is_last {
            break;
        }
    }
    bits.align()?;
    Ok(Parsed { heads, tokens, raw, stored_len: bits.used() })
}

fn block(bits: &mut BitReader<'_>, raw: &mut Vec<u8>, tokens: &mut Vec<Token>, raw_len_max: usize) -> Result<Head, Bad> {
    let (is_last, start, first) = (bits.take(1)? == 1, raw.len(), tokens.len());
    let packing = match bits.take(2)? {
        0 => Packing::Stored(stored(bits, raw, raw_len_max)?),
        1 => {
            let (literals, distances) = fixed();
            take_tokens(bits, (&literals, &distances), (raw, tokens), raw_len_max)?;
            Packing::Fixed
        }
        2 => {
            let trees = Trees::take(bits)?;
            take_tokens(bits, (&trees.literals, &trees.distances), (raw, tokens), raw_len_max)?;
            Packing::Dynamic(Box::new(trees))
        }
        _ => return Err(Bad("a block of unknown kind")),
    };
    Ok(Head { is_last, packing, count: tokens.len() - first, raw_len: raw.len() - start })
}

/// Lengths of the codes that need not be told.
pub(super) fn fixed() -> (Vec<u8>, Vec<u8>) {
    let literals = [(8, 144), (9, 112), (7, 24), (8, 8)];
    (literals.into_iter().flat_map(|(len, count)| std::iter::repeat_n(len, count)).collect(), vec![5; 30])
}

fn stored(bits: &mut BitReader<'_>, raw: &mut Vec<u8>, raw_len_max: usize) -> Result<u32, Bad> {
    bits.align()?;
    let (len, check) = (bits.take(16)?, bits.take(16)?);
    if len != check ^ 0xffff {
        return Err(Bad("a length that contradicts itself"));
    }
    if len as usize > raw_len_max - raw.len() {
        return Err(Bad("it holds more than is looked at"));
    }
    for _ in 0..len {
        raw.push(bits.take(8)?.to_le_bytes()[0]);
    }
    Ok(len)
}

fn take_tokens(
    bits: &mut BitReader<'_>,
    (literals, distances): (&[u8], &[u8]),
    (raw, tokens): (&mut Vec<u8>, &mut Vec<Token>),
    raw_len_max: usize,
) -> Result<(), Bad> {
    let tables = (Table::new(literals)?, Table::new(distances)?);
    // Where it is far from every end, nothing need be asked for each part of a token.
    while raw_len_max.saturating_sub(raw.len()) >= LEN_MAX
        && let Some(held) = bits.held()
    {
        let (symbol, len) = tables.0.find(held).ok_or(NO_CODE)?;
        if let Ok(byte) = u8::try_from(symbol) {
            bits.pass(len);
            raw.push(byte);
            push(tokens, Token::literal(byte));
            continue;
        }
        if symbol == 256 {
            bits.pass(len);
            return Ok(());
        }
        let (token, len) = held_back(held, (symbol, len), &tables.1)?;
        bits.pass(len);
        copy_back(raw, token)?;
        push(tokens, token);
    }
    loop {
        let symbol = tables.0.take(bits)?;
        if symbol == 256 {
            return Ok(());
        }
        let token = match u8::try_from(symbol) {
            Ok(byte) => {
                raw.push(byte);
                Token::literal(byte)
            }
            Err(_) => back(bits, symbol, &tables.1, raw)?,
        };
        if raw.len() > raw_len_max {
            return Err(Bad("it holds more than is looked at"));
        }
        push(tokens, token);
    }
}

/// The longest that a token makes.
const LEN_MAX: usize = 258;

/// A reference back among bits that are held, of which `len` are the code of its length; and how many bits it takes: 48 at most.
#[inline]
fn held_back(held: u64, (symbol, mut len): (usize, u32), distances: &Table) -> Result<(Token, u32), Bad> {
    let more = |len: &mut u32, count: u8| {
        let bits = held >> *len & ((1 << count) - 1);
        *len += u32::from(count);
        u32::try_from(bits).unwrap_or(0)
    };
    let (first, count) = LENGTHS.get(symbol - 257).ok_or(NO_CODE)?;
    let token_len = u32::from(*first) + more(&mut len, *count);
    if token_len == 258 && symbol != 285 {
        return Err(UNUSUAL);
    }
    let (symbol, code_len) = distances.find(held >> len).ok_or(NO_CODE)?;
    len += code_len;
    let (first, count) = DISTANCES.get(symbol).ok_or(NO_CODE)?;
    let distance = u32::from(*first) + more(&mut len, *count);
    Ok((Token::back(token_len, distance), len))
}

fn back(bits: &mut BitReader<'_>, symbol: usize, distances: &Table, raw: &mut Vec<u8>) -> Result<Token, Bad> {
    let (first, more) = LENGTHS.get(symbol - 257).ok_or(NO_CODE)?;
    let len = u32::from(*first) + bits.take((*more).into())?;
    if len == 258 && symbol != 285 {
        return Err(UNUSUAL);
    }
    let (first, more) = DISTANCES.get(distances.take(bits)?).ok_or(NO_CODE)?;
    let token = Token::back(len, u32::from(*first) + bits.take((*more).into())?);
    copy_back(raw, token)?;
    Ok(token)
}

/// The longest has a code of its own, and whoever uses the other one cannot be told apart.
const UNUSUAL: Bad = Bad("a length in an unusual form");

/// Most references are no longer than this.
const SHORT: usize = 16;

/// Appends what a reference back makes.
#[inline]
fn copy_back(raw: &mut Vec<u8>, token: Token) -> Result<(), Bad> {
    let (len, distance) = token.reference().map_or((0, 0), |(len, distance)| (len as usize, distance as usize));
    let start = raw.len();
    let from = start.checked_sub(distance).ok_or(Bad("it refers to what is before its start"))?;
    if let Some(bytes) = raw[from..].first_chunk::<SHORT>().copied().filter(|_| len <= SHORT) {
        // So many at once, and some of them back, is quicker than as many as it takes.
        raw.extend_from_slice(&bytes);
        raw.truncate(start + len);
    } else if distance >= len {
        raw.extend_from_within(from..from + len);
    } else {
        (from..from + len).for_each(|at| raw.push(raw[at]));
    }
    Ok(())
}
