//! Archives that are broken, encrypted, in parts or lying are plain bytes: no guide to pack by, nothing to look into, and never an error. What is packed is right all the same.

use std::fs;

use crate::{
    place::{Place, files, words},
    zips::{archive, members},
};
use untorn_studio::{PackOptions, pack};

fn good() -> Vec<u8> {
    let (one, two) = (words(5000, 1), words(9000, 2));
    archive(&[("one", &one, None), ("two", &two, Some(6)), ("three", b"3", None)])
}

/// The archive with these bytes in other places: at an offset, or counted from the end.
fn with(at: isize, bytes: &[u8]) -> Vec<u8> {
    let mut archive = good();
    let at = if at < 0 { archive.len() - at.unsigned_abs() } else { at.unsigned_abs() };
    archive[at..at + bytes.len()].copy_from_slice(bytes);
    archive
}

/// Where the directory begins, and its records.
fn records(archive: &[u8]) -> Vec<usize> {
    (0..archive.len() - 4).filter(|at| archive[*at..].starts_with(b"PK\x01\x02")).collect()
}

fn packed(old: &[u8]) -> (Option<String>, u64) {
    let place = Place::new();
    place.write("dir/one", words(5000, 1));
    place.write("dir/two", words(9000, 2));
    place.write("dir/three", "3");
    place.write("old.zip", old);
    let mut options = PackOptions::default();
    options.like = Some(place.path("old.zip"));
    let report = pack(&place.path("dir"), &place.path("new.zip"), &options).unwrap();
    let mut found: Vec<_> =
        members(&fs::read(place.path("new.zip")).unwrap()).into_iter().map(|(name, _, _, content)| (name, content)).collect();
    found.sort();
    assert!(found == files(&place.path("dir")), "{report:?}");
    (report.no_guide, report.kept)
}

#[test]
fn of_these_kinds() {
    assert_eq!(packed(&good()), (None, 3));
    let first = records(&good())[0] as isize;
    let second = records(&good())[1] as isize;
    let cases: [(&str, Vec<u8>); 12] = [
        ("empty", Vec::new()),
        ("no archive", words(500, 9)),
        ("cut off", good()[..good().len() - 30].to_vec()),
        ("something before", [b"#!/bin/sh\n".to_vec(), good()].concat()),
        ("something behind", [good(), b"more".to_vec()].concat()),
        ("encrypted", with(first + 8, &[1, 8])),
        ("on another disk", with(-18, &[1, 0])),
        ("directory elsewhere", with(-6, &[0xff, 0xff, 0xff, 0x7f])),
        ("more members than there are", with(-12, &[9, 0])),
        ("members overlap", with(second + 42, &[0, 0, 0, 0])),
        ("lengths lie", with(first + 24, &[1, 0, 0, 0])),
        ("stored beyond the end", with(second + 20, &[0xff, 0xff, 0xff, 0x0f])),
    ];
    for (what, archive) in cases {
        let (no_guide, kept) = packed(&archive);
        assert!(no_guide.is_some(), "{what} was a guide");
        assert_eq!(kept, 0, "{what}");
    }
}

#[test]
fn a_checksum_that_lies_is_not_taken_over() {
    // The content is the same, so it is the checksum that is wrong: readers of the new archive would refuse it.
    let second = records(&good())[1];
    let mut lying = good();
    lying[second + 16] ^= 1;
    let (no_guide, kept) = packed(&lying);
    assert_eq!((no_guide, kept), (None, 2));
}

#[test]
fn of_any_flipped_byte_or_cut() {
    let good = good();
    let places = (0..60).chain(good.len() - 300..good.len());
    for at in places {
        let mut flipped = good.clone();
        flipped[at] ^= 0x41;
        packed(&flipped);
    }
    for len in (0..good.len()).step_by(997) {
        packed(&good[..len]);
    }
}

#[test]
fn and_reports_say_so() {
    let place = Place::new();
    let encrypted = |flag: u8| {
        let mut archive = good();
        let first = records(&archive)[0];
        (archive[first + 8], archive[first + 46]) = (flag, b'o');
        archive
    };
    place.write("old/data.zip", encrypted(1));
    let mut new = encrypted(1);
    new[200] ^= 1;
    place.write("new/data.zip", new);
    let report = place.report();
    assert!(report.notes.iter().any(|note| note.contains("data.zip") && note.contains("encrypted")), "{:?}", report.notes);
    let (old, new) = (place.path("old"), place.path("new"));
    let estimate = untorn_studio::estimate(&old, &new, &untorn_studio::EstimateOptions::default()).unwrap();
    assert_eq!(estimate.notes, report.notes);
}
