//! Rows P1 to P3, P9 and P12 of the threats, through the whole of `apply`: a patch that is not what it should be, or a tree that changes under it, is refused with
//! everything as it was and nothing left over. (Those that need a forged index are in `a_forged_patch_touches_no_tree`.)
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::cast_possible_truncation,
    reason = "a test fails by panicking, helpers too"
)]

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
};

use crate::util::{Place, apply_to, noise, scanned, write};
use untorn::{Error, Manifest, Observer, Phase, Tree, TreeState, apply};
use untorn_format::{
    Hash,
    patch::{HEADER_LEN, Header},
};

struct Case {
    place: Place,
    game: PathBuf,
    patch: Vec<u8>,
    old: Manifest,
}

fn case() -> Case {
    let place = Place::new();
    let pak = noise(20_000, 1);
    let edited = [&pak[..4000], b"edited", &pak[4006..]].concat();
    for dir in ["old", "game"] {
        place.dir(dir, &[("data/pak", &pak), ("text", b"old text"), ("moves", &noise(100, 2))]);
    }
    place.dir("new", &[("data/pak", &edited), ("text", b"new text, longer"), ("moved", &noise(100, 2))]);
    let (game, patch, old) = (place.path("game"), place.patch("old", "new"), scanned(&place.path("old")));
    // Already under care, so that each attempt is about the patch alone.
    drop(Tree::open(&game).unwrap());
    Case { place, game, patch, old }
}

impl Case {
    fn assert_refused(&self, patch: &[u8], what: &str) -> Error {
        let error = apply_to(&self.game, patch).map(|report| report.outcome).expect_err(what);
        assert_eq!(error.state(), TreeState::Unchanged, "{what}: {error}");
        error
    }

    fn assert_untouched(&self) {
        assert_eq!(scanned(&self.game), self.old);
        assert_eq!(fs::read_dir(self.game.join(".untorn/tx")).map_or(0, Iterator::count), 0, "a stage is left");
    }

    fn assert_fits(&self) {
        apply_to(&self.game, &self.patch).unwrap();
        assert_eq!(scanned(&self.game), scanned(&self.place.path("new")));
    }
}

#[test]
fn p1_flipped_truncated_or_extended_at_any_place() {
    let case = case();
    for at in 0..case.patch.len() {
        let mut flipped = case.patch.clone();
        flipped[at] ^= 1 << (at % 8);
        case.assert_refused(&flipped, &format!("byte {at}"));
        case.assert_refused(&case.patch[..at], &format!("{at} bytes"));
        if at % 64 == 0 {
            case.assert_untouched();
        }
    }
    for more in [&b"\0"[..], b"\n", &case.patch] {
        let error = case.assert_refused(&[&case.patch[..], more].concat(), "extended");
        assert_eq!(error.code(), "UNT-PATCH-TRAILING");
    }
    case.assert_untouched();
    case.assert_fits();
}

#[test]
fn p2_p3_with_lengths_that_overflow_or_promise_terabytes() {
    let case = case();
    let header = Header::decode(case.patch[..HEADER_LEN].try_into().unwrap()).unwrap();
    let numbers = [0, 1, (1 << 31) - 1, 1 << 31, (1 << 32) - 1, 1 << 32, 1 << 40, (1 << 63) - 1, 1 << 63, u64::MAX];
    for number in numbers {
        for field in 0..4 {
            let mut header = header.clone();
            let lengths = [&mut header.facts_stored_len, &mut header.facts_len, &mut header.digests_len, &mut header.frames_len];
            for (at, length) in lengths.into_iter().enumerate() {
                if at == field && *length != number {
                    *length = number;
                } else if at == field {
                    *length += 1;
                }
            }
            // The checksum is right.
            let forged = [&header.encode()[..], &case.patch[HEADER_LEN..]].concat();
            case.assert_refused(&forged, &format!("{number} in field {field}"));
        }
    }
    case.assert_untouched();
    case.assert_fits();
}

