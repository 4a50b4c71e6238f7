//! Every error: its exit code, its code, what it says about the tree, and that the tree is what it was.

use std::{fs, process::Output};

use crate::util::{Game, err, out};
use untorn::Tree;

/// Checks a message for a code and for what it must always say.
fn said(message: &str, code: &str) {
    assert!(message.starts_with("error: ") && message.contains(&format!("[{code}]")), "{message}");
    assert!(message.contains("unchanged") || message.contains("nothing was changed"), "{message}");
}

#[test]
fn directories_and_files_that_are_not_there() {
    let game = Game::new();
    for args in [
        &["diff", "missing", "new", "-o", "other"][..],
        &["diff", "old", "new", "-o", "missing/other"],
        &["apply", "patch", "missing"],
        &["apply", "missing", "game"],
        &["write", "game", "missing"],
        &["status", "missing"],
        &["recover", "missing"],
        &["verify", "missing"],
        &["verify", "game", "--against", "missing"],
        &["rollback", "missing"],
        &["run", "missing", "--", "true"],
        &["run", "game", "--", "./no-such-program"],
        &["manifest", "missing"],
        &["demo", "old", "missing"],
    ] {
        said(&err(&game.untorn(args), 32), "UNT-IO");
    }
    assert!(!game.path("other").exists());
    assert_eq!(game.content("game"), game.content("old"));
}

/// Makes three bytes of none, and has no checksum.
const UNCHECKED_DELTA: [u8; 15] =
    [0xd6, 0xc3, 0xc4, 0, 0, /* window */ 0, 9, 3, 0, 3, 1, 0, /* data */ b'n', b'e', b'w'];

fn import(game: &Game, hash: &[&str]) -> Output {
    game.untorn([&["import", "delta", "texts", "made"], hash].concat())
}

#[test]
fn a_delta_that_nothing_checks_needs_a_hash_of_the_right_file() {
    let game = Game::new();
    // Behind the data stands the only instruction: take three bytes of them.
    game.write("delta", &[&UNCHECKED_DELTA[..], &[4]].concat());
    fs::create_dir(game.path("texts")).unwrap();
    game.write("texts/made", b"old");
    let (old, new) = (untorn::Hash::of(b"old").to_string(), untorn::Hash::of(b"new").to_string());
    said(&err(&import(&game, &[]), 1), "UNT-IMPORT-UNCHECKED");
    said(&err(&import(&game, &["--old-hash", &new]), 22), "UNT-IMPORT-OTHER");
    said(&err(&import(&game, &["--new-hash", &old]), 22), "UNT-IMPORT-OTHER");
    assert_eq!(fs::read(game.path("texts/made")).unwrap(), b"old");
    out(&import(&game, &["--old-hash", &old]), 0);
    assert_eq!(fs::read(game.path("texts/made")).unwrap(), b"new");
    game.write("texts/made", b"old");
    out(&import(&game, &["--new-hash", &new]), 0);
    assert_eq!(fs::read(game.path("texts/made")).unwrap(), b"new");
}

#[test]
fn p1_p9_what_is_no_patch_or_no_whole_one() {
    let game = Game::new();
    let patch = fs::read(game.path("patch")).unwrap();
    let mut rotten = patch.clone();
    *rotten.last_mut().unwrap() ^= 1;
    game.write("rotten", &rotten);
    game.write("cut", &patch[..patch.len() - 1]);
    game.write("long", &[&patch[..], b"!"].concat());
    game.write("page", &b"<html>404 not found</html>".repeat(20));
    game.write("empty", b"");
    game.write("note", b"hi\n");
    game.write("begun", &patch[..5]);
    for (file, code) in [
        ("rotten", "UNT-PATCH-DAMAGED"),
        ("cut", "UNT-PATCH-DAMAGED"),
        ("long", "UNT-PATCH-TRAILING"),
        ("page", "UNT-FORMAT-MAGIC"),
        ("empty", "UNT-PATCH-DAMAGED"),
        ("note", "UNT-FORMAT-MAGIC"),
        ("begun", "UNT-PATCH-DAMAGED"),
    ] {
        for more in [&[][..], &["--dry-run"], &["--low-disk"]] {
            let message = err(&game.untorn([&["apply", file, "game"], more].concat()), 1);
            said(&message, code);
            assert!(message.starts_with(&format!("error: {file}: ")), "{message}");
        }
        assert_eq!(game.content("game"), game.content("old"), "{file}");
    }
    said(&err(&game.untorn(["verify", "game", "--against", "page"]), 1), "UNT-FORMAT-MAGIC");
}

#[test]
fn p7_a_tree_that_is_another_build() {
    let game = Game::new();
    game.write("game/readme.txt", b"my own words");
    game.write("game/gone.txt", b"GONE");
    game.write("game/maps/b.map", b"in the way");
    fs::remove_file(game.path("game/maps/a.map")).unwrap();
    let before = game.content("game");
    for check in ["auto", "changed", "full"] {
        let message = err(&game.untorn(["apply", "patch", "game", "--verify", check]), 22);
        said(&message, "UNT-BASE");
        for line in ["  readme.txt: ", "  gone.txt: other bytes", "  maps/b.map: not part", "  maps/a.map: missing"] {
            assert!(message.contains(line), "{message}");
        }
        assert!(!message.contains("world.pak"), "{message}");
        assert_eq!(game.content("game"), before);
    }
    let (_, document) = game.json(["apply", "patch", "game"]);
    assert_eq!(document["error"]["code"], "UNT-BASE");
    assert_eq!(document["error"]["differences"].as_array().unwrap().len(), 4);
    assert_eq!(document["error"]["tree"], "unchanged");
}

