//! P3, P4, P11: a patch with right checksums but made to harm is refused with little memory.

use std::io::Write;

use crate::trees::{Tree, noise, patch};
use lzma_rust2::{Lzma2Options, Lzma2Writer, LzmaOptions};
use untorn_delta::{PatchError, PatchReader, Way};
use untorn_format::patch::{Changes, Frame, FrameKind, HEADER_LEN, Header, Index};
use untorn_format::{DecodeError, Hash};

/// A patch put together of its parts, all checksums right.
fn forge(facts_stored: &[u8], facts_len: u64, digests: &[u8], frames: &[u8]) -> Vec<u8> {
    let header = Header {
        restores: false,
        joined: false,
        zstd: false,
        from: Hash::of(b"old"),
        to: Hash::of(b"new"),
        facts_stored_len: facts_stored.len() as u64,
        facts_len,
        digests_len: digests.len() as u64,
        frames_len: frames.len() as u64,
        index_hash: Hash::of(&[facts_stored, digests].concat()),
    };
    [&header.encode()[..], facts_stored, digests, frames].concat()
}

fn zstd_frame(bytes: &[u8]) -> Vec<u8> {
    zstd::bulk::compress(bytes, 3).unwrap()
}

fn refusal(patch: &[u8]) -> PatchError {
    match PatchReader::new(patch) {
        Err(error) => error,
        Ok(_) => panic!("the patch was accepted"),
    }
}

/// As the facts are compressed.
fn lzma(bytes: &[u8]) -> Vec<u8> {
    let mut options = LzmaOptions::with_preset(1);
    options.dict_size = u32::try_from(bytes.len()).unwrap().max(4096);
    let mut writer = Lzma2Writer::new(Vec::new(), Lzma2Options { lzma_options: options, ..Default::default() });
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

#[test]
fn the_tool_of_these_tests_makes_valid_patches() {
    let (facts, digests) = Index::default().encode();
    PatchReader::new(&forge(&lzma(&facts), facts.len() as u64, &digests, &[])[..]).unwrap().finish().unwrap();
}

#[test]
fn p4_facts_that_decompress_to_more_or_less_than_promised_are_refused() {
    let (facts, digests) = Index::default().encode();
    for len in (0..8).chain([1 << 20, 32 << 20]).filter(|len| *len != facts.len() as u64) {
        assert!(matches!(refusal(&forge(&lzma(&facts), len, &digests, &[])), PatchError::Format(_)), "{len}");
    }
    let bomb = lzma(&vec![0; 40 << 20]);
    for len in [3, 32 << 20] {
        assert!(matches!(refusal(&forge(&bomb, len, &digests, &[])), PatchError::Format(_)), "{len}");
    }
}

#[test]
fn facts_in_any_but_one_plain_stream_are_refused() {
    let (facts, digests) = Index::default().encode();
    let stream = lzma(&facts);
    let cut = &stream[..stream.len() - 1];
    for stored in [&[&stream[..], &stream].concat()[..], &[&stream[..], &[0]].concat(), cut, &zstd_frame(&facts), &facts, &[]] {
        assert!(matches!(refusal(&forge(stored, facts.len() as u64, &digests, &[])), PatchError::Format(_)), "{stored:?}");
    }
}

#[test]
fn p3_a_patch_that_promises_much_and_ends_is_damaged() {
    let facts = Index::default().encode().0;
    let mut header = forge(&lzma(&facts), 32 << 20, &[], &[])[..HEADER_LEN].to_vec();
    header[80..88].copy_from_slice(&(32_u64 << 20).to_le_bytes());
    header[96..104].copy_from_slice(&(32_u64 << 20).to_le_bytes());
    let checksum = Hash::of(&header[..144]);
    header[144..].copy_from_slice(&checksum.0);
    assert!(matches!(refusal(&header), PatchError::Damaged(_)));
}

/// A patch that makes one file of 5000 bytes, and what comes of reading it.
fn read_frame(kind: FrameKind, stored: &[u8], hash: Hash) -> Result<(), PatchError> {
    let (old, new) = (Tree::default(), Tree::default().with("a", vec![b'a'; 5000]));
    let made = patch(&old, &new);
    let index = PatchReader::new(&made[..])?.index().clone();
    let (len, stored_len, stored_hash) = (5000, stored.len() as u64, Hash::of(stored));
    let frame = Frame { kind, len, stored_len, stored_hash, hash, references: Vec::new() };
    let changes = Changes::new(index.changes().as_slice().to_vec())?;
    let (facts, digests) = Index::new(changes, Vec::new(), vec![frame], *index.sums())?.encode();
    let forged = forge(&lzma(&facts), facts.len() as u64, &digests, stored);
    let mut reader = PatchReader::new(&forged[..])?;
    let mut file = reader.next_file(&old, Way::Whole).unwrap();
    while file.next_piece()?.is_some() {}
    reader.finish().map(|_| ())
}

#[test]
fn p4_a_frame_of_wrong_length_or_form_is_refused() {
    let literal = vec![b'a'; 5000];
    for (kind, compressed) in [(FrameKind::Zstd, zstd_frame as fn(&[u8]) -> Vec<u8>), (FrameKind::Lzma, lzma)] {
        let right = compressed(&literal);
        assert!(read_frame(kind, &right, Hash::of(&literal)).is_ok());
        let skippable = [&0x184d_2a50_u32.to_le_bytes()[..], &4_u32.to_le_bytes(), b"skip"].concat();
        let (long, short) = (compressed(&vec![b'a'; 5001]), compressed(&vec![b'a'; 4999]));
        let bomb = compressed(&vec![b'a'; 2 << 20]);
        let (before, behind) = ([&skippable[..], &right].concat(), [&right[..], &skippable].concat());
        for stored in [&long[..], &short, &bomb, &before, &behind, &right[..right.len() - 1], b"no frame at all", &[0]] {
            let result = read_frame(kind, stored, Hash::of(&literal));
            assert!(matches!(result, Err(PatchError::Format(DecodeError::Field(_)))), "{kind:?}: {result:?}");
        }
        assert!(matches!(read_frame(kind, &right, Hash::of(b"other")), Err(PatchError::Format(_))));
    }
}

#[test]
fn a_random_input_is_never_accepted() {
    for seed in 0..2000 {
        let mut bytes = noise(seed, 400);
        refusal(&bytes);
        bytes[..16].copy_from_slice(b"untorn:d\x02\0\0\0\0\0\0\0");
        let checksum = Hash::of(&bytes[..144]);
        bytes[144..176].copy_from_slice(&checksum.0);
        refusal(&bytes);
    }
}
