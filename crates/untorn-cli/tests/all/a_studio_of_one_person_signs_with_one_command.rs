//! Keys, signed patches and documents through the command line: U1, U2, U8, U10, U13.

use std::{fs, process::Command};

use crate::util::{Game, err, out, text};

const PASSWORD: &str = "correct horse";

impl Game {
    fn studio(&self, args: &[&str]) -> std::process::Output {
        self.bare_command(args).env("UNTORN_KEY_PASSWORD", PASSWORD).output().unwrap()
    }

    /// A key, a root, and a signed patch.
    fn signed() -> Self {
        let game = Self::new();
        out(&game.studio(&["key", "new", "keys", "--product", "game"]), 0);
        out(
            &game.studio(&[
                "diff",
                "old",
                "new",
                "-o",
                "signed",
                "--key",
                "keys/game.key",
                "--root",
                "keys/game.1.root",
                "--build",
                "2",
            ]),
            0,
        );
        game
    }
}

#[test]
fn u1_a_signed_patch_is_applied_with_the_root_and_no_other() {
    let game = Game::signed();
    let before = game.content("game");
    assert!(err(&game.studio(&["apply", "signed", "game"]), 20).contains("UNT-TRUST-NO-ROOT"));
    assert!(err(&game.studio(&["apply", "patch", "game"]), 20).contains("UNT-TRUST-UNSIGNED"));
    assert!(err(&game.studio(&["apply", "patch", "game", "--trust", "keys/game.1.root"]), 20).contains("UNT-TRUST-UNSIGNED"));
    out(&game.studio(&["key", "new", "others", "--product", "game", "--no-password"]), 0);
    assert!(err(&game.studio(&["apply", "signed", "game", "--trust", "others/game.1.root"]), 20).contains("UNT-TRUST-FORK"));
    assert_eq!(game.content("game"), before);
    let said = out(&game.studio(&["apply", "signed", "game", "--trust", "keys/game.1.root"]), 0);
    assert!(said.contains("game build 2 for any, signed by "), "{said}");
    assert_eq!(game.content("game"), game.content("new"));
    let status = out(&game.studio(&["status", "game"]), 0);
    assert!(status.contains("this is game build 2 for any"), "{status}");
}

#[test]
fn u1_on_first_use_the_fingerprint_is_printed() {
    let game = Game::signed();
    let shown = out(&game.studio(&["key", "show", "keys/game.1.root"]), 0);
    let fingerprint = shown.split("fingerprint ").nth(1).unwrap().lines().next().unwrap();
    let said = out(&game.studio(&["apply", "signed", "game", "--trust-on-first-use"]), 0);
    assert!(said.contains(&format!("root {fingerprint}")), "{said}");
}

#[test]
fn an_unsigned_patch_says_that_it_is() {
    let game = Game::new();
    let said = out(&game.studio(&["apply", "patch", "game", "--unsigned"]), 0);
    assert!(said.contains("UNSIGNED"), "{said}");
    let said = out(&game.studio(&["diff", "old", "new", "-o", "patch2"]), 0);
    assert!(said.contains("not signed"), "{said}");
}

#[test]
fn u2_an_older_release_needs_to_be_asked_for() {
    let game = Game::signed();
    out(&game.studio(&["apply", "signed", "game", "--trust", "keys/game.1.root"]), 0);
    let sign = ["--key", "keys/game.key", "--root", "keys/game.1.root", "--build", "1"];
    out(&game.studio(&[&["diff", "new", "old", "-o", "back"][..], &sign].concat()), 0);
    assert!(err(&game.studio(&["apply", "back", "game"]), 21).contains("UNT-TRUST-OLDER"));
    assert_eq!(game.content("game"), game.content("new"));
    out(&game.studio(&["apply", "back", "game", "--allow-downgrade"]), 0);
    assert_eq!(game.content("game"), game.content("old"));
}

#[test]
fn u8_p8_another_platform_has_the_exit_code_of_a_wrong_base() {
    let game = Game::signed();
    out(&game.studio(&["apply", "signed", "game", "--trust", "keys/game.1.root"]), 0);
    let sign = ["--key", "keys/game.key", "--root", "keys/game.1.root", "--build", "3", "--platform", "mac"];
    out(&game.studio(&[&["diff", "new", "old", "-o", "back"][..], &sign].concat()), 0);
    assert!(err(&game.studio(&["apply", "back", "game"]), 22).contains("UNT-TRUST-PLATFORM"));
}

