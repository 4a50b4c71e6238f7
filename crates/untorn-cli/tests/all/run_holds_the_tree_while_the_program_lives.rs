//! `untorn run`: recovered first, held meanwhile, and otherwise as if the program had been started itself.
#![cfg(unix)]

use std::{
    fs, thread,
    time::{Duration, Instant},
};

use crate::util::{Game, err, out, text};

#[test]
fn the_program_gets_its_arguments_and_its_exit_code_comes_back() {
    let game = Game::new();
    let output = game.untorn(["run", "game", "--", "sh", "-c", "echo \"$1\"; exit 7", "sh", "--json"]);
    assert_eq!(out(&output, 7), "--json\n");
}

#[test]
fn no_update_touches_the_tree_until_the_program_has_ended() {
    let game = Game::new();
    let mut child = game.command(["run", "game", "--", "sh", "-c", "touch ready; exec sleep 100"]).spawn().unwrap();
    while !game.path("ready").exists() {
        thread::sleep(Duration::from_millis(5));
    }
    let message = err(&game.untorn(["apply", "patch", "game"]), 30);
    assert!(message.contains("UNT-IN-USE") && message.contains("unchanged"), "{message}");
    assert_eq!(game.content("game"), game.content("old"));
    assert!(out(&game.untorn(["status", "game"]), 0).contains("a program uses it"));
    child.kill().unwrap();
    child.wait().unwrap();
    out(&game.untorn(["apply", "patch", "game"]), 0);
}

#[test]
fn what_the_program_started_holds_the_tree_too() {
    let game = Game::new();
    let script = "sleep 100 >/dev/null 2>&1 & echo $! > pid";
    out(&game.untorn(["run", "game", "--", "sh", "-c", script]), 0);
    err(&game.untorn(["apply", "patch", "game"]), 30);
    let pid = fs::read_to_string(game.path("pid")).unwrap();
    assert!(std::process::Command::new("kill").arg(pid.trim()).status().unwrap().success());
    let waited = game.untorn(["apply", "patch", "game", "--wait"]);
    assert!(waited.status.success(), "{}", text(&waited.stderr));
}

#[test]
fn what_a_killed_updater_left_is_completed_first() {
    let game = Game::new();
    let started = Instant::now();
    out(&game.untorn(["apply", "patch", "game", "--quiet", "--verify", "changed"]), 0);
    let usual = started.elapsed();
    out(&game.untorn(["rollback", "game", "--no-undo"]), 0);
    let has_decided = |tries: u32| {
        let mut child = game.command(["apply", "patch", "game", "--quiet", "--verify", "changed"]).spawn().unwrap();
        thread::sleep(usual * (tries * 7 % 50) / 40);
        child.kill().unwrap();
        child.wait().unwrap();
        let (_, status) = game.json(["status", "game"]);
        if status["result"]["can_roll_back"] == true {
            out(&game.untorn(["rollback", "game", "--no-undo"]), 0);
        }
        status["result"]["condition"] == "pending"
    };
    if !(0..200).any(has_decided) {
        println!("skipped: no kill fell between the decision and the end");
        return;
    }
    let shown = out(&game.untorn(["run", "game", "--", "cat", "game/readme.txt"]), 0);
    assert_eq!(shown, "version 1.1");
    assert_eq!(game.content("game"), game.content("new"));
}
