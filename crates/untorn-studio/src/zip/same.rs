//! Whether two members are the same.

use std::io::{self, Read};

use untorn_fs::File;

use super::{Member, inflate::Part};

const PIECE_LEN: usize = 64 << 10;

/// Whether two members have the same stored bytes. What cannot be read is not the same.
pub(crate) fn same_stored(old: (&dyn File, &Member), new: (&dyn File, &Member)) -> bool {
    let part =
        |(file, member): (&dyn File, &Member)| (member.data_at, member.data_end, member.stored_len(), file.metadata().is_ok());
    let (one, other) = (part(old), part(new));
    old.1.packing == new.1.packing
        && one.2 == other.2
        && same(&mut Part::new(old.0, one.0, one.1), &mut Part::new(new.0, other.0, other.1)).unwrap_or(false)
}

/// Whether two readers give the same bytes, to the end of both.
///
/// # Errors
/// Those of either.
pub(crate) fn same(one: &mut dyn Read, other: &mut dyn Read) -> io::Result<bool> {
    let (mut left, mut right) = (vec![0; PIECE_LEN], vec![0; PIECE_LEN]);
    loop {
        let (len, other_len) = (fill(one, &mut left)?, fill(other, &mut right)?);
        if left[..len] != right[..other_len] {
            return Ok(false);
        }
        if len < PIECE_LEN {
            return Ok(true);
        }
    }
}

/// Reads until the buffer is full or there is no more.
fn fill(reader: &mut dyn Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut len = 0;
    while len < buffer.len() {
        match reader.read(&mut buffer[len..])? {
            0 => break,
            more => len += more,
        }
    }
    Ok(len)
}