#[test]
fn f9_a_tree_that_somebody_else_holds() {
    let game = Game::new();
    let held = Tree::open(&game.path("game")).unwrap();
    game.write("updates", b"{\"file\":\"x\",\"at\":0,\"data\":\"y\"}\n");
    for args in [&["apply", "patch", "game"][..], &["write", "game", "updates"], &["recover", "game"], &["rollback", "game"]] {
        let message = err(&game.untorn(args), 30);
        said(&message, "UNT-BUSY");
        assert!(message.contains(&format!("process {}", std::process::id())), "{message}");
    }
    assert!(out(&game.untorn(["status", "game"]), 0).contains("an updater is at work"));
    drop(held);
    out(&game.untorn(["apply", "patch", "game"]), 0);
}

#[test]
fn waiting_for_somebody_else_ends_when_he_lets_go() {
    let game = Game::new();
    let held = Tree::open(&game.path("game")).unwrap();
    let mut child = game.command(["apply", "patch", "game", "--wait", "--quiet"]).spawn().unwrap();
    std::thread::sleep(std::time::Duration::from_millis(300));
    assert!(child.try_wait().unwrap().is_none(), "it did not wait");
    drop(held);
    assert!(child.wait().unwrap().success());
    assert_eq!(game.content("game"), game.content("new"));
}

#[test]
fn f10_a_journal_that_cannot_be_understood() {
    let game = Game::new();
    out(&game.untorn(["apply", "patch", "game"]), 0);
    for slot in 0..3 {
        game.write(&format!("game/.untorn/slot.{slot}"), &[7; 4096]);
    }
    said(&err(&game.untorn(["rollback", "game"]), 1), "UNT-JOURNAL-DAMAGED");
    said(&err(&game.untorn(["verify", "game"]), 1), "UNT-JOURNAL-DAMAGED");
    assert!(out(&game.untorn(["status", "game"]), 0).contains("cannot be understood"));
    assert_eq!(game.content("game"), game.content("new"));
}

#[cfg(unix)]
#[test]
fn a_directory_that_may_not_be_written() {
    use std::os::unix::fs::PermissionsExt;
    let game = Game::new();
    let dir = game.path("game");
    fs::set_permissions(&dir, fs::Permissions::from_mode(0o555)).unwrap();
    if fs::write(dir.join("probe"), b"").is_ok() {
        println!("skipped: this user may write everywhere");
        return;
    }
    let message = err(&game.untorn(["apply", "patch", "game"]), 32);
    said(&message, "UNT-IO");
    assert!(message.contains("who owns"), "{message}");
    fs::set_permissions(&dir, fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn updates_of_which_one_is_wrong_or_cut_off() {
    let game = Game::new();
    let good = "{\"file\":\"readme.txt\",\"at\":0,\"data\":\"XXX\"}\n";
    for (bad, why) in [
        ("{\"file\":\"a\",\"at\":0,\"da", "line 2"),
        ("{\"file\":\"../a\",\"at\":0,\"data\":\"x\"}\n", "UNT-PATH-N2"),
        ("{\"file\":\"maps\",\"at\":0,\"data\":\"x\"}\n", "UNT-KIND"),
        ("not json\n", "line 2"),
    ] {
        game.write("updates", format!("{good}{bad}").as_bytes());
        let message = err(&game.untorn(["write", "game", "updates"]), 1);
        assert!(message.contains(why) && message.contains("unchanged"), "{message}");
        assert_eq!(game.content("game"), game.content("old"), "{bad}");
    }
    game.write("updates", good.as_bytes());
    assert!(err(&game.untorn(["write", "game", "updates", "--need-end"]), 1).contains("end mark"));
    assert_eq!(game.content("game"), game.content("old"));
}

#[test]
fn rolling_back_what_cannot_or_should_not_be() {
    let game = Game::new();
    said(&err(&game.untorn(["rollback", "game"]), 1), "UNT-NO-UNDO");
    out(&game.untorn(["apply", "patch", "game"]), 0);
    game.write("game/readme.txt", b"my own words");
    said(&err(&game.untorn(["rollback", "game"]), 1), "UNT-CHANGED-SINCE");
    out(&game.untorn(["rollback", "game", "--force"]), 0);
    assert_eq!(game.content("game"), game.content("old"));
}

#[test]
fn a_patch_inside_a_build_and_a_build_with_a_bad_name() {
    let game = Game::new();
    said(&err(&game.untorn(["diff", "old", "new", "-o", "new/patch"]), 1), "UNT-OUTPUT");
    // A name that every system can make.
    game.write("new/PROGRA~1", b"");
    let patch = fs::read(game.path("patch")).unwrap();
    said(&err(&game.untorn(["diff", "old", "new", "-o", "patch"]), 1), "UNT-PATH-N6");
    assert_eq!(fs::read(game.path("patch")).unwrap(), patch, "the patch of before is still there");
    let names: Vec<_> = fs::read_dir(game.path("")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names.len(), 4, "{names:?}");
}

#[test]
fn a_command_line_that_is_not_understood() {
    let game = Game::new();
    for args in [
        &["aply"][..],
        &["apply"],
        &["apply", "patch", "game", "--way", "magic"],
        &["diff", "a", "b", "-o", "c", "--level", "0"],
        &[],
    ] {
        let message = err(&game.untorn(args), 2);
        assert!(!message.is_empty());
    }
    assert!(err(&game.untorn(["aply"]), 2).contains("apply"), "did you mean");
}
