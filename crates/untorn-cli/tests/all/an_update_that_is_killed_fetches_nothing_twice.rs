//! `untorn update` from a server 20 ms away, killed at random instants, again and again: what has come does not come again, and the tree is the old build or the new one.
#![cfg(feature = "http")]

use std::{
    fs,
    process::Stdio,
    thread,
    time::{Duration, Instant},
};

use crate::util::{Game, err, keys, noise, out, text};
use untorn_testhost::{Host, HostOptions};

/// 100 Mbit/s.
const RATE: u64 = 12_500_000;
/// Of so many connections, each may have lost a frame, and what lay in its buffers, when the process was killed; and each start asks for the documents again.
const LOST_LEN: u64 = 6 * (192 << 10) + (64 << 10);
const PAKS: u64 = 6;
const PAK_LEN: usize = 2 << 20;
/// A file that both builds have.
const SAME_LEN: usize = 300_000;

/// A store of two builds that have nothing in common, and a tree that is the first one.
fn studio(patches: bool) -> Game {
    let game = Game::new();
    let (key, root) = keys(&game);
    for (build, seed) in [("one", 1), ("two", 100)] {
        for number in 0..PAKS {
            game.write(&format!("{build}/{number}.pak"), &noise(seed + number, PAK_LEN));
        }
        game.write(&format!("{build}/same.pak"), &noise(200, SAME_LEN));
        let mut args = vec!["publish", build, "store", "--key", &key, "--root", &root, "--level", "1"];
        if patches && build == "two" {
            args.extend(["--patch-from", "1"]);
        }
        out(&game.untorn(&args), 0);
        if build == "one" {
            out(&game.untorn(["install", "store", "tree", "--trust", &root]), 0);
        }
    }
    game
}

fn killed_again_and_again(patches: bool, damaged: bool) {
    let game = studio(patches);
    if damaged {
        game.write("tree/same.pak", b"cut off");
        let plan = out(&game.untorn(["update", "tree", "--from", "store", "--plan"]), 0);
        assert!(plan.contains("1 patch, and 1 file by chunks"), "{plan}");
    }
    let options = HostOptions { latency: Duration::from_millis(20), rate_max: Some(RATE), ..HostOptions::default() };
    let host = Host::start_with(&game.path("store"), options).unwrap();
    let (old, new) = (game.content("one"), game.content("two"));
    let mut kills = 0;
    let mut state = u64::from(patches) + u64::from(damaged) + 5;
    loop {
        let mut child = game
            .command(["update", "tree", "--from", &host.url()])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let (began, patience) = (Instant::now(), Duration::from_millis(200 + (state >> 33) % 400));
        while kills < 8 && began.elapsed() < patience && child.try_wait().unwrap().is_none() {
            thread::sleep(Duration::from_millis(5));
        }
        if kills < 8 && child.try_wait().unwrap().is_none() {
            child.kill().unwrap();
            child.wait().unwrap();
            kills += 1;
            continue;
        }
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
        let said = text(&output.stdout);
        // The last kill may have come after the commit point: then the tree is the new one, and there is nothing left to say.
        if !said.contains("the latest of") {
            assert_eq!(said.contains("1 patch, and 1 file by chunks"), damaged, "{said}");
            assert_eq!(said.contains("replaced, though somebody had changed it: same.pak"), damaged, "{said}");
        }
        break;
    }
    assert_eq!(game.content("tree"), new);
    assert_ne!(old, new);
    out(&game.untorn(["verify", "tree"]), 0);
    // With the frames in which the file begins and ends.
    let once = PAKS * PAK_LEN as u64 + if damaged { SAME_LEN as u64 + (256 << 10) } else { 0 };
    assert!(kills >= 2, "it was never killed: the machine is too fast");
    let (served, allowed) = (host.served(), once + once / 50 + (kills + 1) * LOST_LEN);
    assert!(served <= allowed, "{served} of {allowed}");
    let left = fs::read_dir(game.path("tree/.untorn/fetched")).into_iter().flatten().map(|entry| entry.unwrap().file_name());
    let left: Vec<_> = left.filter(|name| !name.to_str().unwrap().starts_with("index")).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn by_chunks() {
    killed_again_and_again(false, false);
}

#[test]
fn by_a_patch() {
    killed_again_and_again(true, false);
}

#[test]
fn by_a_patch_and_chunks() {
    killed_again_and_again(true, true);
}

#[test]
fn a_server_that_is_not_there_is_said_with_its_own_exit_code() {
    let game = studio(false);
    let message = err(&game.untorn(["update", "tree", "--from", "http://127.0.0.1:1", "--patience", "1"]), 40);
    assert!(message.contains("UNT-NET-UNREACHABLE") && message.contains("nothing was changed"), "{message}");
    let message = err(&game.untorn(["update", "old", "--from", "store"]), 1);
    assert!(message.contains("UNT-NOT-FOLLOWING"), "{message}");
}

#[test]
fn ahead_and_then_without_a_network() {
    let game = studio(true);
    let plan = out(&game.untorn(["update", "tree", "--plan"]), 0);
    assert!(plan.contains("1 patch") && plan.contains("to fetch"), "{plan}");
    err(&game.untorn(["update", "tree", "--commit"]), 1);
    let host = Host::start(&game.path("store")).unwrap();
    out(&game.untorn(["update", "tree", "--from", &host.url(), "--stage-only"]), 0);
    assert_eq!(game.content("tree"), game.content("one"));
    let before = host.served();
    out(&game.untorn(["update", "tree", "--commit"]), 0);
    assert_eq!(host.served(), before);
    assert_eq!(game.content("tree"), game.content("two"));
    // The way back was kept; once it is used up, the store has it.
    out(&game.untorn(["rollback", "tree"]), 0);
    assert_eq!(game.content("tree"), game.content("one"));
}
