//! Deltas of xdelta3, block lists of zsyncmake and indexes of casync make the new file of the old one.

use std::fs;

use untorn_import::{ImportOptions, Kind};

use crate::util::{Game, from, golden, new};

#[test]
fn a_delta_of_xdelta3_plain_compressed_and_in_many_windows() {
    for name in ["plain.xdelta", "lzma.xdelta", "windows.xdelta"] {
        let game = Game::new();
        let report = game.import(&golden(name), &ImportOptions::default()).unwrap();
        assert!(game.is_new(), "{name}");
        assert_eq!((report.kind, report.bytes, report.bytes_fetched), (Kind::Vcdiff, 58_013, 0));
        // The first 10,000 bytes stay; the rest is another or at another place.
        assert_eq!(report.bytes_changed, 58_013 - 8192, "{name}");
        // Nobody else's business is in the way of the next transaction.
        assert!(game.import(&golden(name), &ImportOptions::default()).is_err(), "{name}: the new file is not the old one");
        assert!(game.is_new(), "{name}");
    }
}

#[test]
fn a_list_of_blocks_fetches_what_is_missing() {
    let game = Game::new();
    let report = game.import(&golden("new.zsync"), &from(&game.path("new"))).unwrap();
    assert!(game.is_new());
    assert_eq!(report.kind, Kind::Zsync);
    // Of 28 blocks, those around each seam are not in the old file.
    assert!((3000..=10 * 2048).contains(&report.bytes_fetched), "{}", report.bytes_fetched);
    let again = game.import(&golden("new.zsync"), &ImportOptions::default()).unwrap();
    assert_eq!((again.bytes_fetched, again.bytes_changed, again.transaction.is_none()), (0, 0, true));
}

#[test]
fn a_list_of_chunks_finds_what_moved_by_the_index_of_the_old_file() {
    let game = Game::new();
    let mut options = from(&golden("store.castr"));
    options.seed = Some(golden("old.caibx"));
    let report = game.import(&golden("new.caibx"), &options).unwrap();
    assert!(game.is_new());
    assert!(report.bytes_fetched < 30_000, "{}", report.bytes_fetched);
}

#[test]
fn a_file_that_is_not_there_is_made() {
    let game = Game::new();
    fs::remove_dir_all(game.dir().join("data")).unwrap();
    let report = game.import(&golden("new.zsync"), &from(&game.path("new"))).unwrap();
    assert!(game.is_new());
    assert_eq!((report.bytes_fetched, report.bytes_changed), (58_013, 58_013));
}

#[test]
fn only_blocks_that_differ_are_written() {
    let game = Game::new();
    let mut almost = new();
    almost[30_000] ^= 1;
    fs::write(game.file(), almost).unwrap();
    let report = game.import(&golden("new.zsync"), &from(&game.path("new"))).unwrap();
    assert!(game.is_new());
    assert!(report.bytes_fetched <= 2048 && report.bytes_changed == 4096, "{report:?}");
}

#[test]
fn a_dry_run_changes_nothing_and_an_undo_leads_back() {
    let game = Game::new();
    let mut options = ImportOptions::default();
    options.dry_run = true;
    let report = game.import(&golden("plain.xdelta"), &options).unwrap();
    assert!(game.is_old() && report.transaction.is_none() && report.bytes_changed > 0);
    (options.dry_run, options.keep_undo) = (false, true);
    game.import(&golden("plain.xdelta"), &options).unwrap();
    assert!(game.is_new());
    let mut tree = untorn::Tree::open(&game.dir()).unwrap();
    tree.rollback(untorn::Options::default(), false).unwrap();
    assert!(game.is_old());
}
