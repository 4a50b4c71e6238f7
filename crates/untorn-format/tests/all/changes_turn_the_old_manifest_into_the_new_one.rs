//! A patch lists only what changes; the rest of the new manifest comes from the old one, and only from the right one.

use crate::patches::{change, made, path};
use std::collections::BTreeMap;

use untorn_format::{
    Hash,
    manifest::{Entry, Kind, Manifest},
    patch::{After, Before, Changes, Check, MisfitError, Op, Replaced},
};

fn file(at: &str, bytes: &[u8]) -> Entry {
    Entry { path: path(at), kind: Kind::File { len: bytes.len() as u64, hash: Hash::of(bytes), executable: false } }
}

fn before(bytes: &[u8]) -> Before {
    Before::File { len: bytes.len() as u64, replaced: Replaced::Whole(Hash::of(bytes).into()) }
}

fn manifest(entries: &[Entry]) -> Manifest {
    Manifest::new(entries.to_vec()).unwrap()
}

fn dir(at: &str) -> Entry {
    Entry { path: path(at), kind: Kind::Dir }
}

#[test]
fn what_is_not_listed_stays() {
    let old = manifest(&[
        dir("a"),
        file("a/gone", b"gone"),
        file("a/stays", b"stays"),
        file("from", b"moves"),
        file("z", b"stays too"),
    ]);
    let changes = Changes::new(vec![
        change("a/gone", before(b"gone"), After::Absent),
        change("b", Before::Absent, After::Dir),
        change("b/to", Before::Absent, After::Moved { from: path("from"), executable: true }),
        change("from", before(b"moves"), After::Absent),
        change("zz", Before::Absent, made(3, vec![Op::Literal { len: 3 }])),
    ]);
    let moved = Entry { path: path("b/to"), kind: Kind::File { len: 5, hash: Hash::of(b"moves"), executable: true } };
    let added = Entry { path: path("zz"), kind: Kind::File { len: 3, hash: Hash([0x22; 32]), executable: false } };
    let new = manifest(&[dir("a"), file("a/stays", b"stays"), dir("b"), moved, file("z", b"stays too"), added]);
    let (changes, none) = (changes.unwrap(), BTreeMap::new());
    assert_eq!(changes.apply_to(&old, &none), Err(MisfitError::NotMade(path("zz"))));
    assert_eq!(changes.apply_to(&old, &BTreeMap::from([(4, Hash([0x22; 32]))])), Ok(new));
    assert_eq!(Changes::default().apply_to(&old, &none), Ok(old));
}

#[test]
fn another_old_manifest_is_refused_by_the_first_path_that_differs() {
    let (kept, made_hashes) =
        (Before::File { len: 6, replaced: Replaced::Parts(Check([0; 16])) }, BTreeMap::from([(0, Hash([0x22; 32]))]));
    let changes = Changes::new(vec![
        change("a", before(b"old"), made(3, vec![Op::Literal { len: 3 }])),
        change("b", kept, made(2, vec![Op::Keep { len: 2 }])),
        change("c", Before::Absent, After::Dir),
    ]);
    let changes = changes.unwrap();
    let (a, b) = (file("a", b"old"), file("b", b"longer"));
    assert!(changes.apply_to(&manifest(&[a.clone(), b.clone()]), &made_hashes).is_ok());
    assert!(
        changes.apply_to(&manifest(&[a.clone(), file("b", b"LONGER")]), &made_hashes).is_ok(),
        "kept bytes are not known here: the hash of the result decides"
    );
    for (old, differs) in [
        (vec![file("a", b"OLD"), b.clone()], "a"),
        (vec![b.clone()], "a"),
        (vec![dir("a"), b.clone()], "a"),
        (vec![a.clone(), file("b", b"short")], "b"),
        (vec![a, b, file("c", b"in the way")], "c"),
    ] {
        assert_eq!(changes.apply_to(&manifest(&old), &made_hashes), Err(MisfitError::Old(path(differs))));
        assert_eq!(changes.start_from(&manifest(&old)), Err(MisfitError::Old(path(differs))));
    }
}

#[test]
fn a_result_that_is_no_tree_is_refused() {
    let orphan = Changes::new(vec![change("a/b", Before::Absent, made(3, vec![Op::Literal { len: 3 }]))]).unwrap();
    assert!(matches!(orphan.apply_to(&manifest(&[]), &BTreeMap::from([(0, Hash::NONE)])), Err(MisfitError::Result(_))));
}
