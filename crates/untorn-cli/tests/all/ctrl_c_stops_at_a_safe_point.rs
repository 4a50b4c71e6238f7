//! The first signal stops where nothing is decided yet, with an exit code of its own; the second stops at once, and opening the tree puts it right.
#![cfg(unix)]

use std::{
    fs,
    io::Write,
    process::{Child, Command, Output, Stdio},
    thread::sleep,
    time::Duration,
};

use crate::util::{Game, out, text};

const STOPPED: i32 = 130;

fn signal(child: &Child, name: &str) {
    assert!(Command::new("kill").args([name, &child.id().to_string()]).status().unwrap().success());
}

/// Long enough for the program to be at work.
const A_MOMENT: Duration = Duration::from_millis(700);

fn spawn(game: &Game, args: &[&str]) -> Child {
    game.command(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// What the program says in the end. It waits for more input until then: the end of it would be another reason to stop.
fn output(mut child: Child) -> Output {
    let stdin = child.stdin.take();
    let output = child.wait_with_output().unwrap();
    drop(stdin);
    output
}

/// One of them is said.
const UNCHANGED: &[&str] = &["nothing was changed", "the tree is unchanged"];

fn assert_stopped(output: &Output, said: &[&str]) {
    let stderr = text(&output.stderr);
    assert_eq!(output.status.code(), Some(STOPPED), "{}{stderr}", text(&output.stdout));
    assert!(said.iter().any(|said| stderr.contains(said)), "{stderr}");
}

#[test]
fn an_apply_that_waits_for_its_patch() {
    let game = Game::new();
    let patch = fs::read(game.path("patch")).unwrap();
    for (name, sent) in [("-INT", 0), ("-TERM", 10), ("-INT", patch.len() - 1)] {
        let mut child = spawn(&game, &["apply", "-", "game"]);
        child.stdin.as_mut().unwrap().write_all(&patch[..sent]).unwrap();
        sleep(A_MOMENT);
        signal(&child, name);
        assert_stopped(&output(child), UNCHANGED);
        assert_eq!(game.content("game"), game.content("old"));
    }
    out(&game.untorn(["apply", "patch", "game"]), 0);
    assert_eq!(game.content("game"), game.content("new"));
}

#[test]
fn a_write_that_waits_for_more() {
    let game = Game::new();
    let mut child = spawn(&game, &["write", "game", "-"]);
    child.stdin.as_mut().unwrap().write_all(b"{\"file\":\"x\",\"at\":0,\"data\":\"y\"}\n").unwrap();
    sleep(A_MOMENT);
    signal(&child, "-INT");
    assert_stopped(&output(child), UNCHANGED);
    assert_eq!(game.content("game"), game.content("old"));
}

#[test]
fn making_a_patch() {
    let game = Game::new();
    // Enough to compress at the highest level for longer than a moment.
    for number in 0..24_u32 {
        let bytes: Vec<u8> =
            (0..1_500_000_u32).map(|at| (at.wrapping_mul(at ^ number).wrapping_mul(2_654_435_761) >> 27) as u8).collect();
        game.write(&format!("new/{number}"), &bytes);
    }
    let child = spawn(&game, &["diff", "old", "new", "-o", "out", "--level", "9"]);
    sleep(A_MOMENT);
    signal(&child, "-INT");
    let output = child.wait_with_output().unwrap();
    assert_stopped(&output, &["stopping at the next safe point"]);
    assert!(text(&output.stderr).contains("UNT-STOPPED"), "{}", text(&output.stderr));
    assert!(!game.path("out").exists());
    let hidden = fs::read_dir(game.path(""))
        .unwrap()
        .filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().starts_with('.'));
    assert_eq!(hidden.count(), 0);
}
