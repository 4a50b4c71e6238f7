//! P3, P4, P11: a patch with right checksums but made to harm is refused with little memory.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic; helpers outside of test functions, too")]

mod trees;

use trees::{Tree, noise, patch};
use untorn_delta::{PatchError, PatchReader, Way};
use untorn_format::patch::{Changes, Frame, FrameKind, HEADER_LEN, Header, Index};
use untorn_format::{DecodeError, Hash};

/// A patch put together of its parts, all checksums right.
fn forge(facts_stored: &[u8], facts_len: u64, digests: &[u8], frames: &[u8]) -> Vec<u8> {
    let header = Header {
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

fn compressed(bytes: &[u8]) -> Vec<u8> {
    zstd::bulk::compress(bytes, 3).unwrap()
}

fn refusal(patch: &[u8]) -> PatchError {
    match PatchReader::new(patch) {
        Err(error) => error,
        Ok(_) => panic!("the patch was accepted"),
    }
}

#[test]
fn the_tool_of_these_tests_makes_valid_patches() {
    let facts = Index::default().encode().0;
    PatchReader::new(&forge(&compressed(&facts), facts.len() as u64, &[], &[])[..]).unwrap().finish().unwrap();
}

#[test]
fn facts_that_decompress_to_more_or_less_than_promised_are_refused() {
    let facts = Index::default().encode().0;
    for len in [0, 1, 2, 4, 1 << 20, 32 << 20] {
        assert!(matches!(refusal(&forge(&compressed(&facts), len, &[], &[])), PatchError::Format(_)), "{len}");
    }
    let bomb = compressed(&vec![0; 40 << 20]);
    for len in [3, 32 << 20] {
        assert!(matches!(refusal(&forge(&bomb, len, &[], &[])), PatchError::Format(_)), "{len}");
    }
}

#[test]
fn facts_in_any_but_one_plain_frame_are_refused() {
    let facts = Index::default().encode().0;
    let frame = compressed(&facts);
    let skippable = [&0x184d_2a50_u32.to_le_bytes()[..], &4_u32.to_le_bytes(), b"skip"].concat();
    for stored in [
        &[&frame[..], &frame].concat(),
        &[&skippable[..], &frame].concat(),
        &[&frame[..], &skippable].concat(),
        &skippable,
        &facts,
    ] {
        assert!(matches!(refusal(&forge(stored, facts.len() as u64, &[], &[])), PatchError::Format(_)));
    }
    let mut unsized_frame = Vec::new();
    zstd::stream::copy_encode(&facts[..], &mut unsized_frame, 3).unwrap();
    assert!(matches!(refusal(&forge(&unsized_frame, facts.len() as u64, &[], &[])), PatchError::Format(_)));
}

#[test]
fn a_patch_that_promises_much_and_ends_is_damaged() {
    let facts = Index::default().encode().0;
    let mut header = forge(&compressed(&facts), 32 << 20, &[], &[])[..HEADER_LEN].to_vec();
    header[80..88].copy_from_slice(&(32_u64 << 20).to_le_bytes());
    header[96..104].copy_from_slice(&(32_u64 << 20).to_le_bytes());
    let checksum = Hash::of(&header[..144]);
    header[144..].copy_from_slice(&checksum.0);
    assert!(matches!(refusal(&header), PatchError::Damaged(_)));
}

#[test]
fn a_frame_of_wrong_length_or_form_is_refused() {
    let old = Tree::default();
    let new = Tree::default().with("a", vec![b'a'; 5000]);
    let literal = vec![b'a'; 5000];
    let reader_of = |stored: &[u8], hash: Hash| {
        let made = patch(&old, &new);
        let index = PatchReader::new(&made[..]).unwrap().index().clone();
        let frame = Frame {
            kind: FrameKind::Zstd,
            len: 5000,
            stored_len: stored.len() as u64,
            stored_hash: Hash::of(stored),
            hash,
            references: Vec::new(),
        };
        let index = Index::new(Changes::new(index.changes().as_slice().to_vec()).unwrap(), Vec::new(), vec![frame]).unwrap();
        let (facts, digests) = index.encode();
        forge(&compressed(&facts), facts.len() as u64, &digests, stored)
    };
    let read = |patch: &[u8]| -> Result<(), PatchError> {
        let mut reader = PatchReader::new(patch)?;
        let mut file = reader.next_file(&old, Way::Whole).unwrap();
        while file.next_piece()?.is_some() {}
        reader.finish()
    };
    let right = compressed(&literal);
    assert!(read(&reader_of(&right, Hash::of(&literal))).is_ok());
    let skippable = [&0x184d_2a50_u32.to_le_bytes()[..], &4_u32.to_le_bytes(), b"skip"].concat();
    let bomb = compressed(&vec![b'a'; 50 << 20]);
    let short = compressed(&vec![b'a'; 4999]);
    for stored in [&bomb[..], &short, &[&right[..], &skippable].concat(), &[&skippable[..], &right].concat(), b"no frame at all"]
    {
        let result = read(&reader_of(stored, Hash::of(&literal)));
        assert!(matches!(result, Err(PatchError::Format(DecodeError::Field(_)))), "{result:?}");
    }
    assert!(matches!(read(&reader_of(&right, Hash::of(b"other"))), Err(PatchError::Format(_))));
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
