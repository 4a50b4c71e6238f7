//! The everyday way through all commands.

use std::{fs, io::Write, process::Stdio};

use crate::util::{Game, out, text};

#[test]
fn a_game_is_updated_verified_rolled_back_and_updated_again() {
    let game = Game::new();
    let dry = out(&game.untorn(["apply", "patch", "game", "--dry-run"]), 0);
    assert!(dry.contains("can become build") && dry.contains("redo"), "{dry}");
    assert_eq!(game.content("game"), game.content("old"));

    assert!(out(&game.untorn(["apply", "patch", "game"]), 0).contains("is now build"));
    assert_eq!(game.content("game"), game.content("new"));
    assert!(out(&game.untorn(["verify", "game"]), 0).contains("every byte as it should be"));
    assert!(out(&game.untorn(["status", "game"]), 0).contains("can be rolled back"));

    assert!(out(&game.untorn(["apply", "patch", "game"]), 0).contains("already"));
    out(&game.untorn(["apply", "patch", "game", "--exit-code"]), 3);

    assert!(out(&game.untorn(["rollback", "game", "--dry-run"]), 0).contains("can be rolled back"));
    assert_eq!(game.content("game"), game.content("new"));
    out(&game.untorn(["rollback", "game"]), 0);
    assert_eq!(game.content("game"), game.content("old"));
    out(&game.untorn(["rollback", "game"]), 0);
    assert_eq!(game.content("game"), game.content("new"));
}

#[test]
fn a_patch_may_come_from_standard_input() {
    let game = Game::new();
    let mut child = game.command(["apply", "-", "game"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(&fs::read(game.path("patch")).unwrap()).unwrap();
    assert!(child.wait().unwrap().success());
    assert_eq!(game.content("game"), game.content("new"));
}

#[test]
fn every_way_and_every_check_gives_the_new_build() {
    for way in ["auto", "put", "patch", "clone"] {
        for check in ["auto", "changed", "full"] {
            let game = Game::new();
            out(&game.untorn(["apply", "patch", "game", "--way", way, "--verify", check, "--no-undo"]), 0);
            assert_eq!(game.content("game"), game.content("new"), "{way} {check}");
            out(&game.untorn(["rollback", "game"]), 1);
        }
    }
}

#[test]
fn updates_are_written_together() {
    let game = Game::new();
    game.write(
        "updates",
        b"{\"file\":\"readme.txt\",\"at\":8,\"data\":\"2\"}\n{\"file\":\"new/bytes\",\"at\":2,\"data\":{\"base64\":\"/w==\"}}\n",
    );
    out(&game.untorn(["write", "game", "updates", "--undo"]), 0);
    assert_eq!(fs::read(game.path("game/readme.txt")).unwrap(), b"version 2");
    assert_eq!(fs::read(game.path("game/new/bytes")).unwrap(), [0, 0, 255]);
    out(&game.untorn(["rollback", "game"]), 0);
    assert_eq!(game.content("game"), game.content("old"));
}

#[test]
fn a_build_is_scanned_and_a_tree_compared_with_it() {
    let game = Game::new();
    out(&game.untorn(["manifest", "new", "-o", "manifest"]), 0);
    out(&game.untorn(["apply", "patch", "game", "--verify", "changed"]), 0);
    out(&game.untorn(["verify", "game", "--against", "manifest"]), 0);
    out(&game.untorn(["verify", "game", "--against", "new"]), 0);
    game.write("game/readme.txt", b"version 1.?");
    game.write("game/saves/1", b"mine");
    fs::remove_file(game.path("game/same.txt")).unwrap();
    let report = out(&game.untorn(["verify", "game", "--against", "manifest"]), 10);
    for line in ["readme.txt: other bytes", "same.txt: missing", "saves: not part of the build"] {
        assert!(report.contains(line), "{report}");
    }
    assert!(!game.path("new/.untorn").exists(), "builds are only read");
}

#[test]
fn recovering_a_tree_that_needs_none_says_so() {
    let game = Game::new();
    assert!(out(&game.untorn(["status", "game"]), 0).contains("not under untorn's care"));
    assert!(!game.path("game/.untorn").exists(), "status changes nothing");
    out(&game.untorn(["recover", "game"]), 0);
    assert!(out(&game.untorn(["status", "game"]), 0).contains("whole"));
    out(&game.untorn(["recover", "game", "--exit-code"]), 3);
}

#[test]
fn quiet_is_quiet() {
    let game = Game::new();
    let output = game.untorn(["apply", "patch", "game", "--quiet"]);
    assert_eq!((out(&output, 0), text(&output.stderr)), (String::new(), String::new()));
}

#[test]
fn codes_are_explained() {
    let game = Game::new();
    assert!(out(&game.untorn(["explain", "UNT-BASE"]), 0).contains("patch"));
    assert!(out(&game.untorn(["explain", "base"]), 0).contains("UNT-BASE"));
    assert!(out(&game.untorn(["explain", "22"]), 0).contains("build"));
    assert!(out(&game.untorn(["explain", "exit-codes"]), 0).lines().count() > 8);
    assert!(out(&game.untorn(["explain", "codes"]), 0).lines().count() > 40);
    out(&game.untorn(["explain", "UNT-NO-SUCH"]), 2);
}

#[test]
fn a_damaged_game_is_repaired_from_its_build() {
    let game = Game::new();
    out(&game.untorn(["apply", "patch", "game"]), 0);
    let mut pak = fs::read(game.path("game/data/world.pak")).unwrap();
    pak[123_456] ^= 1;
    game.write("game/data/world.pak", &pak);
    fs::remove_file(game.path("game/same.txt")).unwrap();
    game.write("game/saves/1", b"mine");
    let dry = out(&game.untorn(["repair", "game", "--from", "new", "--dry-run"]), 0);
    assert!(dry.contains("2 paths to repair") && dry.contains("data/world.pak: other bytes"), "{dry}");
    out(&game.untorn(["verify", "game"]), 10);
    out(&game.untorn(["repair", "game", "--from", "old"]), 1);
    out(&game.untorn(["verify", "game"]), 10);
    let done = out(&game.untorn(["repair", "game", "--from", "new"]), 0);
    assert!(done.contains("2 paths repaired"), "{done}");
    out(&game.untorn(["verify", "game"]), 0);
    assert!(game.path("game/saves/1").exists());
    out(&game.untorn(["repair", "game", "--from", "new", "--exit-code"]), 3);

    for slot in 0..3 {
        game.write(&format!("game/.untorn/slot.{slot}"), b"rot");
    }
    game.write("game/.untorn/tx/9/redo", b"");
    out(&game.untorn(["verify", "game"]), 1);
    let anew = out(&game.untorn(["repair", "game", "--from", "new"]), 0);
    assert!(anew.contains("begun anew"), "{anew}");
    out(&game.untorn(["verify", "game"]), 0);
}

#[test]
fn an_update_says_what_was_lost_of_the_journal() {
    let game = Game::new();
    out(&game.untorn(["repair", "game", "--from", "old"]), 0);
    for slot in 0..3 {
        game.write(&format!("game/.untorn/slot.{slot}"), b"rot");
    }
    let applied = out(&game.untorn(["apply", "patch", "game"]), 0);
    assert!(applied.contains("warning: all records were unreadable"), "{applied}");
    assert_eq!(game.content("game"), game.content("new"));
    assert!(!out(&game.untorn(["status", "game"]), 0).contains("warning"));
}
