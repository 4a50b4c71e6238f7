//! P1: whatever a disk or a network does to the bytes of a document, it is refused, and never with a panic.

use untorn_format::{DecodeError, journal::Record};

#[test]
fn every_flipped_bit_is_refused() {
    for (name, bytes, reencode) in crate::samples::all() {
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut damaged = bytes.clone();
                damaged[at] ^= 1 << bit;
                assert!(reencode(&damaged).is_err(), "{name}: bit {bit} of byte {at}");
            }
        }
    }
}

#[test]
fn every_other_value_of_every_byte_is_refused_or_canonical_even_when_the_checksum_is_made_to_fit() {
    for (name, bytes, reencode) in crate::samples::all() {
        for at in 0..bytes.len() - 32 {
            for value in 0..=255 {
                let mut forged = bytes.clone();
                forged[at] = value;
                let forged = crate::samples::reseal(forged);
                match reencode(&forged) {
                    Ok(again) => assert_eq!(again, forged, "{name}: byte {at} as {value} has two spellings"),
                    Err(error) => assert!(!error.to_string().is_empty() && error.code().starts_with("UNT-")),
                }
            }
        }
    }
}

#[test]
fn every_truncation_is_refused_also_when_the_checksum_is_made_to_fit() {
    for (name, bytes, reencode) in crate::samples::all() {
        for len in 0..bytes.len() {
            assert!(reencode(&bytes[..len]).is_err(), "{name}: {len} bytes");
            if len >= 32 {
                assert!(reencode(&crate::samples::reseal(bytes[..len].to_vec())).is_err(), "{name}: {len} bytes, sealed");
            }
        }
    }
}

#[test]
fn every_extension_is_refused_also_when_the_checksum_is_made_to_fit() {
    // A record is read from a slot that is longer.
    for (name, bytes, reencode) in crate::samples::all().into_iter().filter(|(name, ..)| *name != "record") {
        for more in 1..=64 {
            let longer = [&bytes[..], &vec![0; more]].concat();
            assert!(reencode(&longer).is_err(), "{name}: {more} more");
            assert!(reencode(&crate::samples::reseal(longer)).is_err(), "{name}: {more} more, sealed");
            let moved_end = [&bytes[..bytes.len() - 32], &vec![0; more], &bytes[bytes.len() - 32..]].concat();
            assert!(reencode(&crate::samples::reseal(moved_end)).is_err(), "{name}: {more} more before the checksum");
        }
    }
}

#[test]
fn a_record_is_read_from_the_beginning_of_its_slot() {
    let mut slot = crate::samples::record().encode().to_vec();
    slot.resize(4096, 0xaa);
    assert_eq!(Record::decode(&slot).unwrap(), crate::samples::record());
}

#[test]
fn a_torn_record_is_refused() {
    let (old, new) = (crate::samples::record().encode(), Record { seq: 8, ..crate::samples::record() }.encode());
    for at in 1..old.len() {
        let head_first = [&new[..at], &old[at..]].concat();
        let tail_first = [&old[..at], &new[at..]].concat();
        for torn in [head_first, tail_first].iter().filter(|torn| ***torn != old && ***torn != new) {
            assert_eq!(Record::decode(torn), Err(DecodeError::Checksum), "torn at {at}");
        }
    }
}

#[test]
fn a_slot_that_was_never_written_is_no_record() {
    assert_eq!(Record::decode(&[0; 4096]), Err(DecodeError::Magic));
    assert_eq!(Record::decode(&[0xff; 4096]), Err(DecodeError::Magic));
    assert_eq!(Record::decode(&[]), Err(DecodeError::Length));
}

#[test]
fn one_document_is_not_taken_for_another() {
    for (name, bytes, _) in crate::samples::all() {
        // A head document may be a plain manifest.
        let kind = |name: &'static str| name.split('_').next();
        let is_other = |other: &'static str| kind(other) != kind(name) && (name, other) != ("manifest", "installed");
        for (other, _, reencode) in crate::samples::all().into_iter().filter(|(other, ..)| is_other(other)) {
            let padded = [&bytes[..], &[0; 512]].concat();
            assert_eq!(reencode(&padded), Err(DecodeError::Magic), "{name} as {other}");
        }
    }
}

#[test]
fn a_newer_format_and_an_unknown_feature_are_told_from_damage() {
    for (name, bytes, reencode) in crate::samples::all() {
        let with = |at: usize, value: u32| {
            let mut changed = bytes.clone();
            changed[at..at + 4].copy_from_slice(&value.to_le_bytes());
            changed
        };
        assert_eq!(reencode(&crate::samples::reseal(with(8, 2))), Err(DecodeError::NewerFormat { found: 2 }), "{name}");
        assert_eq!(
            reencode(&crate::samples::reseal(with(12, 1 << 31))),
            Err(DecodeError::UnknownFeatures { bits: 1 << 31 }),
            "{name}"
        );
        assert!(matches!(reencode(&crate::samples::reseal(with(8, 0))), Err(DecodeError::Field(_))), "{name}");
        assert_eq!(reencode(&with(8, 2)), Err(DecodeError::Checksum), "{name}: a number that rotted is damage");
    }
}
