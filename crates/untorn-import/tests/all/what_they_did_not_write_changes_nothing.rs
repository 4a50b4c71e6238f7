//! Damaged, cut off, foreign and lying descriptions, and a file that is not the one they start from: an error with its code, and the tree as it was.

use std::{fs, path::Path};

use untorn_import::{Error, ImportOptions};

use crate::util::{Game, from, golden, new, old};

fn refused(game: &Game, description: &Path, options: &ImportOptions) -> &'static str {
    let error = game.import(description, options).unwrap_err();
    assert!(error.to_string().contains(error.code()) && !error.advice().is_empty(), "{error}");
    assert!(game.is_old(), "{error}");
    error.code()
}

#[test]
fn the_wrong_old_file_is_noticed() {
    let game = Game::new();
    let mut wrong = old();
    wrong[25_000] ^= 1;
    fs::write(game.file(), &wrong).unwrap();
    for name in ["plain.xdelta", "lzma.xdelta"] {
        let error = game.import(&golden(name), &ImportOptions::default()).unwrap_err();
        assert_eq!(error.code(), "UNT-IMPORT-OTHER");
        assert_eq!(fs::read(game.file()).unwrap(), wrong);
    }
    fs::write(game.file(), &wrong[..1000]).unwrap();
    let error = game.import(&golden("plain.xdelta"), &ImportOptions::default()).unwrap_err();
    assert_eq!((error.code(), fs::read(game.file()).unwrap().len()), ("UNT-IMPORT-OTHER", 1000));
}

#[test]
fn the_wrong_source_is_noticed() {
    let game = Game::new();
    let mut wrong = new();
    wrong[40_500] ^= 1;
    fs::write(game.path("wrong"), wrong).unwrap();
    assert_eq!(refused(&game, &golden("new.zsync"), &from(&game.path("wrong"))), "UNT-IMPORT-OTHER");
    fs::write(game.path("short"), b"short").unwrap();
    assert_eq!(refused(&game, &golden("new.zsync"), &from(&game.path("short"))), "UNT-IO");
    assert_eq!(refused(&game, &golden("new.zsync"), &from(&game.path("missing"))), "UNT-IO");
    assert_eq!(refused(&game, &golden("new.zsync"), &ImportOptions::default()), "UNT-IMPORT-SOURCE");
    assert_eq!(refused(&game, &golden("new.caibx"), &ImportOptions::default()), "UNT-IMPORT-SOURCE");
    assert_eq!(refused(&game, &golden("new.caibx"), &from(&game.path("nowhere"))), "UNT-IO");
}

#[test]
fn what_is_not_understood_is_refused() {
    let game = Game::new();
    for (name, bytes) in [
        ("empty", &b""[..]),
        ("text", b"this is not one of them"),
        ("version", b"\xd6\xc3\xc4S\0"),
        ("table", b"\xd6\xc3\xc4\0\x02"),
        ("target", b"\xd6\xc3\xc4\0\0\x02\x01\0"),
        ("long number", b"\xd6\xc3\xc4\0\0\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
        ("long window", b"\xd6\xc3\xc4\0\0\x00\x08\x8f\xff\xff\xff\x7f\0\0\0\0"),
        (
            "zsync",
            b"zsync: 0.6.2\nLength: 99999999999999\nBlocksize: 2048\nSHA-1: 47bd81c98b5cc8c89ed8dae9097dcc204c45f7ac\n\nabc",
        ),
        ("zsync block", b"zsync: 0.6.2\nLength: 1\nBlocksize: 0\nSHA-1: 47bd81c98b5cc8c89ed8dae9097dcc204c45f7ac\n\nabc"),
    ] {
        fs::write(game.path("bad"), bytes).unwrap();
        assert_eq!(refused(&game, &game.path("bad"), &from(&game.path("new"))), "UNT-IMPORT-KIND", "{name}");
    }
    assert_eq!(refused(&game, &golden("djw.xdelta"), &ImportOptions::default()), "UNT-IMPORT-KIND");
    assert_eq!(refused(&game, &game.path("missing"), &ImportOptions::default()), "UNT-IO");
}

/// Every byte changed and every length cut: refused, or the new file all the same; never something else, and never a panic.
#[test]
fn no_damage_makes_another_file() {
    for (name, source, stride) in [
        ("plain.xdelta", None, 17),
        ("windows.xdelta", None, 29),
        ("new.zsync", Some("new"), 7),
        ("new.caibx", Some("castr"), 11),
    ] {
        let (game, good) = (Game::new(), fs::read(golden(name)).unwrap());
        let mut options = match source {
            None => ImportOptions::default(),
            Some("castr") => from(&golden("store.castr")),
            Some(source) => from(&game.path(source)),
        };
        options.seed = (source == Some("castr")).then(|| golden("old.caibx"));
        // Whatever is not refused shall be seen, and the tree stay old for the next one.
        options.keep_undo = true;
        let try_it = |bytes: &[u8]| {
            fs::write(game.path("bad"), bytes).unwrap();
            match game.import(&game.path("bad"), &options) {
                Ok(_) => {
                    assert!(game.is_new(), "{name}");
                    fs::write(game.file(), old()).unwrap();
                }
                Err(Error::Tree(error)) => panic!("{name}: {error}"),
                Err(_) => assert!(game.is_old(), "{name}"),
            }
        };
        for at in (0..good.len()).step_by(stride) {
            let mut bad = good.clone();
            bad[at] ^= 0x41;
            try_it(&bad);
        }
        for len in (0..good.len()).step_by(stride * 7) {
            try_it(&good[..len]);
        }
    }
}

#[test]
fn a_file_of_an_installed_build_is_left_to_untorn() {
    let game = Game::new();
    let (patch, next) = (game.path("patch"), game.path("next"));
    fs::create_dir_all(next.join("data")).unwrap();
    fs::copy(game.file(), next.join(crate::util::PATH)).unwrap();
    fs::write(next.join("added"), b"added").unwrap();
    untorn::diff(&game.dir(), &next, &patch, &untorn::DiffOptions::default()).unwrap();
    let mut options = untorn::ApplyOptions::default();
    options.trusting = untorn::Trusting::Unsigned;
    untorn::apply(fs::File::open(&patch).unwrap(), &game.dir(), &options).unwrap();
    assert_eq!(refused(&game, &golden("plain.xdelta"), &ImportOptions::default()), "UNT-IMPORT-BUILD");
}
