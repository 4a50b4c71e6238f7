//! The commands of the runbooks in SECURITY.md, run as they stand there; afterwards players follow the studio, and whoever was to be shut out is.
#![cfg(unix)]

use std::{fs, path::Path, process::Command};

use crate::util::{Game, err, out, text};

const SECURITY: &str = include_str!("../../../../SECURITY.md");

/// A studio that has split its keys and published two builds, the third one ready, and a player who has the first.
fn studio() -> Game {
    let game = Game::new();
    for (build, words) in [("1.0", "one"), ("1.1", "two"), ("1.2", "three")] {
        game.write(&format!("{build}/readme.txt"), words.as_bytes());
        game.write(&format!("{build}/same.txt"), b"the same in all");
    }
    sh(
        &game,
        "untorn key new . --product game
         untorn key split --no-password --root game.1.root --key game.key
         untorn publish 1.0/ store/ --key release.key --key channel.key --root game.1.root --root game.2.root
         rm -r game
         untorn install store/ game/ --trust game.1.root
         untorn publish 1.1/ store/ --key release.key --key channel.key",
    );
    game
}

/// Runs lines of a shell. Keys get no password here: opening one takes a second each time.
fn sh(game: &Game, lines: &str) {
    let program = Path::new(env!("CARGO_BIN_EXE_untorn")).parent().unwrap().to_str().unwrap().to_owned();
    let mut command = Command::new("sh");
    command.args(["-e", "-c", &lines.replace("untorn key new ", "untorn key new --no-password ")]);
    command.env("PATH", format!("{program}:{}", std::env::var("PATH").unwrap())).current_dir(game.path(""));
    let output = command.output().unwrap();
    assert!(output.status.success(), "{lines}\n{}{}", text(&output.stdout), text(&output.stderr));
}

/// The runbooks: title, and each block of commands.
fn runbooks() -> Vec<(&'static str, Vec<&'static str>)> {
    let (_, runbooks) = SECURITY.split_once("\n## Runbooks\n").unwrap();
    let runbooks = runbooks.split("\n## ").next().unwrap();
    let sections = runbooks.split("\n### ").skip(1).map(|section| section.split_once('\n').unwrap());
    let blocks = |text: &'static str| text.split("```sh\n").skip(1).map(|block| block.split("```").next().unwrap()).collect();
    sections.map(|(title, text)| (title, blocks(text))).collect()
}

/// What a runbook's commands came to: a player who does nothing but update has what the studio published last.
fn played(title: &str) -> Game {
    let (_, blocks) = runbooks().into_iter().find(|(found, _)| *found == title).unwrap_or_else(|| panic!("no runbook: {title}"));
    assert!(!blocks.is_empty(), "{title}: no commands");
    let game = studio();
    blocks.iter().for_each(|block| sh(&game, block));
    game
}

fn follows(game: &Game, build: &str) {
    out(&game.untorn(["update", "game"]), 0);
    assert_eq!(game.content("game"), game.content(build));
    out(&game.untorn(["verify", "game"]), 0);
}

#[test]
fn each_of_them_is_tried() {
    let titles: Vec<_> = runbooks().into_iter().map(|(title, _)| title).collect();
    assert_eq!(
        titles,
        [
            "A release or channel key is lost",
            "A root key is lost",
            "Too many root keys are lost",
            "A player's tree has lost what it believes",
            "The host is stolen",
            "The channel key is stolen",
            "The release key is stolen",
            "A root key is stolen, and one is not enough",
        ]
    );
}

#[test]
fn the_tests_they_name_are_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let named: Vec<_> = SECURITY.split('`').filter(|word| word.starts_with("crates/")).collect();
    assert!(named.len() > 2);
    for path in named {
        assert!(root.join(path).exists(), "SECURITY.md names {path}");
    }
}

#[test]
fn of_lost_keys() {
    follows(&played("A release or channel key is lost"), "1.2");
    let game = played("A root key is lost");
    follows(&game, "1.1");
    // The new key signs the next root together with an old one.
    sh(&game, "untorn key new . --product channel-2
         untorn key rotate --root game.1.root --root game.2.root --root game.3.root --key root-4.key --key root-1.key --old channel.pub --new channel-2.pub
         untorn channel refresh store/ --key channel-2.key --root game.4.root");
    follows(&game, "1.1");
}

#[test]
fn of_too_many_lost_root_keys() {
    let game = played("Too many root keys are lost");
    follows(&game, "1.2");
    assert!(err(&game.untorn(["update", "game", "--from", "store"]), 20).contains("UNT-TRUST"), "the old store is not believed");
}

#[test]
fn of_a_tree_that_has_lost_what_it_believes() {
    follows(&played("A player's tree has lost what it believes"), "1.1");
    // Also where what is left of it is rubbish.
    let game = studio();
    fs::write(game.path("game/.untorn/head"), "rubbish").unwrap();
    game.untorn(["update", "game"]);
    runbooks()[3].1.iter().for_each(|block| sh(&game, block));
    follows(&game, "1.1");
}

#[test]
fn of_stolen_things() {
    follows(&played("The host is stolen"), "1.1");
    let game = played("The channel key is stolen");
    follows(&game, "1.1");
    assert!(
        !game.untorn(["channel", "refresh", "store", "--key", "channel.key"]).status.success(),
        "the stolen key signs nothing"
    );
    let game = played("The release key is stolen");
    follows(&game, "1.1");
    let publish = ["publish", "1.2", "store", "--key", "release.key", "--key", "channel.key"];
    assert!(!game.untorn(publish).status.success(), "the stolen key signs nothing");
    sh(&game, "untorn publish 1.2/ store/ --key release-2.key --key channel.key");
    follows(&game, "1.2");
    follows(&played("A root key is stolen, and one is not enough"), "1.1");
}
