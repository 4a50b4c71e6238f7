//! Repairing: every kind of damage is undone with the bytes that differ and no others, and nothing else is touched.

use std::{fs, path::Path};

use crate::util::{Place, apply_to, make_executable, noise, scanned, symlink, write};
use untorn::{Error, RepairOptions, RepairOutcome, RepairReport, TreeState, VerifyOptions, repair, verify};

fn repaired(tree: &Path, source: &Path) -> RepairReport {
    repair(tree, source, &RepairOptions::default()).unwrap()
}

/// The same build twice, at `build` and `tree`; the latter under care, with `build` recorded as installed.
fn twins(files: &[(&str, &[u8])]) -> Place {
    let place = Place::new();
    for name in ["build", "tree"] {
        let dir = place.dir(name, files);
        symlink("program", &dir.join("link"));
        fs::create_dir(dir.join("dir")).unwrap();
    }
    assert_eq!(repaired(&place.path("tree"), &place.path("build")).outcome, RepairOutcome::Intact);
    place
}

#[test]
fn one_flipped_bit_of_a_large_file_costs_one_block() {
    let long = noise(8 << 20, 3);
    let place = twins(&[("data.pak", &long), ("program", b"x")]);
    let mut rotten = long;
    rotten[5_555_555] ^= 0x10;
    write(&place.path("tree"), "data.pak", &rotten);
    let report = repaired(&place.path("tree"), &place.path("build"));
    assert_eq!((report.outcome, report.bytes_fetched), (RepairOutcome::Repaired, 4096));
    // Once to the journal, once in place.
    assert!(report.transaction.bytes_written() <= 3 * 4096, "{:?}", report.transaction);
    assert!(verify(&place.path("tree"), &VerifyOptions::default()).unwrap().is_intact());
}

#[test]
fn the_way_back_of_the_last_update_is_left() {
    let place = Place::new();
    let long = noise(300_000, 8);
    let mut newer = long.clone();
    newer[100_000..100_010].fill(0);
    let (old, new) =
        (place.dir("old", &[("data.pak", &long), ("gone", b"g")]), place.dir("new", &[("data.pak", &newer), ("added", b"a")]));
    let tree = place.dir("tree", &[("data.pak", &long), ("gone", b"g")]);
    apply_to(&tree, &place.patch("old", "new")).unwrap();
    let mut rotten = newer;
    rotten[200_000] ^= 1;
    write(&tree, "data.pak", &rotten);
    fs::remove_file(tree.join("added")).unwrap();
    assert_eq!(repaired(&tree, &new).outcome, RepairOutcome::Repaired);
    assert_eq!(scanned(&tree), scanned(&new));
    untorn::Tree::open(&tree).unwrap().rollback(untorn::Options::default(), false).unwrap();
    assert_eq!(scanned(&tree), scanned(&old));
}

#[test]
fn a_repair_that_makes_another_build_leaves_no_way_back() {
    let place = Place::new();
    place.dir("old", &[("a", b"1")]);
    let (new, other) = (place.dir("new", &[("a", b"2")]), place.dir("other", &[("a", b"3")]));
    let tree = place.dir("tree", &[("a", b"1")]);
    apply_to(&tree, &place.patch("old", "new")).unwrap();
    assert!(untorn::Tree::open(&tree).unwrap().can_roll_back());
    let mut options = RepairOptions::default();
    options.manifest = Some(scanned(&other));
    repair(&tree, &other, &options).unwrap();
    assert_eq!(scanned(&tree), scanned(&other));
    assert!(!untorn::Tree::open(&tree).unwrap().can_roll_back());
    assert_ne!(scanned(&tree), scanned(&new));
}

#[test]
fn every_kind_of_damage_in_one_step() {
    let place = twins(&[("bytes", &noise(100_000, 4)), ("cut", b"whole"), ("gone", b"g"), ("program", b"x"), ("was/file", b"f")]);
    let (tree, build) = (place.path("tree"), place.path("build"));
    let manifest = scanned(&build);
    write(&tree, "bytes", &[noise(100_000, 4), vec![1, 2, 3]].concat());
    write(&tree, "cut", b"who");
    fs::remove_file(tree.join("gone")).unwrap();
    make_executable(&tree.join("program"), true);
    fs::remove_dir_all(tree.join("was")).unwrap();
    write(&tree, "was", b"now a file");
    fs::remove_dir(tree.join("dir")).unwrap();
    if cfg!(unix) {
        fs::remove_file(tree.join("link")).unwrap();
        symlink("cut", &tree.join("link"));
        symlink("was", &tree.join("dir"));
    }
    write(&tree, "saves/one", b"mine");
    let report = repaired(&tree, &build);
    // A link, and an executable bit.
    let damaged = if cfg!(unix) { 8 } else { 6 };
    assert_eq!((report.outcome, report.damage.len(), report.extra.len()), (RepairOutcome::Repaired, damaged, 1), "{report:?}");
    assert_eq!(fs::read(tree.join("saves/one")).unwrap(), b"mine");
    fs::remove_dir_all(tree.join("saves")).unwrap();
    assert_eq!(scanned(&tree), manifest);
    assert!(verify(&tree, &VerifyOptions::default()).unwrap().is_intact(), "what is installed is recorded");
    assert_eq!(repaired(&tree, &build).outcome, RepairOutcome::Intact);
}

