//! In place, a changed byte costs its whole block, twice: where that is more than the file, the file is written whole.

use crate::util::{Place, noise, scanned};
use untorn::{Tree, apply};

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
    let mut options = crate::util::unsigned();
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

/// Files of this length could go through the redo file, which was once decided before it was known that they would be written whole: then they were written twice.
#[test]
fn also_when_it_is_small_and_the_old_one_is_kept() {
    for len in [10_000, 40_000, 65_000, 65_536, 66_000] {
        let place = Place::new();
        place.dir("old", &[("file", &noise(len, 1))]);
        place.dir("new", &[("file", &noise(len, 2))]);
        let tree = place.dir("tree", &[("file", &noise(len, 1))]);
        let report = apply(&place.patch("old", "new")[..], &tree, &crate::util::unsigned()).unwrap();
        assert_eq!(report.forecast.bytes_written(), report.transaction.bytes_written(), "{len}");
        let times = report.transaction.bytes_written() / len as u64;
        // In place: redo, file, undo; cheaper than a name while the file is small.
        assert_eq!(times, if len < 32 << 10 { 3 } else { 1 }, "{len}");
    }
}

#[test]
fn and_of_what_only_shares_a_block_with_a_change_nothing_is_kept() {
    let place = Place::new();
    let (old, mut new) = (noise(100_000, 1), noise(100_000, 1));
    new[50_000..50_010].copy_from_slice(b"ten bytes!");
    place.dir("old", &[("file", &old)]);
    place.dir("new", &[("file", &new)]);
    let tree = place.dir("tree", &[("file", &old)]);
    let report = apply(&place.patch("old", "new")[..], &tree, &crate::util::unsigned()).unwrap();
    let done = &report.transaction;
    assert_eq!((done.bytes_redo, done.bytes_in_place), (4096, 4096), "a block may tear");
    assert!(done.bytes_undo <= 10, "{done:?}");
    assert_eq!(report.forecast.bytes_undo, done.bytes_undo);
    Tree::open(&tree).unwrap().rollback(untorn::Options::default(), false).unwrap();
    assert_eq!(std::fs::read(tree.join("file")).unwrap(), old);
}

/// The patch says all bytes of a small file, since that makes it shorter. What stands there already need not be written.
#[test]
fn of_a_small_file_only_the_blocks_that_differ_are_written() {
    let old = noise(20_000, 1);
    let longer = [&old[..], b"more"].concat();
    let [mut start, mut longer_too] = [old.clone(), longer.clone()];
    (start[5], longer_too[5]) = (!start[5], !longer_too[5]);
    // How many bytes are written in place: whole blocks, and that in which the file grows or is cut.
    for (new, len) in [(start, 4096), (longer, 3620), (longer_too, 4096 + 3620), (old[..19_000].to_vec(), 2616)] {
        let place = Place::new();
        place.dir("old", &[("file", &old)]);
        place.dir("new", &[("file", &new)]);
        let tree = place.dir("tree", &[("file", &old)]);
        let patch = place.patch("old", "new");
        let mut dry = crate::util::unsigned();
        dry.dry_run = true;
        let forecast = apply(&patch[..], &tree, &dry).unwrap().forecast;
        let report = apply(&patch[..], &tree, &crate::util::unsigned()).unwrap();
        let done = &report.transaction;
        assert_eq!((done.bytes_redo, done.bytes_in_place), (len, len), "{done:?}");
        assert_eq!((report.forecast, forecast.bytes_written()), (forecast, done.bytes_written()));
        assert_eq!(std::fs::read(tree.join("file")).unwrap(), new);
        Tree::open(&tree).unwrap().rollback(untorn::Options::default(), false).unwrap();
        assert_eq!(std::fs::read(tree.join("file")).unwrap(), old);
    }
}