#[test]
fn u10_keys_are_split_and_revoked_and_players_follow() {
    let game = Game::signed();
    out(&game.studio(&["apply", "signed", "game", "--trust", "keys/game.1.root"]), 0);
    let said = out(&game.studio(&["key", "split", "--root", "keys/game.1.root", "--key", "keys/game.key"]), 0);
    assert!(said.contains("2 of 3 must sign"), "{said}");
    let roots = ["--root", "keys/game.1.root", "--root", "keys/game.2.root"];
    // The key of before makes no releases any more.
    let old_key = [&["diff", "new", "old", "-o", "back", "--key", "keys/game.key", "--build", "3"][..], &roots].concat();
    assert!(err(&game.studio(&old_key), 20).contains("UNT-TRUST-SIGNATURE"));
    let new_key = [&["diff", "new", "old", "-o", "back", "--key", "keys/release.key", "--build", "3"][..], &roots].concat();
    out(&game.studio(&new_key), 0);
    out(&game.studio(&["apply", "back", "game"]), 0);
    // A stolen release key: one root key is not enough, two are.
    out(&game.studio(&["key", "new", "spare", "--product", "spare"]), 0);
    let revoke = ["key", "revoke", "--old", "keys/release.pub", "--new", "spare/spare.pub", "--min-build", "4"];
    let one = [&revoke[..], &roots, &["--key", "keys/root-1.key"]].concat();
    let said = out(&game.studio(&one), 0);
    assert!(said.contains("not complete yet") && said.contains("what to do next"), "{said}");
    let said = out(&game.studio(&["sign", "keys/game.3.root", "--key", "keys/root-3.key"]), 0);
    assert!(said.contains("untorn root product=game version=3"), "{said}");
    let roots = [&roots[..], &["--root", "keys/game.3.root"]].concat();
    let by_thief = [&["diff", "old", "new", "-o", "evil", "--key", "keys/release.key", "--build", "9"][..], &roots].concat();
    assert!(err(&game.studio(&by_thief), 20).contains("UNT-TRUST-SIGNATURE"));
    let good = [&["diff", "old", "new", "-o", "good", "--key", "spare/spare.key", "--build", "4"][..], &roots].concat();
    out(&game.studio(&good), 0);
    out(&game.studio(&["apply", "good", "game"]), 0);
    // And from now on nobody goes back below build 4.
    assert!(err(&game.studio(&["rollback", "game"]), 21).contains("UNT-TRUST-FLOOR"));
}

#[test]
fn patches_are_joined_and_signed_or_refused_before_any_work() {
    let game = Game::signed();
    game.write("third/readme.txt", b"version 3");
    out(&game.studio(&["diff", "new", "third", "-o", "back"]), 0);
    out(&game.studio(&["manifest", "third", "-o", "third.manifest"]), 0);
    out(&game.studio(&["manifest", "new", "-o", "new.manifest"]), 0);
    let sign = ["--key", "keys/game.key", "--root", "keys/game.1.root", "--build", "3"];
    let merge = |more: &[&str]| game.studio(&[&["merge", "signed", "back", "-o", "joined"][..], &sign, more].concat());
    let refused = err(&merge(&[]), 2);
    assert!(refused.contains("--manifest") && refused.contains("nothing was written"), "{refused}");
    err(&merge(&["--manifest", "new.manifest"]), 1);
    assert!(!game.path("joined").exists());
    out(&merge(&["--manifest", "third.manifest"]), 0);
    // What is shown of any of them is all of it.
    for patch in ["signed", "back", "joined"] {
        let (_, document) = game.json(["inspect", patch, "--limit", "0"]);
        let result = &document["result"];
        let number = |field: &str| result[field].as_u64().unwrap();
        let of_paths: u64 = result["paths"].as_array().unwrap().iter().map(|path| path["bytes"].as_u64().unwrap()).sum();
        assert_eq!(of_paths + number("index_bytes"), number("bytes"), "{patch}");
        assert_eq!(number("bytes") + number("preface_bytes"), fs::metadata(game.path(patch)).unwrap().len(), "{patch}");
        assert_eq!(number("preface_bytes") > 0, patch != "back", "{patch}");
    }
}

