//! Rows U6 and U7 through the command line: hosts that give other answers than they should, while a patch is applied or chunks are put together as they come.
#![cfg(feature = "http")]

use std::time::Duration;

use crate::{
    evil::Studio,
    util::{Game, noise, out},
};
use untorn_testhost::{Action, Host, HostOptions, Request};

/// With enough in it that a part of it can come.
fn studio() -> Studio {
    Studio::with("evil", |game: &Game| {
        game.write("old/data/large.pak", &noise(1, 700_000));
        game.write("evil/data/large.pak", &noise(2, 700_000));
        game.write("evil/readme.txt", b"version 1.1");
    })
}

/// Updates by patches and by chunks from a host that answers so whenever a path begins with one of `folders`.
fn refused(
    folders: &'static [&'static str],
    answer: impl Fn(&Request) -> Action + Clone + Send + Sync + 'static,
    exit: i32,
    codes: &[&str],
) {
    let studio = studio();
    let decide = move |request: &Request| {
        if folders.iter().any(|folder| request.path.starts_with(folder)) { answer(request) } else { Action::Serve }
    };
    let host = Host::start_with(&studio.game.path("store"), HostOptions::default().deciding(decide)).unwrap();
    for way in [&["--from"][..], &["--no-patches", "--from"]] {
        studio.refused(&[way, &[&host.url()]].concat(), exit, codes);
    }
    // A mirror that is as it should be helps.
    out(&studio.game.untorn(["update", "tree", "--from", &host.url(), "--from", "store"]), 0);
    assert_eq!(studio.game.content("tree"), studio.game.content("evil"));
}

const DOCUMENTS: &[&str] = &["channel", "release"];
const DATA: &[&str] = &["pack", "patch"];

fn say(status: u16, line: &'static str, body: &'static str) -> impl Fn(&Request) -> Action + Clone {
    move |_| Action::Say(status, vec![line.into()], body.into())
}

#[test]
fn u6_endless_documents() {
    refused(DOCUMENTS, |_| Action::Endless, 40, &["UNT-NET-LENGTH"]);
}

#[test]
fn u6_endless_data() {
    refused(DATA, |_| Action::Endless, 40, &["UNT-NET-LENGTH", "UNT-NET-CONTENT", "UNT-NET-NO-RANGE"]);
}

#[test]
fn u6_a_connection_that_is_cut_again_and_again() {
    refused(DATA, |_| Action::Cut(1000), 40, &["UNT-NET-BROKEN", "UNT-NET-CUT"]);
}

#[test]
fn u6_pauses_are_no_reason_to_give_up() {
    let studio = studio();
    let slow = |_: &Request| Action::Trickle(20_000, Duration::from_millis(5));
    let host = Host::start_with(&studio.game.path("store"), HostOptions::default().deciding(slow)).unwrap();
    out(&studio.game.untorn(["update", "tree", "--from", &host.url()]), 0);
    assert_eq!(studio.game.content("tree"), studio.game.content("evil"));
}

#[test]
fn u7_pages_instead_of_documents() {
    refused(DOCUMENTS, say(200, "Content-Type: text/html", "<html>Log in, please</html>"), 40, &["UNT-NET-PAGE"]);
}

#[test]
fn u7_pages_instead_of_data() {
    refused(DATA, say(200, "Content-Type: text/html", "<html>Log in, please</html>"), 40, &["UNT-NET-PAGE"]);
}

#[test]
fn u7_other_parts_than_were_asked_for() {
    refused(DATA, |_| Action::OtherPart(0..100), 40, &["UNT-NET-RANGE", "UNT-NET-LENGTH"]);
}

#[test]
fn u7_bytes_that_are_not_the_right_ones() {
    // In what is applied first, and in what comes last.
    for place in [5, 100_000] {
        let flip = move |request: &Request| {
            let range = request.range.clone().unwrap_or(0..u64::MAX);
            Action::Flip((range.start + place).min(range.end - 1))
        };
        refused(DATA, flip, 40, &["UNT-NET-CONTENT"]);
    }
}

#[test]
fn u7_an_encoding_a_refusal_and_redirects_to_nowhere() {
    refused(DATA, say(200, "Content-Encoding: br", "x"), 40, &["UNT-NET-ENCODING"]);
    refused(DATA, say(302, "Location: file:///etc/passwd", "x"), 40, &["UNT-NET-REDIRECT"]);
    refused(DOCUMENTS, say(503, "Retry-After: 1", "x"), 40, &["UNT-NET-STATUS"]);
}

#[test]
fn u7_a_pointer_with_a_bit_flipped() {
    refused(&["channel"], |_| Action::Flip(90), 20, &["UNT-TRUST-DOCUMENT", "UNT-TRUST-SIGNATURE", "UNT-TRUST-ENVELOPE"]);
}
