//! What a deflated stream consists of.

use super::trees::Trees;

/// A byte as it is, or a reference back: its length (3 to 258) and its distance (1 to 32768).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token(u32);

impl Token {
    pub(super) fn literal(byte: u8) -> Self {
        Self(byte.into())
    }

    pub(super) fn back(len: u32, distance: u32) -> Self {
        Self(distance << 9 | len)
    }

    /// Length and distance, when it refers back.
    pub(super) fn reference(self) -> Option<(u32, u32)> {
        (self.0 >= 512).then_some((self.0 & 511, self.0 >> 9))
    }

    /// How many bytes it makes.
    pub(super) fn len(self) -> usize {
        self.reference().map_or(1, |(len, _)| len as usize)
    }

    /// The byte, when it is one.
    pub(super) fn byte(self) -> u8 {
        self.0.to_le_bytes()[0]
    }
}

/// How the tokens of a block are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Packing {
    /// Bytes as they are: so many.
    Stored(u32),
    /// With the codes that need not be told.
    Fixed,
    /// With codes of its own.
    Dynamic(Box<Trees>),
}

/// A block that was read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Block<'a> {
    pub(super) is_last: bool,
    pub(super) packing: &'a Packing,
    pub(super) tokens: &'a [Token],
    /// How many bytes it makes.
    pub(super) raw_len: usize,
}

/// Appends a token. Memory grows by a quarter, not by all of it.
pub(super) fn push(tokens: &mut Vec<Token>, token: Token) {
    if tokens.len() == tokens.capacity() {
        tokens.reserve_exact(tokens.len() / 4 + 1024);
    }
    tokens.push(token);
}

/// First length and extra bits of each code for lengths.
pub(super) const LENGTHS: [(u16, u8); 29] = [
    (3, 0),
    (4, 0),
    (5, 0),
    (6, 0),
    (7, 0),
    (8, 0),
    (9, 0),
    (10, 0),
    (11, 1),
    (13, 1),
    (15, 1),
    (17, 1),
    (19, 2),
    (23, 2),
    (27, 2),
    (31, 2),
    (35, 3),
    (43, 3),
    (51, 3),
    (59, 3),
    (67, 4),
    (83, 4),
    (99, 4),
    (115, 4),
    (131, 5),
    (163, 5),
    (195, 5),
    (227, 5),
    (258, 0),
];

/// First distance and extra bits of each code for distances.
pub(super) const DISTANCES: [(u16, u8); 30] = [
    (1, 0),
    (2, 0),
    (3, 0),
    (4, 0),
    (5, 1),
    (7, 1),
    (9, 2),
    (13, 2),
    (17, 3),
    (25, 3),
    (33, 4),
    (49, 4),
    (65, 5),
    (97, 5),
    (129, 6),
    (193, 6),
    (257, 7),
    (385, 7),
    (513, 8),
    (769, 8),
    (1025, 9),
    (1537, 9),
    (2049, 10),
    (3073, 10),
    (4097, 11),
    (6145, 11),
    (8193, 12),
    (12289, 12),
    (16385, 13),
    (24577, 13),
];

/// The code for each length.
const LENGTH_CODES: [u8; 259] = {
    let (mut codes, mut code, mut len) = ([0; 259], 0, 3);
    while len < codes.len() {
        if code + 1 < LENGTHS.len() && len >= LENGTHS[code + 1].0 as usize {
            code += 1;
        }
        codes[len] = code.to_le_bytes()[0];
        len += 1;
    }
    codes
};

/// The code for a length.
#[inline]
pub(super) fn length_code(len: u32) -> usize {
    LENGTH_CODES.get(len as usize).copied().unwrap_or(0).into()
}

/// The code for a distance: two codes for each number of bits.
#[inline]
pub(super) fn distance_code(distance: u32) -> usize {
    let number = distance.saturating_sub(1);
    if number < 4 {
        return number as usize;
    }
    let bits = number.ilog2();
    ((bits * 2) | (number >> (bits - 1) & 1)) as usize
}

/// How often each code is used in a block, with the one that ends it.
pub(super) fn frequencies(tokens: &[Token]) -> ([u32; 286], [u32; 30]) {
    let (mut literals, mut distances) = ([0; 286], [0; 30]);
    literals[256] = 1;
    for token in tokens {
        match token.reference() {
            Some((len, distance)) => {
                literals[257 + length_code(len)] += 1;
                distances[distance_code(distance)] += 1;
            }
            None => literals[usize::from(token.byte())] += 1,
        }
    }
    (literals, distances)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_length_and_distance_has_the_last_code_that_begins_before() {
        for len in 3..=258 {
            assert_eq!(length_code(len) + 1, LENGTHS.partition_point(|(first, _)| u32::from(*first) <= len), "{len}");
        }
        for distance in 1..=32768 {
            let code = DISTANCES.partition_point(|(first, _)| u32::from(*first) <= distance);
            assert_eq!(distance_code(distance) + 1, code, "{distance}");
        }
    }
}
