//! `untorn repair --from` takes a store of releases, in a directory or on a host, fetches little, and says beforehand how little.

use std::fs;

use crate::stores::Store;
use crate::util::{Game, err, out, text};
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
