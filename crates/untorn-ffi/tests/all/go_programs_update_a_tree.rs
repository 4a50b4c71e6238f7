//! The Go package works: its own tests are run, where there is Go.

use std::process::Command;

use crate::util::{Game, IS_LINUX, has, libraries, own, text};

#[test]
fn from_a_channel() {
    if !IS_LINUX || !has("go") || !has("gcc") {
        return eprintln!("SKIPPED: needs Go and gcc on Linux");
    }
    let game = Game::new();
    let mut go = Command::new("go");
    go.args(["test", "-count=1", "./..."]).current_dir(own("examples/go"));
    go.env("CGO_CFLAGS", format!("-I{}", own("include").display()));
    go.env("CGO_LDFLAGS", format!("-L{}", libraries().display())).env("LD_LIBRARY_PATH", libraries());
    go.env("CGO_ENABLED", "1").env("GOFLAGS", "-mod=mod").env("GOPROXY", "off").env("GOTOOLCHAIN", "local");
    go.env("GOCACHE", game.path("cache")).env("GOPATH", game.path("gopath"));
    go.env("UNTORN_PATCH", game.path("patch")).env("UNTORN_OLD", game.path("old"));
    let output = go.output().unwrap();
    assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
}
