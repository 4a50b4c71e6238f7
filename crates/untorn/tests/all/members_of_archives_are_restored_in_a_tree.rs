//! A patch that deflates members again does in a directory what every other does: it leads to the new build at once, in steps, and after it was stopped; within the memory that is allowed.

use std::{
    fs,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use untorn::{DiffOptions, Error, LowDiskOptions, Observer, Outcome, PatchError, Phase, apply, apply_low_disk, diff, inspect};

use crate::util::{Place, apply_to, noise, scanned, unsigned, write, wrong_base};

const NAMES: [&str; 5] = ["python.zip", "7zip.zip", "gzip.gz", "libpng.png", "oxipng.png"];

fn data(name: &str, which: &str) -> Vec<u8> {
    let (stem, end) = name.split_once('.').unwrap();
    let dir = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../untorn-delta/tests/data/deflated");
    fs::read(dir.join(format!("{stem}.{which}.{end}"))).unwrap()
}

/// Two builds with archives and pictures, the old one twice, and the patch.
fn place() -> (Place, Vec<u8>) {
    let place = Place::new();
    for (dir, which) in [("old", "old"), ("game", "old"), ("new", "new")] {
        place.dir(dir, &[("same", &noise(5000, 1))]);
        for name in NAMES {
            write(&place.path(dir), &format!("data/{name}"), &data(name, which));
        }
        // One that is long enough to be changed in place, with what stays before it.
        let long = [noise(300_000, 2), data("gzip.gz", which)].concat();
        write(&place.path(dir), "long.bin", &long);
    }
    diff(&place.path("old"), &place.path("new"), &place.path("patch"), &DiffOptions::default()).unwrap();
    let patch = fs::read(place.path("patch")).unwrap();
    (place, patch)
}

#[test]
fn at_once_and_what_is_restored_is_told() {
    let (place, patch) = place();
    let paths = inspect(&patch[..]).unwrap().paths;
    let members: Vec<_> = paths.iter().map(|path| (path.path.as_str(), path.restored_members)).collect();
    let expected = [
        ("data/7zip.zip", 2),
        ("data/gzip.gz", 1),
        ("data/libpng.png", 1),
        ("data/oxipng.png", 1),
        ("data/python.zip", 2),
        ("long.bin", 0),
    ];
    assert_eq!(members, expected);
    assert!(paths.iter().all(|path| path.literal + path.copied + path.kept + path.restored == path.len));
    assert_eq!(apply_to(&place.path("game"), &patch).unwrap().outcome, Outcome::Applied);
    assert_eq!(scanned(&place.path("game")), scanned(&place.path("new")));
    assert_eq!(apply_to(&place.path("game"), &patch).unwrap().outcome, Outcome::UpToDate);
}

#[test]
fn in_steps() {
    for step_len in [64 << 10, 1 << 20] {
        let (place, _) = place();
        let mut low = LowDiskOptions::default();
        low.step_len = step_len;
        apply_low_disk(&place.path("patch"), &place.path("game"), &unsigned(), &low).unwrap();
        assert_eq!(scanned(&place.path("game")), scanned(&place.path("new")));
    }
}

/// Stops the work after so many questions.
struct Patience(AtomicU64);

impl Observer for Patience {
    fn progress(&self, _: Phase, _: u64, _: u64) {}

    fn should_stop(&self) -> bool {
        self.0.fetch_update(Relaxed, Relaxed, |left| Some(left.saturating_sub(1))) == Ok(0)
    }
}

#[test]
fn after_it_was_stopped_anywhere() {
    let (place, patch) = place();
    let new = scanned(&place.path("new"));
    let mut stopped = 0;
    for questions in 0.. {
        let mut options = unsigned();
        options.observer = Some(Arc::new(Patience(AtomicU64::new(questions))));
        match apply(&patch[..], &place.path("game"), &options) {
            Ok(_) => break,
            Err(Error::Stopped) => stopped += 1,
            Err(other) => panic!("{other:?}"),
        }
        assert!(scanned(&place.path("game")) == scanned(&place.path("old")), "{questions}");
    }
    assert!(stopped > 10, "{stopped}");
    assert_eq!(scanned(&place.path("game")), new);
}

#[test]
fn not_where_a_member_is_another_one() {
    let (place, patch) = place();
    let at = place.path("game").join("data/7zip.zip");
    let mut bytes = fs::read(&at).unwrap();
    bytes[900] ^= 4;
    fs::write(&at, &bytes).unwrap();
    let differences = wrong_base(apply_to(&place.path("game"), &patch));
    assert!(differences.iter().any(|difference| difference.contains("data/7zip.zip")), "{differences:?}");
    assert_eq!(fs::read(&at).unwrap(), bytes);
}

#[test]
fn not_with_less_memory_than_is_said() {
    let (place, patch) = place();
    let facts = inspect(&patch[..]).unwrap();
    let mut options = unsigned();
    options.memory_len_max = facts.bytes_memory - 1;
    match apply(&patch[..], &place.path("game"), &options) {
        Err(Error::Patch(PatchError::Memory { need, limit })) => assert!(need > limit),
        other => panic!("{other:?}"),
    }
    options.memory_len_max = facts.bytes_memory;
    assert_eq!(apply(&patch[..], &place.path("game"), &options).unwrap().outcome, Outcome::Applied);
}
