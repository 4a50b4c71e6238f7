//! Rows U6 and U7 of the bad inputs, at the level of one host: each way to misbehave has its own error, none of them gives a byte too many, and a good host is understood.

use std::time::{Duration, Instant};

use untorn_remote::{Blame, Error, Fault, Http, HttpOptions, Transport};
use untorn_testhost::{Action, Host, HostOptions, Request};

use crate::util::{content, host, http, impatient, store};

/// What one question to a host that behaves so comes to: the error, and what was given out.
fn whole(decide: impl Fn(&Request) -> Action + Send + Sync + 'static) -> (Error, Vec<u8>) {
    let (dir, mut bytes) = (store(), Vec::new());
    let host = host(&dir, decide);
    let error = http(&host).get("pack/aa", content().len() as u64, &mut bytes).unwrap_err();
    (error, bytes)
}

/// The same for the bytes 1000..3000.
fn part(decide: impl Fn(&Request) -> Action + Send + Sync + 'static) -> (Error, Vec<u8>) {
    let (dir, mut bytes) = (store(), Vec::new());
    let host = host(&dir, decide);
    let error = http(&host).get_range("pack/aa", 1000..3000, &mut bytes).unwrap_err();
    (error, bytes)
}

fn say(status: u16, lines: &[&str], body: &str) -> Action {
    Action::Say(status, lines.iter().map(|&line| line.to_owned()).collect(), body.as_bytes().to_vec())
}

#[test]
fn a_good_host_gives_the_whole_and_parts_over_one_connection() {
    let dir = store();
    let host = Host::start(dir.path()).unwrap();
    let (from, mut bytes) = (http(&host), Vec::new());
    assert_eq!(from.get("pack/aa", 1 << 20, &mut bytes).unwrap(), content().len() as u64);
    assert_eq!(bytes, content());
    for at in [0_u64, 1, 70_000, content().len() as u64 - 10] {
        bytes.clear();
        assert_eq!(from.get_range("pack/aa", at..at + 10, &mut bytes).unwrap(), Some(content().len() as u64));
        assert_eq!(bytes, &content()[at as usize..at as usize + 10]);
    }
    assert_eq!(from.len("pack/aa").unwrap(), Some(content().len() as u64));
    assert_eq!(from.serves_ranges(), Some(true));
    assert!(host.log().iter().all(|served| served.request.header("accept-encoding") == Some("identity")));
}

#[test]
fn u6_endless_data_is_cut_at_the_limit() {
    let (error, bytes) = whole(|_| Action::Endless);
    assert_eq!((error.code(), error.blame()), ("UNT-NET-LENGTH", Blame::Content));
    assert_eq!(bytes.len(), content().len());
}

#[test]
fn u6_a_length_above_the_limit_is_refused_before_a_byte_is_taken() {
    let dir = store();
    let host = Host::start(dir.path()).unwrap();
    let mut bytes = Vec::new();
    let error = http(&host).get("pack/aa", 1000, &mut bytes).unwrap_err();
    assert!(matches!(error.fault(), Fault::Length { limit: 1000, found: Some(_) }), "{error}");
    assert!(bytes.is_empty());
}

#[test]
fn u6_a_trickle_ends_by_the_slowest_rate() {
    let began = Instant::now();
    let (error, _) = whole(|_| Action::Trickle(10, Duration::from_millis(50)));
    assert_eq!((error.code(), error.blame(), error.may_pass()), ("UNT-NET-SLOW", Blame::Transport, true), "{error}");
    assert!(began.elapsed() < Duration::from_secs(5));
}

#[test]
fn u6_a_host_that_falls_silent_is_left() {
    for action in [Action::Stall(Duration::from_secs(60)), Action::Hang] {
        let began = Instant::now();
        let (error, _) = whole(move |_| action.clone());
        assert_eq!(error.code(), "UNT-NET-SLOW", "{error}");
        assert!(began.elapsed() < Duration::from_secs(5));
    }
}

#[test]
fn u6_a_connection_that_is_cut_says_how_far_it_came() {
    let (error, bytes) = whole(|_| Action::Cut(5000));
    assert!(matches!(error.fault(), Fault::Broken { got: 5000, of: Some(_) }), "{error}");
    assert_eq!(bytes, &content()[..5000]);
}

