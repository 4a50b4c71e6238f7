//! An update in steps, stopped before every step and by a failure in it, goes on with the same patch until the tree is the new build; until then everything else is refused.

use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use untorn::{ApplyOptions, Error, LowDiskOptions, LowDiskReport, Observer, Outcome, Phase, ReadGuard, Status, apply_low_disk};

use crate::{
    builds::{Rng, pair as pair_of},
    util::{Place, copy, noise, scanned, unsigned},
};

fn low(step_len: u64) -> LowDiskOptions {
    let mut low = LowDiskOptions::default();
    low.step_len = step_len;
    low
}

/// Stops the work after so many questions.
struct Patience(AtomicU64);

impl Observer for Patience {
    fn progress(&self, _: Phase, _: u64, _: u64) {}

    fn should_stop(&self) -> bool {
        self.0.fetch_update(Relaxed, Relaxed, |left| Some(left.saturating_sub(1))) == Ok(0)
    }
}

fn patient(questions: u64) -> ApplyOptions {
    let mut options = unsigned();
    options.observer = Some(Arc::new(Patience(AtomicU64::new(questions))));
    options
}

fn in_steps(place: &Place, step_len: u64) -> LowDiskReport {
    apply_low_disk(&place.path("patch"), &place.path("game"), &unsigned(), &low(step_len)).unwrap()
}

fn pair(old: &[(&str, &[u8])], new: &[(&str, &[u8])]) -> Place {
    let place = Place::new();
    place.dir("old", old);
    place.dir("game", old);
    place.dir("new", new);
    place.patch("old", "new");
    place
}

#[test]
fn a_long_file_that_shifts_needs_one_step_of_space() {
    let old = noise(16 << 20, 1);
    let new = [&b"seven b"[..], &old].concat();
    for (from, to) in [(&old, &new), (&new, &old)] {
        let place = pair(&[("pak", from)], &[("pak", to)]);
        let report = in_steps(&place, 1 << 20);
        assert_eq!(report.outcome, Outcome::Applied);
        assert_eq!(report.bytes_stash, 0, "{report:?}");
        assert!(report.bytes_needed < (3 << 19) && report.steps > 16, "{report:?}");
        assert_eq!(scanned(&place.path("game")), scanned(&place.path("new")));
    }
}

#[test]
fn what_waits_for_each_other_in_a_circle_is_put_aside_as_little_as_possible() {
    let old = noise(8 << 20, 2);
    let new = [&old[3 << 20..], &old[..3 << 20]].concat();
    let place = pair(&[("pak", &old)], &[("pak", &new)]);
    let report = in_steps(&place, 1 << 20);
    assert!(report.bytes_stash > 0 && report.bytes_stash <= 1 << 20, "{report:?}");
    assert_eq!(scanned(&place.path("game")), scanned(&place.path("new")));
}

#[test]
fn two_files_that_exchange_their_content_do_so() {
    let (one, two) = (noise(3 << 20, 3), noise(3 << 20, 4));
    let place = pair(&[("a", &one), ("b", &two)], &[("a", &[b"x", &two[..]].concat()), ("b", &[b"y", &one[..]].concat())]);
    let report = in_steps(&place, 1 << 18);
    assert_eq!(scanned(&place.path("game")), scanned(&place.path("new")));
    assert!(report.bytes_stash <= 1 << 18, "{report:?}");
}

#[test]
fn stopped_anywhere_it_goes_on_and_everything_else_is_refused() {
    let old = noise(2 << 20, 5);
    let new = [&old[1 << 20..], b"new", &old[..1 << 20]].concat();
    let more = noise(400_000, 6);
    let place =
        pair(&[("pak", &old), ("goes", b"1"), ("d/stays", b"2")], &[("pak", &new), ("d/e/fresh", &more), ("d/stays", b"2")]);
    copy(&place.path("game"), &place.path("first"));
    let (game, patch) = (place.path("game"), place.path("patch"));
    let mut half_ways = 0;
    for questions in (0..).step_by(5) {
        copy(&place.path("first"), &game);
        let result = apply_low_disk(&patch, &game, &patient(questions), &low(1 << 18));
        let Some(steps) = Status::of(&game).unwrap().half_way else {
            if result.is_ok() {
                break;
            }
            assert_eq!(scanned(&game), scanned(&place.path("old")));
            continue;
        };
        half_ways += 1;
        assert!(matches!(result, Err(Error::Step { .. })), "{result:?}");
        assert_eq!(ReadGuard::acquire(&game).unwrap_err().code(), "UNT-HALF-WAY");
        assert_eq!(untorn::verify(&game, &untorn::VerifyOptions::default()).unwrap_err().code(), "UNT-HALF-WAY");
        assert_eq!(untorn::Tree::open(&game).unwrap().begin().unwrap_err().code(), "UNT-HALF-WAY");
        assert_eq!(crate::util::apply_to(&game, &fs::read(&patch).unwrap()).unwrap_err().code(), "UNT-HALF-WAY");
        assert_eq!(
            untorn::roll_back(&mut untorn::Tree::open(&game).unwrap(), &game, untorn::Options::default(), false)
                .unwrap_err()
                .code(),
            "UNT-HALF-WAY"
        );
        let report = in_steps(&place, 1 << 30);
        assert_eq!(report.steps_before, steps.done);
        assert_eq!(scanned(&game), scanned(&place.path("new")));
        assert!(untorn::verify(&game, &untorn::VerifyOptions::default()).unwrap().is_intact());
    }
    assert!(half_ways > 8, "{half_ways}");
}

