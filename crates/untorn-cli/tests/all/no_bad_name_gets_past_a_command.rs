//! Rows N1 to N14 through the command line: names in a build, in a list of updates, and in a manifest that the right keys signed.

use std::fs;

use crate::{
    evil::Studio,
    util::{Game, err, out},
};
use untorn_format::Hash;

/// Files of these names are in every build whose manifest is forged: another name of the same length is put in the place of one, and the order stays.
const NAMES: [&str; 3] = ["name7xx", "other7x", "other7xxq"];

/// A studio with such a build.
fn studio() -> Studio {
    Studio::with("evil", |game| {
        let deep = format!("z/{}/zzz", vec!["d"; 62].join("/"));
        for name in NAMES.iter().copied().chain([deep.as_str()]) {
            game.write(&format!("evil/{name}"), name.as_bytes());
        }
    })
}

/// The manifest of the second build with `other` in the place of `name`, checksum and all.
fn forged(game: &Game, name: &[u8], other: &[u8]) -> Vec<u8> {
    assert_eq!(name.len(), other.len(), "{name:?}");
    out(&game.untorn(["manifest", "evil", "-o", "evil.manifest"]), 0);
    let mut bytes = fs::read(game.path("evil.manifest")).unwrap();
    let at = bytes.windows(name.len()).position(|window| window == name).unwrap();
    bytes[at..at + name.len()].copy_from_slice(other);
    let end = bytes.len() - 32;
    let checksum = Hash::of(&bytes[..end]);
    bytes[end..].copy_from_slice(&checksum.0);
    bytes
}

/// Tries names of a row everywhere they can come from: lists of updates (`written`), the disk of a studio (`built`), and signed manifests (`released`, in the place of the first of
/// the [`NAMES`]).
fn row(rule: &str, written: &[&str], built: &[&[u8]], released: &[&[u8]]) {
    let code = format!("UNT-PATH-{rule}");
    let game = Game::new();
    for name in written {
        let update = serde_json::json!({ "file": name, "at": 0, "data": "x" });
        game.write("updates", format!("{update}\n").as_bytes());
        let message = err(&game.untorn(["write", "game", "updates"]), 1);
        assert!(message.contains(&code), "{name:?}: {message}");
        assert_eq!(game.content("game"), game.content("old"));
    }
    build_with(&game, built, &code);
    let studio = studio();
    for name in released {
        studio.release_of(&forged(&studio.game, NAMES[0].as_bytes(), name));
        studio.refused(&[], 20, &[&code]);
    }
    studio.recovers();
}

/// Files of such names in a build.
#[cfg(unix)]
fn build_with(game: &Game, names: &[&[u8]], code: &str) {
    use std::os::unix::ffi::OsStrExt;
    for name in names {
        let path = game.path("new").join(std::ffi::OsStr::from_bytes(name));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, b"x").unwrap();
        for args in [&["manifest", "new"][..], &["diff", "old", "new", "-o", "patch2"]] {
            let message = err(&game.untorn(args), 1);
            assert!(message.contains(code), "{name:?}: {message}");
        }
        assert!(!game.path("patch2").exists());
        fs::remove_file(path).unwrap();
    }
}

/// Most of them cannot be made here.
#[cfg(not(unix))]
fn build_with(_: &Game, _: &[&[u8]], _: &str) {}

#[test]
fn n1_absolute_paths_and_drives() {
    row("N1", &["/etc/passwd", "C:\\x", "\\\\host\\x"], &[], &[b"/name7x", b"/etc/x1"]);
}

#[test]
fn n2_one_spelling_for_each_path() {
    row("N2", &["..", "../x", "a//b", "a/", "./a"], &[], &[b"../name", b"n//me7x", b"./name7", b"name/.."]);
}

#[test]
fn n3_characters_with_a_meaning() {
    row(
        "N3",
        &["ab:c", "a\nb", "a*"],
        &[b"ab:c", b"a|b", b"a\\b", b"a\x01b", b"a\x7fb"],
        &[b"na|me7x", b"na:me7x", b"na\x1bme7x"],
    );
}

#[test]
fn n4_dots_and_spaces_at_the_ends() {
    row("N4", &["x.", "x ", " x"], &[b"x.", b"x ", b" x"], &[b"name7x.", b"name7x ", b" name7x"]);
}

