//! With `keep_modified`, what somebody changed since it was installed stays as it is and is named; everything else becomes the new build.

use std::fs;

use crate::util::{Place, apply_to, noise, scanned, write, wrong_base};
use untorn::{ApplyOptions, BaseCheck, DiffOptions, Difference, Error, Outcome, Tree, VerifyOptions, apply, diff, verify};

fn keeping() -> ApplyOptions {
    let mut options = crate::util::unsigned();
    options.keep_modified = true;
    options
}

fn named(differences: &[Difference]) -> Vec<&str> {
    differences.iter().map(|difference| difference.path.as_str()).collect()
}

/// Builds 1, 2 and 3 of which every file differs from build to build, and the tree `game`, which says that it is build 1. The files do not compress, so that no
/// file is made from another.
fn place() -> Place {
    let place = Place::new();
    for (number, build) in ["0", "1", "2", "3"].into_iter().enumerate() {
        let seed = number as u64 * 100;
        let files = [noise(3000, seed + 1), noise(90_000, seed + 2), noise(10, seed + 3), noise(500, seed + 4)];
        let names = ["settings.ini", "data/big.pak", "small", "other"];
        place.dir(build, &names.iter().zip(&files).map(|(name, bytes)| (*name, &bytes[..])).collect::<Vec<_>>());
        write(&place.path(build), "same", b"the same in all");
        let goes = place.path(build).join("goes");
        if number < 2 {
            fs::write(goes, noise(70, 70)).unwrap();
        }
    }
    copy(&place, "0", "game");
    apply_to(&place.path("game"), &patch(&place, "0", "1")).unwrap();
    place
}

fn copy(place: &Place, from: &str, to: &str) {
    for entry in scanned(&place.path(from)).entries() {
        let path = place.path(from).join(entry.path.as_str());
        if path.is_file() {
            write(&place.path(to), entry.path.as_str(), &fs::read(path).unwrap());
        }
    }
}

fn patch(place: &Place, old: &str, new: &str) -> Vec<u8> {
    let mut options = DiffOptions::default();
    options.level = 1;
    diff(&place.path(old), &place.path(new), &place.path("patch"), &options).unwrap();
    fs::read(place.path("patch")).unwrap()
}

#[test]
fn they_are_named_and_the_rest_is_the_new_build() {
    for base in [BaseCheck::Auto, BaseCheck::Changed, BaseCheck::Full] {
        let place = place();
        let game = place.path("game");
        let mut options = keeping();
        options.base = base;
        write(&game, "settings.ini", b"mine");
        write(&game, "goes", &noise(70, 71));
        fs::remove_file(game.join("small")).unwrap();

        let patch_2 = patch(&place, "1", "2");
        let refused = wrong_base(apply_to(&game, &patch_2));
        assert_eq!(refused.len(), 3, "{refused:?}");

        options.dry_run = true;
        let dry = apply(&patch_2[..], &game, &options).unwrap();
        options.dry_run = false;
        let report = apply(&patch_2[..], &game, &options).unwrap();
        assert_eq!(report.outcome, Outcome::Applied);
        assert!(report.is_recorded);
        assert_eq!(report.forecast, dry.forecast);
        assert_eq!(report.forecast.bytes_written(), report.transaction.bytes_written());
        assert_eq!(named(&report.kept_modified), ["goes", "settings.ini", "small"]);
        assert_eq!(report.kept_modified, dry.kept_modified);
        assert_eq!(fs::read(game.join("settings.ini")).unwrap(), b"mine");
        assert_eq!(fs::read(game.join("goes")).unwrap(), noise(70, 71));
        assert!(!game.join("small").exists());
        for path in ["data/big.pak", "other", "same"] {
            assert_eq!(fs::read(game.join(path)).unwrap(), fs::read(place.path("2").join(path)).unwrap(), "{path}");
        }

        // What is installed is the build; what differs from it is found by verifying.
        assert_eq!(Tree::open(&game).unwrap().installed(), scanned(&place.path("2")).hash());
        let found = verify(&game, &VerifyOptions::default()).unwrap();
        assert_eq!((named(&found.damage), named(&found.extra)), (vec!["settings.ini", "small"], vec!["goes"]));

        // And the next patch fits.
        let report = apply(&patch(&place, "2", "3")[..], &game, &options).unwrap();
        assert_eq!(named(&report.kept_modified), ["settings.ini", "small"]);
        Tree::open(&game).unwrap().rollback(untorn::Options::default(), false).unwrap();
        assert_eq!(fs::read(game.join("settings.ini")).unwrap(), b"mine");
        assert_eq!(fs::read(game.join("other")).unwrap(), fs::read(place.path("2").join("other")).unwrap());
    }
}