#[test]
fn u13_documents_are_shown_and_taken_out_for_minisign() {
    let game = Game::signed();
    let said = out(&game.studio(&["inspect", "keys/game.1.root", "--extract", "1.root"]), 0);
    assert!(said.contains("untorn root product=game version=1"), "{said}");
    assert!(out(&game.studio(&["inspect", "1.root"]), 0).contains("signature of "));
    assert!(out(&game.studio(&["inspect", "signed"]), 0).contains("game build 2 for any, signed by"));
    assert!(out(&game.studio(&["inspect", "patch"]), 0).contains("not signed"));
    let minisign = |args: &[&str]| Command::new("minisign").args(args).current_dir(game.path("")).output();
    match minisign(&["-Vm", "1.root", "-p", "keys/game.pub"]) {
        Ok(output) => assert!(output.status.success(), "{}", text(&output.stderr)),
        Err(_) => eprintln!("SKIPPED: no program `minisign` here; `apt-get install minisign`"),
    }
    // And signed anew, beside the document.
    fs::remove_file(game.path("1.root.minisig")).unwrap();
    out(&game.studio(&["sign", "1.root", "--key", "keys/game.key"]), 0);
    if let Ok(output) = minisign(&["-Vm", "1.root", "-p", "keys/game.pub"]) {
        assert!(output.status.success(), "{}", text(&output.stderr));
    }
}

#[test]
fn secrets_stay_secret() {
    let game = Game::signed();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(game.path("keys/game.key")).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let before = fs::read(game.path("keys/game.key")).unwrap();
    assert!(err(&game.studio(&["key", "new", "keys", "--product", "game"]), 32).contains("game.key"));
    assert_eq!(fs::read(game.path("keys/game.key")).unwrap(), before, "a key is never overwritten");
    let sign = ["sign", "keys/game.1.root", "--key", "keys/game.key"];
    let wrong = game.bare_command(sign).env("UNTORN_KEY_PASSWORD", "wrong").output().unwrap();
    assert!(err(&wrong, 1).contains("UNT-KEY-PASSWORD"));
    let none = game.bare_command(sign).env_remove("UNTORN_KEY_PASSWORD").output().unwrap();
    assert!(err(&none, 1).contains("UNT-KEY-PASSWORD"));
    let empty = game.bare_command(["key", "new", "more", "--product", "more"]).env("UNTORN_KEY_PASSWORD", "").output().unwrap();
    assert!(err(&empty, 2).contains("--no-password"));
    game.write("password", b"correct horse\n");
    let mut typed = game.bare_command([&sign[..], &["--password-stdin"]].concat());
    typed.env_remove("UNTORN_KEY_PASSWORD").stdin(fs::File::open(game.path("password")).unwrap());
    out(&typed.output().unwrap(), 0);
}

#[test]
fn the_way_back_is_signed_as_the_build_it_leads_to() {
    let game = Game::new();
    out(&game.studio(&["key", "new", "keys", "--product", "game"]), 0);
    let sign = ["--key", "keys/game.key", "--root", "keys/game.1.root", "--build", "2"];
    let both = ["diff", "old", "new", "-o", "2.patch", "--both=1.patch"];
    let without_number = err(&game.studio(&[&both[..], &sign].concat()), 2);
    assert!(without_number.contains("--old-build"), "{without_number}");
    out(&game.studio(&[&both[..], &sign, &["--old-build", "1", "--old-label", "one"]].concat()), 0);
    let before = game.content("game");
    out(&game.studio(&["apply", "2.patch", "game", "--trust", "keys/game.1.root"]), 0);
    assert_eq!(game.content("game"), game.content("new"));
    err(&game.studio(&["apply", "1.patch", "game"]), 21);
    out(&game.studio(&["apply", "1.patch", "game", "--allow-downgrade"]), 0);
    assert_eq!(game.content("game"), before);
}
