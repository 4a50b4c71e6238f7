//! Rows F1 to F11 through the command line: what may stand on a disk where an update goes.
#![cfg(unix)]

use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt, symlink},
    process::Command,
};

use crate::{
    evil::Studio,
    util::{Game, err, out, text},
};
use untorn::{ReadGuard, Tree};
use untorn_format::Hash;

/// Updates by each way; it succeeds, or is refused with the reason, and either way ends.
fn by_each_way(prepare: impl Fn(&Game), check: impl Fn(&Game, bool)) {
    for args in [&["update", "tree"][..], &["update", "tree", "--no-patches"], &["apply", "patch", "tree"]] {
        let studio = Studio::new();
        prepare(&studio.game);
        let output = studio.game.untorn(args);
        let message = text(&output.stderr);
        assert!(output.status.success() || message.contains("[UNT-"), "{args:?}: {message}");
        if output.status.success() {
            assert_eq!(studio.game.content("tree"), studio.game.content("new"), "{args:?}");
        }
        check(&studio.game, output.status.success());
    }
}

#[test]
fn f1_a_symlink_for_a_parent() {
    by_each_way(
        |game| {
            fs::rename(game.path("tree/data"), game.path("outside")).unwrap();
            symlink(game.path("outside"), game.path("tree/data")).unwrap();
        },
        |game, _| {
            let names: Vec<_> = fs::read_dir(game.path("outside")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
            assert_eq!(names, ["world.pak"]);
            assert_eq!(
                fs::read(game.path("outside/world.pak")).unwrap(),
                fs::read(game.path("old/data/world.pak")).unwrap(),
                "written through a symlink"
            );
        },
    );
}

#[test]
fn f2_a_link_or_a_pipe_for_a_file() {
    by_each_way(
        |game| {
            fs::remove_file(game.path("tree/readme.txt")).unwrap();
            game.write("outside", b"version 1");
            symlink(game.path("outside"), game.path("tree/readme.txt")).unwrap();
        },
        |game, _| assert_eq!(fs::read(game.path("outside")).unwrap(), b"version 1"),
    );
    by_each_way(
        |game| {
            fs::remove_file(game.path("tree/readme.txt")).unwrap();
            assert!(Command::new("mkfifo").arg(game.path("tree/readme.txt")).status().unwrap().success());
        },
        |game, is_updated| {
            let meta = fs::symlink_metadata(game.path("tree/readme.txt")).unwrap();
            assert_eq!(meta.is_file(), is_updated);
        },
    );
}

#[test]
fn f3_a_symlink_that_leads_out() {
    let game = Game::new();
    symlink("../../etc/passwd", game.path("new/link")).unwrap();
    for args in [&["manifest", "new"][..], &["diff", "old", "new", "-o", "patch2"]] {
        assert!(err(&game.untorn(args), 1).contains("UNT-"));
    }
    // In a manifest that the right key signed.
    let studio = Studio::with("evil", |game| {
        game.write("evil/zz/b.map", b"b");
        symlink("zz/b.map", game.path("evil/link")).unwrap();
    });
    out(&studio.game.untorn(["manifest", "evil", "-o", "evil.manifest"]), 0);
    let right = fs::read(studio.game.path("evil.manifest")).unwrap();
    let at = right.windows(8).position(|window| window == b"zz/b.map").unwrap();
    for target in [b"../b.map", b"/etc/mtd", b"z/../../"] {
        let mut forged = right.clone();
        forged[at..at + 8].copy_from_slice(target);
        let end = forged.len() - 32;
        let checksum = Hash::of(&forged[..end]);
        forged[end..].copy_from_slice(&checksum.0);
        studio.release_of(&forged);
        let message = studio.refused(&[], 20, &["UNT-PATH-F3", "UNT-FORMAT-FIELD", "UNT-SYMLINK"]);
        assert!(message.contains("link"), "{message}");
    }
    studio.recovers();
}

#[test]
fn f4_a_file_with_another_name_outside() {
    by_each_way(
        |game| fs::hard_link(game.path("tree/data/world.pak"), game.path("outside")).unwrap(),
        |game, is_updated| {
            assert!(is_updated);
            assert_eq!(fs::read(game.path("outside")).unwrap(), fs::read(game.path("old/data/world.pak")).unwrap());
        },
    );
}

#[test]
fn f5_bits_that_give_rights_are_given_to_no_file() {
    let studio = Studio::with("evil", |game| {
        game.write("evil/program", b"#!/bin/sh\n");
        fs::set_permissions(game.path("evil/program"), fs::Permissions::from_mode(0o6755)).unwrap();
    });
    studio.recovers();
    let mode = fs::metadata(studio.game.path("tree/program")).unwrap().mode();
    assert_eq!(mode & 0o7111, 0o111 & mode, "{mode:o}");
    assert_eq!(mode & 0o7000, 0, "{mode:o}");
}

#[test]
fn f6_the_root_of_the_disk_and_the_home_directory() {
    let studio = Studio::new();
    for (dir, home) in [("/", "/nowhere"), ("home", "home")] {
        fs::create_dir_all(studio.game.path("home")).unwrap();
        let mut install = studio.game.command(["install", "store", dir, "--trust", "evil.root"]);
        let output = install.env("HOME", studio.game.path(home)).output().unwrap();
        assert!(text(&output.stderr).contains("[UNT-"), "{dir}: {}", text(&output.stderr));
        assert!(!output.status.success());
    }
    assert_eq!(fs::read_dir(studio.game.path("home")).unwrap().count(), 0);
}

#[test]
fn f6_what_belongs_to_no_build_stays() {
    let studio = Studio::with("evil", |game| game.write("evil/readme.txt", b"version 2"));
    studio.point(|_| {});
    studio.game.write("tree/maps/mine.map", b"my own");
    studio.game.write("tree/saves/1", b"mine, too");
    let said = out(&studio.game.untorn(["update", "tree"]), 0);
    assert!(said.contains("kept, because of what is in it: maps"), "{said}");
    assert_eq!(fs::read(studio.game.path("tree/maps/mine.map")).unwrap(), b"my own");
    assert_eq!(fs::read(studio.game.path("tree/saves/1")).unwrap(), b"mine, too");
    assert!(!studio.game.path("tree/maps/a.map").exists());
}

#[test]
fn f7_a_file_without_the_right_to_write_and_a_program_that_runs() {
    let program = fs::read("/bin/sleep").unwrap();
    let studio = Studio::with("evil", |game| {
        for (build, more) in [("old", &b"one"[..]), ("evil", b"two")] {
            game.write(&format!("{build}/sleep"), &[&program, more].concat());
            fs::set_permissions(game.path(&format!("{build}/sleep")), fs::Permissions::from_mode(0o755)).unwrap();
            game.write(&format!("{build}/readme.txt"), more);
        }
    });
    let game = &studio.game;
    fs::set_permissions(game.path("tree/readme.txt"), fs::Permissions::from_mode(0o444)).unwrap();
    let mut running = Command::new(game.path("tree/sleep")).arg("60").spawn().unwrap();
    let output = game.untorn(["update", "tree"]);
    let is_running = running.try_wait().unwrap().is_none();
    running.kill().unwrap();
    running.wait().unwrap();
    out(&output, 0);
    assert!(is_running);
    assert_eq!(game.content("tree"), game.content("evil"));
}

#[test]
fn f8_a_disk_that_is_full() {
    let studio = Studio::new();
    let (untorn, dir) = (env!("CARGO_BIN_EXE_untorn"), studio.game.path(""));
    fs::create_dir(dir.join("small")).unwrap();
    // A disk of its own, in a name space of its own: needs no root, where the system allows it.
    let script = format!(
        "mount -t tmpfs -o size=1200k tmpfs small || exit 77
         cp -a tree/. small/ || exit 78
         dd if=/dev/zero of=small/mine bs=1k 2>/dev/null
         for way in '' --no-patches; do {untorn} update small --from store $way 2>said; echo $? >>codes; done
         rm small/mine && cp -a small result
         {untorn} update small --from store || exit 79
         cp -a small after"
    );
    let mut shell = Command::new("unshare");
    let ran = shell.args(["--map-root-user", "--mount", "sh", "-c", &script]).current_dir(&dir).output();
    let status = ran.as_ref().ok().and_then(|output| output.status.code());
    if matches!(status, None | Some(1 | 77)) {
        println!("skipped: no file system of its own may be mounted here: {ran:?}");
        return;
    }
    assert_eq!(status, Some(0), "{ran:?}");
    assert_eq!(fs::read_to_string(dir.join("codes")).unwrap(), "31\n31\n", "{}", fs::read_to_string(dir.join("said")).unwrap());
    let said = fs::read_to_string(dir.join("said")).unwrap();
    assert!(said.contains("UNT-SPACE") && said.contains("nothing was changed"), "{said}");
    assert_eq!(studio.game.content("result"), studio.game.content("old"));
    assert_eq!(studio.game.content("after"), studio.game.content("new"));
}

#[test]
fn f9_two_updaters_and_a_running_game() {
    let studio = Studio::new();
    let game = &studio.game;
    let held = Tree::open(&game.path("tree")).unwrap();
    let message = studio.refused(&[], 30, &["UNT-BUSY"]);
    assert!(message.contains(&format!("process {}", std::process::id())), "{message}");
    drop(held);
    let playing = ReadGuard::acquire(&game.path("tree")).unwrap();
    studio.refused(&[], 30, &["UNT-IN-USE"]);
    drop(playing);
    studio.recovers();
}

#[test]
fn f10_a_journal_that_somebody_wrote() {
    for slot in [&[7; 4096][..], &[0; 4096], b"untorn:j", &[]] {
        let studio = Studio::new();
        let game = &studio.game;
        for number in 0..3 {
            game.write(&format!("tree/.untorn/slot.{number}"), slot);
        }
        let output = game.untorn(["update", "tree"]);
        // What says nothing is no reason to lose anything.
        let message = text(&output.stderr);
        assert!(output.status.success() || message.contains("UNT-JOURNAL"), "{message}");
        let is_new = game.content("tree") == game.content("new");
        assert_eq!(is_new, output.status.success());
        assert!(is_new || game.content("tree") == game.content("old"));
    }
    // A plan out of nowhere, and the folder of a transaction that nobody decided.
    let studio = Studio::new();
    let game = &studio.game;
    game.write("tree/.untorn/tx/9/plan", b"evil");
    game.write("tree/.untorn/tx/9/s/0000", b"evil");
    studio.recovers();
    assert!(!game.path("tree/.untorn/tx/9").exists());
}

#[test]
fn f11_a_tree_that_others_may_write_into_is_no_place_for_the_superuser() {
    let studio = Studio::new();
    let game = &studio.game;
    if fs::metadata(game.path("tree")).unwrap().uid() != 0 {
        eprintln!("skipped: only the superuser outranks anybody");
        return;
    }
    let says_so = |args: &[&str]| {
        let output = game.untorn(args);
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stdout).contains("more rights than those who may write")
    };
    assert!(!says_so(&["recover", "tree"]));
    fs::set_permissions(game.path("tree"), fs::Permissions::from_mode(0o777)).unwrap();
    assert!(says_so(&["recover", "tree"]));
    fs::set_permissions(game.path("tree"), fs::Permissions::from_mode(0o755)).unwrap();
    std::os::unix::fs::chown(game.path("tree"), Some(12_345), None).unwrap();
    assert!(says_so(&["update", "tree"]), "an update of a tree of somebody else");
    assert!(says_so(&["rollback", "tree"]), "and the way back");
}
