//! P1, P2, P9, P10: there is one byte string for each meaning of a patch's header and index, and nothing else is read.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic; helpers outside of test functions, too")]

mod patches;

use std::{fs, path::PathBuf};

use patches::{header, parts};
use untorn_format::{
    DecodeError, Hash,
    patch::{HEADER_LEN, Header, Index},
};

fn again(facts: &[u8], digests: &[u8]) -> Result<(Vec<u8>, Vec<u8>), DecodeError> {
    Index::decode(facts, digests).map(|index| index.encode())
}

#[test]
fn an_index_is_read_as_it_was_written() {
    let index = parts().index().unwrap();
    let (facts, digests) = index.encode();
    assert_eq!(Index::decode(&facts, &digests), Ok(index));
    assert_eq!(Index::decode(&[0, 0, 0], &[]), Ok(Index::default()));
    assert_eq!(Header::decode(&header().encode()), Ok(header()));
}

#[test]
fn every_other_value_of_every_byte_is_refused_or_says_something_else() {
    let (facts, digests) = parts().index().unwrap().encode();
    for at in 0..facts.len() {
        for value in 0..=255 {
            let mut forged = facts.clone();
            forged[at] = value;
            if let Ok(again) = again(&forged, &digests) {
                assert_eq!(again, (forged, digests.clone()), "byte {at} as {value} has two spellings");
            }
        }
    }
}

#[test]
fn every_pair_of_bytes_in_place_of_one_is_refused_or_says_something_else() {
    let (facts, digests) = parts().index().unwrap().encode();
    for at in 0..facts.len() {
        for pair in [[0x80, 0], [0x81, 0], [facts[at] | 0x80, 0], [facts[at], 0], [0xff, 0x7f]] {
            let forged = [&facts[..at], &pair, &facts[at + 1..]].concat();
            if let Ok(again) = again(&forged, &digests) {
                assert_eq!(again, (forged, digests.clone()), "bytes {pair:?} at {at} have two spellings");
            }
        }
    }
}

#[test]
fn every_truncation_and_extension_of_either_part_is_refused() {
    let (facts, digests) = parts().index().unwrap().encode();
    (0..facts.len()).for_each(|len| assert!(again(&facts[..len], &digests).is_err(), "{len} bytes of facts"));
    (0..digests.len()).for_each(|len| assert!(again(&facts, &digests[..len]).is_err(), "{len} bytes of digests"));
    assert!(again(&[&facts[..], &[0]].concat(), &digests).is_err());
    assert!(again(&facts, &[&digests[..], &[0]].concat()).is_err());
}

#[test]
fn every_flipped_bit_of_a_header_is_refused() {
    let bytes = header().encode();
    for bit in 0..HEADER_LEN * 8 {
        let mut damaged = bytes;
        damaged[bit / 8] ^= 1 << (bit % 8);
        assert!(Header::decode(&damaged).is_err(), "bit {bit}");
    }
}

#[test]
fn a_header_that_promises_too_much_is_refused() {
    let refused = |change: fn(&mut Header)| {
        let mut header = header();
        change(&mut header);
        assert!(matches!(Header::decode(&header.encode()), Err(DecodeError::Field(_))), "{header:?}");
    };
    refused(|header| header.facts_len = (32 << 20) + 1);
    refused(|header| header.facts_stored_len = (32 << 20) + 1);
    refused(|header| header.digests_len = u64::MAX);
    refused(|header| header.frames_len = u64::MAX);
    refused(|header| header.frames_len = 1 << 60);
}

#[test]
fn golden_files_are_what_is_written_today() {
    let (facts, digests) = parts().index().unwrap().encode();
    for (name, bytes) in [("patch_header", header().encode().to_vec()), ("patch_facts", facts), ("patch_digests", digests)] {
        let golden = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(format!("{name}.v2"));
        if std::env::var_os("UNTORN_BLESS").is_some() {
            fs::write(&golden, &bytes).unwrap();
        }
        assert!(fs::read(&golden).unwrap() == bytes, "{name}: the bytes have changed");
    }
}

