//! `untorn apply --low-disk` killed at random instants, again and again: in between the game is kept out and the state says how far it is; the same command goes on, and ends at the new build.

use std::{
    fs,
    process::{Child, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::util::{Game, err, keys, noise, out};

const PAK_LEN: usize = 24 << 20;

/// Whether it was killed before it was done.
fn is_killed_after(mut child: Child, patience: Duration) -> bool {
    let began = Instant::now();
    while began.elapsed() < patience {
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success(), "{status}");
            return false;
        }
        thread::sleep(Duration::from_millis(2));
    }
    child.kill().unwrap();
    !child.wait().unwrap().success()
}

/// Two builds of long files that move and exchange their content.
fn builds() -> Game {
    let game = Game::new();
    let pak = noise(1, PAK_LEN);
    let (one, two) = (noise(2, 3 << 20), noise(3, 2 << 20));
    for (build, pak, one, two) in [("1", pak.clone(), &one, &two), ("2", [b"7 bytes", &pak[..]].concat(), &two, &one)] {
        game.write(&format!("{build}/data.pak"), &pak);
        game.write(&format!("{build}/one"), &[b"1", &one[..]].concat());
        game.write(&format!("{build}/two"), &[b"22", &two[..]].concat());
        game.write(&format!("{build}/only-in-{build}"), b"x");
    }
    out(&game.untorn(["manifest", "1", "-o", "1.manifest"]), 0);
    game
}

/// Starts a program that does nothing.
fn run_nothing() -> Vec<&'static str> {
    let program: &[&str] = if cfg!(windows) { &["cmd", "/c", "exit 0"] } else { &["true"] };
    [&["run", "tree", "--"], program].concat()
}

/// Updates the directory `tree` with this command, which is killed again and again; until it is done.
fn killed_again_and_again(game: &Game, args: &[&str]) {
    let (mut kills, mut half_ways, mut done_before, mut state) = (0, 0, 0, 7_u64);
    // Longer from kill to kill until a step is done, so that it is killed between steps on any machine, however fast.
    let mut patience = Duration::from_millis(10);
    loop {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let jitter = patience.mul_f64((state >> 33) as f64 / 2_f64.powi(31) / 10.0);
        let mut command = game.command(args);
        if !is_killed_after(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap(), patience + jitter) {
            break;
        }
        kills += 1;
        let (_, recovered) = game.json(["recover", "tree"]);
        assert!(recovered.get("result").is_some(), "{recovered:#}");
        let (_, status) = game.json(["status", "tree"]);
        let half_way = &status["result"]["half_way"];
        if half_way.is_null() {
            patience = patience.mul_f64(1.1);
            continue;
        }
        half_ways += 1;
        let done = half_way["done"].as_u64().unwrap();
        if done == done_before {
            patience = patience.mul_f64(1.1);
        }
        assert!(done >= done_before, "steps that were done stay done: {done} {done_before}");
        done_before = done;
        err(&game.untorn(run_nothing()), 30);
        err(&game.untorn(["verify", "tree", "--against", "1.manifest"]), 30);
    }
    assert!(kills > 2 && half_ways > 0, "{kills} {half_ways}");
    assert_eq!(game.content("tree"), game.content("2"));
    out(&game.untorn(["verify", "tree"]), 0);
    out(&game.untorn(run_nothing()), 0);
}

#[test]
fn with_a_patch() {
    let game = builds();
    out(&game.untorn(["diff", "1", "2", "-o", "patch", "--level", "1"]), 0);
    assert!(fs::metadata(game.path("patch")).unwrap().len() < 1 << 20, "it is made of old bytes");
    fs::rename(game.path("1"), game.path("tree")).unwrap();
    killed_again_and_again(&game, &["apply", "patch", "tree", "--low-disk", "--step", "1"]);
}

#[test]
fn with_the_patch_of_a_release() {
    let game = builds();
    let (key, root) = keys(&game);
    for (build, more) in [("1", None), ("2", Some("--patch-from=1"))] {
        let args = ["publish", build, "store", "--key", &key, "--root", &root, "--level", "1"];
        out(&game.untorn(args.into_iter().chain(more)), 0);
        if build == "1" {
            out(&game.untorn(["install", "store", "tree", "--trust", &root]), 0);
        }
    }
    killed_again_and_again(&game, &["update", "tree", "--low-disk", "--step", "1"]);
    let (_, status) = game.json(["status", "tree"]);
    assert_eq!(status["result"]["following"]["release"]["build"], 2, "{status:#}");
    out(&game.untorn(["update", "tree", "--exit-code"]), 3);
}