#[test]
fn n5_devices() {
    row("N5", &["CON", "d/com1.txt", "LPT\u{b9}.log"], &[b"aux", b"nul.txt"], &[b"aux.txt", b"com1.tx"]);
}

#[test]
fn n6_short_names() {
    row("N6", &["PROGRA~1"], &[b"PROGRA~1", b"data~12.bin"], &[b"NAME7~1"]);
}

#[test]
fn n7_bytes_that_are_no_text() {
    // A list of updates is JSON, which is text.
    row("N7", &[], &[b"a\xffb"], &[b"na\xffme7x"]);
}

#[test]
fn n8_what_is_not_seen() {
    row("N8", &["a\u{200d}b", "a\u{202e}gpj.exe"], &["a\u{202e}b".as_bytes()], &["name\u{200d}".as_bytes()]);
}

#[test]
fn n9_names_that_some_system_takes_for_the_same() {
    let game = Game::new();
    game.write("updates", b"{\"file\":\"x/A\",\"at\":0,\"data\":\"1\"}\n{\"file\":\"x/a\",\"at\":0,\"data\":\"2\"}\n");
    assert!(err(&game.untorn(["write", "game", "updates"]), 1).contains("UNT-PATH-N9"));
    assert_eq!(game.content("game"), game.content("old"));
    game.write("new/stra\u{df}e", b"1");
    game.write("new/STRASSE", b"2");
    let message = err(&game.untorn(["diff", "old", "new", "-o", "patch2"]), 1);
    assert!(message.contains("UNT-PATH-N9") && message.contains("STRASSE"), "{message}");
    let studio = studio();
    studio.release_of(&forged(&studio.game, NAMES[0].as_bytes(), b"OTHER7X"));
    studio.refused(&[], 20, &["UNT-PATH-N9"]);
    studio.recovers();
}

#[test]
fn n10_a_file_that_is_also_a_directory() {
    let game = Game::new();
    game.write("updates", b"{\"file\":\"readme.txt/x\",\"at\":0,\"data\":\"1\"}\n");
    err(&game.untorn(["write", "game", "updates"]), 1);
    assert_eq!(game.content("game"), game.content("old"));
    let studio = studio();
    studio.release_of(&forged(&studio.game, b"other7xxq", b"other7x/q"));
    studio.refused(&[], 20, &["UNT-PATH-N10"]);
    studio.recovers();
}

#[test]
fn n11_names_like_the_state_directory() {
    row("N11", &[".untorn/slot.0", ".UNTORN/x", "\u{ff0e}untorn"], &[b".UNTORN/x", b".untorn-2"], &[b".untorn", b".Untorn"]);
}

#[test]
fn n12_lengths_and_depth() {
    let long = "x".repeat(256);
    let deep = "d/".repeat(64) + "d";
    row("N12", &[&long, &deep, &format!("{}x", "d123456789/".repeat(100))], &[deep.as_bytes()], &[]);
    let studio = studio();
    studio.release_of(&forged(&studio.game, b"d/zzz", b"d/z/z"));
    studio.refused(&[], 20, &["UNT-PATH-N12"]);
    studio.recovers();
}

#[test]
fn n13_n14_a_name_of_which_only_the_case_changes() {
    // Whatever the disk takes for the same, the new spelling is there afterwards, and only that.
    let studio = Studio::with("evil", |game| {
        for (name, bytes) in game.content("old").into_iter().filter(|(_, bytes)| bytes != b"a directory") {
            game.write(&format!("evil/{}", name.display()), &bytes);
        }
        // By way of another name: where case is ignored, some systems take the new name for the old one.
        for (from, to) in [("readme.txt", "README.txt"), ("maps", "Maps")] {
            fs::rename(game.path("evil").join(from), game.path("evil/between")).unwrap();
            fs::rename(game.path("evil/between"), game.path("evil").join(to)).unwrap();
        }
    });
    studio.recovers();
    let game = &studio.game;
    out(&game.untorn(["rollback", "tree"]), 0);
    assert_eq!(game.content("tree"), game.content("old"));
    out(&game.untorn(["update", "tree", "--no-patches", "--regardless"]), 0);
    assert_eq!(game.content("tree"), game.content("evil"));
}
