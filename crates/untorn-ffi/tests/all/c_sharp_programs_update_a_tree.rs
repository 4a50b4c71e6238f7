//! The C# example compiles and works, where there is Mono. (Under .NET and IL2CPP it was not run.)

use std::fs;

use crate::util::{Game, IS_LINUX, has, own, run, text};

#[test]
fn under_mono() {
    if !IS_LINUX || !has("mcs") || !has("mono") {
        return eprintln!("SKIPPED: needs Mono on Linux");
    }
    let (game, dir) = (Game::new(), own("examples/csharp"));
    let program = game.path("Example.exe");
    let sources = ["Native.cs", "Untorn.cs", "Example.cs"].map(|name| dir.join(name).into_os_string());
    run("mcs", ["-warnaserror".into(), format!("-out:{}", program.display()).into()].into_iter().chain(sources));
    let said = text(&run("mono", [program, game.path("game"), game.path("patch")]).stdout);
    assert!(said.contains("updated"), "{said}");
    assert_eq!(fs::read_to_string(game.path("game/readme.txt")).unwrap(), "version 2");
    assert_eq!(fs::read_to_string(game.path("game/saves/one.sav")).unwrap(), "level 3");
}
