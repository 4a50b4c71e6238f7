//! An update does not wait for the last byte before it stages the first: over a slow line it is done soon after the line is.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use crate::studio::{Studio, content, noise, options};
use untorn::{Observer, Phase, UpdateOutcome, install, update};
use untorn_testhost::{Host, HostOptions};

/// Looks at the stage whenever something has come.
struct Looks {
    stage: PathBuf,
    /// How many bytes were staged when the last bytes came.
    staged: AtomicU64,
}

impl Observer for Looks {
    fn progress(&self, phase: Phase, done: u64, total: u64) {
        if phase == Phase::Fetch && done * 10 < total * 9 {
            self.staged.store(bytes_in(&self.stage), Relaxed);
        }
    }
}

fn bytes_in(dir: &Path) -> u64 {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    let len = |entry: fs::DirEntry| match entry.metadata() {
        Ok(meta) if meta.is_dir() => bytes_in(&entry.path()),
        Ok(meta) => meta.len(),
        Err(_) => 0,
    };
    entries.map(len).sum()
}

fn overlaps(patch_from: usize) {
    let studio = Studio::new();
    for (name, seed) in [("1", 1), ("2", 100)] {
        fs::create_dir_all(studio.path(name)).unwrap();
        for number in 0..8 {
            fs::write(studio.path(name).join(format!("{number}.pak")), noise(seed + number, 4 << 20)).unwrap();
        }
    }
    studio.publish(&studio.path("1"), 0, |_| {});
    install(&studio.game(), &options(&[studio.store().to_str().unwrap()])).unwrap();
    studio.publish(&studio.path("2"), patch_from, |_| {});
    let slow = HostOptions { rate_max: Some(16 << 20), latency: Duration::from_millis(5), ..HostOptions::default() };
    let host = Host::start_with(&studio.store(), slow).unwrap();
    let looks = Arc::new(Looks { stage: studio.game().join(".untorn/tx"), staged: AtomicU64::new(0) });
    let mut options = options(&[&host.url()]);
    options.observer = Some(looks.clone());
    assert_eq!(update(&studio.game(), &options).unwrap().outcome, UpdateOutcome::Updated);
    assert_eq!(content(&studio.game()), content(&studio.path("2")));
    // Of 32 MiB, of which all but the last few had come.
    let staged = looks.staged.load(Relaxed);
    assert!(staged > 12 << 20, "{staged} bytes were staged");
}

#[test]
fn by_chunks() {
    overlaps(0);
}

#[test]
fn by_a_patch() {
    overlaps(1);
}
