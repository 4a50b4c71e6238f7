//! A studio publishes and collects while players are half way: what they have fetched stays good, and what they can no more get is said before anything changes.

use std::fs;

use crate::util::{Game, err, keys, noise, out, text};

/// Two builds in a store, with a patch between them, and a tree that is the first one.
fn followed() -> (Game, [String; 2]) {
    let game = Game::new();
    let keys = keys(&game).into();
    publish(&game, &keys, "one", &[]);
    out(&game.untorn(["install", "store", "tree", "--trust", &keys[1]]), 0);
    publish(&game, &keys, "two", &["--patch-from", "1"]);
    (game, keys)
}

fn publish(game: &Game, [key, root]: &[String; 2], build: &str, more: &[&str]) {
    let seed = build.bytes().map(u64::from).sum();
    game.write(&format!("{build}/world.pak"), &noise(seed, 300_000));
    game.write(&format!("{build}/readme.txt"), build.as_bytes());
    let args = ["publish", build, "store", "--key", key, "--root", root];
    out(&game.untorn(args.iter().chain(more)), 0);
}

/// The tree has fetched the second build; since then there is a third one, and the store has collected all but that.
fn overtaken() -> Game {
    let (game, keys) = followed();
    out(&game.untorn(["update", "tree", "--stage-only"]), 0);
    publish(&game, &keys, "three", &[]);
    out(&game.untorn(["gc", "store", "--keep", "1", "--yes"]), 0);
    assert_eq!(fs::read_dir(game.path("store/patch")).map_or(0, Iterator::count), 0, "the patch was not collected");
    game
}

/// Takes away what lies under this name in the store.
fn lose(game: &Game, what: &str) {
    let dir = game.path(&format!("store/{what}"));
    let lost: Vec<_> = fs::read_dir(&dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(!lost.is_empty(), "there is no {what}");
    lost.iter().for_each(|file| fs::remove_file(file).unwrap());
}

#[test]
fn what_was_fetched_ahead_is_committed_though_the_store_has_it_no_more() {
    let game = overtaken();
    out(&game.untorn(["update", "tree", "--commit"]), 0);
    assert_eq!(game.content("tree"), game.content("two"));
    out(&game.untorn(["update", "tree"]), 0);
    assert_eq!(game.content("tree"), game.content("three"));
}

#[test]
fn what_was_fetched_ahead_gives_way_to_what_is_newer() {
    let game = overtaken();
    out(&game.untorn(["update", "tree"]), 0);
    assert_eq!(game.content("tree"), game.content("three"));
    err(&game.untorn(["update", "tree", "--commit"]), 1);
    assert_eq!(game.content("tree"), game.content("three"));
}

#[test]
fn without_the_patch_chunks_come_and_without_those_nothing_changes() {
    let (game, _) = followed();
    lose(&game, "patch");
    out(&game.untorn(["update", "tree", "--stage-only"]), 0);
    out(&game.untorn(["update", "tree", "--commit"]), 0);
    assert_eq!(game.content("tree"), game.content("two"));

    let (game, _) = followed();
    lose(&game, "patch");
    lose(&game, "pack");
    let before = game.content("tree");
    // The plan has been told by then.
    let output = game.untorn(["update", "tree", "--stage-only"]);
    let message = text(&output.stderr);
    assert_eq!(output.status.code(), Some(40), "{message}");
    assert!(message.contains("UNT-") && message.contains("nothing was changed"), "{message}");
    err(&game.untorn(["update", "tree", "--commit"]), 1);
    assert_eq!(game.content("tree"), before);
    out(&game.untorn(["verify", "tree"]), 0);
}
