//! Rows P1 to P6 and P9 to P14 through the command line: patches made to harm, given to `apply`, and lying in a store, signed, for `update`.

use std::{fs, io::Write, path::Path, process::Stdio, thread, time::Duration};

use crate::{
    evil::Studio,
    forge::{Parts, lzma},
    util::{Game, err, memory, out, text},
};
use untorn_format::{
    Hash,
    patch::{HEADER_LEN, Header},
    release::IndexObject,
};
use untorn_store::layout::Name;

/// Applies it. It is refused with the tree as it was; or, where the forged byte means nothing, the tree is the new build, and led back.
fn attempt(game: &Game, patch: &[u8], what: &str) -> Option<String> {
    game.write("forged", patch);
    let output = game.untorn(["apply", "forged", "game"]);
    if output.status.success() {
        assert_eq!(game.content("game"), game.content("new"), "{what}");
        out(&game.untorn(["rollback", "game"]), 0);
        assert_eq!(game.content("game"), game.content("old"), "{what}");
        return None;
    }
    let message = err(&output, output.status.code().unwrap());
    let says_so = message.contains("unchanged") || message.contains("nothing was changed");
    assert!(message.contains("[UNT-") && says_so, "{what}: {message}");
    assert_eq!(game.content("game"), game.content("old"), "{what}");
    Some(message)
}

fn patch_of(game: &Game) -> Vec<u8> {
    fs::read(game.path("patch")).unwrap()
}

#[test]
fn p1_flipped_cut_off_or_extended() {
    let game = Game::new();
    let patch = patch_of(&game);
    for at in (0..patch.len()).step_by(7) {
        let mut flipped = patch.clone();
        flipped[at] ^= 1 << (at % 8);
        assert!(attempt(&game, &flipped, "flipped").is_some(), "byte {at}");
        assert!(attempt(&game, &patch[..at], "cut off").is_some(), "{at} bytes");
    }
    assert!(attempt(&game, &[&patch[..], b"\n"].concat(), "extended").unwrap().contains("UNT-PATCH-TRAILING"));
    assert!(attempt(&game, &patch, "as it was").is_none());
}

#[test]
fn p2_p3_lengths_that_overflow_or_promise_terabytes() {
    let game = Game::new();
    let patch = patch_of(&game);
    let header = Header::decode(patch[..HEADER_LEN].try_into().unwrap()).unwrap();
    for number in [0, (1 << 31) - 1, 1 << 31, (1 << 32) - 1, 1 << 32, 1 << 40, (1 << 63) - 1, 1 << 63, u64::MAX] {
        for field in 0..4 {
            let mut header = header.clone();
            let lengths = [&mut header.facts_stored_len, &mut header.facts_len, &mut header.digests_len, &mut header.frames_len];
            let [length] = [lengths.into_iter().nth(field).unwrap()];
            *length = if *length == number { number + 1 } else { number };
            let forged = [&header.encode()[..], &patch[HEADER_LEN..]].concat();
            assert!(attempt(&game, &forged, "a length").is_some(), "{number} in field {field}");
        }
    }
}

#[test]
fn p4_frames_that_are_bombs() {
    let game = Game::new();
    let parts = Parts::of(&patch_of(&game));
    for frames in [zstd::bulk::compress(&vec![0; 64 << 20], 3).unwrap(), lzma(&vec![0; 64 << 20]), vec![]] {
        let mut forged = parts.clone();
        forged.frames = frames;
        assert!(attempt(&game, &forged.forge(), "frames").is_some());
    }
    let mut forged = parts;
    forged.facts.extend(vec![0; 32 << 20]);
    assert!(attempt(&game, &forged.forge(), "facts").is_some());
}

#[test]
fn p5_p6_p10_whatever_a_byte_of_its_facts_becomes() {
    let game = Game::new();
    let parts = Parts::of(&patch_of(&game));
    for at in 0..parts.facts.len() {
        let (mut more, mut cut, mut doubled) = (parts.clone(), parts.clone(), parts.clone());
        more.facts[at] = more.facts[at].wrapping_add(1);
        cut.facts.remove(at);
        doubled.facts.insert(at, doubled.facts[at]);
        for forged in [more, cut, doubled] {
            drop(attempt(&game, &forged.forge(), &format!("byte {at}")));
        }
    }
}

