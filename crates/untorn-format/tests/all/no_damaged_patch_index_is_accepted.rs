//! P1, P2, P9, P10: there is one byte string for each meaning of a patch's header and index, and nothing else is read.

use std::{fs, path::PathBuf};

use crate::patches::{header, parts};
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
    assert_eq!(Index::decode(&[0, 0, 0], &[Hash::of(b"").0, Hash::of(b"").0].concat()), Ok(Index::default()));
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
        // Paths: what each shares with the one before, then the rests.
        &[9],
        &[0, 0, 0, 0, 0, 0, 0, 4, 0],
        b"a\0b\0c\0d\0e\0f\0tool\0s\0zlib\0",
        &[
            3 | 3 << 2 | 1 << 6,
            3 | 1 << 2 | 1 << 6,
            1,
            2 | 2 << 2,
            4 << 2 | 1 << 5,
            3,
            3 << 2 | 1 << 5,
            3 | 3 << 2,
            3 | 3 << 2 | 1 << 6,
        ],
        &[1, 0],
        b"kept\0",
        &[11],
        // Before: a, b, d, f, tools, zlib.
        &[0xe8, 0x07, 20],
        b"\x01a",
        &[7, 9, 50],
        // After: a is 642 bytes shorter, d, e comes from the change number 5, tool, tools and zlib are longer.
        &[0x83, 0x0a],
        b"\x01b",
        &[5, signed(3), signed(31), signed(10)],
        // a: six operations.
        &[6, 10 << 2, 0xb1, 0x09],
        // 40 bytes from offset 700, expected at 310: 390 on.
        &[0xa2, 0x01, 0x8c, 0x06],
        &[6 << 2 | 3, signed(2), signed(5)],
        &[1 << 2 | 3, signed(-1), signed(0)],
        &[1 << 2 | 1],
        // tool is literal; tools is one copy, expected from the source "kept".
        &[0],
        &[1, 0xa3, 0x01, signed(-3), signed(0)],
        // zlib: 60 bytes adapted from itself, none literal.
        &[1, 0xf3, 0x01, signed(0), signed(0), 0],
        // Two frames.
        &[2, 0xba, 0x09, 90, 3],
        &[signed(0), signed(10), 100],
        &[signed(0), signed(10), 5],
        // All of the source.
        &[signed(2), signed(0), 0],
        &[2 << 2],
    ];
    assert_eq!(facts, expected.concat());
    let expected: &[&[u8]] = &[
        &[0x77; 32],
        &[0x88; 32],
        // a, b, f, tools, zlib with its program.
        &[0x12; 16],
        &[0x22; 32],
        &[0x33; 16],
        &[0x11; 2],
        &[0x11; 2],
        &[0x11; 2],
        &[0x22; 32],
        &[0x11; 2],
        &[0x22; 32],
        b"\x07program",
        &[0x44; 32],
        &[0x55; 32],
        &[0x66; 32],
    ];
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
        ("MAX_LZMA_LEN", patch::MAX_LZMA_LEN),
        ("MAX_REFERENCE_LEN", patch::MAX_REFERENCE_LEN),
        ("MAX_INFLATED", patch::MAX_INFLATED),
        ("MAX_RAW_LEN", patch::MAX_RAW_LEN),
        ("MAX_INFLATED_LEN", patch::MAX_INFLATED_LEN),
        ("MAX_MIDDLES", patch::MAX_MIDDLES),
        ("MAX_MIDDLE_LEN", patch::MAX_MIDDLE_LEN),
        ("MAX_MIDDLES_LEN", patch::MAX_MIDDLES_LEN),
        ("MAX_HELD_LEN", patch::MAX_HELD_LEN),
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
fn paths_that_repeat_each_other_cost_no_more_memory_than_is_read() {
    // 33 MiB of paths, each of which repeats the one before but for its last byte.
    let count = (33 << 20) / 201;
    let digit = |shift: u32| u8::try_from(count >> shift & 0x7f).unwrap();
    let mut facts = vec![0x80 | digit(0), 0x80 | digit(7), digit(14)];
    facts.push(0);
    (1..count).for_each(|_| facts.extend_from_slice(&[0xc8, 0x01]));
    facts.extend_from_slice("a".repeat(200).as_bytes());
    (0..count).for_each(|number| facts.extend_from_slice(if number % 2 == 0 { b"a\0" } else { b"b\0" }));
    assert!(facts.len() < 1 << 20);
    assert_eq!(Index::decode(&facts, &[]), Err(DecodeError::Field("length of all paths")));
}

#[test]
fn checks_and_hints_are_the_start_of_a_hash() {
    let hash = Hash::of(b"bytes");
    assert_eq!(untorn_format::patch::Hint::from(hash).0, hash.0[..2]);
    assert_eq!(untorn_format::patch::Check::of(b"bytes").0, hash.0[..16]);
}
