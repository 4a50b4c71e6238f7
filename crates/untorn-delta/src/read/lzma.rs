//! Frames of LZMA2.

use std::io::Read;

use lzma_rust2::Lzma2Reader;
use untorn_format::DecodeError;
use untorn_format::patch::MAX_LZMA_LEN;

use crate::PatchError;

/// The shortest dictionary there is, in bytes.
pub(crate) const DICT_LEN_MIN: u64 = 4096;

/// `len` bytes from one stream, never more; `None` when it is none, or these are not the references it was compressed against. Memory: the references twice, for a
/// moment, then once, and the bytes twice, as far as they come.
pub(super) fn decompress(stored: &[u8], references: Vec<u8>, len: u64) -> Result<Option<Vec<u8>>, PatchError> {
    let dict_len = (references.len() as u64 + len).max(DICT_LEN_MIN);
    let dict_len = u32::try_from(dict_len).map_err(|_| DecodeError::Length)?;
    let mut rest = stored;
    let mut reader =
        Lzma2Reader::new(&mut rest, dict_len, Some(&references).filter(|references| !references.is_empty()).map(|v| &v[..]));
    drop(references);
    let mut bytes = Vec::with_capacity(usize::try_from(len.min(MAX_LZMA_LEN)).map_err(|_| DecodeError::Length)? + 1);
    let done = reader.by_ref().take(len + 1).read_to_end(&mut bytes);
    drop(reader);
    Ok((done.is_ok() && rest.is_empty() && bytes.len() as u64 == len).then_some(bytes))
}
