//! Rows U6 and U7 of the bad inputs, through the library: whatever a host does, the tree is the old build, byte for byte, or the new one; and the error says what came.

use std::time::{Duration, Instant};

use crate::studio::{Studio, content, host, options};
use untorn::{TreeState, UpdateOutcome, install, update, verify};
use untorn_testhost::{Action, Host, HostOptions, Request};

fn followed(patch_from: usize) -> Studio {
    let studio = Studio::new();
    let build = studio.first_build();
    studio.publish(&build, 0, |_| {});
    install(&studio.game(), &options(&[studio.store().to_str().unwrap()])).unwrap();
    studio.publish(&studio.second_build(), patch_from, |_| {});
    studio
}

/// Updates from a host that behaves so whenever a path begins with one of `folders`; expects one of `codes`, and the old build.
fn refused(
    folders: &'static [&'static str],
    action: impl Fn(&Request) -> Action + Send + Sync + Clone + 'static,
    codes: &[&str],
) {
    for patch_from in [0, 1] {
        let studio = followed(patch_from);
        let action = action.clone();
        let host = host(&studio, move |request| {
            if folders.iter().any(|folder| request.path.starts_with(folder)) { action(request) } else { Action::Serve }
        });
        let mut options = options(&[&host.url()]);
        options.source.remote.patience = Duration::from_millis(1500);
        let began = Instant::now();
        let error = update(&studio.game(), &options).unwrap_err();
        assert!(codes.contains(&error.code()), "{error}");
        assert_eq!(error.state(), TreeState::Unchanged);
        assert!(error.to_string().contains("nothing was changed"), "{error}");
        assert!(began.elapsed() < Duration::from_secs(20));
        assert_eq!(content(&studio.game()), content(&studio.path("1")));
        assert!(verify(&studio.game(), &Default::default()).unwrap().is_intact());
        // A mirror that is as it should be helps.
        let good = Host::start(&studio.store()).unwrap();
        let report = update(&studio.game(), &crate::studio::options(&[&host.url(), &good.url()])).unwrap();
        assert_eq!(report.outcome, UpdateOutcome::Updated);
        assert_eq!(content(&studio.game()), content(&studio.path("2")));
    }
}

const DOCUMENTS: &[&str] = &["channel", "release"];
const DATA: &[&str] = &["pack", "patch"];

fn page(_: &Request) -> Action {
    Action::Say(200, vec!["Content-Type: text/html".into()], b"<html>Log in, please</html>".to_vec())
}

#[test]
fn u6_endless_documents_are_cut() {
    refused(DOCUMENTS, |_| Action::Endless, &["UNT-NET-LENGTH"]);
}

#[test]
fn u6_endless_data_is_cut() {
    refused(DATA, |_| Action::Endless, &["UNT-NET-LENGTH", "UNT-NET-CONTENT"]);
}

#[test]
fn u6_data_that_trickles_is_left() {
    refused(DATA, |_| Action::Trickle(20, Duration::from_millis(50)), &["UNT-NET-SLOW"]);
}

#[test]
fn u7_pages_instead_of_documents_or_data() {
    refused(DOCUMENTS, page, &["UNT-NET-PAGE"]);
    refused(DATA, page, &["UNT-NET-PAGE"]);
}

#[test]
fn u7_wrong_ranges_and_wrong_bytes() {
    refused(DATA, |_| Action::OtherPart(0..100), &["UNT-NET-RANGE", "UNT-NET-LENGTH"]);
    refused(
        DATA,
        |request| request.range.clone().map_or(Action::Serve, |range| Action::Flip(range.start + 5)),
        &["UNT-NET-CONTENT"],
    );
}

#[test]
fn u7_encodings_refusals_and_redirects_to_nowhere() {
    let say = |status, line: &'static str| move |_: &Request| Action::Say(status, vec![line.into()], b"x".to_vec());
    refused(DATA, say(200, "Content-Encoding: br"), &["UNT-NET-ENCODING"]);
    refused(DATA, say(302, "Location: file:///etc/passwd"), &["UNT-NET-REDIRECT"]);
    refused(DOCUMENTS, say(503, "Retry-After: 1"), &["UNT-NET-STATUS"]);
}

#[test]
fn u7_a_document_with_any_bit_flipped_is_not_believed() {
    for place in (20..200).step_by(79) {
        refused(&["channel"], move |_| Action::Flip(place), &["UNT-TRUST-DOCUMENT", "UNT-TRUST-SIGNATURE", "UNT-TRUST-ENVELOPE"]);
    }
}

#[test]
fn u7_a_host_without_ranges_costs_more_and_is_used() {
    let studio = followed(0);
    let plain = host(&studio, |_| Action::WithoutRange);
    let mut planning = options(&[&plain.url()]);
    planning.extent = untorn::Extent::Plan;
    // Of one file that is missing: its frame, or all of the pack up to it.
    let other = studio.next_build("2", "other", |dir| std::fs::remove_file(dir.join("data/new")).unwrap());
    let plan = update(&other, &planning).unwrap().plan;
    assert!(plan.bytes_to_fetch_without_ranges > plan.bytes_to_fetch, "{plan:?}");
    let mut strict = options(&[&plain.url()]);
    strict.source.remote.whole_instead = false;
    assert_eq!(update(&studio.game(), &strict).unwrap_err().code(), "UNT-NET-NO-RANGE");
    assert_eq!(content(&studio.game()), content(&studio.path("1")));
    update(&studio.game(), &options(&[&plain.url()])).unwrap();
    assert_eq!(content(&studio.game()), content(&studio.path("2")));
}

#[test]
fn https_with_a_certificate_that_is_believed_is_a_source_like_any_other() {
    let studio = followed(1);
    let host = Host::start_with(&studio.store(), HostOptions { is_secure: true, ..HostOptions::default() }).unwrap();
    let error = update(&studio.game(), &options(&[&host.url()])).unwrap_err();
    assert_eq!(error.code(), "UNT-NET-TLS", "{error}");
    let mut believing = options(&[&host.url()]);
    believing.source.http.roots = Some(host.certificate().unwrap().as_bytes().to_vec());
    update(&studio.game(), &believing).unwrap();
    assert_eq!(content(&studio.game()), content(&studio.path("2")));
}

#[test]
fn somebody_who_wants_to_stop_need_not_wait_for_a_host_that_says_nothing() {
    struct Stops;
    impl untorn::Observer for Stops {
        fn progress(&self, _: untorn::Phase, _: u64, _: u64) {}
        fn should_stop(&self) -> bool {
            true
        }
    }
    let studio = followed(0);
    let silent = host(&studio, |_| Action::Hang);
    let mut stopping = options(&[&silent.url()]);
    stopping.source.http.patience = Duration::from_secs(60);
    stopping.observer = Some(std::sync::Arc::new(Stops));
    let began = Instant::now();
    assert_eq!(update(&studio.game(), &stopping).unwrap_err().code(), "UNT-STOPPED");
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
}
