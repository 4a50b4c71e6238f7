//! What a studio types, and what it gets.

use std::fs;

use crate::util::{Game, keys, out, text};

#[test]
fn from_a_directory_to_a_store_and_back() {
    let game = Game::new();
    let (key, root) = keys(&game);
    let said = out(&game.untorn(["publish", "old", "store", "--key", &key, "--root", &root, "--label", "1.0"]), 0);
    assert!(said.starts_with("published: build 1 (1.0) to channel stable"), "{said}");
    // From now on the store has the root.
    let said = out(&game.untorn(["publish", "new", "store", "--key", &key, "--patch-from", "3"]), 0);
    assert!(said.contains("build 2") && said.contains("patch from build 1"), "{said}");
    let said = out(&game.untorn(["publish", "new", "store", "--key", &key, "--exit-code"]), 3);
    assert!(said.contains("has build 2"), "{said}");
    let said = out(&game.untorn(["store", "check", "store", "--root", &root]), 0);
    assert!(said.starts_with("sound: 1 channel"), "{said}");
    let said = out(&game.untorn(["channel", "rollback", "store", "--key", &key]), 0);
    assert!(said.contains("from build 2 to build 1"), "{said}");
    let said = out(&game.untorn(["promote", "store", "--from", "stable", "--to", "late", "--key", &key]), 0);
    assert!(said.contains("from nothing to build 1"), "{said}");
    // Each channel document counts: only the last one of each is to stay.
    let said = out(&game.untorn(["gc", "store", "--keep", "1"]), 0);
    assert!(said.starts_with("would remove"), "{said}");
    let said = out(&game.untorn(["gc", "store", "--keep", "1", "--yes"]), 0);
    assert!(said.starts_with("removed"), "{said}");
    out(&game.untorn(["store", "check", "store"]), 0);
    // What was collected cannot be gone back to.
    let error = game.untorn(["channel", "rollback", "store", "--key", &key, "--to-build", "2"]);
    assert!(text(&error.stderr).contains("UNT-STORE-DAMAGED"), "{}", text(&error.stderr));
    assert_eq!(error.status.code(), Some(1));
}

#[test]
fn a_release_can_be_signed_elsewhere() {
    let game = Game::new();
    let (key, root) = keys(&game);
    fs::create_dir(game.path("sign")).unwrap();
    let said = out(&game.untorn(["publish", "old", "store", "--root", &root, "--unsigned-out", "sign"]), 0);
    assert!(said.contains("sign/release") && said.contains("--resume"), "{said}");
    assert!(!game.path("store/channel/stable").exists());
    // What waits is not collected.
    out(&game.untorn(["gc", "store", "--yes"]), 30);
    let signed = game.untorn(["publish", "sign", "store", "--resume", "--key", &key]);
    assert_eq!(signed.status.code(), Some(32), "{}", text(&signed.stderr));
    let document = fs::read(game.path("sign/release")).unwrap();
    let secret = untorn_keys::SecretKey::read(&fs::read_to_string(game.path("game.key")).unwrap(), None).unwrap();
    game.write("sign/release.minisig", secret.sign_bytes(&document, "signed on another machine").unwrap().as_bytes());
    let said = out(&game.untorn(["publish", "sign", "store", "--resume", "--key", &key]), 0);
    assert!(said.starts_with("published: build 1"), "{said}");
    out(&game.untorn(["publish", "sign", "store", "--resume", "--key", &key]), 0);
    out(&game.untorn(["store", "check", "store"]), 0);
    out(&game.untorn(["gc", "store", "--yes"]), 0);
}

#[test]
fn keys_come_from_files_and_the_environment_only() {
    let game = Game::new();
    let (_, root) = keys(&game);
    let secret = fs::read_to_string(game.path("game.key")).unwrap();
    let error = game.untorn(["publish", "old", "store", "--root", &root]);
    assert_eq!(error.status.code(), Some(2), "{}", text(&error.stderr));
    let output = game.command(["publish", "old", "store", "--root", &root]).env("UNTORN_KEY", &secret).output().unwrap();
    out(&output, 0);
    let printed = text(&output.stdout) + &text(&output.stderr);
    assert!(!printed.contains(secret.lines().nth(1).unwrap()));
}

#[test]
fn a_password_is_needed_where_there_is_one_and_never_guessed() {
    let game = Game::new();
    let (key, text_of_key) = untorn_keys::SecretKey::generate_with_text(Some("swordfish")).unwrap();
    let document = untorn_trust::Document::Root(untorn_keys::first_root("game", key.public()));
    game.write("game.key", text_of_key.as_bytes());
    game.write("game.root", &untorn_keys::sign(&document, &[&key]).unwrap().encode());
    let args = ["publish", "old", "store", "--key", "game.key", "--root", "game.root"];
    for (password, exit) in [(None, 1), (Some("wrong"), 1), (Some("swordfish"), 0)] {
        let mut command = game.command(args);
        password.map(|password| command.env("UNTORN_KEY_PASSWORD", password));
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(exit), "{password:?} {}", text(&output.stderr));
        assert!(exit == 0 || text(&output.stderr).contains("UNT-KEY-PASSWORD"), "{}", text(&output.stderr));
    }
}

#[test]
fn the_wrong_key_and_the_wrong_store_are_refused_before_anything_is_sent() {
    let game = Game::new();
    let (key, root) = keys(&game);
    let (_, other) = untorn_keys::SecretKey::generate_with_text(None).unwrap();
    game.write("other.key", other.as_bytes());
    let error = game.untorn(["publish", "old", "store", "--key", "other.key", "--root", &root]);
    assert_eq!(error.status.code(), Some(20), "{}", text(&error.stderr));
    assert!(text(&error.stderr).contains("UNT-TRUST-SIGNATURE"), "{}", text(&error.stderr));
    let error = game.untorn(["publish", "old", "store", "--key", &key]);
    assert!(text(&error.stderr).contains("UNT-STORE-ROOT"), "{}", text(&error.stderr));
    assert_eq!(fs::read_dir(game.path("store")).unwrap().count(), 0);
    out(&game.untorn(["publish", "old", "store", "--key", &key, "--root", &root]), 0);
    // Somebody put another root into the store: what the publisher has does not agree.
    let (_, root) = { keys(&game) };
    let error = game.untorn(["publish", "new", "store", "--key", "game.key", "--root", &root]);
    assert!(text(&error.stderr).contains("UNT-TRUST-FORK"), "{}", text(&error.stderr));
}
