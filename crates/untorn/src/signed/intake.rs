//! The beginning of a patch file, read before anything of it is used.

use std::io::{self, Chain, Cursor, Read};

use untorn_delta::PatchError;
use untorn_format::{
    DecodeError,
    patch::{HEADER_LEN, Header},
    release::{PREFACE_HEAD_LEN, Preface},
};

use crate::Result;

/// A bare patch from its first byte on.
pub(crate) type Stream<R> = Chain<Cursor<Vec<u8>>, R>;

/// The beginning of a patch file.
pub(crate) struct Intake<R> {
    /// What stands before the patch, where it is signed.
    pub(crate) preface: Option<Preface>,
    /// What the patch is for. Its checksum fits; that is all.
    pub(crate) header: Header,
    /// The bare patch.
    pub(crate) stream: Stream<R>,
}

impl<R: Read> Intake<R> {
    /// Reads the preface, if there is one, and the header. Nothing is decompressed.
    ///
    /// # Errors
    /// [`crate::Error::Patch`].
    pub(crate) fn read(mut input: R) -> Result<Self> {
        let start = start(&mut input)?;
        let (preface, mut header) = match Preface::begins(start) {
            true => (Some(preface(&mut input, start)?), vec![0; HEADER_LEN]),
            false => (None, [&start[..], &[0; HEADER_LEN - 8]].concat()),
        };
        let known = if preface.is_some() { 0 } else { start.len() };
        fill(&mut input, &mut header[known..])?;
        let block = header.first_chunk().ok_or(PatchError::Damaged("it ends too early"))?;
        let decoded = Header::decode(block).map_err(|error| match error {
            DecodeError::Checksum => PatchError::Damaged("header"),
            error => error.into(),
        })?;
        Ok(Self { preface, header: decoded, stream: Cursor::new(header).chain(input) })
    }
}

/// The first bytes. What does not begin like a patch is none, however short it is.
fn start(input: &mut impl Read) -> Result<[u8; 8], PatchError> {
    let mut start = Vec::with_capacity(8);
    input.by_ref().take(8).read_to_end(&mut start).map_err(PatchError::Input)?;
    if ![Header::MAGIC, Preface::MAGIC].iter().any(|magic| magic.starts_with(&start)) {
        return Err(DecodeError::Magic.into());
    }
    start.first_chunk().copied().ok_or(PatchError::Damaged("it ends too early"))
}

/// Room is taken for what a preface may have at most, and filled as it arrives.
fn preface(input: &mut impl Read, start: [u8; 8]) -> Result<Preface, PatchError> {
    let mut head = [0; PREFACE_HEAD_LEN];
    head[..8].copy_from_slice(&start);
    fill(input, &mut head[8..])?;
    let mut bytes = head.to_vec();
    let left = Preface::len(&head)? - PREFACE_HEAD_LEN;
    input.take(left as u64).read_to_end(&mut bytes).map_err(PatchError::Input)?;
    if bytes.len() != left + PREFACE_HEAD_LEN {
        return Err(PatchError::Damaged("it ends too early"));
    }
    Ok(Preface::decode(&bytes)?)
}

fn fill(input: &mut impl Read, bytes: &mut [u8]) -> Result<(), PatchError> {
    input.read_exact(bytes).map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => PatchError::Damaged("it ends too early"),
        _ => PatchError::Input(error),
    })
}
