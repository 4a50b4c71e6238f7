//! The demo's own checks, run as a test.

use crate::util::{Game, out};

#[test]
fn with_builds_of_ones_own_which_stay_untouched() {
    let game = Game::new();
    let (old, new) = (game.content("old"), game.content("new"));
    let (exit, document) = game.json(["demo", "old", "new", "--kills", "6", "--seed", "3"]);
    assert_eq!(exit, 0, "{document}");
    let result = &document["result"];
    assert_eq!(result["rounds"].as_array().unwrap().len(), 6);
    assert_eq!(result["old"].as_u64().unwrap() + result["new"].as_u64().unwrap(), 6);
    assert_eq!(result["torn"], 0);
    assert!(result["whole_bytes"].as_u64().unwrap() > result["written_bytes"].as_u64().unwrap());
    assert_eq!((game.content("old"), game.content("new")), (old, new));
    assert!(!game.path("old/.untorn").exists() && !game.path("new/.untorn").exists());
}

#[test]
fn and_tells_it_in_plain_words() {
    let game = Game::new();
    std::fs::create_dir(game.path("work")).unwrap();
    let shown = out(&game.untorn(["demo", "old", "new", "--kills", "2", "--work-in", "work"]), 0);
    assert!(shown.contains("2 kills: ") && shown.contains("never anything else"), "{shown}");
    assert_eq!(std::fs::read_dir(game.path("work")).unwrap().count(), 0, "nothing is left behind");
}