#[test]
fn p11_counts_without_end() {
    let game = Game::new();
    let parts = Parts::of(&patch_of(&game));
    for at in 0..parts.facts.len() {
        let mut forged = parts.clone();
        forged.facts.splice(at..=at, [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]);
        assert!(attempt(&game, &forged.forge(), "a count").is_some(), "byte {at}");
    }
}

#[test]
fn p12_a_file_that_changes_after_the_check() {
    let game = Game::new();
    let patch = patch_of(&game);
    let header = Header::decode(patch[..HEADER_LEN].try_into().unwrap()).unwrap();
    let checked = HEADER_LEN + (header.facts_stored_len + header.digests_len) as usize;
    let mut child = game.command(["apply", "-", "game"]).stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(&patch[..checked]).unwrap();
    // What the patch is about is checked as soon as that has come; it waits for the rest.
    while !game.path("game/.untorn/tx").exists() {
        thread::sleep(Duration::from_millis(5));
    }
    thread::sleep(Duration::from_millis(500));
    game.write("game/gone.txt", b"GONE");
    stdin.write_all(&patch[checked..]).unwrap();
    drop(stdin);
    let message = text(&child.wait_with_output().unwrap().stderr);
    // On a machine that was busy, what was changed may be all that it ever saw.
    assert!(message.contains("[UNT-CHANGED]") || message.contains("[UNT-BASE]"), "{message}");
    game.write("game/gone.txt", b"gone");
    assert_eq!(game.content("game"), game.content("old"));
}

#[test]
fn p14_a_file_whose_hash_begins_alike() {
    let game = Game::new();
    let wanted = Hash::of(b"version 1").0;
    let alike = (0_u32..).map(|number| format!("another {number}").into_bytes());
    let alike = alike.into_iter().find(|bytes| Hash::of(bytes).0[..2] == wanted[..2]).unwrap();
    game.write("game/readme.txt", &alike);
    assert!(err(&game.untorn(["apply", "patch", "game"]), 22).contains("UNT-BASE"));
    assert_eq!(fs::read(game.path("game/readme.txt")).unwrap(), alike);
}

/// In a store, and signed by the right key: where there are chunks, too, they lead there; else it is refused.
#[test]
fn p4_p5_p6_p10_signed_by_whoever_has_the_key_and_given_to_an_update() {
    let studio = Studio::new();
    let (release, game) = (studio.build(2), &studio.game);
    copy(&game.path("tree"), &game.path("first"));
    let right = fs::read(studio.store(&Name::Patch(release.patches[0].hash))).unwrap();
    let parts = Parts::of(&right);
    let mut forgeries = vec![right[..right.len() - 1].to_vec(), [&right[..], b"x"].concat()];
    let mut bomb = parts.clone();
    bomb.frames = zstd::bulk::compress(&vec![0; 64 << 20], 3).unwrap();
    forgeries.push(bomb.forge());
    for at in (0..parts.facts.len()).step_by(5) {
        let mut forged = parts.clone();
        forged.facts[at] ^= 0x0c;
        forgeries.push(forged.forge());
    }
    for forged in &forgeries {
        game.write(&format!("store/{}", Name::Patch(Hash::of(forged))), forged);
        let header = Header::decode(forged[..HEADER_LEN].try_into().unwrap()).unwrap();
        for has_index in [false, true] {
            studio.release(|release| {
                let patch = &mut release.patches[0];
                (patch.hash, patch.len, patch.header_hash) = (Hash::of(forged), forged.len() as u64, Hash::of(&header.encode()));
                if !has_index {
                    (release.index, release.bridges) = (IndexObject::NONE, Vec::new());
                }
            });
            let output = memory::run(&mut game.command(["update", "tree"]));
            let is_led = output.status.success();
            assert!(is_led || !has_index, "{output:?}");
            assert_eq!(game.content("tree"), game.content(if is_led { "new" } else { "old" }));
            if is_led {
                fs::remove_dir_all(game.path("tree")).unwrap();
                copy(&game.path("first"), &game.path("tree"));
            }
        }
    }
    studio.recovers();
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}
