//! What going back would write is known beforehand, exactly.

use std::{collections::BTreeMap, fs, path::Path};

use untorn_txn::{Cause, Options, Report, RollbackForecast, Transaction, Tree, WayChoice};

fn numbers(len: usize, seed: u32) -> Vec<u8> {
    (0..len as u32).map(|at| (at.wrapping_add(seed).wrapping_mul(2_654_435_761) >> 24) as u8).collect()
}

/// What is done, and then undone.
type Change = fn(&mut Transaction<'_>);

const CHANGES: [(&str, Change); 9] = [
    ("a few bytes", |tx| tx.write_at("big", 5000, &numbers(100, 9)).unwrap()),
    ("pieces in many blocks", |tx| (0..20).for_each(|at| tx.write_at("big", at * 9999, &numbers(50, 9)).unwrap())),
    ("all bytes", |tx| tx.replace("big", &mut &numbers(300_000, 9)[..]).unwrap()),
    ("a small file", |tx| tx.replace("small", &mut &b"quite another text"[..]).unwrap()),
    ("growth", |tx| tx.write_at("big", 299_990, &numbers(5000, 9)).unwrap()),
    ("a cut", |tx| tx.set_len("big", 123_456).unwrap()),
    ("a removal", |tx| tx.remove("big").unwrap()),
    ("a move with a change", |tx| {
        tx.rename("big", "dir/moved").unwrap();
        tx.write_at("dir/moved", 70_000, &numbers(10, 9)).unwrap();
    }),
    ("new files and kinds", |tx| {
        tx.write_at("new/file", 0, b"new").unwrap();
        tx.remove("small").unwrap();
        tx.create_dir("small").unwrap();
        // Windows has no such bit, and what does not change is not forecast.
        if cfg!(unix) {
            tx.set_executable("big", true).unwrap();
        }
    }),
];

fn changed(dir: &Path, change: Change, way: WayChoice) -> Tree {
    fs::create_dir(dir.join("dir")).unwrap();
    fs::write(dir.join("big"), numbers(300_000, 1)).unwrap();
    fs::write(dir.join("small"), b"some text").unwrap();
    let mut tree = Tree::open(dir).unwrap();
    let mut tx = tree.begin_with(options(way, true)).unwrap();
    change(&mut tx);
    tx.commit().unwrap();
    tree
}

fn options(way: WayChoice, keep_undo: bool) -> Options {
    let mut options = Options::default();
    (options.way, options.keep_undo) = (way, keep_undo);
    options
}

fn assert_same(forecast: &RollbackForecast, report: &Report, what: &str) {
    let expected = (report.files.len() as u64, report.bytes_redo, report.bytes_staged, report.bytes_in_place, report.bytes_undo);
    let found = (forecast.paths, forecast.bytes_redo, forecast.bytes_staged, forecast.bytes_in_place, forecast.bytes_undo);
    assert_eq!(found, expected, "{what}");
    assert_eq!(forecast.bytes_written(), report.bytes_written(), "{what}");
}

#[test]
fn whatever_was_changed_in_whatever_way() {
    let mut seen = BTreeMap::new();
    for (what, change) in CHANGES {
        for (way, back) in [
            (WayChoice::Auto, WayChoice::Auto),
            (WayChoice::Auto, WayChoice::Put),
            (WayChoice::Put, WayChoice::Auto),
            (WayChoice::Patch, WayChoice::Patch),
        ] {
            for keep_undo in [true, false] {
                let dir = tempfile::tempdir().unwrap();
                let mut tree = changed(dir.path(), change, way);
                let before = tree_of(dir.path());
                let forecast = tree.rollback_forecast(&options(back, keep_undo), false).unwrap();
                assert_eq!(tree_of(dir.path()), before, "a forecast only reads");
                let report = tree.rollback(options(back, keep_undo), false).unwrap();
                assert_same(&forecast, &report, &format!("{what}, {way:?}, {back:?}, {keep_undo}"));
                *seen.entry((report.bytes_redo > 0, report.bytes_staged > 0, report.bytes_undo > 0)).or_insert(0) += 1;
            }
        }
    }
    assert!(seen.len() > 3, "{seen:?}: the test needs different ways");
}

fn tree_of(dir: &Path) -> Vec<(String, u64)> {
    let names = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap());
    let mut found: Vec<_> =
        names.map(|entry| (entry.file_name().into_string().unwrap(), entry.metadata().unwrap().len())).collect();
    found.sort();
    found
}

#[test]
fn and_what_could_not_be_done_is_not_forecast() {
    let dir = tempfile::tempdir().unwrap();
    let tree = Tree::open(dir.path()).unwrap();
    assert!(matches!(tree.rollback_forecast(&Options::default(), false).unwrap_err().cause(), Cause::NoUndo));
    drop(tree);
    let tree = changed(dir.path(), CHANGES[0].1, WayChoice::Auto);
    let mut bytes = fs::read(dir.path().join("big")).unwrap();
    bytes[5050] ^= 1;
    fs::write(dir.path().join("big"), bytes).unwrap();
    assert!(matches!(tree.rollback_forecast(&Options::default(), false).unwrap_err().cause(), Cause::ChangedSince));
    assert!(tree.rollback_forecast(&Options::default(), true).unwrap().bytes_written() > 0);
}
