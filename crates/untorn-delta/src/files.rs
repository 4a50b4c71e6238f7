//! The seam to the files of a tree: whoever opens them implements it.

use std::io;

use untorn_format::TreePath;

use crate::DiffError;

/// The files of one build. They must not change while they are read.
pub trait Files {
    /// Reads bytes of the file at `path` from `offset` on: as many as exist and fit into `buf`, 0 only at the end of the file.
    ///
    /// Reads jump between few files and go forward in each; keep the last dozen open.
    ///
    /// # Errors
    /// When the file cannot be opened or read.
    fn read_at(&self, path: &TreePath, buf: &mut [u8], offset: u64) -> io::Result<usize>;

    /// A hint: these bytes of a long file are read soon, some MiB of others before them. Whoever waits for a disk may have it fetch them meanwhile.
    fn read_soon(&self, _path: &TreePath, _offset: u64, _len: u64) {}
}

/// Fills `buf` with the bytes of a file from `offset` on.
pub(crate) fn read_exact_at(files: &dyn Files, path: &TreePath, mut buf: &mut [u8], mut offset: u64) -> io::Result<()> {
    while !buf.is_empty() {
        match files.read_at(path, buf, offset) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(len) => {
                buf = buf.get_mut(len..).ok_or(io::ErrorKind::InvalidData)?;
                offset = offset.saturating_add(len as u64);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// The same, for who makes a patch.
pub(crate) fn fill(files: &dyn Files, path: &TreePath, buf: &mut [u8], offset: u64) -> Result<(), DiffError> {
    read_exact_at(files, path, buf, offset).map_err(|source| DiffError::Read { path: path.clone(), source })
}

/// The `len` bytes of a file from `offset` on, for who makes a patch.
pub(crate) fn bytes_at(files: &dyn Files, path: &TreePath, offset: u64, len: u64) -> Result<Vec<u8>, DiffError> {
    // A length that no address has is one that no file has any more.
    let mut bytes = vec![0; usize::try_from(len).map_err(|_| DiffError::Changed { path: path.clone() })?];
    fill(files, path, &mut bytes, offset)?;
    Ok(bytes)
}

/// Calls `each` with the bytes of a range of a file, in pieces of at most `buf`.
pub(crate) fn read_range(
    files: &dyn Files,
    path: &TreePath,
    (mut at, mut len): (u64, u64),
    buf: &mut [u8],
    mut each: impl FnMut(&[u8]),
) -> io::Result<()> {
    while len > 0 {
        let piece = piece_len(len, buf.len());
        // Into an empty buffer it would be read for ever.
        if piece == 0 {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        read_exact_at(files, path, &mut buf[..piece], at)?;
        each(&buf[..piece]);
        at += piece as u64;
        len -= piece as u64;
    }
    Ok(())
}

/// As much of `len` bytes as fit into `max`.
pub(crate) fn piece_len(len: u64, max: usize) -> usize {
    usize::try_from(len).map_or(max, |len| len.min(max))
}

/// How many bytes are equal from the start.
pub(crate) fn common_prefix(one: &[u8], other: &[u8]) -> usize {
    let (ones, ones_rest) = one.as_chunks::<8>();
    let (others, others_rest) = other.as_chunks::<8>();
    for (number, (one, other)) in ones.iter().zip(others).enumerate() {
        let differing = u64::from_le_bytes(*one) ^ u64::from_le_bytes(*other);
        if differing != 0 {
            return number * 8 + differing.trailing_zeros() as usize / 8;
        }
    }
    let equal = ones.len().min(others.len()) * 8;
    // Of slices of different length the rest of the shorter one counts.
    let (one, other) = if ones.len() == others.len() { (ones_rest, others_rest) } else { (&one[equal..], &other[equal..]) };
    equal + one.iter().zip(other).take_while(|(one, other)| one == other).count()
}
