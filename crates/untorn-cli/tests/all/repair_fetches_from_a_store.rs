//! `untorn repair --from` takes a store of releases, in a directory or on a host, fetches little, and says beforehand how little.

use std::fs;

use crate::stores::Store;
use crate::util::{Game, err, keys, out, text};
use untorn_testhost::Host;

fn game_in_a_store() -> Game {
    let game = Game::new();
    let long: Vec<u8> = (0..6_000_000_u32).map(|at| (at.wrapping_mul(at).wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    game.write("new/data/long.pak", &long);
    Store::new(&game.path("store")).publish(&game.path("new"));
    game.write("store/untorn.store", b"untorn store 1\n");
    out(&game.untorn(["repair", "game", "--from", "new", "--against", "new"]), 0);
    game
}

fn damage(game: &Game) {
    let mut long = fs::read(game.path("new/data/long.pak")).unwrap();
    long[3_000_000] ^= 1;
    game.write("game/data/long.pak", &long);
}

#[test]
fn from_a_directory_and_from_a_host() {
    let game = game_in_a_store();
    let host = Host::start(&game.path("store")).unwrap();
    for from in [game.path("store").to_str().unwrap(), &host.url()] {
        damage(&game);
        let asked = out(&game.untorn(["repair", "game", "--from", from, "-n"]), 0);
        assert!(asked.contains("to fetch from") && asked.contains("data/long.pak"), "{asked}");
        let (exit, dry) = game.json(["repair", "game", "--from", from, "-n"]);
        let served = host.served();
        let (done, repaired) = game.json(["repair", "game", "--from", from]);
        assert_eq!((exit, done, repaired["result"]["outcome"].as_str()), (0, 0, Some("repaired")));
        let fetched = repaired["result"]["fetched_bytes"].as_u64().unwrap();
        assert!(fetched < 200_000 && dry["result"]["fetched_bytes"] == fetched, "{dry:#} {repaired:#}");
        assert!(!from.starts_with("http") || host.served() - served == fetched, "{} {fetched}", host.served() - served);
        let (found, wanted) = (game.content("game"), game.content("new"));
        assert!(wanted.iter().all(|(path, bytes)| found.get(path) == Some(bytes)));
        out(&game.untorn(["verify", "game"]), 0);
    }
}

#[test]
fn what_is_no_store_is_said_to_be_none() {
    let game = game_in_a_store();
    damage(&game);
    let before = game.content("game");
    let message = err(&game.untorn(["repair", "game", "--from", "http:///"]), 40);
    assert!(message.contains("UNT-NET-URL"), "{message}");
    let (exit, document) = game.json(["repair", "game", "--from", "store", "--channel", "beta"]);
    assert_eq!((exit, document["error"]["code"].as_str()), (1, Some("UNT-SOURCE")), "{document:#}");
    assert!(game.content("game") == before);
    assert!(text(&game.untorn(["repair", "--help"]).stdout).contains("https://"));
}

/// A tree that follows a store of two releases, and is the second one, damaged.
fn followed() -> Game {
    let game = Game::new();
    let (key, root) = keys(&game);
    out(&game.untorn(["publish", "new", "store", "--key", &key, "--root", &root]), 0);
    out(&game.untorn(["install", "store", "tree", "--trust", &root]), 0);
    game.write("tree/same.txt", b"not the same");
    game
}

fn without_journal(game: &Game) {
    for slot in 0..3 {
        game.write(&format!("tree/.untorn/slot.{slot}"), b"rot");
    }
    game.write("tree/.untorn/tx/7/plan", b"rot");
}

#[test]
fn from_where_releases_come_also_when_the_journal_is_lost() {
    let game = followed();
    for is_lost in [false, true] {
        game.write("tree/same.txt", b"not the same");
        if is_lost {
            without_journal(&game);
        }
        let said = out(&game.untorn(["repair", "tree"]), 0);
        assert_eq!(said.contains("the journal could not be understood and was begun anew"), is_lost, "{said}");
        assert_eq!(game.content("tree"), game.content("new"));
        out(&game.untorn(["verify", "tree"]), 0);
        assert!(out(&game.untorn(["update", "tree"]), 0).contains("the latest of stable"), "it follows as before");
    }
}

#[test]
fn where_nothing_is_known_it_says_what_to_do_and_that_works() {
    let game = followed();
    without_journal(&game);
    game.write("tree/.untorn/head", b"rot");
    let message = err(&game.untorn(["repair", "tree"]), 2);
    assert!(message.contains("nothing was changed"), "{message}");
    assert!(message.contains("untorn repair tree --from STORE --against MANIFEST"), "{message}");
    assert!(message.contains("untorn install STORE tree --trust ROOT --replace '**'"), "{message}");
    out(&game.untorn(["manifest", "new", "-o", "new.manifest"]), 0);
    out(&game.untorn(["repair", "tree", "--from", "store", "--against", "new.manifest"]), 0);
    assert_eq!(game.content("tree"), game.content("new"));

    let message = err(&game.untorn(["repair", "old"]), 2);
    assert!(message.contains("old remembers no place") && message.contains("nothing was changed"), "{message}");
    assert!(message.contains("untorn repair old --from SOURCE"), "{message}");

    let game = followed();
    without_journal(&game);
    game.write("tree/.untorn/head", b"rot");
    fs::rename(game.path("tree/.untorn"), game.path("away")).unwrap();
    out(&game.untorn(["install", "store", "tree", "--trust", "game.root", "--replace", "**"]), 0);
    assert_eq!(game.content("tree"), game.content("new"));
}
