//! Names with escape sequences are spelled out wherever they are shown.
#![cfg(unix)]

use std::fs;

use crate::util::{Game, text};

const EVIL: &str = "evil\u{1b}[2J\u{202e}";

#[test]
fn p13_on_stdout_and_on_stderr() {
    let game = Game::new();
    fs::rename(game.path("game"), game.path(EVIL)).unwrap();
    fs::write(game.path("old").join(EVIL), b"").unwrap();
    fs::write(game.path(EVIL).join(EVIL), b"").unwrap();
    for args in [
        &["status", EVIL][..],
        &["apply", "patch", EVIL],
        &["verify", EVIL, "--against", "new"],
        &["verify", EVIL],
        &["manifest", EVIL],
        &["manifest", "old"],
        &["apply", EVIL, "game"],
        &["explain", EVIL],
        &["recover", EVIL],
        &["run", EVIL, "--", EVIL],
    ] {
        let output = game.untorn(args);
        let shown = text(&output.stdout) + &text(&output.stderr);
        assert!(shown.contains("evil") && shown.contains("\\u{1b}"), "{args:?}: {shown:?}");
        assert!(!shown.contains('\u{1b}') && !shown.contains('\u{202e}'), "{args:?}: {shown:?}");
    }
}