#[test]
fn asking_first_changes_nothing_and_says_how_much() {
    let place = twins(&[("program", b"x"), ("gone", b"twelve bytes")]);
    let (tree, build) = (place.path("tree"), place.path("build"));
    fs::remove_file(tree.join("gone")).unwrap();
    let mut options = RepairOptions::default();
    options.dry_run = true;
    let report = repair(&tree, &build, &options).unwrap();
    assert_eq!((report.outcome, report.bytes_fetched), (RepairOutcome::DryRun, 12));
    assert!(!tree.join("gone").exists());
}

#[test]
fn a_source_that_is_another_build_is_refused_and_nothing_is_changed() {
    let place = twins(&[("program", b"x"), ("a", b"aaaa"), ("b", b"bbbb")]);
    let tree = place.path("tree");
    let bad: [&[(&str, &[u8])]; 3] = [&[("a", b"aaaa"), ("b", b"BBBB")], &[("a", b"aaaa")], &[("a", b"aaaa"), ("b", b"bbbbb")]];
    for (number, files) in bad.into_iter().enumerate() {
        let source = place.dir(&format!("source-{number}"), files);
        for damage in [&b"a..a"[..], b""] {
            write(&tree, "a", damage);
            write(&tree, "b", damage);
            let error = repair(&tree, &source, &RepairOptions::default()).unwrap_err();
            assert!(matches!(error, Error::Source { .. }), "{error}");
            assert_eq!((error.code(), error.state()), ("UNT-SOURCE", TreeState::Unchanged));
            assert_eq!(fs::read(tree.join("a")).unwrap(), damage);
        }
    }
}

#[test]
fn what_is_not_part_of_the_build_is_not_removed_for_a_file() {
    let place = twins(&[("program", b"x"), ("file", b"f")]);
    let (tree, build) = (place.path("tree"), place.path("build"));
    fs::remove_file(tree.join("file")).unwrap();
    write(&tree, "file/save", b"mine");
    let error = repair(&tree, &build, &RepairOptions::default()).unwrap_err();
    assert_eq!(error.state(), TreeState::Unchanged, "{error}");
    assert_eq!(fs::read(tree.join("file/save")).unwrap(), b"mine");
}

#[test]
fn a_destroyed_journal_is_begun_anew() {
    let place = twins(&[("program", b"x"), ("a", b"aaaa")]);
    let (tree, build) = (place.path("tree"), place.path("build"));
    for slot in 0..3 {
        fs::write(tree.join(format!(".untorn/slot.{slot}")), b"rot").unwrap();
    }
    fs::create_dir_all(tree.join(".untorn/tx/7")).unwrap();
    write(&tree, "a", b"torn");
    assert_eq!(verify(&tree, &VerifyOptions::default()).unwrap_err().code(), "UNT-JOURNAL-DAMAGED");
    let mut asking = RepairOptions::default();
    asking.dry_run = true;
    let forecast = repair(&tree, &build, &asking).unwrap();
    assert!(forecast.journal.is_some() && forecast.damage.len() == 1);
    assert_eq!(verify(&tree, &VerifyOptions::default()).unwrap_err().code(), "UNT-JOURNAL-DAMAGED");
    let report = repaired(&tree, &build);
    assert_eq!(report.journal.unwrap().code(), "UNT-JOURNAL-DAMAGED");
    assert!(verify(&tree, &VerifyOptions::default()).unwrap().is_intact());
}

#[test]
fn what_says_what_is_installed_is_repaired_too() {
    let place = twins(&[("program", b"x")]);
    let tree = place.path("tree");
    write(&tree, ".untorn/head", b"rot");
    assert_eq!(verify(&tree, &VerifyOptions::default()).unwrap_err().code(), "UNT-JOURNAL-DAMAGED");
    assert_eq!(repaired(&tree, &place.path("build")).outcome, RepairOutcome::Intact);
    assert!(verify(&tree, &VerifyOptions::default()).unwrap().is_intact());
}

#[test]
fn a_tree_that_follows_patches_is_repaired_to_the_build_it_has() {
    let place = Place::new();
    place.dir("old", &[("a", b"old"), ("b", b"same")]);
    place.dir("new", &[("a", b"new"), ("b", b"same")]);
    let tree = place.dir("tree", &[("a", b"old"), ("b", b"same")]);
    apply_to(&tree, &place.patch("old", "new")).unwrap();
    write(&tree, "a", b"old");
    // The old build does not hold what is installed now.
    let error = repair(&tree, &place.path("old"), &RepairOptions::default()).unwrap_err();
    assert!(matches!(error, Error::Source { .. }), "{error}");
    assert_eq!(repaired(&tree, &place.path("new")).outcome, RepairOutcome::Repaired);
    assert_eq!(fs::read(tree.join("a")).unwrap(), b"new");
    // Told so, it goes back.
    let mut options = RepairOptions::default();
    options.manifest = Some(scanned(&place.path("old")));
    assert_eq!(repair(&tree, &place.path("old"), &options).unwrap().bytes_fetched, 3);
    assert_eq!(fs::read(tree.join("a")).unwrap(), b"old");
}
