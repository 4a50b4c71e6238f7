//! What is put into a store.

use std::io;

use untorn_fs::File;

/// How much of a file is in memory at once, in bytes.
const PIECE_LEN: usize = 8 << 20;

/// What an object shall hold.
#[derive(Clone, Copy)]
pub enum Body<'a> {
    /// These bytes.
    Bytes(&'a [u8]),
    /// The first so many bytes of a file.
    File(&'a dyn File, u64),
}

impl Body<'_> {
    /// How long it is, in bytes.
    #[must_use]
    pub fn len(&self) -> u64 {
        match self {
            Body::Bytes(bytes) => bytes.len() as u64,
            Body::File(_, len) => *len,
        }
    }

    /// Whether it is of no length.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Hands all of it to `take`, piece by piece.
    pub(crate) fn for_each<E: From<io::Error>>(&self, mut take: impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        match self {
            Body::Bytes(bytes) => take(bytes),
            Body::File(file, len) => {
                let mut piece = vec![0; PIECE_LEN.min(usize::try_from(*len).unwrap_or(PIECE_LEN))];
                let mut at = 0;
                while at < *len {
                    let wanted = piece.len().min(usize::try_from(*len - at).unwrap_or(PIECE_LEN));
                    file.read_exact_at(&mut piece[..wanted], at)?;
                    take(&piece[..wanted])?;
                    at += wanted as u64;
                }
                Ok(())
            }
        }
    }
}

impl std::fmt::Debug for Body<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Body of {} bytes", self.len())
    }
}
