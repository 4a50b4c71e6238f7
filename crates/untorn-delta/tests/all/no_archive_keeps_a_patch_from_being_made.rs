//! Broken, encrypted and lying archives, those in several parts or with a program in front, pictures with something behind them, gzip files of several members: plain bytes, never an error.

use crate::trees::{Tree, assert_leads_to_at, patch_with};
use untorn_delta::Options;

fn data(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/tests/data/deflated/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

/// How many members are restored, once the patch has proved to lead from the one file to the other.
#[track_caller]
fn restored(old: &[u8], new: &[u8]) -> usize {
    let tree = |bytes: &[u8]| Tree::default().with("data", bytes);
    let (old, new) = (tree(old), tree(new));
    assert_leads_to_at(&[6], &old, &new);
    patch_with(&old, &new, &Options::default()).1.restored
}

/// Both files of a program, changed in the same way.
fn spoilt(name: &str, spoil: impl Fn(Vec<u8>) -> Vec<u8>) -> (Vec<u8>, Vec<u8>) {
    let (stem, end) = name.split_once('.').unwrap();
    (spoil(data(&format!("{stem}.old.{end}"))), spoil(data(&format!("{stem}.new.{end}"))))
}

fn find(bytes: &[u8], what: &[u8]) -> usize {
    bytes.windows(what.len()).rposition(|window| window == what).unwrap()
}

#[test]
fn zip_archives() {
    let zip = |spoil: fn(Vec<u8>) -> Vec<u8>| {
        let (old, new) = spoilt("python.zip", spoil);
        restored(&old, &new)
    };
    assert_eq!(zip(|zip| zip), 2);
    assert_eq!(zip(|zip| [b"#!/bin/sh\n".to_vec(), zip].concat()), 0, "a program in front");
    assert_eq!(zip(|zip| [zip, b"more".to_vec()].concat()), 0, "something behind");
    assert_eq!(zip(|zip| zip[..zip.len() - 30].to_vec()), 0, "cut off");
    let set = |zip: Vec<u8>, from_end_record: usize, value: u8| {
        let mut zip = zip;
        let at = find(&zip, b"PK\x05\x06") + from_end_record;
        zip[at] = value;
        zip
    };
    assert_eq!(restored(&set(data("python.old.zip"), 4, 1), &set(data("python.new.zip"), 4, 1)), 0, "one of several disks");
    assert_eq!(
        restored(&set(data("python.old.zip"), 10, 9), &set(data("python.new.zip"), 10, 9)),
        0,
        "a wrong number of members"
    );
    let member = |zip: Vec<u8>, at: usize, value: u8| {
        let mut zip = zip;
        // In the directory, the last member: b/same.bin or c/new.txt.
        let entry = find(&zip, b"PK\x01\x02") + at;
        zip[entry] = value;
        zip
    };
    let spoilt_member =
        |at, value| restored(&member(data("python.old.zip"), at, value), &member(data("python.new.zip"), at, value));
    assert_eq!(spoilt_member(8, 1), 0, "encrypted");
    assert_eq!(spoilt_member(20, 0xff), 0, "a stored length that contradicts its header");
    assert_eq!(spoilt_member(42, 0xff), 0, "an offset that is none");
}

#[test]
fn members_that_lie_are_left_alone_and_the_others_restored() {
    let lies = |mut zip: Vec<u8>| {
        // The length of what a/text.cfg holds, in the directory.
        let name = zip.windows(10).rposition(|window| window == b"a/text.cfg").unwrap();
        zip[name - 46 + 24] ^= 1;
        zip
    };
    let (old, new) = spoilt("python.zip", lies);
    assert_eq!(restored(&old, &new), 1);
    let broken = |mut zip: Vec<u8>| {
        // In the middle of the stream of a/text.cfg.
        zip[1500] ^= 0xff;
        zip[1501] ^= 0xff;
        zip
    };
    let (old, new) = spoilt("python.zip", broken);
    assert!(restored(&old, &new) <= 2);
}

#[test]
fn gzip_files() {
    let gzip = |spoil: fn(Vec<u8>) -> Vec<u8>| {
        let (old, new) = spoilt("gzip.gz", spoil);
        restored(&old, &new)
    };
    assert_eq!(gzip(|gz| gz), 1);
    assert_eq!(gzip(|gz| [gz.clone(), gz].concat()), 0, "several members");
    assert_eq!(gzip(|gz| [gz, vec![0; 100]].concat()), 0, "zeros behind");
    assert_eq!(gzip(|gz| gz[..gz.len() - 1].to_vec()), 0, "cut off");
    assert_eq!(gzip(|gz| gz[..12].to_vec()), 0, "only a header");
    for flags in [0xe0, 4, 2] {
        let flagged = |mut gz: Vec<u8>| {
            gz[3] = flags;
            gz
        };
        let (old, new) = spoilt("gzip.gz", flagged);
        assert_eq!(restored(&old, &new), 0, "flags {flags}");
    }
    let named = |gz: Vec<u8>| [&gz[..3], &[8 | 16], &gz[4..10], b"name\0comment\0", &gz[10..]].concat();
    let (old, new) = spoilt("gzip.gz", named);
    assert_eq!(restored(&old, &new), 1);
}

#[test]
fn pictures() {
    for name in ["pillow.png", "libpng.png"] {
        let png = |spoil: fn(Vec<u8>) -> Vec<u8>| {
            let (old, new) = spoilt(name, spoil);
            restored(&old, &new)
        };
        assert_eq!(png(|png| png), 1);
        assert_eq!(png(|png| [png, b"trailing".to_vec()].concat()), 0, "something behind");
        assert_eq!(png(|png| png[..png.len() - 12].to_vec()), 0, "cut off");
        assert_eq!(png(|png| png[..40].to_vec()), 0, "hardly begun");
        let wrong_sum = |mut png: Vec<u8>| {
            let end = find(&png, b"IEND") - 9;
            png[end] ^= 1;
            png
        };
        let (old, new) = spoilt(name, wrong_sum);
        assert_eq!(restored(&old, &new), 0, "a checksum of zlib that is wrong");
        let no_zlib = |mut png: Vec<u8>| {
            let at = png.windows(4).position(|window| window == b"IDAT").unwrap() + 4;
            png[at] = 0;
            png
        };
        let (old, new) = spoilt(name, no_zlib);
        assert_eq!(restored(&old, &new), 0, "no zlib");
    }
}

#[test]
fn one_kind_of_file_in_place_of_another() {
    let names = ["python.new.zip", "gzip.new.gz", "pillow.new.png"];
    for old in names {
        names.iter().filter(|new| **new != old).for_each(|new| assert_eq!(restored(&data(old), &data(new)), 0, "{old} {new}"));
    }
}