/// Put together by hand from `docs/format/patch.md`.
#[test]
fn the_facts_are_the_bytes_that_the_document_says() {
    let (facts, digests) = parts().index().unwrap().encode();
    let signed = |number: i64| u8::try_from(if number < 0 { -number * 2 - 1 } else { number * 2 }).unwrap();
    let expected: &[&[u8]] = &[
        &[8],
        b"\x01a\x01b\x01c\x01d\x01e\x01f\x04tool\x04zlib",
        &[3 | 3 << 2 | 1 << 6, 3 | 1 << 2 | 1 << 6, 1, 2 | 2 << 2, 4 << 2 | 1 << 5, 3, 3 << 2 | 1 << 5, 3 | 3 << 2 | 1 << 6],
        &[1],
        b"\x04kept\x0b",
        // a: 1000 bytes, then 358 in six operations.
        &[0xe8, 0x07, 0xe6, 0x02, 6],
        &[10 << 2, 0xb1, 0x09],
        // 40 bytes from offset 700, expected at 310: 390 on.
        &[0xa2, 0x01, 0x8c, 0x06],
        &[6 << 2 | 3, signed(2), signed(5)],
        &[1 << 2 | 3, signed(-1), signed(0)],
        &[1 << 2 | 1],
        // b, d, e from the change number 5, f, tool.
        &[20],
        b"\x01a\x01b",
        &[5],
        &[7],
        &[3, 1, 3 << 2 | 1],
        // zlib: 50 bytes, then 60 adapted from itself, none literal, by a program of seven bytes.
        &[50, 60, 1, 0xf3, 0x01, signed(0), signed(0), 0, 7],
        // Two frames.
        &[2, 0xdd, 0x04, 90, 3],
        &[signed(0), signed(10), 100],
        &[signed(0), signed(10), 5],
        &[signed(2), signed(0), 11],
        &[2 << 1],
    ];
    assert_eq!(facts, expected.concat());
    let files: &[&[u8]] =
        &[&[0x11; 16], &[0x22; 32], &[0x33; 16], &[0x11; 16], &[0x11; 16], &[0x22; 32], &[0x11; 16], &[0x22; 32]];
    let frames: &[&[u8]] = &[b"program", &[0x44; 32], &[0x55; 32], &[0x66; 32]];
    let expected = [files, frames].concat();
    assert_eq!(digests, expected.concat());
}

#[test]
fn the_limits_are_those_of_the_document() {
    use untorn_format::patch;
    let document = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/format/patch.md");
    let text = fs::read_to_string(document).unwrap();
    let described: Vec<(String, u64)> = text
        .lines()
        .filter(|line| line.starts_with("| MAX_"))
        .map(|line| line.split('|').map(str::trim).collect::<Vec<_>>())
        .map(|cells| (cells[1].to_owned(), cells[2].parse().unwrap()))
        .collect();
    let limits = [
        ("MAX_FACTS_LEN", patch::MAX_FACTS_LEN),
        ("MAX_DIGESTS_LEN", patch::MAX_DIGESTS_LEN),
        ("MAX_CHANGES", patch::MAX_CHANGES),
        ("MAX_OPS", patch::MAX_OPS),
        ("MAX_PROGRAM_LEN", patch::MAX_PROGRAM_LEN),
        ("MAX_FRAMES", patch::MAX_FRAMES),
        ("MAX_REFERENCES", patch::MAX_REFERENCES),
        ("MAX_FRAME_LEN", patch::MAX_FRAME_LEN),
        ("MAX_REFERENCE_LEN", patch::MAX_REFERENCE_LEN),
        ("MAX_FILE_LEN", patch::MAX_FILE_LEN),
    ];
    assert_eq!(described, limits.map(|(name, value)| (name.to_owned(), value)));
}

#[test]
fn counts_that_cannot_be_true_are_refused_before_anything_is_allocated() {
    for count in [2_u64, 1 << 19, 1 << 31, 1 << 32, 1 << 63, u64::MAX] {
        let mut number = Vec::new();
        let mut rest = count;
        while rest >= 0x80 {
            number.push(u8::try_from(rest & 0x7f).unwrap() | 0x80);
            rest >>= 7;
        }
        number.push(u8::try_from(rest).unwrap());
        for before in [&[][..], &[0], &[0, 0]] {
            assert!(Index::decode(&[before, &number].concat(), &[]).is_err(), "{count} after {before:?}");
        }
    }
}

#[test]
fn a_check_is_the_first_half_of_a_hash() {
    let hash = Hash::of(b"bytes");
    assert_eq!(untorn_format::patch::Check::of(b"bytes").0, hash.0[..16]);
}
