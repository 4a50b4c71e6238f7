//! A C program updates over HTTP: it is told how far fetching is, and is let go as soon as it asks to stop, also while the host says nothing; the tree is whole each time.

use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use untorn_testhost::{Action, Host, HostOptions};

use crate::util::{Game, Link, program, run, text};

#[test]
fn and_stop_when_they_want() {
    let game = Game::new();
    let Some(program) = program(&game, "tests/c/over_http.c", Link::Shared) else { return };
    game.publish();
    let is_silent = Arc::new(AtomicBool::new(true));
    let silent = is_silent.clone();
    let options = HostOptions::default().deciding(move |request| {
        let is_data = request.path.starts_with("pack/") || request.path.starts_with("index/");
        if is_data && silent.load(Relaxed) { Action::Hang } else { Action::Serve }
    });
    let host = Host::start_with(&game.path("store"), options).unwrap();
    let (url, root, tree) = (host.url(), game.path("game.root"), game.path("installed"));
    let args = |how: &str| [how.into(), url.clone().into(), root.clone().into_os_string(), tree.clone().into_os_string()];

    let said = text(&run(&program, args("stop")).stdout);
    assert!(said.contains("UNT-STOPPED") && said.contains("unchanged"), "{said}");
    assert!(!tree.join("readme.txt").exists());
    assert!(host.log().iter().any(|served| served.request.path.starts_with("index/")), "it was stopped while it waited");

    is_silent.store(false, Relaxed);
    let said = text(&run(&program, args("update")).stdout);
    assert!(said.contains("\"outcome\""), "{said}");
    assert_eq!(fs::read_to_string(tree.join("readme.txt")).unwrap(), "version 2");
    assert_eq!(fs::read(tree.join("data/level.map")).unwrap(), vec![7; 50_000]);
}