#[test]
fn u7_an_html_page_instead_of_data_is_shown() {
    let page = "<!DOCTYPE html><title>\u{1b}[31mLog in</title>";
    let (error, bytes) = whole(move |_| say(200, &["Content-Type: text/html; charset=utf-8"], page));
    assert_eq!((error.code(), error.blame()), ("UNT-NET-PAGE", Blame::Content));
    let text = error.to_string();
    assert!(text.contains("200") && text.contains("text/html") && text.contains("Log in"), "{text}");
    assert!(!text.contains('\u{1b}'), "{text}");
    assert!(bytes.is_empty());
    assert_eq!(part(move |_| say(200, &["Content-Type: text/html"], page)).0.code(), "UNT-NET-PAGE");
}

#[test]
fn u7_a_refusal_is_shown_with_its_first_bytes() {
    let (error, _) = whole(|_| say(503, &["Content-Type: text/plain"], "come\r\nback later"));
    assert_eq!((error.code(), error.may_pass()), ("UNT-NET-STATUS", true));
    assert!(error.to_string().contains("503") && error.to_string().contains("back later"), "{error}");
    assert!(!error.to_string().contains('\n'), "{error}");
    assert!(!whole(|_| say(403, &[], "")).0.may_pass());
    assert_eq!(whole(|_| say(404, &[], "")).0.code(), "UNT-NET-MISSING");
}

#[test]
fn u7_an_encoding_nobody_asked_for_is_refused() {
    let (error, bytes) = whole(|_| say(200, &["Content-Encoding: gzip"], "xx"));
    assert_eq!(error.code(), "UNT-NET-ENCODING");
    assert!(bytes.is_empty());
}

#[test]
fn u7_a_range_that_is_not_the_one_asked_for_is_refused() {
    let lies = [
        "bytes 0-1999/200000",
        "bytes 1000-2998/200000",
        "bytes 1000-3000/200000",
        "bytes 1000-2999/2000",
        "items 1000-2999/200000",
        "",
    ];
    for lie in lies {
        let (error, bytes) = part(move |_| Action::SayPart(lie.into()));
        assert_eq!((error.code(), error.blame()), ("UNT-NET-RANGE", Blame::Content), "{lie}");
        assert!(bytes.is_empty());
    }
    let (error, bytes) = part(|_| Action::OtherPart(0..2000));
    assert_eq!((error.code(), bytes.len()), ("UNT-NET-RANGE", 0));
    let (error, _) = part(|_| say(206, &["Content-Type: multipart/byteranges; boundary=x"], "--x"));
    assert_eq!(error.code(), "UNT-NET-RANGE");
    assert_eq!(part(|_| say(416, &["Content-Range: bytes */5"], "")).0.code(), "UNT-NET-RANGE");
}

#[test]
fn u7_a_part_that_ends_early_is_no_part() {
    let (error, bytes) = part(|_| Action::Cut(500));
    assert!(matches!(error.fault(), Fault::Broken { got: 500, of: Some(2000) }), "{error}");
    assert_eq!(bytes, &content()[1000..1500]);
}

#[test]
fn u7_a_part_where_the_whole_was_asked_for_is_refused() {
    let (error, bytes) = whole(|_| say(206, &["Content-Range: bytes 0-1/9"], "ab"));
    assert_eq!((error.code(), bytes.len()), ("UNT-NET-RANGE", 0));
}

#[test]
fn u7_a_host_without_ranges_is_recognised_before_the_whole_is_fetched() {
    let dir = store();
    let host = host(&dir, |_| Action::WithoutRange);
    let (from, mut bytes) = (http(&host), Vec::new());
    assert_eq!(from.serves_ranges(), None);
    let error = from.get_range("pack/aa", 1000..3000, &mut bytes).unwrap_err();
    assert!(matches!(error.fault(), Fault::NoRange { len: Some(len) } if *len == content().len() as u64), "{error}");
    assert_eq!((from.serves_ranges(), bytes.len()), (Some(false), 0));
    assert_eq!(from.get_range("pack/aa", 0..content().len() as u64, &mut bytes).unwrap(), Some(content().len() as u64));
    assert_eq!(bytes, content());
}

#[test]
fn u7_redirects_are_followed_five_times_and_no_more() {
    let dir = store();
    for (hops, followed) in [(5, true), (6, false)] {
        let host = host(&dir, move |request| {
            let hop: usize = request.path.split_once('?').and_then(|(_, hop)| hop.parse().ok()).unwrap_or(0);
            if hop == hops {
                Action::Say(200, Vec::new(), b"here".to_vec())
            } else {
                say(302, &[&format!("Location: aa?{}", hop + 1)], "")
            }
        });
        let mut bytes = Vec::new();
        let result = http(&host).get("pack/aa", 100, &mut bytes);
        assert_eq!(result.is_ok(), followed, "{result:?}");
        if let Err(error) = result {
            assert_eq!((error.code(), bytes.len()), ("UNT-NET-REDIRECT", 0));
        }
    }
}