#[test]
fn p9_of_another_format() {
    let case = case();
    let mut newer = case.patch.clone();
    newer[8..12].copy_from_slice(&u32::MAX.to_le_bytes());
    let checksum = Hash::of(&newer[..HEADER_LEN - 32]);
    newer[HEADER_LEN - 32..HEADER_LEN].copy_from_slice(&checksum.0);
    let error = case.assert_refused(&newer, "a newer format");
    assert!(error.to_string().contains("newer untorn"), "{error}");
    for not_a_patch in [&b""[..], b"#!/bin/sh\n", &noise(5000, 3), &fs::read(case.place.path("new").join("data/pak")).unwrap()] {
        case.assert_refused(not_a_patch, "no patch at all");
    }
    case.assert_untouched();
}

#[test]
fn p7_for_another_build() {
    let case = case();
    case.place.dir("other", &[("data/pak", &noise(9000, 5)), ("unrelated", b"x")]);
    let patch = case.place.patch("other", "new");
    assert_eq!(case.assert_refused(&patch, "another build").code(), "UNT-BASE");
    case.assert_untouched();
    case.assert_fits();
}

/// Somebody writes to a file, once.
struct Meddler {
    file: PathBuf,
    /// When: in this phase, at its end or as soon as it begins.
    when: (Phase, bool),
    is_done: AtomicBool,
}

impl Meddler {
    fn observer(file: &Path, when: (Phase, bool)) -> Option<Arc<dyn Observer>> {
        Some(Arc::new(Self { file: file.to_owned(), when, is_done: AtomicBool::new(false) }))
    }
}

impl Observer for Meddler {
    fn progress(&self, phase: Phase, done: u64, total: u64) {
        let is_now = phase == self.when.0 && (done == total || !self.when.1);
        if is_now && !self.is_done.swap(true, SeqCst) {
            // Times of changes are told in steps of some milliseconds.
            std::thread::sleep(std::time::Duration::from_millis(50));
            meddle(&self.file);
        }
    }
}

fn meddle(file: &Path) {
    let mut bytes = fs::read(file).unwrap();
    bytes[4001] ^= 1;
    fs::write(file, bytes).unwrap();
}

#[test]
fn p12_on_a_tree_that_changes_between_the_check_and_the_commit() {
    let case = case();
    let file = case.game.join("data/pak");
    let mut options = crate::util::unsigned();
    options.observer = Meddler::observer(&file, (Phase::Stage, false));
    let error = apply(&case.patch[..], &case.game, &options).map(|report| report.outcome).unwrap_err();
    assert_eq!((error.state(), error.code()), (TreeState::Unchanged, "UNT-CHANGED"), "{error}");
    meddle(&file);
    case.assert_untouched();
    case.assert_fits();
}

/// A tree that says nothing about itself is read whole first, and what was read then is not read again for the check: unless somebody has been there.
#[test]
fn p12_on_a_tree_that_changes_between_being_read_and_the_check() {
    let case = case();
    let file = case.game.join("data/pak");
    let mut options = crate::util::unsigned();
    options.observer = Meddler::observer(&file, (Phase::Read, true));
    let error = apply(&case.patch[..], &case.game, &options).map(|report| report.outcome).unwrap_err();
    assert_eq!((error.state(), error.code()), (TreeState::Unchanged, "UNT-BASE"), "{error}");
    assert!(error.to_string().contains("data/pak"), "{error}");
    meddle(&file);
    case.assert_untouched();
    case.assert_fits();
}

#[test]
fn whose_names_are_there_already() {
    let case = case();
    write(&case.game, "moved", b"made by the player");
    let error = case.assert_refused(&case.patch, "in the way");
    assert!(error.to_string().contains("moved"), "{error}");
    fs::remove_file(case.game.join("moved")).unwrap();
    case.assert_untouched();
    case.assert_fits();
}
