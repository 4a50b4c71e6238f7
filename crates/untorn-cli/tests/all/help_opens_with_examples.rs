//! What `--help` and `-h` owe to whoever asks.

use crate::util::{Game, out};

const COMMANDS: [&str; 24] = [
    "diff",
    "merge",
    "apply",
    "inspect",
    "import",
    "pack",
    "write",
    "status",
    "recover",
    "verify",
    "repair",
    "rollback",
    "run",
    "serve",
    "manifest",
    "publish",
    "promote",
    "channel",
    "gc",
    "store",
    "demo",
    "explain",
    "completions",
    "manual",
];

#[test]
fn of_every_command() {
    let game = Game::new();
    let all = out(&game.untorn(["--help"]), 0);
    for command in COMMANDS {
        assert!(all.contains(&format!("\n  {command} ")), "{command}");
        let long = out(&game.untorn([command, "--help"]), 0);
        assert!(long.starts_with("Example"), "{long}");
        assert!(long.contains(&format!("untorn {command} ")), "{long}");
        let short = out(&game.untorn([command, "-h"]), 0);
        assert!(short.len() < long.len() && !short.contains("Example"), "{short}");
    }
}

#[test]
fn and_lists_the_exit_codes() {
    let game = Game::new();
    let all = out(&game.untorn(["--help"]), 0);
    for code in [0, 1, 2, 3, 10, 22, 30, 31, 32, 50, 70, 130] {
        assert!(all.lines().any(|line| line.split_whitespace().next() == Some(&code.to_string())), "{code}: {all}");
    }
}

#[test]
fn completions_exist_for_every_shell() {
    let game = Game::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        assert!(out(&game.untorn(["completions", shell]), 0).contains("rollback"), "{shell}");
    }
}

#[test]
fn the_version_says_which_formats_it_reads() {
    let game = Game::new();
    assert!(out(&game.untorn(["--version"]), 0).contains("patch format"));
}

#[test]
fn every_command_has_a_page_of_the_manual() {
    let game = Game::new();
    out(&game.untorn(["manual", "man"]), 0);
    for command in COMMANDS {
        let page = std::fs::read_to_string(game.path(&format!("man/untorn-{command}.1"))).unwrap();
        let (_, examples) = page.split_once(".SH EXAMPLES").unwrap();
        assert!(page.contains(".SH SYNOPSIS") && examples.contains(&format!("untorn {command} ")), "{page}");
    }
    assert!(std::fs::read_to_string(game.path("man/untorn.1")).unwrap().contains("Exit codes"));
}
