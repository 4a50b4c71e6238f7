//! Old and new file, byte by byte.

use crate::builds::Builds;

const PIECE_LEN: usize = 64 << 10;

/// Where the last difference between the old and the new file ends; `None` when there is none, or when they cannot be read.
pub(super) fn difference(builds: &Builds, path: &str, len: u64) -> Option<u64> {
    let (old, new) = (builds.old.file(path, len)?, builds.new.file(path, len)?);
    let (mut one, mut other) = (vec![0; PIECE_LEN], vec![0; PIECE_LEN]);
    let (mut at, mut end) = (0_u64, None);
    while at < len {
        let piece = usize::try_from(len - at).unwrap_or(PIECE_LEN).min(PIECE_LEN);
        old.read_exact_at(&mut one[..piece], at).ok()?;
        new.read_exact_at(&mut other[..piece], at).ok()?;
        if let Some(last) = one[..piece].iter().zip(&other[..piece]).rposition(|(one, other)| one != other) {
            end = Some(at + last as u64 + 1);
        }
        at += piece as u64;
    }
    end
}
