//! The program is killed while it publishes, again and again: in the end the store is the one that nobody disturbed.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    thread,
    time::{Duration, Instant},
};

use crate::util::{Game, keys, out, text};
use untorn_publish::Signed;

/// What a store holds, but for signatures, which are new each time, and marks of the dead.
fn lasting(game: &Game, store: &str) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut content = game.content(store);
    content.retain(|name, _| {
        let name = name.to_str().unwrap();
        !name.ends_with(".minisig") && !name.starts_with("publishing") && !name.starts_with(".part")
    });
    for (name, bytes) in &mut content {
        if name.parent().is_some_and(|dir| dir.ends_with("channel")) {
            *bytes = Signed::decode(bytes).unwrap().document;
        }
    }
    content
}

#[test]
fn at_any_moment() {
    let game = Game::new();
    let (key, root) = keys(&game);
    let mut state = 1_u64;
    let mut noise = |len: usize| -> Vec<u8> {
        (0..len)
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                (state >> 56) as u8
            })
            .collect()
    };
    game.write("new/large", &noise(6 << 20));
    let publish = |build: &str, store: &str| {
        let mut command = game.command(["publish", build, store, "--key", &key, "--root", &root, "--patch-from", "1"]);
        command.args(["--patch-level", "1"]).env("SOURCE_DATE_EPOCH", "1790000000");
        command
    };
    for store in ["whole", "disturbed"] {
        out(&publish("old", store).output().unwrap(), 0);
    }
    let started = Instant::now();
    out(&publish("new", "whole").output().unwrap(), 0);
    let (time, tries) = (started.elapsed(), 12);
    for number in 1..=tries {
        let mut child = publish("new", "disturbed").stdout(std::process::Stdio::null()).spawn().unwrap();
        thread::sleep(time.saturating_mul(number) / tries.max(1) + Duration::from_millis(1));
        child.kill().unwrap();
        child.wait().unwrap();
        let checked = game.untorn(["store", "check", "disturbed", "--root", &root]);
        let said = text(&checked.stdout);
        assert!(checked.status.success() || said.lines().skip(1).all(|line| line.trim().starts_with("log/")), "{said}");
    }
    out(&publish("new", "disturbed").output().unwrap(), 0);
    out(&game.untorn(["store", "check", "disturbed", "--root", &root]), 0);
    let (whole, disturbed) = (lasting(&game, "whole"), lasting(&game, "disturbed"));
    assert_eq!(whole.keys().collect::<Vec<_>>(), disturbed.keys().collect::<Vec<_>>());
    let different: Vec<_> = whole.iter().filter(|(name, bytes)| disturbed[*name] != **bytes).map(|(name, _)| name).collect();
    assert!(different.is_empty(), "{different:?}");
}
