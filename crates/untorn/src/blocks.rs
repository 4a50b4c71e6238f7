//! Old and new bytes compared, block by block.

use std::io::{self, Read};

/// What differs is fetched and written in whole blocks of this size.
pub(crate) const BLOCK_LEN: usize = 4096;

/// Fills `buf` as far as `reader` goes.
pub(crate) fn fill(reader: &mut impl Read, buf: &mut [u8]) -> io::Result<usize> {
    let mut len = 0;
    while len < buf.len() {
        match reader.read(&mut buf[len..])? {
            0 => break,
            more => len += more,
        }
    }
    Ok(len)
}

/// The stretches of whole blocks of `new` that are not the same in `old`, which may be shorter.
pub(crate) fn different(old: &[u8], new: &[u8]) -> Vec<(usize, usize)> {
    let mut stretches: Vec<(usize, usize)> = Vec::new();
    for start in (0..new.len()).step_by(BLOCK_LEN) {
        let end = (start + BLOCK_LEN).min(new.len());
        if old.get(start..end) == Some(&new[start..end]) {
            continue;
        }
        match stretches.last_mut() {
            Some((_, last)) if *last == start => *last = end,
            _ => stretches.push((start, end)),
        }
    }
    stretches
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbouring_blocks_that_differ_are_one_stretch_and_what_is_missing_differs() {
        let new = [7; 5 * BLOCK_LEN + 10];
        let mut old = new.to_vec();
        assert!(different(&old, &new).is_empty());
        (old[BLOCK_LEN], old[3 * BLOCK_LEN - 1]) = (0, 0);
        assert_eq!(different(&old, &new), [(BLOCK_LEN, 3 * BLOCK_LEN)]);
        old.truncate(5 * BLOCK_LEN + 9);
        assert_eq!(different(&old, &new), [(BLOCK_LEN, 3 * BLOCK_LEN), (5 * BLOCK_LEN, 5 * BLOCK_LEN + 10)]);
        assert_eq!(different(&[], &new), [(0, new.len())]);
    }
}
