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
            bits.put(u64::from(len & 0xffff), 16);
            bits.put(u64::from(len & 0xffff ^ 0xffff), 16);
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
    let (literals, distances) = (written::<286>(literal_lens)?, written::<30>(distance_lens)?);
    for tokens in block.tokens.chunks(4096) {
        for token in tokens {
            let Some((len, distance)) = token.reference() else {
                put(bits, literals[usize::from(token.byte())])?;
                continue;
            };
            let (of_len, of_distance) = (length_code(len), distance_code(distance));
            let ((first_len, more_len), (first_distance, more_distance)) = (LENGTHS[of_len], DISTANCES[of_distance]);
            let (one, one_len) = with(literals[257 + of_len], len - u32::from(first_len), more_len)?;
            let (other, other_len) = with(distances[of_distance], distance - u32::from(first_distance), more_distance)?;
            bits.put(one | other << one_len, one_len + other_len);
        }
        bits.check()?;
    }
    put(bits, literals[256])
}

/// A code as it is written, and its length: 0 when there is none.
type Written = (u16, u8);

/// The codes of all symbols.
fn written<const COUNT: usize>(lens: &[u8]) -> Result<[Written; COUNT], Bad> {
    let mut all = [(0, 0); COUNT];
    all.iter_mut().zip(codes(lens)?.into_iter().zip(lens)).for_each(|(place, (code, len))| *place = (code, *len));
    Ok(all)
}

/// A code with bits behind it: 15 and 13 at most.
#[inline]
fn with((code, len): Written, more: u32, more_len: u8) -> Result<(u64, u32), Bad> {
    if len == 0 {
        return Err(Bad("a recipe uses a code that is not there"));
    }
    Ok((u64::from(code) | u64::from(more) << len, u32::from(len + more_len)))
}

#[inline]
fn put(bits: &mut BitWriter, code: Written) -> Result<(), Bad> {
    let (code, len) = with(code, 0, 0)?;
    bits.put(code, len);
    Ok(())
}
