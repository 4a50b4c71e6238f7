//! An update that is stopped, or cut off, again and again goes on where it was: what has come and was right does not come again.

use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use crate::studio::{Studio, content, noise, options};
use untorn::{Observer, Phase, Route, UpdateOutcome, install, update, verify};
use untorn_testhost::{Action, Host, HostOptions};

/// Documents, the head of the index and the like, for each attempt.
const DOCUMENTS_LEN: u64 = 16 << 10;
/// Frames that are under way when an update is stopped are lost: one of each connection, and what lies in its buffers.
const UNDER_WAY_LEN: u64 = 6 * (192 << 10);

/// Stops once so many bytes more have come.
#[derive(Default)]
struct Stops {
    after: AtomicU64,
    stops: AtomicBool,
}

impl Observer for Stops {
    fn progress(&self, phase: Phase, done: u64, _: u64) {
        if phase == Phase::Fetch && done >= self.after.load(Relaxed) {
            self.stops.store(true, Relaxed);
        }
    }
    fn should_stop(&self) -> bool {
        self.stops.load(Relaxed)
    }
}

/// Two builds of 24 MiB that have nothing in common but their names.
fn far_apart(patch_from: usize) -> Studio {
    let studio = Studio::new();
    for (name, seed) in [("1", 1), ("2", 100)] {
        let dir = studio.path(name);
        fs::create_dir_all(&dir).unwrap();
        for number in 0..6 {
            fs::write(dir.join(format!("{number}.pak")), noise(seed + number, 4 << 20)).unwrap();
        }
    }
    studio.publish(&studio.path("1"), 0, |_| {});
    install(&studio.game(), &options(&[studio.store().to_str().unwrap()])).unwrap();
    studio.publish(&studio.path("2"), patch_from, |_| {});
    studio
}

fn stopped_again_and_again(patch_from: usize, route: Route, lost: u64) {
    let studio = far_apart(patch_from);
    let host = Host::start_with(
        &studio.store(),
        HostOptions { latency: Duration::from_millis(20), rate_max: Some(25 << 20), ..HostOptions::default() },
    )
    .unwrap();
    let mut attempts = 0;
    let report = loop {
        let mut options = options(&[&host.url()]);
        let stops = Arc::new(Stops::default());
        stops.after.store(5 << 20, Relaxed);
        options.observer = Some(stops.clone());
        attempts += 1;
        assert!(attempts < 20, "it never ends");
        match update(&studio.game(), &options) {
            Ok(report) => break report,
            Err(error) => assert_eq!(error.code(), "UNT-STOPPED", "{error}"),
        }
        assert_eq!(content(&studio.game()), content(&studio.path("1")));
        // Whoever verifies, or plays, in between disturbs nothing.
        assert!(verify(&studio.game(), &Default::default()).unwrap().is_intact());
    };
    assert_eq!((report.outcome, report.plan.route), (UpdateOutcome::Updated, route));
    assert_eq!(content(&studio.game()), content(&studio.path("2")));
    assert!(attempts > 3, "{attempts}");
    let allowed = (24 << 20) + (24 << 10) + attempts * (DOCUMENTS_LEN + lost);
    assert!(host.served() <= allowed, "{} of {allowed} bytes in {attempts} attempts", host.served());
    // Each part that was served whole, and kept, was served once.
    assert!(report.plan.bytes_at_hand > 4 << 20);
}

#[test]
fn chunks_that_have_come_do_not_come_again() {
    stopped_again_and_again(0, Route::Chunks, UNDER_WAY_LEN);
}

#[test]
fn a_patch_goes_on_where_it_was() {
    stopped_again_and_again(1, Route::Patches(1), 256 << 10);
}

#[test]
fn what_has_rotted_meanwhile_is_fetched_again() {
    for (patch_from, name) in [(0, "objects"), (1, "patch-")] {
        let studio = far_apart(patch_from);
        let host = Host::start(&studio.store()).unwrap();
        let mut ahead = options(&[&host.url()]);
        ahead.extent = untorn::Extent::Fetch;
        update(&studio.game(), &ahead).unwrap();
        let dir = studio.game().join(".untorn/fetched");
        let path = fs::read_dir(&dir)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .find(|path| path.to_str().unwrap().contains(name))
            .unwrap();
        let mut bytes = fs::read(&path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(&path, bytes).unwrap();
        // Found out late, when it is to be used: the next attempt makes it good.
        let report = update(&studio.game(), &options(&[&host.url()]))
            .or_else(|_| update(&studio.game(), &options(&[&host.url()])))
            .unwrap();
        assert_eq!(report.outcome, UpdateOutcome::Updated);
        assert_eq!(content(&studio.game()), content(&studio.path("2")));
    }
}

#[test]
fn a_host_that_cuts_every_connection_gives_hardly_a_byte_twice() {
    for patch_from in [0, 1] {
        let studio = far_apart(patch_from);
        let host = Host::start_with(
            &studio.store(),
            HostOptions::default().deciding(|request| {
                let is_large = request.path.starts_with("pack") || request.path.starts_with("patch");
                if is_large { Action::Cut(600_000) } else { Action::Serve }
            }),
        )
        .unwrap();
        let report = update(&studio.game(), &options(&[&host.url()])).unwrap();
        assert_eq!(report.outcome, UpdateOutcome::Updated);
        assert_eq!(content(&studio.game()), content(&studio.path("2")));
        // A frame that was cut through comes again; a patch goes on within.
        let again = if patch_from == 0 { 24 * (128 << 10) } else { 0 };
        assert!(host.served() < (24 << 20) + again + (128 << 10), "{}", host.served());
    }
}