#[test]
fn a_file_in_the_place_of_a_new_one_stays_too() {
    let place = place();
    let game = place.path("game");
    write(&place.path("2"), "new.cfg", b"as shipped");
    write(&game, "new.cfg", b"made before");
    let report = apply(&patch(&place, "1", "2")[..], &game, &keeping()).unwrap();
    assert_eq!(named(&report.kept_modified), ["new.cfg"]);
    assert_eq!(fs::read(game.join("new.cfg")).unwrap(), b"made before");
}

#[test]
fn full_names_also_those_that_the_patch_does_not_touch() {
    let place = place();
    let game = place.path("game");
    write(&game, "same", b"not the same any more");
    let mut options = keeping();
    options.base = BaseCheck::Full;
    let report = apply(&patch(&place, "1", "2")[..], &game, &options).unwrap();
    assert_eq!(named(&report.kept_modified), ["same"]);
    options.keep_modified = false;
    assert_eq!(wrong_base(apply(&patch(&place, "2", "3")[..], &game, &options)).len(), 1);
    // Also when there is nothing to do.
    assert_eq!(wrong_base(apply(&patch(&place, "1", "2")[..], &game, &options)).len(), 1);
}

#[test]
fn a_patch_that_makes_something_else_from_one_is_refused() {
    let place = place();
    let game = place.path("game");
    // "other" becomes the old "data/big.pak", which changes itself.
    write(&place.path("2"), "other", &fs::read(place.path("1").join("data/big.pak")).unwrap());
    let patch_2 = place.patch("1", "2");
    let mut bytes = fs::read(game.join("data/big.pak")).unwrap();
    bytes[40_000] ^= 1;
    write(&game, "data/big.pak", &bytes);
    let before = scanned(&game);
    let refused = wrong_base(apply(&patch_2[..], &game, &keeping()));
    assert!(refused.iter().any(|line| line.starts_with("data/big.pak")), "{refused:?}");
    assert_eq!(scanned(&game), before);
}

#[test]
fn one_that_others_are_compressed_against_is_refused_and_the_error_says_why() {
    let place = place();
    let game = place.path("texts");
    // Short texts: all in one frame, which refers to the old bytes of all.
    for (build, word) in [("1", "old"), ("2", "new")] {
        for name in ["a.cfg", "b.cfg"] {
            write(&place.path(build), name, format!("{word} {name} = value\n").repeat(40).as_bytes());
        }
    }
    copy(&place, "0", "texts");
    apply_to(&game, &patch(&place, "0", "1")).unwrap();
    let patch_2 = patch(&place, "1", "2");
    write(&game, "a.cfg", b"mine");
    let before = scanned(&game);
    let refused = wrong_base(apply(&patch_2[..], &game, &keeping()));
    assert_eq!(refused, ["a.cfg: modified, and cannot stay so: other files are made from the bytes it had"]);
    assert_eq!(scanned(&game), before);
}

#[test]
fn what_moves_or_gives_way_to_another_kind_is_refused() {
    let place = place();
    let game = place.path("game");
    fs::rename(place.path("2").join("small"), place.path("2").join("renamed")).unwrap();
    fs::write(place.path("2").join("renamed"), fs::read(place.path("1").join("small")).unwrap()).unwrap();
    fs::remove_file(place.path("2").join("other")).unwrap();
    write(&place.path("2"), "other/file", b"now a directory");
    let patch_2 = patch(&place, "1", "2");
    for path in ["small", "other"] {
        let own = fs::read(game.join(path)).unwrap();
        write(&game, path, b"mine");
        let before = scanned(&game);
        assert_eq!(wrong_base(apply(&patch_2[..], &game, &keeping())).len(), 1, "{path}");
        assert_eq!(scanned(&game), before);
        write(&game, path, &own);
    }
    assert!(apply(&patch_2[..], &game, &keeping()).unwrap().kept_modified.is_empty());
}

#[test]
fn where_nothing_says_what_is_installed_nothing_counts_as_modified() {
    let place = place();
    copy(&place, "3", "unknown");
    let result = apply(&patch(&place, "1", "2")[..], &place.path("unknown"), &keeping());
    assert!(matches!(result, Err(Error::WrongBase(_))));
    assert_eq!(scanned(&place.path("unknown")), scanned(&place.path("3")));
}
