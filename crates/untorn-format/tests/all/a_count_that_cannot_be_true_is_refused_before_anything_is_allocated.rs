//! P2, P3: counts near every power of two that matters, in documents whose checksum fits. Room for 4 billion items would abort the test.

use untorn_format::{DecodeError, journal, layout, manifest};

const EDGES: [u32; 9] =
    [0xff, 0xffff, 0x0100_0000, i32::MAX as u32 - 1, i32::MAX as u32, 1 << 31, (1 << 31) + 1, u32::MAX - 1, u32::MAX];

#[test]
fn counts_in_the_heads() {
    for (name, bytes, reencode) in crate::samples::all() {
        let kind = name.split('_').next();
        let rows = layout::BLOCKS.iter().find(|(block, _)| block.split(' ').next() == kind).unwrap().1;
        for row in rows.iter().filter(|row| row.name.ends_with("_COUNT")) {
            for count in EDGES {
                let mut forged = bytes.clone();
                forged[row.at..row.at + 4].copy_from_slice(&count.to_le_bytes());
                assert_eq!(reencode(&crate::samples::reseal(forged)), Err(DecodeError::Length), "{name}: {} {count}", row.name);
            }
        }
    }
}

#[test]
fn every_four_bytes_of_a_document_taken_for_a_count() {
    for (_, bytes, reencode) in crate::samples::all() {
        for at in 0..bytes.len() - 36 {
            for count in EDGES {
                let mut forged = bytes.clone();
                forged[at..at + 4].copy_from_slice(&count.to_le_bytes());
                let forged = crate::samples::reseal(forged);
                assert!(reencode(&forged).is_ok_and(|again| again == forged) || reencode(&forged).is_err());
            }
        }
    }
}

#[test]
fn every_eight_bytes_of_a_document_taken_for_a_length() {
    for (_, bytes, reencode) in crate::samples::all() {
        for at in 0..bytes.len() - 40 {
            for len in [1 << 31, 1 << 32, (1 << 63) - 1, 1 << 63, u64::MAX - 1, u64::MAX] {
                let mut forged = bytes.clone();
                forged[at..at + 8].copy_from_slice(&u64::to_le_bytes(len));
                let forged = crate::samples::reseal(forged);
                assert!(reencode(&forged).is_ok_and(|again| again == forged) || reencode(&forged).is_err());
            }
        }
    }
}

#[test]
fn a_document_longer_than_its_kind_may_be_is_refused_before_it_is_hashed() {
    let mut long = crate::samples::manifest().encode();
    long.resize(usize::try_from(manifest::MANIFEST_LEN_MAX).unwrap() + 1, 0);
    assert_eq!(manifest::Manifest::decode(&long), Err(DecodeError::Length));
    assert_eq!(journal::MAX_PLAN_LEN, 1 << 30);
}
