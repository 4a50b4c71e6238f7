//! The examples for C and C++ compile without a warning, work, and leave nothing behind in memory.

use std::fs;

use crate::util::{Game, Link, checked, program, run, text};

#[test]
fn in_c_with_the_static_and_with_the_shared_library() {
    for link in [Link::Static, Link::Shared] {
        let game = Game::new();
        let Some(program) = program(&game, "examples/c/update.c", link) else { return };
        let said = text(&run(&program, [game.path("game"), game.path("patch")]).stdout);
        assert!(said.contains("progress: told") && said.contains("updated"), "{said}");
        assert_eq!(fs::read_to_string(game.path("game/readme.txt")).unwrap(), "version 2");
        assert_eq!(fs::read_to_string(game.path("game/saves/one.sav")).unwrap(), "level 3");
    }
}

#[test]
fn in_c_without_a_leak() {
    let game = Game::new();
    let Some(program) = program(&game, "examples/c/update.c", Link::Shared) else { return };
    checked(&program, &[game.path("game"), game.path("patch")]);
}

#[test]
fn in_cpp_following_releases() {
    let game = Game::new();
    let Some(program) = program(&game, "examples/cpp/update.cpp", Link::Shared) else { return };
    game.publish();
    let output = checked(&program, &[game.path("store"), game.path("game.root"), game.path("installed")]);
    let status: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(status["condition"], "clean");
    assert_eq!(status["following"]["release"]["build"], 1);
    assert_eq!(fs::read_to_string(game.path("installed/readme.txt")).unwrap(), "version 2");
    assert_eq!(fs::read(game.path("installed/saves/one")).unwrap(), b"\0\0\0level");
}
