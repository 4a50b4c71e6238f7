//! An update does not wait for the last byte before it stages the first: over a slow line it is done soon after the line is.

use std::{
    fs,
    sync::{Arc, Mutex},
    time::Duration,
};

use crate::studio::{Studio, content, noise, options};
use untorn::{Observer, Phase, UpdateOutcome, install, update};
use untorn_testhost::{Host, HostOptions};

/// What was told, in its order.
#[derive(Default)]
struct Told(Mutex<Vec<(Phase, u64, u64)>>);

impl Observer for Told {
    fn progress(&self, phase: Phase, done: u64, total: u64) {
        self.0.lock().unwrap().push((phase, done, total));
    }
}

fn overlaps(patch_from: usize) {
    let studio = Studio::new();
    for (name, seed) in [("1", 1), ("2", 100)] {
        fs::create_dir_all(studio.path(name)).unwrap();
        for number in 0..8 {
            fs::write(studio.path(name).join(format!("{number}.pak")), noise(seed + number, 1 << 20)).unwrap();
        }
    }
    studio.publish(&studio.path("1"), 0, |_| {});
    install(&studio.game(), &options(&[studio.store().to_str().unwrap()])).unwrap();
    studio.publish(&studio.path("2"), patch_from, |_| {});
    let slow = HostOptions { rate_max: Some(8 << 20), latency: Duration::from_millis(5), ..HostOptions::default() };
    let host = Host::start_with(&studio.store(), slow).unwrap();
    let told = Arc::new(Told::default());
    let mut options = options(&[&host.url()]);
    options.observer = Some(told.clone());
    assert_eq!(update(&studio.game(), &options).unwrap().outcome, UpdateOutcome::Updated);
    assert_eq!(content(&studio.game()), content(&studio.path("2")));
    let told = told.0.lock().unwrap();
    let come = told.iter().rposition(|(phase, ..)| *phase == Phase::Fetch).unwrap();
    let staged =
        told[..come].iter().filter(|(phase, ..)| *phase == Phase::Stage).map(|(_, done, total)| (*done, *total)).next_back();
    let (done, total) = staged.unwrap();
    assert!(done * 2 > total, "{done} of {total} bytes were staged when the last one came");
    // Each of the two goes on only forwards.
    for wanted in [Phase::Fetch, Phase::Stage] {
        let steps: Vec<u64> = told.iter().filter(|(phase, ..)| *phase == wanted).map(|(_, done, _)| *done).collect();
        assert!(steps.is_sorted(), "{wanted:?}: {steps:?}");
    }
}

#[test]
fn by_chunks() {
    overlaps(0);
}

#[test]
fn by_a_patch() {
    overlaps(1);
}
