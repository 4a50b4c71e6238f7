//! `untorn run` where a process cannot become another program: it waits for it, holds the tree until then, and ends as the program did.
#![cfg(windows)]

use std::{
    io::{BufRead, BufReader, Write},
    process::Stdio,
};

use crate::util::{Game, err, out};

#[test]
fn the_exit_code_comes_back() {
    let game = Game::new();
    out(&game.untorn(["run", "game", "--", "cmd", "/c", "exit 7"]), 7);
}

#[test]
fn no_update_touches_the_tree_until_the_program_has_ended() {
    let game = Game::new();
    // A program that lives until its standard input ends, and says when it is there.
    let mut command = game.command(["run", "game", "--", env!("CARGO_BIN_EXE_untorn"), "serve", "--stdio"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"about\"}\n").unwrap();
    let mut answer = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut answer).unwrap();
    assert!(answer.contains("\"untorn\""), "{answer}");

    let message = err(&game.untorn(["apply", "patch", "game"]), 30);
    assert!(message.contains("UNT-IN-USE") && message.contains("unchanged"), "{message}");
    assert_eq!(game.content("game"), game.content("old"));
    assert!(out(&game.untorn(["status", "game"]), 0).contains("a program uses it"));
    drop(stdin);
    assert!(child.wait().unwrap().success());
    out(&game.untorn(["apply", "patch", "game"]), 0);
    assert_eq!(game.content("game"), game.content("new"));
}
