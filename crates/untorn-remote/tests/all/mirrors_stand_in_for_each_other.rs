//! Several mirrors, several connections, and hosts that fail now and then: what is asked for comes, each byte of it once.

use std::{
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
    time::{Duration, Instant},
};

use untorn_remote::{Error, Fault, Http, Mirrors, Part, Remote, RemoteOptions, Taker, Transport};
use untorn_testhost::{Action, Host, HostOptions, Request};

use crate::util::{content, host, impatient, store};

fn remote(hosts: &[&Host], change: impl Fn(&mut RemoteOptions)) -> Remote {
    let mut options = RemoteOptions::default();
    options.pause_first = Duration::from_millis(5);
    options.patience = Duration::from_secs(2);
    change(&mut options);
    let mirrors = hosts.iter().map(|host| Box::new(Http::new(&host.url(), impatient()).unwrap()) as Box<dyn Transport>);
    Remote::new(mirrors.collect(), options).unwrap()
}

fn is_content(bytes: &[u8]) -> Result<(), String> {
    if bytes == content() { Ok(()) } else { Err("the hash is another".into()) }
}

/// Parts of the object, each two pieces of 4,000 bytes with 2,000 between them that nobody wants.
fn parts() -> Vec<Part> {
    let pieces = |at: u64| vec![at..at + 4000, at + 6000..at + 10_000];
    (0..20).map(|number| Part { name: "pack/aa".into(), pieces: pieces(number * 10_000) }).collect()
}

fn right(part: usize, piece: usize) -> Vec<u8> {
    let at = part * 10_000 + piece * 6000;
    content()[at..at + 4000].to_vec()
}

struct Checks;

impl Taker for Checks {
    fn check(&self, part: usize, piece: usize, bytes: &[u8]) -> Result<(), String> {
        if bytes == right(part, piece) { Ok(()) } else { Err("the hash is another".into()) }
    }
}

/// Fetches all parts, and checks that each piece came once.
fn all_parts(remote: &Remote) -> Result<(), Error> {
    let mut came = vec![[0, 0]; 20];
    remote.get_parts(&parts(), &Checks, &mut |part, piece, bytes| {
        assert_eq!(bytes, right(part, piece));
        came[part][piece] += 1;
        Ok(())
    })?;
    assert_eq!(came, vec![[1, 1]; 20]);
    Ok(())
}

#[test]
fn a_part_that_is_cut_goes_on_behind_the_pieces_that_have_come() {
    let dir = store();
    let cutting = host(&dir, |request| if request.number == 0 { Action::Cut(9000) } else { Action::Serve });
    let remote = remote(&[&cutting], |options| options.connections = 1);
    let part = Part { name: "pack/aa".into(), pieces: (0..10).map(|at| at * 2000..(at + 1) * 2000).collect() };
    let mut came = Vec::new();
    struct All;
    impl Taker for All {
        fn check(&self, _: usize, _: usize, _: &[u8]) -> Result<(), String> {
            Ok(())
        }
    }
    remote
        .get_parts(&[part], &All, &mut |_, piece, bytes| {
            came.push(piece);
            assert_eq!(bytes, &content()[piece * 2000..piece * 2000 + 2000]);
            Ok(())
        })
        .unwrap();
    assert_eq!(came, (0..10).collect::<Vec<_>>());
    // Of what came of the fifth piece, nothing was kept.
    assert_eq!(cutting.served(), 20_000 + 1000);
}

#[test]
fn u7_wrong_bytes_are_asked_of_the_next_mirror() {
    let dir = store();
    let (bad, good) = (host(&dir, |_| Action::Flip(77_777)), Host::start(dir.path()).unwrap());
    let remote = remote(&[&bad, &good], |_| {});
    assert_eq!(remote.get("pack/aa", 1 << 20, &is_content).unwrap(), content());
    assert_eq!(bad.log().len(), 1);
    // The one that was right is asked first from then on.
    remote.get("pack/aa", 1 << 20, &is_content).unwrap();
    assert_eq!(bad.log().len(), 1);
}

#[test]
fn u7_when_all_mirrors_are_wrong_the_error_names_each() {
    let dir = store();
    let (bad, page) = (
        host(&dir, |_| Action::Flip(77_777)),
        host(&dir, |_| Action::Say(200, vec!["Content-Type: text/html".into()], b"<html>".to_vec())),
    );
    let error = remote(&[&bad, &page], |_| {}).get("pack/aa", 1 << 20, &is_content).unwrap_err();
    let text = error.to_string();
    assert!(text.contains(&bad.url()) && text.contains(&page.url()), "{text}");
    assert!(matches!(error.fault(), Fault::Page(_)), "{text}");
    assert_eq!((bad.log().len(), page.log().len()), (1, 1));
}

#[test]
fn what_fails_on_the_way_is_tried_again() {
    let dir = store();
    let shaky = host(&dir, |request| if request.number < 3 { Action::Say(503, Vec::new(), Vec::new()) } else { Action::Serve });
    assert_eq!(remote(&[&shaky], |_| {}).get("pack/aa", 1 << 20, &is_content).unwrap(), content());
    assert_eq!(shaky.log().len(), 4);
}

#[test]
fn u6_trying_ends_when_nothing_has_come_for_too_long() {
    let dir = store();
    let down = host(&dir, |_| Action::Say(503, Vec::new(), Vec::new()));
    let began = Instant::now();
    let error =
        remote(&[&down], |options| options.patience = Duration::from_millis(500)).get("pack/aa", 9, &is_content).unwrap_err();
    assert_eq!(error.code(), "UNT-NET-STATUS");
    assert!(began.elapsed() < Duration::from_secs(3));
    assert!(down.log().len() > 3);
}

