//! Chunk indexes of casync and desync for one file, `.caibx`: `caformat.h` of casync, <https://github.com/systemd/casync>.
//!
//! All numbers are little-endian. A header (`u64` its length 48, type, flags, smallest, usual, largest chunk), a table (`u64` all ones, its type, then
//! for each chunk the end of it and its id), and a tail (`u64` 0, 0, the length of the header, that of the table, a mark).

use std::{collections::HashMap, ops::Range};

use sha2::{Digest, Sha256, Sha512_256};

use crate::foreign::Fault;

const HEADER_LEN: usize = 48;
const TYPE_INDEX: u64 = 0x9682_4d9c_7b12_9ff9;
const TYPE_TABLE: u64 = 0xe75b_9e11_2f17_417d;
const TAIL_MARK: u64 = 0x4b4f_050e_5549_ecd1;
/// Chunks are named by SHA-512/256, in place of SHA-256.
const FLAG_SHA512_256: u64 = 0x2000_0000_0000_0000;
const ITEM_LEN: usize = 40;
/// The largest chunk that is held in memory; that of casync is 256 KiB unless asked otherwise.
pub(crate) const CHUNK_LEN_MAX: u64 = 64 << 20;

/// What a chunk is called.
pub(crate) type ChunkId = [u8; 32];

/// A file, as a list of chunks.
#[derive(Debug)]
pub(crate) struct Caibx {
    is_sha512_256: bool,
    pub(crate) chunks: Vec<Chunk>,
}

/// A part of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Chunk {
    pub(crate) range: Range<u64>,
    pub(crate) id: ChunkId,
}

impl Caibx {
    /// Whether a file that begins like this is one.
    pub(crate) fn begins(bytes: &[u8]) -> bool {
        number(bytes, 0) == Some(HEADER_LEN as u64) && number(bytes, 8) == Some(TYPE_INDEX)
    }

    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, Fault> {
        let ends = || Fault::Wrong("it ends too early");
        if !Self::begins(bytes) {
            return Err(Fault::Wrong("this is no index of chunks"));
        }
        let flags = number(bytes, 16).ok_or_else(ends)?;
        let largest = number(bytes, 40).ok_or_else(ends)?;
        if largest > CHUNK_LEN_MAX {
            return Err(Fault::Wrong("its chunks may be longer than 64 MiB"));
        }
        if number(bytes, 48) != Some(u64::MAX) || number(bytes, 56) != Some(TYPE_TABLE) {
            return Err(Fault::Wrong("it holds no table of chunks"));
        }
        let mut chunks = Vec::new();
        let mut start = 0;
        for at in (HEADER_LEN + 16..).step_by(ITEM_LEN) {
            let end = number(bytes, at).ok_or_else(ends)?;
            let rest = bytes.get(at + 8..at + ITEM_LEN).ok_or_else(ends)?;
            if end == 0 {
                let is_tail = number(rest, 24) == Some(TAIL_MARK) && bytes.len() == at + ITEM_LEN;
                return if is_tail { Ok(Self { is_sha512_256: flags & FLAG_SHA512_256 != 0, chunks }) } else { Err(ends()) };
            }
            if end <= start || end - start > largest {
                return Err(Fault::Wrong("its chunks are not in order, or too long"));
            }
            let mut id = [0; 32];
            id.copy_from_slice(rest);
            chunks.push(Chunk { range: start..end, id });
            start = end;
        }
        Err(ends())
    }

    /// Whether `bytes` are what the chunk of that name is.
    pub(crate) fn is(&self, id: &ChunkId, bytes: &[u8]) -> bool {
        if self.is_sha512_256 { Sha512_256::digest(bytes)[..] == id[..] } else { Sha256::digest(bytes)[..] == id[..] }
    }

    /// Where each chunk lies.
    pub(crate) fn places(&self) -> HashMap<ChunkId, Range<u64>> {
        self.chunks.iter().map(|chunk| (chunk.id, chunk.range.clone())).collect()
    }
}

/// Where a store keeps a chunk, below its base.
pub(crate) fn name(id: &ChunkId) -> String {
    let hex: String = id.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{}/{hex}.cacnk", &hex[..4])
}

fn number(bytes: &[u8], at: usize) -> Option<u64> {
    let bytes = bytes.get(at..at.checked_add(8)?)?;
    Some(u64::from_le_bytes(bytes.try_into().ok()?))
}
