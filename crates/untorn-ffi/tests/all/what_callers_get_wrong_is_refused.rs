//! Null, misaligned and too long; sizes no header has; handles that are closed, foreign, or in use: a code each, and the tree is untouched.

use std::fs;

use crate::util::{Game, Link, checked, program};

#[test]
fn with_a_code_and_without_a_crash() {
    let game = Game::new();
    let Some(program) = program(&game, "tests/c/misuse.c", Link::Shared) else { return };
    let mut options = untorn::ApplyOptions::default();
    options.trusting = untorn::Trusting::Unsigned;
    options.keep_undo = false;
    // A tree that says what is installed, with nothing to go back with.
    untorn::apply(fs::File::open(game.path("patch")).unwrap(), &game.path("game"), &options).unwrap();
    checked(&program, &[game.path("game")]);
    let names = fs::read_dir(game.path("game")).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.collect();
    names.sort();
    assert_eq!(names, [".untorn", "data", "kept", "readme.txt"]);
}