#[test]
fn a_stream_goes_on_where_the_connection_was_cut() {
    let dir = store();
    let cutting = host(&dir, |_| Action::Cut(30_000));
    let (remote, mut bytes) = (remote(&[&cutting], |_| {}), Vec::new());
    remote.stream("pack/aa", 0..200_000, &mut bytes, Mirrors::default()).unwrap();
    assert_eq!(bytes, content());
    // No byte came twice.
    assert_eq!(cutting.served(), 200_000);
}

#[test]
fn u7_a_stream_that_was_wrong_is_not_asked_of_the_same_mirror_again() {
    let dir = store();
    let (bad, good) = (host(&dir, |_| Action::Flip(77_777)), Host::start(dir.path()).unwrap());
    let (remote, mut bytes) = (remote(&[&bad, &good], |_| {}), Vec::new());
    let used = remote.stream("pack/aa", 0..200_000, &mut bytes, Mirrors::default()).unwrap();
    assert_ne!(bytes, content());
    bytes.clear();
    let again = remote.stream("pack/aa", 0..200_000, &mut bytes, used).unwrap();
    assert_eq!(bytes, content());
    let error = remote.stream("pack/aa", 0..200_000, &mut bytes, used.and(again)).unwrap_err();
    assert_eq!(error.code(), "UNT-NET-CONTENT");
}

#[test]
fn parts_come_several_at_once() {
    let dir = store();
    let options = HostOptions { latency: Duration::from_millis(50), ..HostOptions::default() };
    let slow = Host::start_with(dir.path(), options).unwrap();
    let began = Instant::now();
    all_parts(&remote(&[&slow], |options| options.connections = 10)).unwrap();
    // One after the other they would take a second.
    assert!(began.elapsed() < Duration::from_millis(700), "{:?}", began.elapsed());
    assert_eq!(slow.served(), 200_000);
}

#[test]
fn parts_come_whole_through_cuts_refusals_lies_and_wrong_bytes() {
    let dir = store();
    let (bad, good) = (
        host(&dir, |request: &Request| match request.number % 5 {
            0 => Action::Cut(100),
            1 => Action::Say(500, Vec::new(), Vec::new()),
            2 => Action::OtherPart(0..10_000),
            3 => Action::Flip(request.range.clone().unwrap_or_default().start),
            _ => Action::Serve,
        }),
        host(&dir, |request| if request.number % 2 == 0 { Action::Cut(9_000) } else { Action::Serve }),
    );
    all_parts(&remote(&[&bad, &good], |_| {})).unwrap();
}

#[test]
fn without_ranges_each_object_is_fetched_once_for_all_its_parts() {
    let dir = store();
    let plain = host(&dir, |_| Action::WithoutRange);
    let remote = remote(&[&plain], |options| options.connections = 1);
    all_parts(&remote).unwrap();
    assert_eq!(remote.serves_ranges(), Some(false));
    // The first question finds it out, and is broken off; then comes the whole, once.
    assert_eq!(plain.log().len(), 2);
    assert!(remote.received() <= 200_000);
    let mut bytes = Vec::new();
    remote.stream("pack/aa", 50_000..60_000, &mut bytes, Mirrors::default()).unwrap();
    assert_eq!(bytes, &content()[50_000..60_000]);
    assert!(remote.received() < 200_000 + 60_000 + (128 << 10));
}

#[test]
fn without_ranges_a_connection_that_is_cut_loses_no_part_that_has_come() {
    let dir = store();
    let cutting = host(&dir, |request| match request.number {
        number @ 1..=4 => Action::CutWithoutRange(number as u64 * 45_000),
        _ => Action::WithoutRange,
    });
    all_parts(&remote(&[&cutting], |options| options.connections = 1)).unwrap();
    assert_eq!(cutting.log().len(), 6);
}

#[test]
fn whole_objects_are_refused_where_they_are_not_wanted() {
    let dir = store();
    let plain = host(&dir, |_| Action::WithoutRange);
    let remote = remote(&[&plain], |options| options.whole_instead = false);
    for _ in 0..2 {
        let error = remote.get_range("pack/aa", 5..10, &|_| Ok(())).unwrap_err();
        assert!(matches!(error.fault(), Fault::NoRange { .. }), "{error}");
    }
    assert_eq!(all_parts(&remote).unwrap_err().code(), "UNT-NET-NO-RANGE");
}

#[test]
fn a_limit_on_the_rate_holds_over_all_connections() {
    let dir = store();
    let host = Host::start(dir.path()).unwrap();
    let began = Instant::now();
    all_parts(&remote(&[&host], |options| options.rate_max = Some(400_000))).unwrap();
    assert!(began.elapsed() >= Duration::from_millis(400), "{:?}", began.elapsed());
}

#[test]
fn somebody_who_wants_to_stop_need_not_wait_for_the_host() {
    struct Stops(AtomicUsize);
    impl Taker for Stops {
        fn check(&self, _: usize, _: usize, _: &[u8]) -> Result<(), String> {
            Ok(())
        }
        fn should_stop(&self) -> bool {
            self.0.fetch_add(1, Relaxed) > 3
        }
    }
    let dir = store();
    let hanging = host(&dir, |_| Action::Hang);
    let http = Http::new(&hanging.url(), untorn_remote::HttpOptions::default()).unwrap();
    let remote = Remote::new(vec![Box::new(http)], RemoteOptions::default()).unwrap();
    let began = Instant::now();
    let error = remote.get_parts(&parts(), &Stops(AtomicUsize::new(0)), &mut |_, _, _| Ok(())).unwrap_err();
    assert_eq!(error.code(), "UNT-STOPPED");
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
}
