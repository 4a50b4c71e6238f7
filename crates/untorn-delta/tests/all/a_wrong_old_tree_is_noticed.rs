//! P7 and P12: a patch on a tree it was not made for gives an error that names the file, never wrong bytes that pass for right.

use crate::trees::{Node, Tree, apply, noise, patch, path};
use untorn_delta::{DiffError, Options, PatchError, PatchReader, Way, check_replaced};

/// `tree` with one byte changed.
fn spoiled(tree: &Tree, at: &str, offset: usize) -> Tree {
    let mut tree = Tree { nodes: tree.nodes.clone(), ..Tree::default() };
    let Some(Node::File(bytes, _)) = tree.nodes.get_mut(&path(at)) else { panic!("no file {at}") };
    bytes[offset] ^= 1;
    tree
}

#[test]
fn every_byte_that_is_replaced_removed_or_moved_is_checked() {
    let edited = [&noise(1, 150)[..], &noise(9, 100), &noise(1, 300)[250..]].concat();
    let old = Tree::default().with("edited", noise(1, 300)).with("gone", noise(2, 50)).with("leaves", noise(3, 50));
    let new = Tree::default().with("edited", edited).with("arrives", noise(3, 50));
    let patch = patch(&old, &new);
    for (at, offsets) in [("edited", 150..250), ("gone", 0..50), ("leaves", 0..50)] {
        for offset in offsets {
            match apply(&spoiled(&old, at, offset), &patch, Way::InPlace) {
                Err(PatchError::Old { path: found }) => assert_eq!(found, path(at)),
                other => panic!("{at} at {offset}: {:?}", other.map(|_| ())),
            }
        }
    }
}

#[test]
fn a_file_of_another_length_is_noticed() {
    let old = Tree::default().with("a", noise(1, 300));
    let patch = patch(&old, &Tree::default());
    for len in [0, 299, 301] {
        let other = Tree::default().with("a", noise(1, len));
        assert!(matches!(apply(&other, &patch, Way::Whole), Err(PatchError::Old { .. })), "{len}");
    }
}

#[test]
fn a_copy_from_a_wrong_file_is_noticed_either_way() {
    let old = Tree::default().with("a", noise(1, 1_500_000)).with("b", noise(2, 30_000));
    let new = Tree::default().with("a", noise(1, 1_500_000)).with("b", [&noise(2, 100)[..], &noise(1, 1_500_000)].concat());
    let patch = crate::trees::patch_with(&old, &new, &crate::trees::everything()).0;
    let wrong = spoiled(&old, "a", 1000);
    for way in [Way::Whole, Way::InPlace] {
        assert!(matches!(make_all(&wrong, &patch, way), Err(PatchError::Made { path: at }) if at == path("b")));
    }
}

#[test]
fn a_wrong_file_behind_compressed_bytes_is_noticed() {
    let text = |step: u32| -> Vec<u8> {
        (0..3000).map(|number: u32| u8::try_from(number * number * step / 97 % 25).unwrap() + b'a').collect()
    };
    let (old, new) = (Tree::default().with("a", text(3)), Tree::default().with("a", [&text(5)[..], &text(3)[100..125]].concat()));
    let patch = patch(&old, &new);
    assert!(!PatchReader::new(&patch[..]).unwrap().index().frames()[0].references.is_empty(), "the test needs a reference");
    let refused = (0..3000).filter(|offset| match make_all(&spoiled(&old, "a", *offset), &patch, Way::Whole) {
        Ok(()) => false,
        Err(PatchError::References { paths }) => paths == [path("a")],
        Err(other) => panic!("{other}"),
    });
    assert!(refused.count() > 0);
}

/// Makes all files without looking at what is replaced.
fn make_all(old: &Tree, patch: &[u8], way: Way) -> Result<(), PatchError> {
    let mut reader = PatchReader::new(patch)?;
    while let Some(mut file) = reader.next_file(old, way) {
        while file.next_piece()?.is_some() {}
    }
    reader.finish().map(|_| ())
}

#[test]
fn a_file_that_is_missing_is_named() {
    let old = Tree::default().with("a", noise(1, 300));
    let patch = patch(&old, &Tree::default().with("a", noise(2, 300)));
    let reader = PatchReader::new(&patch[..]).unwrap();
    let change = &reader.index().changes().as_slice()[0];
    assert!(matches!(check_replaced(change, &Tree::default()), Err(PatchError::Read { path: at, .. }) if at == path("a")));
}

#[test]
fn a_build_that_is_not_what_its_manifest_says_makes_no_patch() {
    let (old, new) =
        (Tree::default().with("a", noise(1, 300)), Tree::default().with("a", noise(2, 300)).with("b", noise(3, 300)));
    for at in ["a", "b"] {
        let (old_manifest, new_manifest) = (old.manifest(), new.manifest());
        let wrong = spoiled(&new, at, 7);
        let result = untorn_delta::diff(
            untorn_delta::Build { manifest: &old_manifest, files: &old },
            untorn_delta::Build { manifest: &new_manifest, files: &wrong },
            &Options::default(),
            &mut std::io::Cursor::new(Vec::new()),
            &mut Vec::new(),
            &mut |_| {},
        );
        assert!(matches!(result, Err(DiffError::Changed { path: found }) if found == path(at)));
    }
}
