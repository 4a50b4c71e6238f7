//! Patches taken apart and put together again with every checksum right.

use std::io::{Read, Write};

use lzma_rust2::{Lzma2Options, Lzma2Reader, Lzma2Writer, LzmaOptions};
use untorn_format::{
    Hash,
    patch::{HEADER_LEN, Header},
};

/// The parts of a patch, decompressed.
#[derive(Clone)]
pub(crate) struct Parts {
    pub(crate) header: Header,
    pub(crate) facts: Vec<u8>,
    pub(crate) digests: Vec<u8>,
    pub(crate) frames: Vec<u8>,
}

impl Parts {
    pub(crate) fn of(patch: &[u8]) -> Self {
        let header = Header::decode(patch[..HEADER_LEN].try_into().unwrap()).unwrap();
        let (stored, rest) = patch[HEADER_LEN..].split_at(header.facts_stored_len as usize);
        let (digests, frames) = rest.split_at(header.digests_len as usize);
        let mut facts = Vec::new();
        Lzma2Reader::new(stored, (header.facts_len as u32).max(4096), None).read_to_end(&mut facts).unwrap();
        Self { header, facts, digests: digests.to_vec(), frames: frames.to_vec() }
    }

    /// Put together again, with all checksums right.
    pub(crate) fn forge(&self) -> Vec<u8> {
        let stored = lzma(&self.facts);
        let header = Header {
            restores: false,
            facts_stored_len: stored.len() as u64,
            facts_len: self.facts.len() as u64,
            digests_len: self.digests.len() as u64,
            frames_len: self.frames.len() as u64,
            index_hash: Hash::of(&[&stored[..], &self.digests].concat()),
            ..self.header
        };
        [&header.encode()[..], &stored, &self.digests, &self.frames].concat()
    }
}

pub(crate) fn lzma(bytes: &[u8]) -> Vec<u8> {
    let mut options = LzmaOptions::with_preset(1);
    options.dict_size = (bytes.len() as u32).max(4096);
    let mut writer = Lzma2Writer::new(Vec::new(), Lzma2Options { lzma_options: options, ..Default::default() });
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}
