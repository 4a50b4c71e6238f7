//! Rows U1 to U5 and U8 to U15 through the command line: documents that were signed by the wrong key, at the wrong time or for something else, and the runbooks of `SECURITY.md`.

use std::fs;

use base64::{Engine, engine::general_purpose::STANDARD};
use untorn_format::{
    Hash,
    release::{Channel, PublicKey, Release, Root, Signed},
};
use untorn_store::layout::Name;
use untorn_trust::Document;

use crate::{
    evil::{CHANNEL, RELEASE, ROOT, Studio, pointer, role, root, signed},
    util::{err, out},
};

/// Nobody's key.
const STRANGER: [usize; 1] = [5];

#[test]
fn u1_what_no_right_key_signed() {
    let studio = Studio::new();
    for keys in [&STRANGER[..], &RELEASE, &ROOT, &[]] {
        studio.put_channel(&studio.next(), keys);
        studio.refused(&[], 20, &["UNT-TRUST-SIGNATURE", "UNT-TRUST-ENVELOPE"]);
    }
    studio.point(|_| {});
    for keys in [&STRANGER[..], &CHANNEL, &ROOT] {
        studio.put_release(&studio.build(2), keys);
        studio.refused(&[], 20, &["UNT-TRUST-SIGNATURE"]);
    }
    studio.put_release(&studio.build(2), &RELEASE);
    studio.recovers();
}

#[test]
fn u2_an_older_word() {
    let studio = Studio::new();
    studio.recovers();
    let mut older = studio.next();
    (older.seq, older.platforms) = (1, vec![pointer(&studio.build(1))]);
    studio.put_channel(&older, &CHANNEL);
    assert!(err(&studio.game.untorn(["update", "tree"]), 21).contains("UNT-TRUST-ROLLBACK"));
    assert_eq!(studio.game.content("tree"), studio.game.content("new"));
}

#[test]
fn u3_a_number_that_ran_ahead() {
    let studio = Studio::new();
    studio.point(|channel| channel.seq = u64::MAX);
    out(&studio.game.untorn(["update", "tree"]), 0);
    studio.point(|channel| channel.seq = 5);
    assert!(err(&studio.game.untorn(["update", "tree"]), 21).contains("UNT-TRUST-ROLLBACK"));
    // A root that raises the epoch ends it.
    let mut second = root();
    (second.version, second.channel) = (2, role(1, 1, &CHANNEL));
    studio.put_root(&second, &ROOT);
    studio.point(|channel| (channel.epoch, channel.seq, channel.platforms) = (1, 1, vec![pointer(&studio.build(1))]));
    out(&studio.game.untorn(["update", "tree"]), 0);
    assert_eq!(studio.game.content("tree"), studio.game.content("old"));
}

#[test]
fn u4_a_word_that_is_old() {
    let studio = Studio::new();
    let is_old = |channel: &mut Channel| channel.expires = channel.issued + 1;
    studio.point(is_old);
    studio.refused(&["--expiry", "enforce"], 21, &["UNT-TRUST-EXPIRED"]);
    let said = out(&studio.game.untorn(["update", "tree"]), 0);
    assert!(said.contains("nobody has vouched"), "{said}");
    assert_eq!(studio.game.content("tree"), studio.game.content("new"));
}

#[test]
fn u5_another_release_than_the_one_that_is_named() {
    let studio = Studio::new();
    let (one, two) = (studio.build(1), studio.build(2));
    let (document, signatures) = (Name::Release(two.id()), Name::ReleaseSignatures(two.id()));
    fs::copy(studio.store(&Name::Release(one.id())), studio.store(&document)).unwrap();
    fs::copy(studio.store(&Name::ReleaseSignatures(one.id())), studio.store(&signatures)).unwrap();
    studio.refused(&[], 40, &["UNT-NET-CONTENT"]);
    studio.put_release(&two, &RELEASE);
    studio.point(|channel| channel.platforms[0].build = 9);
    studio.refused(&[], 20, &["UNT-TRUST-RELEASE"]);
    studio.recovers();
}