#[test]
fn a_repair_ends_it_too() {
    let old = noise(2 << 20, 7);
    let new = [b"new", &old[..]].concat();
    let place = pair(&[("pak", &old)], &[("pak", &new), ("fresh", &noise(900_000, 8))]);
    let game = place.path("game");
    copy(&game, &place.path("first"));
    for questions in (40..4000).step_by(40) {
        copy(&place.path("first"), &game);
        let done = apply_low_disk(&place.path("patch"), &game, &patient(questions), &low(1 << 18)).is_ok();
        if Status::of(&game).unwrap().half_way.is_some() {
            untorn::repair(&game, &place.path("new"), &untorn::RepairOptions::default()).unwrap();
            assert_eq!(scanned(&game), scanned(&place.path("new")));
            assert!(untorn::verify(&game, &untorn::VerifyOptions::default()).unwrap().is_intact());
        }
        if done {
            break;
        }
    }
}

#[test]
fn a_repair_that_ends_it_lists_what_only_the_old_build_has_and_leaves_it() {
    let (old, moves) = (noise(2 << 20, 10), noise(90_000, 12));
    let new = [b"new", &old[..]].concat();
    let place = pair(&[("pak", &old), ("moves", &moves)], &[("pak", &new), ("moved", &moves)]);
    let game = place.path("game");
    for questions in 0.. {
        let done = apply_low_disk(&place.path("patch"), &game, &patient(questions), &low(1 << 18)).is_ok();
        assert!(!done, "it went through without being half way");
        if Status::of(&game).unwrap().half_way.is_some() {
            break;
        }
    }
    assert!(game.join("moves").exists(), "it went in the first step");
    let report = untorn::repair(&game, &place.path("new"), &untorn::RepairOptions::default()).unwrap();
    assert!(report.extra.iter().any(|extra| extra.path == "moves"), "{:?}", report.extra);
    assert_eq!(fs::read(game.join("moves")).unwrap(), moves);
    fs::remove_file(game.join("moves")).unwrap();
    assert_eq!(scanned(&game), scanned(&place.path("new")));
}

#[test]
fn what_was_changed_meanwhile_is_noticed_in_its_step() {
    let old = noise(2 << 20, 9);
    let new = [b"new", &old[..]].concat();
    let place = pair(&[("pak", &old)], &[("pak", &new)]);
    let game = place.path("game");
    for questions in 100.. {
        if apply_low_disk(&place.path("patch"), &game, &patient(questions), &low(1 << 18)).is_err()
            && Status::of(&game).unwrap().half_way.is_some()
        {
            break;
        }
    }
    let mut bytes = fs::read(game.join("pak")).unwrap();
    bytes[100] ^= 1;
    fs::write(game.join("pak"), bytes).unwrap();
    let error = apply_low_disk(&place.path("patch"), &game, &unsigned(), &low(1 << 18)).unwrap_err();
    assert_eq!(error.code(), "UNT-CHANGED");
    untorn::repair(&game, &place.path("new"), &untorn::RepairOptions::default()).unwrap();
    assert_eq!(scanned(&game), scanned(&place.path("new")));
}

#[test]
fn any_build_becomes_any_other_in_steps() {
    for seed in 0..60 {
        let mut rng = Rng(seed);
        let place = Place::new();
        let (old, mut new) = pair_of(&mut rng);
        if seed % 3 == 0 {
            new = pair_of(&mut rng).1;
        }
        for (name, build) in [("old", &old), ("game", &old), ("new", &new)] {
            build.write(&place.path(name));
        }
        place.patch("old", "new");
        let report = in_steps(&place, 1 << 16);
        assert_eq!(scanned(&place.path("game")), scanned(&place.path("new")), "seed {seed}: {report:?}");
    }
}