#[test]
fn u7_redirects_lead_to_the_web_only_and_without_credentials() {
    for to in ["file:///etc/passwd", "ftp://127.0.0.1/x", "", "gopher://127.0.0.1/"] {
        let (error, bytes) = whole(move |_| say(302, &[&format!("Location: {to}")], ""));
        assert_eq!((error.code(), bytes.len()), ("UNT-NET-REDIRECT", 0), "{to}");
    }
    let (dir, other) = (store(), store());
    let target = Host::start(other.path()).unwrap();
    let location = format!("Location: {}/pack/aa", target.url());
    let host = host(&dir, move |_| say(307, &[&location], ""));
    let from = Http::new(&host.url().replace("http://", "http://me:secret@"), impatient()).unwrap();
    from.get("pack/aa", 1 << 20, &mut Vec::new()).unwrap();
    assert!(host.log()[0].request.header("authorization").is_some());
    assert_eq!(target.log()[0].request.header("authorization"), None);
    assert!(!from.base().contains("secret"));
}

#[test]
fn u7_only_names_of_ours_are_asked_for() {
    let dir = store();
    let host = Host::start(dir.path()).unwrap();
    for name in ["../pack/aa", "/etc/passwd", "http://127.0.0.1/", "pack/aa?x", "pack//aa", ""] {
        assert_eq!(http(&host).get(name, 100, &mut Vec::new()).unwrap_err().code(), "UNT-NET-NAME", "{name}");
    }
    assert!(host.log().is_empty());
    for base in ["file:///tmp", "ftp://127.0.0.1", "127.0.0.1", "http://"] {
        assert_eq!(Http::new(base, HttpOptions::default()).unwrap_err().code(), "UNT-NET-URL", "{base}");
    }
}

#[test]
fn u7_https_is_never_left_and_a_stranger_is_not_believed() {
    let dir = store();
    let secure = |decide: fn(&Request) -> Action| {
        let options = HostOptions { is_secure: true, ..HostOptions::default() }.deciding(decide);
        Host::start_with(dir.path(), options).unwrap()
    };
    let host = secure(|_| Action::Serve);
    let mut options = impatient();
    options.roots = Some(host.certificate().unwrap().as_bytes().to_vec());
    let mut bytes = Vec::new();
    let from = Http::new(&host.url(), options.clone()).unwrap();
    from.get("pack/aa", 1 << 20, &mut bytes).unwrap();
    from.get_range("pack/aa", 5..10, &mut bytes).unwrap();
    assert_eq!(bytes, [&content()[..], &content()[5..10]].concat());

    let stranger = secure(|_| Action::Serve);
    let error = Http::new(&stranger.url(), options).unwrap().get("pack/aa", 9, &mut bytes).unwrap_err();
    assert_eq!((error.code(), error.blame()), ("UNT-NET-TLS", Blame::Transport), "{error}");

    let leaving = secure(|_| say(301, &["Location: http://127.0.0.1:1/pack/aa"], ""));
    let mut options = impatient();
    options.roots = Some(leaving.certificate().unwrap().as_bytes().to_vec());
    let error = Http::new(&leaving.url(), options).unwrap().get("pack/aa", 9, &mut bytes).unwrap_err();
    assert_eq!(error.code(), "UNT-NET-REDIRECT", "{error}");
}

#[test]
fn nobody_there_is_said() {
    let from = Http::new("http://127.0.0.1:1", impatient()).unwrap();
    let error = from.get("pack/aa", 9, &mut Vec::new()).unwrap_err();
    assert_eq!((error.code(), error.may_pass()), ("UNT-NET-UNREACHABLE", true), "{error}");
}

#[test]
fn what_is_under_way_can_be_ended() {
    let dir = store();
    let host = host(&dir, |_| Action::Hang);
    let from = Http::new(&host.url(), HttpOptions::default()).unwrap();
    let began = Instant::now();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| from.get("pack/aa", 9, &mut Vec::new()).unwrap_err().code());
        std::thread::sleep(Duration::from_millis(200));
        from.cancel();
        assert_eq!(waiting.join().unwrap(), "UNT-STOPPED");
    });
    assert!(began.elapsed() < Duration::from_secs(5));
}