#[test]
fn u8_p8_for_something_else() {
    let studio = Studio::new();
    studio.point(|channel| channel.product = "other".into());
    studio.refused(&[], 22, &["UNT-TRUST-PRODUCT"]);
    studio.point(|channel| channel.name = "late".into());
    studio.refused(&[], 20, &["UNT-TRUST-CHANNEL"]);
    studio.point(|channel| channel.platforms[0].platform = "mars".into());
    studio.refused(&[], 20, &["UNT-TRUST-CHANNEL"]);
    studio.release(|release| release.product = "other".into());
    studio.refused(&[], 22, &["UNT-TRUST-PRODUCT"]);
    // One kind of document for another.
    studio.put_pointer(&signed(&Document::Release(studio.build(2)), &CHANNEL));
    studio.refused(&[], 20, &["UNT-TRUST-DOCUMENT"]);
    studio.put_pointer(&signed(&Document::Root(root()), &CHANNEL));
    studio.refused(&[], 20, &["UNT-TRUST-DOCUMENT"]);
    studio.recovers();
}

#[test]
fn u9_a_stolen_channel_key() {
    let studio = Studio::new();
    // It makes no release, ...
    let mut own = studio.build(2);
    own.build = 3;
    studio.put_release(&own, &CHANNEL);
    studio.point(|channel| channel.platforms = vec![pointer(&own)]);
    studio.refused(&[], 20, &["UNT-TRUST-SIGNATURE"]);
    // ... and leads nobody below the floor.
    studio.point(|channel| (channel.seq, channel.floor) = (5, 2));
    out(&studio.game.untorn(["update", "tree"]), 0);
    studio.point(|channel| (channel.seq, channel.platforms) = (7, vec![pointer(&studio.build(1))]));
    assert!(err(&studio.game.untorn(["update", "tree"]), 21).contains("UNT-TRUST-FLOOR"));
    // The runbook: a root with another key and a higher epoch. The thief is not heard any more, the studio is.
    let mut second = root();
    (second.version, second.channel) = (2, role(1, 1, &STRANGER));
    studio.put_root(&second, &ROOT);
    studio.point(|channel| channel.seq = 99);
    assert!(err(&studio.game.untorn(["update", "tree"]), 20).contains("UNT-TRUST-SIGNATURE"));
    let mut good = studio.next();
    (good.epoch, good.seq) = (1, 1);
    studio.put_channel(&good, &STRANGER);
    out(&studio.game.untorn(["update", "tree"]), 0);
    assert_eq!(studio.game.content("tree"), studio.game.content("new"));
}

#[test]
fn u10_a_stolen_release_key() {
    let studio = Studio::new();
    // The runbook: a root with another key, and nothing below build 10 is believed.
    let mut second = root();
    (second.version, second.release, second.min_build) = (2, role(1, 1, &STRANGER), 10);
    studio.put_root(&second, &ROOT);
    let mut release = studio.build(2);
    release.build = 9;
    let point = |release: &Release| studio.point(|channel| channel.platforms = vec![pointer(release)]);
    point(&release);
    studio.put_release(&release, &RELEASE);
    studio.refused(&[], 20, &["UNT-TRUST-SIGNATURE"]);
    studio.put_release(&release, &STRANGER);
    studio.refused(&[], 21, &["UNT-TRUST-FLOOR"]);
    release.build = 10;
    point(&release);
    studio.put_release(&release, &STRANGER);
    out(&studio.game.untorn(["update", "tree"]), 0);
    assert_eq!(studio.game.content("tree"), studio.game.content("new"));
}

