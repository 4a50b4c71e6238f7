//! Rows P2, P4, P5, P6, P10, P11 and P14 of the threats, through the whole of `apply`: patches whose checksums are all right, made to harm. Whatever they say, the
//! tree is as before, or, where the forged byte means nothing, the new build.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::cast_possible_truncation,
    reason = "a test fails by panicking, helpers too"
)]

use std::{collections::BTreeMap, fs, path::PathBuf, time::Duration, time::Instant};

use crate::{
    forge::{Parts, lzma},
    util::{Place, apply_to, noise, scanned},
};
use untorn::{Error, Manifest, Tree, TreeState};
use untorn_format::Hash;

struct Case {
    place: Place,
    game: PathBuf,
    old: Manifest,
    new: Manifest,
    parts: Parts,
}

/// Every kind of operation and of change: ranges in place, copies from another file and of one that moves, literal bytes, a new directory, one that goes.
fn case() -> Case {
    let place = Place::new();
    let (pak, extra) = (noise(150_000, 1), noise(80_000, 2));
    let edited = [&pak[..60_000], b"edited", &pak[60_006..], &extra[20_000..50_000]].concat();
    for dir in ["old", "game"] {
        place.dir(
            dir,
            &[("data/pak", &pak), ("extra", &extra), ("text", b"old text"), ("moves", &noise(100, 3)), ("gone/x", b"x")],
        );
    }
    let new: &[(&str, &[u8])] =
        &[("data/pak", &edited), ("extra", &extra), ("text", b"new text, longer"), ("dir/moved", &noise(100, 3)), ("new", b"n")];
    place.dir("new", new);
    let (game, parts) = (place.path("game"), Parts::of(&place.patch("old", "new")));
    let (old, new) = (scanned(&place.path("old")), scanned(&place.path("new")));
    drop(Tree::open(&game).unwrap());
    Case { place, game, old, new, parts }
}

impl Case {
    /// The error, and that the tree is as before; `None` where the forged patch was as good as the right one.
    fn attempt(&self, forged: &Parts, what: &str) -> Option<Error> {
        let started = Instant::now();
        let answer = apply_to(&self.game, &forged.forge());
        assert!(started.elapsed() < Duration::from_secs(20), "{what} took {:?}", started.elapsed());
        match answer {
            Ok(_) => {
                assert_eq!(scanned(&self.game), self.new, "{what}: accepted, and not the new build");
                Tree::open(&self.game).unwrap().rollback(untorn::Options::default(), false).unwrap();
                None
            }
            Err(error) => {
                assert_eq!(error.state(), TreeState::Unchanged, "{what}: {error}");
                Some(error)
            }
        }
    }

    fn assert_untouched(&self) {
        assert_eq!(scanned(&self.game), self.old);
        assert_eq!(fs::read_dir(self.game.join(".untorn/tx")).map_or(0, Iterator::count), 0, "a stage is left");
    }
}

#[test]
fn the_tool_of_these_tests_makes_the_same_patch_again() {
    let case = case();
    assert!(case.attempt(&case.parts, "as it was").is_none());
    case.assert_untouched();
}

/// Other lengths, offsets, sources, tags, paths, orders and counts (P2, P5, P6, P10): every byte of the facts becomes larger, smaller, and one that goes on.
#[test]
fn p2_p5_p6_p10_whatever_a_byte_of_its_facts_becomes() {
    let case = case();
    let mut codes: BTreeMap<&str, usize> = BTreeMap::new();
    for at in 0..case.parts.facts.len() {
        for change in
            [|byte: u8| byte.wrapping_add(1), |byte: u8| byte.wrapping_sub(1), |byte: u8| byte ^ 0x80, |byte: u8| byte ^ 0x0c]
        {
            let mut forged = case.parts.clone();
            forged.facts[at] = change(forged.facts[at]);
            let what = format!("byte {at} of the facts");
            *codes.entry(case.attempt(&forged, &what).map_or("accepted", |error| error.code())).or_default() += 1;
        }
        if at % 16 == 0 {
            case.assert_untouched();
        }
    }
    case.assert_untouched();
    // Most break the rules of the format; those that do not lead elsewhere, or start from another build.
    assert!(codes["UNT-FORMAT-FIELD"] > 100 && codes.len() > 2, "{codes:?}");
}

#[test]
fn p10_whatever_a_byte_of_its_digests_becomes() {
    let case = case();
    let mut accepted = 0;
    for at in 0..case.parts.digests.len() {
        let mut forged = case.parts.clone();
        forged.digests[at] ^= 1 << (at % 8);
        accepted += usize::from(case.attempt(&forged, &format!("byte {at} of the digests")).is_none());
    }
    case.assert_untouched();
    // The hash over all new files, which only a tree that says nothing of itself is compared with, hints, and what it says of old bytes, where all of the tree was read
    // a moment ago and is the build that the patch starts from.
    assert!((32..64).contains(&accepted), "{accepted} of {}", case.parts.digests.len());
}

/// Bytes missing or too many: holes, and what is written twice (P6).
#[test]
fn p6_whatever_is_cut_out_of_its_facts_or_doubled() {
    let case = case();
    for at in 0..case.parts.facts.len() {
        let (mut cut, mut doubled) = (case.parts.clone(), case.parts.clone());
        cut.facts.remove(at);
        doubled.facts.insert(at, doubled.facts[at]);
        for (forged, what) in [(cut, "cut"), (doubled, "doubled")] {
            drop(case.attempt(&forged, &format!("byte {at} {what}")));
        }
    }
    case.assert_untouched();
}

/// A count that promises thousands of millions of entries, operations or references of no length (P11).
#[test]
fn p11_counts_without_end_cost_neither_time_nor_memory() {
    let case = case();
    for at in 0..case.parts.facts.len() {
        for number in
            [&[0xff, 0xff, 0xff, 0xff, 0x0f][..], &[0xff; 9], &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]]
        {
            let mut forged = case.parts.clone();
            forged.facts.splice(at..=at, number.iter().copied());
            assert!(case.attempt(&forged, &format!("a count at {at}")).is_some(), "a count at {at}");
        }
    }
    case.assert_untouched();
}

/// Frames that decompress to more, or to less, or are no frames (P4).
#[test]
fn p4_frames_that_are_bombs_or_none() {
    let case = case();
    for frames in [
        vec![],
        vec![0; case.parts.frames.len()],
        zstd::bulk::compress(&vec![0; 256 << 20], 3).unwrap(),
        lzma(&vec![0; 64 << 20]),
    ] {
        let mut forged = case.parts.clone();
        forged.frames = frames;
        assert!(case.attempt(&forged, "other frames").is_some());
    }
    case.assert_untouched();
}

/// Of a file that is replaced whole a patch has two bytes of its hash: they only say which one is wrong (P14).
#[test]
fn p14_a_file_whose_hash_begins_alike_is_not_the_file() {
    let case = case();
    let wanted = Hash::of(b"old text").0;
    let alike =
        (0_u32..).map(|number| format!("another {number}").into_bytes()).find(|bytes| Hash::of(bytes).0[..2] == wanted[..2]);
    fs::write(case.game.join("text"), alike.unwrap()).unwrap();
    let error = apply_to(&case.game, &case.parts.forge()).map(|report| report.outcome).unwrap_err();
    assert_eq!((error.code(), error.state()), ("UNT-BASE", TreeState::Unchanged), "{error}");
    fs::write(case.game.join("text"), b"old text").unwrap();
    case.assert_untouched();
    assert!(case.place.path("old").exists());
}
