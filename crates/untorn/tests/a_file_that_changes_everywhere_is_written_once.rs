//! In place, a changed byte costs its whole block, twice: where that is more than the file, the file is written whole.

#![allow(clippy::unwrap_used, clippy::panic, clippy::cast_possible_truncation, reason = "a test fails by panicking, helpers too")]

mod util;

use untorn::{ApplyOptions, Tree, apply};
use util::{Place, noise, scanned};

const LEN: usize = 2 << 20;

fn bytes_written_for_a_change_every(distance: usize) -> u64 {
    let place = Place::new();
    let old = noise(LEN, 1);
    let mut new = old.clone();
    new.iter_mut().step_by(distance).for_each(|byte| *byte ^= 1);
    place.dir("old", &[("file", &old)]);
    place.dir("new", &[("file", &new)]);
    let tree = place.dir("tree", &[("file", &old)]);
    let patch = place.patch("old", "new");
    let mut options = ApplyOptions::default();
    options.keep_undo = false;
    let report = apply(&patch[..], &tree, &options).unwrap();
    assert_eq!(scanned(&tree), scanned(&place.path("new")));
    assert_eq!(report.forecast.bytes_written(), report.transaction.bytes_written());
    report.transaction.bytes_written()
}

#[test]
fn and_one_that_changes_in_a_few_places_is_not() {
    assert!(bytes_written_for_a_change_every(4000) <= LEN as u64);
    assert!(bytes_written_for_a_change_every(LEN / 10) <= LEN as u64 / 10);
}

#[test]
fn whoever_writes_the_bytes() {
    let place = Place::new();
    let tree = place.dir("tree", &[("file", &noise(LEN, 1))]);
    let mut tree = Tree::open(&tree).unwrap();
    let mut tx = tree.begin().unwrap();
    for at in (0..LEN as u64).step_by(4000) {
        tx.write_at("file", at, b"x").unwrap();
    }
    let report = tx.commit().unwrap();
    assert!(report.bytes_written() < LEN as u64 + LEN as u64 / 100, "{report:?}");
}