#[test]
fn u11_a_root_that_too_few_signed_or_out_of_order() {
    let studio = Studio::new();
    let mut second = root();
    (second.version, second.channel) = (2, role(1, 1, &STRANGER));
    for keys in [&[0][..], &STRANGER, &[3, 4]] {
        studio.put_root(&second, keys);
        studio.refused(&[], 20, &["UNT-TRUST-SIGNATURE", "UNT-TRUST-THRESHOLD"]);
    }
    // The third in the place of the second.
    let third = Root { version: 3, ..second };
    studio.put_root(&third, &ROOT);
    fs::copy(studio.store(&Name::Root(3)), studio.store(&Name::Root(2))).unwrap();
    fs::copy(studio.store(&Name::RootSignatures(3)), studio.store(&Name::RootSignatures(2))).unwrap();
    studio.refused(&[], 20, &["UNT-TRUST-CHAIN"]);
    for name in [Name::Root(2), Name::RootSignatures(2), Name::Root(3), Name::RootSignatures(3)] {
        fs::remove_file(studio.store(&name)).unwrap();
    }
    studio.recovers();
}

#[test]
fn u12_one_key_counts_once() {
    let studio = Studio::new();
    let mut second = root();
    second.version = 2;
    studio.put_root(&second, &[0, 0]);
    studio.refused(&[], 20, &["UNT-TRUST-SIGNATURE", "UNT-TRUST-THRESHOLD"]);
    studio.put_root(&second, &ROOT);
    studio.recovers();
}

#[test]
fn u13_other_kinds_of_signatures_and_keys_that_need_no_secret() {
    let studio = Studio::new();
    let right = signed(&Document::Channel(studio.next()), &CHANNEL);
    for kind in [b"Ed", b"XX"] {
        let mut lines: Vec<String> = right.signatures.lines().map(str::to_owned).collect();
        let mut signature = STANDARD.decode(&lines[1]).unwrap();
        signature[..2].copy_from_slice(kind);
        lines[1] = STANDARD.encode(signature);
        studio.put_pointer(&Signed { signatures: lines.join("\n") + "\n", document: right.document.clone() });
        studio.refused(&[], 20, &["UNT-TRUST-ALGORITHM"]);
    }
    // The point of order 1: anybody can sign for it.
    let mut weak = root();
    let mut point = [0; 32];
    point[0] = 1;
    weak.channel.keys = vec![PublicKey { id: [1; 8], key: point }];
    studio.game.write("weak.root", &signed(&Document::Root(weak), &ROOT).encode());
    err(&studio.game.untorn(["install", "store", "other", "--trust", "weak.root"]), 20);
    studio.recovers();
}

#[test]
fn u14_two_words_with_one_number() {
    let studio = Studio::new();
    studio.recovers();
    studio.point(|channel| channel.salt = [9; 16]);
    assert!(err(&studio.game.untorn(["update", "tree"]), 20).contains("UNT-TRUST-FORK"));
    studio.point(|channel| (channel.seq, channel.prev) = (3, Hash::of(b"another one")));
    assert!(err(&studio.game.untorn(["update", "tree"]), 20).contains("UNT-TRUST-FORK"));
    assert_eq!(studio.game.content("tree"), studio.game.content("new"));
}

#[test]
fn u15_nobody_goes_back_below_the_floor() {
    let studio = Studio::new();
    studio.recovers();
    out(&studio.game.untorn(["rollback", "tree"]), 0);
    assert_eq!(studio.game.content("tree"), studio.game.content("old"));
    // A newer word may lead to the build that was left only where that is asked for; and it raises the floor.
    studio.point(|channel| (channel.seq, channel.prev, channel.floor) = (3, Hash::of(&studio.next().encode()), 2));
    out(&studio.game.untorn(["update", "tree", "--regardless"]), 0);
    assert!(err(&studio.game.untorn(["rollback", "tree"]), 21).contains("UNT-TRUST-FLOOR"));
    assert_eq!(studio.game.content("tree"), studio.game.content("new"));
}
