//! A patch that was made once leads to the same tree with every later version, though these may make other bytes. `UNTORN_BLESS=1` makes the
//! golden patch anew: only for a new format number.

use std::path::PathBuf;
use std::{env, fs};

use crate::trees::{Node, Tree, apply, noise, patch};
use untorn_delta::Way;

fn text(from: u32) -> Vec<u8> {
    (from..from + 400).flat_map(|number| format!("line {}\n", number * 7919 % 10_007).into_bytes()).collect()
}

fn pair() -> (Tree, Tree) {
    let old = Tree::default()
        .with("bin/tool", noise(1, 3000))
        .with("data/a.pak", noise(2, 4000))
        .with("data/old.txt", text(0))
        .with("gone/file", *b"gone")
        .with("same", noise(3, 1000))
        .with_node("link", Node::Symlink("same".into()));
    let new = Tree::default()
        .with_node("bin/tool", Node::File([&noise(1, 1000)[..], &noise(4, 50), &noise(1, 3000)[1050..]].concat(), true))
        .with("data/a.pak", [&noise(2, 4000)[2000..], &noise(2, 2000)].concat())
        .with("data/new.txt", [&text(3)[..], b"new line\n", &text(50)].concat())
        .with("moved/same", noise(3, 1000))
        .with_node("gone", Node::Dir)
        .with_node("link", Node::Symlink("data/new.txt".into()))
        .with("empty", *b"");
    (old, new)
}

/// The patch in the file of that name leads from one tree to the other.
fn assert_leads(name: &str, (old, new): (&Tree, &Tree)) {
    let golden = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if env::var_os("UNTORN_BLESS").is_some() {
        fs::write(&golden, patch(old, new)).unwrap();
    }
    let patch = fs::read(golden).unwrap();
    for way in [Way::Whole, Way::InPlace] {
        assert!(apply(old, &patch, way).unwrap().nodes == new.nodes, "{way:?}");
    }
}

#[test]
fn the_golden_patch_leads_to_the_new_tree() {
    let (old, new) = pair();
    assert_leads("patch.v2", (&old, &new));
}

/// Archives and pictures of many programs: what is predicted of a deflated stream must never be predicted otherwise.
#[test]
fn the_golden_patch_that_restores_members_leads_to_the_new_tree() {
    let (old, new) = crate::what_programs_deflated_becomes_the_same_again::all();
    assert_leads("patch-restoring.v2", (&old, &new));
}

/// Frames of zstd: the version of the library that makes them is part of the patch.
#[test]
fn the_golden_patch_that_restores_frames_of_zstd_leads_to_the_new_tree() {
    let [old, new] = [0, 1].map(crate::what_zstd_compressed_becomes_the_same_again::tree);
    assert_leads("patch-zstd.v2", (&old, &new));
}
