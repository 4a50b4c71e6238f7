//! Writing a deflated stream.

use super::{
    Bad,
    bits::BitWriter,
    block::{Block, DISTANCES, LENGTHS, Packing, distance_code, length_code},
    huffman::codes,
    parse::fixed,
};

/// Appends a block; `raw` are the bytes it makes.
pub(super) fn put_block(bits: &mut BitWriter, block: &Block<'_>, raw: &[u8]) -> Result<(), Bad> {
    bits.put(block.is_last.into(), 1);
    match block.packing {
        Packing::Stored(len) => {
            bits.put(0, 2);
            bits.align();
            bits.put(len & 0xffff, 16);
            bits.put(len & 0xffff ^ 0xffff, 16);
            bits.put_bytes(raw);
            Ok(())
        }
        Packing::Fixed => {
            bits.put(1, 2);
            let (literals, distances) = fixed();
            put_tokens(bits, block, &literals, &distances)
        }
        Packing::Dynamic(trees) => {
            bits.put(2, 2);
            trees.put(bits)?;
            put_tokens(bits, block, &trees.literals, &trees.distances)
        }
    }?;
    bits.check()
}

fn put_tokens(bits: &mut BitWriter, block: &Block<'_>, literal_lens: &[u8], distance_lens: &[u8]) -> Result<(), Bad> {
    let (literals, distances) = (codes(literal_lens)?, codes(distance_lens)?);
    let put = |codes: &[u16], lens: &[u8], symbol: usize| match (codes.get(symbol), lens.get(symbol)) {
        (Some(code), Some(len @ 1..)) => Ok((u32::from(*code), u32::from(*len))),
        _ => Err(Bad("a recipe uses a code that is not there")),
    };
    for (number, token) in block.tokens.iter().enumerate() {
        let Some((len, distance)) = token.reference() else {
            let (code, code_len) = put(&literals, literal_lens, token.byte().into())?;
            bits.put(code, code_len);
            continue;
        };
        let (of_len, of_distance) = (length_code(len), distance_code(distance));
        let (code, code_len) = put(&literals, literal_lens, 257 + of_len)?;
        bits.put(code, code_len);
        bits.put(len - u32::from(LENGTHS[of_len].0), LENGTHS[of_len].1.into());
        let (code, code_len) = put(&distances, distance_lens, of_distance)?;
        bits.put(code, code_len);
        bits.put(distance - u32::from(DISTANCES[of_distance].0), DISTANCES[of_distance].1.into());
        if number % 4096 == 0 {
            bits.check()?;
        }
    }
    let (code, code_len) = put(&literals, literal_lens, 256)?;
    bits.put(code, code_len);
    Ok(())
}
