//! With `--json`, every command answers with one document that has the schema's number and the exit code in it.

use crate::util::{Game, text};

#[test]
fn of_every_command() {
    let game = Game::new();
    game.write("updates", b"{\"file\":\"x\",\"at\":0,\"data\":\"y\"}\n");
    for (args, exit) in [
        (&["diff", "old", "new", "-o", "patch2"][..], 0),
        (&["status", "game"], 0),
        (&["apply", "patch", "game", "-n"], 0),
        (&["apply", "patch", "game"], 0),
        (&["apply", "patch", "game", "--exit-code"], 3),
        (&["status", "game"], 0),
        (&["recover", "game"], 0),
        (&["verify", "game"], 0),
        (&["verify", "game", "--against", "old"], 10),
        (&["repair", "game", "--from", "new", "-n"], 0),
        (&["repair", "game", "--from", "new", "--exit-code"], 3),
        (&["rollback", "game", "-n"], 0),
        (&["rollback", "game"], 0),
        (&["write", "game", "updates"], 0),
        (&["manifest", "new"], 0),
        (&["explain", "UNT-IO"], 0),
        (&["explain", "exit-codes"], 0),
        (&["completions", "fish"], 0),
        (&["status", "missing"], 32),
        (&["apply", "updates", "game"], 1),
    ] {
        let (found, document) = game.json(args);
        assert_eq!(found, exit, "{args:?} {document}");
        assert_eq!(document["command"], args[0]);
        if exit != 0 && document["error"].is_object() {
            for field in ["code", "message", "tree", "advice"] {
                assert!(document["error"][field].is_string(), "{args:?} {document}");
            }
        }
    }
}

#[test]
fn and_says_in_bytes_what_was_done() {
    let game = Game::new();
    let (_, dry) = game.json(["apply", "patch", "game", "--dry-run"]);
    let (_, done) = game.json(["apply", "patch", "game"]);
    assert_eq!(dry["result"]["outcome"], "dry-run");
    assert_eq!(done["result"]["outcome"], "applied");
    assert_eq!(dry["result"]["forecast"], done["result"]["forecast"]);
    assert_eq!(done["result"]["forecast"]["written_bytes"], done["result"]["transaction"]["written_bytes"]);
    let files = done["result"]["transaction"]["files"].as_array().unwrap();
    let pak = files.iter().find(|file| file["path"] == "data/world.pak").unwrap();
    assert_eq!((&pak["change"], &pak["way"], &pak["bytes"]), (&"changed".into(), &"patch".into(), &8192.into()));
    let (_, status) = game.json(["status", "game"]);
    assert_eq!(status["result"]["installed"], done["result"]["to"]);
}

#[test]
fn progress_can_be_lines_of_json_on_stderr() {
    let game = Game::new();
    let output = game.untorn(["apply", "patch", "game", "--progress", "json"]);
    let lines = text(&output.stderr);
    assert!(lines.lines().count() >= 3, "{lines}");
    for line in lines.lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(line["phase"].is_string() && line["done"].is_u64() && line["total"].is_u64(), "{line}");
    }
}

#[test]
fn and_without_a_terminal_nothing_is_drawn_or_coloured() {
    let game = Game::new();
    let output = game.untorn(["apply", "patch", "game"]);
    assert_eq!(text(&output.stderr), "");
    let coloured = game.untorn(["verify", "missing", "--color", "always"]);
    assert!(text(&coloured.stderr).contains("\u{1b}["));
    for args in [&["verify", "missing"][..], &["verify", "missing", "--color", "never"]] {
        assert!(!text(&game.untorn(args).stderr).contains('\u{1b}'));
    }
}
