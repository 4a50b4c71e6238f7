//! P1: whatever a disk or a network does to a patch, it is refused before its bytes are handed out as good, and never with a panic.

use crate::trees::{Node, Tree, apply, noise, patch};
use untorn_delta::{PatchError, PatchReader, Way};
use untorn_format::DecodeError;

/// A small pair that uses every part of a patch: a raw frame is not among them, since two frames would need 4 MiB.
fn pair() -> (Tree, Tree) {
    let text = "some words that a compressor likes, and again some words that a compressor likes. ".repeat(5);
    let old = Tree::default()
        .with("a", noise(1, 300))
        .with("b", noise(2, 300))
        .with("c", *b"c")
        .with_node("d", Node::Symlink("a".into()));
    let edited = [&noise(1, 100)[..], b"edit", &noise(1, 300)[104..], text.as_bytes()].concat();
    let new = Tree::default()
        .with("a", edited)
        .with("moved", noise(2, 300))
        .with_node("c", Node::Dir)
        .with_node("d", Node::Symlink("c".into()));
    (old, new)
}

#[test]
fn every_flipped_bit_is_refused() {
    let (old, new) = pair();
    let patch = patch(&old, &new);
    assert!(patch.len() < 700, "{} bytes: a longer test than needed", patch.len());
    for at in 0..patch.len() {
        for bit in 0..8 {
            let mut damaged = patch.clone();
            damaged[at] ^= 1 << bit;
            for way in [Way::Whole, Way::InPlace] {
                assert!(apply(&old, &damaged, way).is_err(), "bit {bit} of byte {at}");
            }
        }
    }
}

#[test]
fn every_truncation_is_refused() {
    let (old, new) = pair();
    let patch = patch(&old, &new);
    for len in 0..patch.len() {
        assert!(matches!(apply(&old, &patch[..len], Way::Whole), Err(PatchError::Damaged(_))), "{len} bytes");
    }
}

#[test]
fn every_extension_is_refused() {
    let (old, new) = pair();
    for more in [&b"\0"[..], b"more", &patch(&old, &new)] {
        let longer = [&patch(&old, &new), more].concat();
        assert!(matches!(apply(&old, &longer, Way::Whole), Err(PatchError::Trailing)), "{} more", more.len());
    }
}

#[test]
fn damage_is_found_in_a_file_that_is_skipped_and_in_a_raw_frame() {
    let (old, new) = (Tree::default().with("a", *b"a"), Tree::default().with("a", noise(5, 5000)));
    let patch = patch(&old, &new);
    let mut damaged = patch.clone();
    *damaged.last_mut().unwrap() ^= 1;
    let skip = |patch: &[u8]| {
        let mut reader = PatchReader::new(patch).unwrap();
        drop(reader.next_file(&old, Way::Whole));
        reader.finish().map(|_| ())
    };
    assert!(skip(&patch).is_ok());
    assert!(matches!(skip(&damaged), Err(PatchError::Damaged(_))));
    assert!(matches!(apply(&old, &damaged, Way::Whole), Err(PatchError::Damaged(_))));
}

#[test]
fn other_documents_and_newer_formats_are_named_as_such() {
    let (old, new) = pair();
    let refused = |patch: &[u8]| match PatchReader::new(patch).map(|_| ()) {
        Err(PatchError::Format(error)) => error,
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(&[0; 500]), DecodeError::Magic);
    let with = |at: usize, value: u8| {
        let mut changed = patch(&old, &new);
        changed[at] = value;
        let checksum = untorn_format::Hash::of(&changed[..144]);
        changed[144..176].copy_from_slice(&checksum.0);
        changed
    };
    assert_eq!(refused(&with(8, 3)), DecodeError::NewerFormat { found: 3 });
    assert_eq!(refused(&with(12, 8)), DecodeError::UnknownFeatures { bits: 8 });
    assert_eq!(refused(&with(12, 15)), DecodeError::UnknownFeatures { bits: 8 });
    // Those that are known, and not used.
    for features in 1..8 {
        assert!(matches!(refused(&with(12, features)), DecodeError::Field(_) | DecodeError::Length));
    }
}

#[test]
fn every_flipped_byte_of_a_patch_that_restores_members_is_refused() {
    let (old, new) = crate::what_programs_deflated_becomes_the_same_again::all();
    let patch = patch(&old, &new);
    for at in (0..patch.len()).step_by(7) {
        let mut damaged = patch.clone();
        damaged[at] ^= 1 << (at % 8);
        assert!(apply(&old, &damaged, Way::Whole).is_err(), "{at}");
    }
}
