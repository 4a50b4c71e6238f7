//! Applying is cut off, by the end of the patch, by whoever asks to stop, or by a kill: the same patch applied again goes on with what was staged, and ends with the new build.

use std::{
    io::{self, Read},
    path::Path,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use crate::util::{Place, apply_to, copy, scanned, unsigned, write};
use untorn::{ApplyOptions, ApplyReport, Error, Observer, Phase, Recovery, Status, apply};
use untorn_testhost::noise;

const NOTE_LEN: u64 = 512 << 10;

/// Files of every way: small ones, one that is new and long, one that changes in a few places, one that changes everywhere, one that moves.
fn builds(place: &Place) -> Vec<u8> {
    for (build, seed) in [("old", 0), ("new", 1000)] {
        let dir = place.dir(build, &[]);
        for number in 0..60 {
            write(&dir, &format!("small/{number}"), &noise(seed + number, 20_000));
        }
        let mut pak = noise(5, 3 << 20);
        for edit in 0..if seed == 0 { 0 } else { 10 } {
            let at = edit * 290_000;
            pak[at..at + 100_000].copy_from_slice(&noise(seed + edit as u64, 100_000));
        }
        write(&dir, "edited.pak", &pak);
        write(&dir, "everywhere", &noise(seed + 500, 1 << 20));
    }
    write(&place.path("old"), "before", &noise(7, 1000));
    write(&place.path("new"), "after", &noise(7, 1000));
    write(&place.path("new"), "long", &noise(8, 22 << 20));
    place.patch("old", "new")
}

fn noting() -> ApplyOptions {
    let mut options = unsigned();
    options.progress_len = NOTE_LEN;
    options
}

/// A patch that breaks off, as one that comes over a network may.
struct BreaksOff<'p>(&'p [u8]);

impl Read for BreaksOff<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.0.is_empty() { Err(io::ErrorKind::ConnectionReset.into()) } else { self.0.read(buf) }
    }
}

fn breaks_off(place: &Place, patch: &[u8]) -> Result<ApplyReport, Error> {
    apply(BreaksOff(patch), &place.path("game"), &noting())
}

#[test]
fn a_patch_that_breaks_off_anywhere_is_taken_up() {
    let place = Place::new();
    let patch = builds(&place);
    let new = scanned(&place.path("new"));
    let mut at_hand_before = 0;
    for eighth in [0, 3, 5, 7] {
        let end = patch.len() * eighth / 8 + 1;
        copy(&place.path("old"), &place.path("game"));
        breaks_off(&place, &patch[..end]).unwrap_err();
        let interrupted = Status::of(&place.path("game")).unwrap().interrupted;
        // Once more, a little further: it goes on, and stops again.
        breaks_off(&place, &patch[..patch.len() - patch.len() / 9]).unwrap_err();
        let report = apply(&*patch, &place.path("game"), &noting()).unwrap();
        assert_eq!(scanned(&place.path("game")), new, "broken off at {end}");
        assert!(report.bytes_at_hand > 5 << 20, "broken off at {end}: {}", report.bytes_at_hand);
        if let Some(interrupted) = interrupted {
            assert!(interrupted.to == report.to && interrupted.done <= interrupted.total);
            assert!(interrupted.done >= at_hand_before, "{interrupted:?}");
            at_hand_before = interrupted.done;
        }
    }
    assert!(at_hand_before > 5 << 20, "{at_hand_before}");
}

/// Dies once so much was staged, as by a kill: nothing is dropped.
struct DiesAt(u64);

impl Observer for DiesAt {
    fn progress(&self, phase: Phase, done: u64, _: u64) {
        if phase == Phase::Stage && done > self.0 {
            std::process::abort();
        }
    }
}

#[test]
fn a_killed_apply_is_taken_up() {
    const GAME: &str = "UNTORN_TEST_GAME";
    if let Some(place) = std::env::var_os(GAME) {
        let patch = std::fs::read(Path::new(&place).join("patch")).unwrap();
        let mut options = noting();
        options.observer = Some(Arc::new(DiesAt(12 << 20)));
        drop(apply(&*patch, &Path::new(&place).join("game"), &options));
        unreachable!("it has died");
    }
    let place = Place::new();
    let patch = builds(&place);
    copy(&place.path("old"), &place.path("game"));
    let test = "an_interrupted_apply_goes_on_where_it_stopped::a_killed_apply_is_taken_up";
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", test]).env(GAME, place.path("")).env("RUST_BACKTRACE", "0");
    assert!(!child.output().unwrap().status.success());
    assert!(Status::of(&place.path("game")).unwrap().interrupted.is_some_and(|interrupted| interrupted.done > 4 << 20));
    let report = apply(&*patch, &place.path("game"), &noting()).unwrap();
    assert!(matches!(report.recovery, Recovery::SetAside { .. }), "{:?}", report.recovery);
    assert!(report.bytes_at_hand > 4 << 20, "{}", report.bytes_at_hand);
    assert_eq!(scanned(&place.path("game")), scanned(&place.path("new")));
    assert_eq!(Status::of(&place.path("game")).unwrap().interrupted, None);
}

/// Asks to stop once so much was staged.
struct StopsAt(u64, AtomicBool);

impl Observer for StopsAt {
    fn progress(&self, phase: Phase, done: u64, _: u64) {
        if phase == Phase::Stage && done > self.0 {
            self.1.store(true, Relaxed);
        }
    }

    fn should_stop(&self) -> bool {
        self.1.load(Relaxed)
    }
}

#[test]
fn one_that_is_stopped_keeps_what_it_has_and_another_patch_does_not_use_it() {
    let place = Place::new();
    let patch = builds(&place);
    copy(&place.path("old"), &place.path("game"));
    let mut options = noting();
    options.observer = Some(Arc::new(StopsAt(4 << 20, AtomicBool::new(false))));
    assert!(matches!(apply(&*patch, &place.path("game"), &options), Err(Error::Stopped)));
    let interrupted = Status::of(&place.path("game")).unwrap().interrupted.unwrap();
    assert!(interrupted.done >= 3 << 20, "{interrupted:?}");
    let other = place.dir("other", &[("only", b"this")]);
    let other_patch = place.patch("old", "other");
    let report = apply_to(&place.path("game"), &other_patch).unwrap();
    assert_eq!((report.bytes_at_hand, scanned(&place.path("game"))), (0, scanned(&other)));
    assert_eq!(Status::of(&place.path("game")).unwrap().interrupted, None);
}

/// Whoever changed a file meanwhile is told so, whatever was staged.
#[test]
fn a_file_that_somebody_changed_meanwhile_is_still_refused() {
    let place = Place::new();
    let patch = builds(&place);
    copy(&place.path("old"), &place.path("game"));
    breaks_off(&place, &patch[..patch.len() - 100]).unwrap_err();
    write(&place.path("game"), "small/7", &noise(77, 20_000));
    let before = scanned(&place.path("game"));
    assert!(matches!(apply(&*patch, &place.path("game"), &noting()), Err(Error::WrongBase(_))));
    assert_eq!(scanned(&place.path("game")), before);
    write(&place.path("game"), "small/7", &noise(7, 20_000));
    apply(&*patch, &place.path("game"), &noting()).unwrap();
    assert_eq!(scanned(&place.path("game")), scanned(&place.path("new")));
}
