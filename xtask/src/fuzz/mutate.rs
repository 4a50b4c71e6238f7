//! What is done to an input.

use std::io::{Read, Write};

use lzma_rust2::{Lzma2Options, Lzma2Reader, Lzma2Writer, LzmaOptions};
use untorn_format::{
    Hash,
    patch::{HEADER_LEN, Header},
};

use super::rng::Rng;

/// Numbers near which mistakes live, as the format writes them: seven bits a byte, the lowest first.
const NUMBERS: [&[u8]; 9] = [
    &[0],
    &[1],
    &[0x7f],
    &[0xff, 0xff, 0xff, 0xff, 0x07],
    &[0x80, 0x80, 0x80, 0x80, 0x08],
    &[0xff, 0xff, 0xff, 0xff, 0x0f],
    &[0x80, 0x80, 0x80, 0x80, 0x10],
    &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f],
    &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
];

/// How long facts may become that are decompressed to be changed.
const FACTS_LEN_MAX: u64 = 1 << 20;

/// The patch with one of its parts changed, and every checksum right again.
pub(super) fn forged(patch: &[u8], rng: &mut Rng) -> Option<Vec<u8>> {
    let header = Header::decode(patch.get(..HEADER_LEN)?.try_into().ok()?).ok()?;
    let facts_end = HEADER_LEN.checked_add(usize::try_from(header.facts_stored_len).ok()?)?;
    let digests_end = facts_end.checked_add(usize::try_from(header.digests_len).ok()?)?;
    let (mut stored, mut facts_len) = (patch.get(HEADER_LEN..facts_end)?.to_vec(), header.facts_len);
    let (mut digests, mut frames) = (patch.get(facts_end..digests_end)?.to_vec(), patch.get(digests_end..)?.to_vec());
    match rng.below(8) {
        0 => digests = changed(&digests, rng),
        1 => frames = changed(&frames, rng),
        2 => stored = changed(&stored, rng),
        3 => facts_len = rng.next() >> rng.below(64),
        _ => {
            let facts = changed(&unpacked(&stored, facts_len)?, rng);
            return packed(&header, &facts, facts.len() as u64, &digests, &frames);
        }
    }
    Some(joined(&header, &stored, facts_len, &digests, &frames))
}

/// A patch of these parts, with every checksum right.
pub(super) fn packed(header: &Header, facts: &[u8], facts_len: u64, digests: &[u8], frames: &[u8]) -> Option<Vec<u8>> {
    let mut options = LzmaOptions::with_preset(0);
    options.dict_size = dict_len(facts_len)?;
    let mut writer = Lzma2Writer::new(Vec::new(), Lzma2Options { lzma_options: options, ..Default::default() });
    writer.write_all(facts).ok()?;
    Some(joined(header, &writer.finish().ok()?, facts_len, digests, frames))
}

fn unpacked(stored: &[u8], facts_len: u64) -> Option<Vec<u8>> {
    let mut facts = Vec::new();
    Lzma2Reader::new(stored, dict_len(facts_len)?, None).take(FACTS_LEN_MAX).read_to_end(&mut facts).ok()?;
    Some(facts)
}

/// As readers and writers of patches agree on it.
fn dict_len(facts_len: u64) -> Option<u32> {
    u32::try_from(facts_len.max(4096)).ok()
}

fn joined(header: &Header, stored: &[u8], facts_len: u64, digests: &[u8], frames: &[u8]) -> Vec<u8> {
    let header = Header {
        facts_stored_len: stored.len() as u64,
        facts_len,
        digests_len: digests.len() as u64,
        frames_len: frames.len() as u64,
        index_hash: Hash::of(&[stored, digests].concat()),
        ..header.clone()
    };
    [&header.encode()[..], stored, digests, frames].concat()
}

/// A few changes in a row.
pub(super) fn changed(bytes: &[u8], rng: &mut Rng) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..=rng.below(4) {
        change(&mut bytes, rng);
    }
    bytes
}

fn change(bytes: &mut Vec<u8>, rng: &mut Rng) {
    let at = rng.below(bytes.len());
    let end = at.saturating_add(1 + rng.below(16)).min(bytes.len());
    match rng.below(7) {
        0 => bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 1 << (rng.next() % 8)),
        1 => bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte = rng.byte()),
        2 => drop(bytes.splice(at..(at + 1).min(bytes.len()), NUMBERS[rng.below(NUMBERS.len())].iter().copied())),
        3 => drop(bytes.drain(at..end)),
        4 => {
            let again: Vec<u8> = bytes.get(at..end).unwrap_or_default().to_vec();
            bytes.splice(at..at, again);
        }
        5 => {
            let len = rng.below(12);
            bytes.splice(at..at, rng.bytes(len));
        }
        _ => bytes.truncate(at),
    }
}
