//! Header and index from the start of a patch.

use std::io::{self, Read};

use untorn_format::patch::{HEADER_LEN, Header, Index};
use untorn_format::{DecodeError, Hash, TreePath};

use super::lzma;
use super::old::read_old;
use crate::files::piece_len;
use crate::{Files, PatchError, zstd_frame};

/// How much memory is taken before any of the bytes have arrived that are to fill it.
const LEN_AT_ONCE: u64 = 8 << 20;

/// Reads the header.
pub(super) fn read_header(input: &mut impl Read) -> Result<Header, PatchError> {
    let mut bytes = [0; HEADER_LEN];
    input.read_exact(&mut bytes).map_err(input_error)?;
    Header::decode(&bytes).map_err(|error| match error {
        DecodeError::Checksum => PatchError::Damaged("header"),
        error => error.into(),
    })
}

/// Reads the index that follows.
pub(super) fn read_index(input: &mut impl Read, header: &Header) -> Result<Index, PatchError> {
    let stored = read_len(input, header.facts_stored_len + header.digests_len)?;
    if Hash::of(&stored) != header.index_hash {
        return Err(PatchError::Damaged("index"));
    }
    let facts_end = usize::try_from(header.facts_stored_len).unwrap_or(usize::MAX).min(stored.len());
    let (facts, digests) = stored.split_at(facts_end);
    let facts = decompress_facts(facts, header.facts_len)?;
    let features = header.features();
    let index = Index::decode_with(&facts, digests, features)?;
    if index.frames_len() != header.frames_len {
        return Err(DecodeError::Field("length of the frames").into());
    }
    Ok(index)
}

/// Bytes that end too early are damage; anything else is trouble with the input.
pub(super) fn input_error(error: io::Error) -> PatchError {
    if error.kind() == io::ErrorKind::UnexpectedEof { PatchError::Damaged("it ends too early") } else { PatchError::Input(error) }
}

/// Exactly `len` bytes. Memory grows with what arrives, not with what is promised.
pub(crate) fn read_len(input: &mut impl Read, len: u64) -> Result<Vec<u8>, PatchError> {
    let mut bytes = Vec::with_capacity(usize::try_from(len.min(LEN_AT_ONCE)).unwrap_or(0));
    input.take(len).read_to_end(&mut bytes).map_err(PatchError::Input)?;
    if bytes.len() as u64 == len { Ok(bytes) } else { Err(PatchError::Damaged("it ends too early")) }
}

/// The bytes of an old file from `at` on, `len` of them; one that ends too early is not the one meant.
pub(super) fn read_len_of(old: &dyn Files, path: &TreePath, (at, len): (u64, u64)) -> Result<Vec<u8>, PatchError> {
    let (mut bytes, mut at, mut left) = (Vec::new(), at, len);
    while left > 0 {
        let (start, piece) = (bytes.len(), piece_len(left, 1 << 20));
        bytes.resize(start + piece, 0);
        read_old(old, path, &mut bytes[start..], at)?;
        (at, left) = (at + piece as u64, left - piece as u64);
    }
    Ok(bytes)
}

/// `stored` must be one zstd frame, nothing else, that promises `len` bytes.
pub(super) fn check_zstd(stored: &[u8], len: u64) -> Result<(), PatchError> {
    if zstd_frame::raw_len(stored) == Some(len) { Ok(()) } else { Err(DecodeError::Field("zstd frame").into()) }
}

fn decompress_facts(stored: &[u8], len: u64) -> Result<Vec<u8>, PatchError> {
    Ok(lzma::decompress(stored, Vec::new(), len)?.ok_or(DecodeError::Field("compressed facts"))?)
}
