//! What `Manifest::new` refuses, and that decoding refuses the same.

use crate::samples::path;
use untorn_format::{
    DecodeError, Hash,
    manifest::{ENTRY_COUNT_MAX, Entry, Kind, Manifest, ManifestError},
};

fn dir(at: &str) -> Entry {
    Entry { path: path(at), kind: Kind::Dir }
}

fn file(at: &str, len: u64) -> Entry {
    Entry { path: path(at), kind: Kind::File { len, hash: Hash::of(at.as_bytes()), executable: false } }
}

fn link(at: &str, target: &str) -> Entry {
    Entry { path: path(at), kind: Kind::Symlink { target: target.to_owned() } }
}

fn refused(code: &str, entries: Vec<Entry>) -> ManifestError {
    let error = Manifest::new(entries).unwrap_err();
    assert_eq!(error.code(), code);
    assert!(error.to_string().ends_with(&format!("({code})")), "{error}");
    error
}

#[test]
fn the_order_of_the_entries_does_not_matter() {
    let sorted = crate::samples::manifest().entries().to_vec();
    for turn in 0..sorted.len() {
        let mut turned = sorted.clone();
        turned.rotate_left(turn);
        assert_eq!(Manifest::new(turned).unwrap().hash(), crate::samples::manifest().hash());
    }
}

#[test]
fn an_entry_is_found_by_its_path() {
    let manifest = crate::samples::manifest();
    assert!(manifest.entries().iter().all(|entry| manifest.get(&entry.path) == Some(entry)));
    assert_eq!(manifest.get(&path("bin/nothing")), None);
    assert_eq!(manifest.total_bytes(), 5 + 4);
}

#[test]
fn an_empty_build_is_a_build() {
    let empty = Manifest::new(vec![]).unwrap();
    assert_eq!(Manifest::decode(&empty.encode()).unwrap(), empty);
    assert_eq!(empty.total_bytes(), 0);
}

#[test]
fn a_path_listed_twice_or_clashing() {
    refused("UNT-PATH-N9", vec![file("a", 1), file("a", 1)]);
    refused("UNT-PATH-N9", vec![file("a", 1), file("A", 1)]);
    refused("UNT-PATH-N9", vec![dir("straße"), dir("STRASSE"), file("straße/x", 1)]);
    refused("UNT-PATH-N10", vec![file("a", 1), file("a/b", 1)]);
    refused("UNT-PATH-N10", vec![file("x", 1), link("a", "x"), file("a/b", 1)]);
}

#[test]
fn a_directory_without_an_entry() {
    let error = refused("UNT-MANIFEST-PARENT", vec![dir("a"), file("a/b/c", 1)]);
    assert_eq!(error, ManifestError::ParentMissing { path: "a/b/c".to_owned(), parent: "a/b".to_owned() });
    refused("UNT-MANIFEST-PARENT", vec![file("a/b", 1)]);
    refused("UNT-MANIFEST-PARENT", vec![dir("a"), file("a/x", 1), file("b/x", 1)]);
}

#[test]
fn a_symlink_out_of_the_tree_or_to_nothing() {
    for target in ["", "/x", "..", "../x", "./x", "x/", "x//y", "d/../x", "C:/x", "\\x", ".untorn/lock", "a\u{202e}", "x\0"] {
        refused("UNT-PATH-F3", vec![file("x", 1), dir("d"), link("link", target)]);
    }
    refused("UNT-PATH-F3", vec![dir("d"), link("d/link", "..")]);
    refused("UNT-PATH-F3", vec![dir("d"), link("d/link", "../../x")]);
    let error = refused("UNT-MANIFEST-TARGET", vec![dir("d"), link("d/link", "../gone")]);
    assert_eq!(error, ManifestError::TargetMissing { path: "d/link".to_owned(), target: "gone".to_owned() });
    let fine =
        vec![file("x", 1), dir("d"), dir("d/e"), link("d/e/up", ".."), link("d/x", "../x"), link("y", "d/x"), link("z", "d")];
    assert!(Manifest::new(fine).is_ok());
}

#[test]
fn a_target_of_a_symlink_that_is_too_long() {
    let long = ["x".repeat(255), "x".repeat(255), "x".repeat(255), "x".repeat(255)].join("/");
    let dirs = [&long[..255], &long[..511], &long[..767]].map(dir);
    let with = |target: &str| Manifest::new([&dirs[..], &[file(&long, 1), link("link", target)]].concat());
    assert!(with(&long).is_ok());
    assert_eq!(with(&format!("{long}/{}", "x".repeat(2))).unwrap_err().code(), "UNT-PATH-F3");
}

#[test]
fn lengths_that_do_not_add_up_in_64_bits() {
    refused("UNT-MANIFEST-BYTES", vec![file("a", u64::MAX), file("b", 1)]);
    refused("UNT-MANIFEST-BYTES", vec![file("a", 1 << 63), file("b", 1 << 63)]);
    assert_eq!(Manifest::new(vec![file("a", u64::MAX - 1), file("b", 1)]).unwrap().total_bytes(), u64::MAX);
}

#[test]
fn more_entries_than_anybody_needs() {
    let one = file("a", 1);
    refused("UNT-MANIFEST-ENTRIES", vec![one; ENTRY_COUNT_MAX + 1]);
}

#[test]
fn a_manifest_longer_than_64_mib() {
    let names = (0..70_000).map(|number| format!("{number:0>240}"));
    let dirs = (0..4).scan(String::new(), |at, _| {
        *at = if at.is_empty() { "d".repeat(240) } else { format!("{at}/{}", "d".repeat(240)) };
        Some(at.clone())
    });
    let dirs: Vec<String> = dirs.collect();
    let mut entries: Vec<Entry> = dirs.iter().map(|at| dir(at)).collect();
    entries.extend(names.map(|name| file(&format!("{}/{}", dirs[2], name), 1)));
    refused("UNT-MANIFEST-LENGTH", entries);
}

#[test]
fn decoding_refuses_the_same() {
    let bytes = crate::samples::manifest().encode();
    let with = |old: &[u8], new: &[u8]| {
        let at = bytes.windows(old.len()).position(|window| window == old).unwrap();
        let mut forged = bytes.clone();
        forged[at..at + old.len()].copy_from_slice(new);
        Manifest::decode(&crate::samples::reseal(forged)).unwrap_err()
    };
    assert_eq!(with(b"bin/game", b"big/game"), DecodeError::Field("order of the entries"));
    assert_eq!(with(b"bin/game", b"../../..").code(), "UNT-PATH-N2");
    assert_eq!(with(b"readme.txt", b"zin/me.txt").code(), "UNT-MANIFEST-PARENT");
    assert_eq!(with("../größe.pak".as_bytes(), b"../nothing.pak").code(), "UNT-MANIFEST-TARGET");
    assert_eq!(with("../größe.pak".as_bytes(), b"../../elsewher").code(), "UNT-PATH-F3");
}
