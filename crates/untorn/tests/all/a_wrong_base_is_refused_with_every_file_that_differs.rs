//! A patch for another build changes nothing, and the error lists what differs.

use std::fs;

use crate::util::{Place, apply_to, noise, scanned, write, wrong_base};
use untorn::{BaseCheck, Error, Hash, Outcome, apply};

#[test]
fn files_that_are_replaced_removed_moved_or_in_the_way() {
    let place = Place::new();
    let moved = noise(3000, 1);
    let old: &[(&str, &[u8])] = &[("changed", b"one"), ("gone", b"gone"), ("here", &moved), ("same", b"same"), ("d/x", b"x")];
    place.dir("old", old);
    place.dir("new", &[("changed", b"two"), ("there", &moved), ("same", b"same"), ("d", b"now a file"), ("added", b"a")]);
    let patch = place.patch("old", "new");
    let tree = place.dir("tree", old);
    write(&tree, "changed", b"ONE");
    write(&tree, "gone", b"longer than it was");
    write(&tree, "here", &noise(3000, 2));
    write(&tree, "added", b"mine");
    write(&tree, "d/mine", b"mine");
    write(&tree, "same", b"the patch does not care");
    let before = scanned(&tree);
    let differences = wrong_base(apply_to(&tree, &patch));
    assert_eq!(
        differences,
        [
            "added: not part of the build: a file",
            "changed: other bytes",
            "d/mine: not part of the build: in the way",
            "gone: 18 bytes long instead of 4",
            "here: other bytes",
        ]
    );
    assert_eq!(scanned(&tree), before);
}

#[test]
fn a_file_that_is_only_copied_from_is_named_where_the_build_is_known() {
    let place = Place::new();
    let (source, new) = (noise(50_000, 1), noise(50_000, 1)[1000..].to_vec());
    place.dir("zero", &[("source", &source), ("v", b"0")]);
    place.dir("one", &[("source", &source), ("v", b"1")]);
    place.dir("two", &[("source", &source), ("v", b"1"), ("made", &new)]);
    let tree = place.dir("tree", &[("source", &source), ("v", b"0")]);
    apply_to(&tree, &place.patch("zero", "one")).unwrap();
    let mut damaged = source.clone();
    damaged[20_000] ^= 1;
    write(&tree, "source", &damaged);
    let before = scanned(&tree);
    let patch = place.patch("one", "two");
    assert!(patch.len() < 1000, "it copies");
    assert_eq!(wrong_base(apply_to(&tree, &patch)), ["source: other bytes"]);
    assert_eq!(scanned(&tree), before);
    // Where nothing says what the source should be, what was to be made from it is named.
    fs::remove_dir_all(tree.join(".untorn")).unwrap();
    assert_eq!(wrong_base(apply_to(&tree, &patch)), ["made: made from files one of which has other bytes"]);
    assert_eq!(scanned(&tree), before);
}

#[test]
fn a_tree_that_says_it_is_another_build_is_not_changed_even_if_all_touched_files_fit() {
    let place = Place::new();
    place.dir("one", &[("a", b"a"), ("b", b"1")]);
    place.dir("two", &[("a", b"a"), ("b", b"2")]);
    place.dir("three", &[("a", b"A"), ("b", b"1")]);
    let tree = place.dir("tree", &[("a", b"a"), ("b", b"1")]);
    apply_to(&tree, &place.patch("one", "two")).unwrap();
    let before = scanned(&tree);
    // Its only change is that of `a`, which is as expected.
    match apply_to(&tree, &place.patch("one", "three")) {
        Err(Error::WrongBase(wrong)) => {
            assert_eq!((wrong.installed, wrong.from), (before.hash(), scanned(&place.path("one")).hash()));
            assert_ne!(wrong.installed, Hash::NONE);
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(scanned(&tree), before);
}

#[test]
fn with_a_full_check_also_files_the_patch_does_not_touch() {
    let place = Place::new();
    place.dir("one", &[("a", b"a"), ("b", b"1")]);
    place.dir("two", &[("a", b"a"), ("b", b"2")]);
    place.dir("three", &[("a", b"a"), ("b", b"3")]);
    let tree = place.dir("tree", &[("a", b"a"), ("b", b"1")]);
    apply_to(&tree, &place.patch("one", "two")).unwrap();
    write(&tree, "a", b"?");
    let patch = place.patch("two", "three");
    let mut options = crate::util::unsigned();
    options.base = BaseCheck::Full;
    assert_eq!(wrong_base(apply(&patch[..], &tree, &options)), ["a: other bytes"]);
    options.base = BaseCheck::Changed;
    assert_eq!(apply(&patch[..], &tree, &options).unwrap().outcome, Outcome::Applied);
}

#[test]
fn with_a_full_check_a_tree_of_which_nothing_says_what_it_is_and_that_holds_more() {
    let place = Place::new();
    place.dir("one", &[("a", b"a"), ("b", b"1")]);
    place.dir("two", &[("a", b"a"), ("b", b"2")]);
    let tree = place.dir("tree", &[("a", b"a"), ("b", b"1"), ("more", b"more")]);
    let patch = place.patch("one", "two");
    let mut options = crate::util::unsigned();
    options.base = BaseCheck::Full;
    assert_eq!(wrong_base(apply(&patch[..], &tree, &options)), [""; 0]);
    fs::remove_file(tree.join("more")).unwrap();
    assert_eq!(apply(&patch[..], &tree, &options).unwrap().outcome, Outcome::Applied);
}

/// A patch has two bytes of the hash of a file that goes: one wrong file in 65536 begins its hash alike, and is found all the same.
#[test]
fn a_file_whose_hash_begins_like_that_of_the_right_one() {
    let place = Place::new();
    let right = noise(300, 1);
    let begins_alike = |bytes: &Vec<u8>| Hash::of(bytes).0[..2] == Hash::of(&right).0[..2];
    let wrong = (2..).map(|seed| noise(300, seed)).find(begins_alike).unwrap();
    place.dir("zero", &[("goes", &right), ("v", b"0")]);
    place.dir("one", &[("goes", &right), ("v", b"1")]);
    place.dir("two", &[("v", b"1")]);
    let tree = place.dir("tree", &[("goes", &right), ("v", b"0")]);
    apply_to(&tree, &place.patch("zero", "one")).unwrap();
    write(&tree, "goes", &wrong);
    let patch = place.patch("one", "two");
    assert_eq!(wrong_base(apply_to(&tree, &patch)), ["goes: other bytes"]);
    fs::remove_dir_all(tree.join(".untorn")).unwrap();
    assert_eq!(wrong_base(apply_to(&tree, &patch)).len(), 1);
    assert_eq!(fs::read(tree.join("goes")).unwrap(), wrong);
}
