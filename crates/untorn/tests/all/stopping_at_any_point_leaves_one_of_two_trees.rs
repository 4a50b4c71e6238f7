//! An observer may ask to stop at any moment: until the commit point that leaves the old tree and nothing beside it, from then on the update is completed.

use std::{
    fs,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
};

use crate::util::{Place, apply_to, noise, scanned};
use untorn::{DiffOptions, Error, Observer, Options, Outcome, Phase, Status, Tree, TreeState, apply, diff};

/// Asks to stop from a certain question on.
struct AfterQuestions {
    asked: AtomicU64,
    stop_at: u64,
}

impl AfterQuestions {
    fn observer(stop_at: u64) -> Arc<dyn Observer> {
        Arc::new(Self { asked: AtomicU64::new(0), stop_at })
    }
}

impl Observer for AfterQuestions {
    fn progress(&self, _: Phase, _: u64, _: u64) {}

    fn should_stop(&self) -> bool {
        self.asked.fetch_add(1, SeqCst) >= self.stop_at
    }
}

fn place() -> Place {
    let place = Place::new();
    let (pak, mut edited) = (noise(300_000, 1), noise(300_000, 1));
    edited[1000..2000].fill(1);
    place.dir("old", &[("pak", &pak), ("a/x", b"old x"), ("gone", b"gone"), ("big", &noise(100_000, 2))]);
    place.dir("new", &[("pak", &edited), ("a/x", b"new x, longer"), ("b/y", b"y"), ("big", &noise(100_000, 3))]);
    place
}

fn assert_nothing_left(game: &Path) {
    let transactions = game.join(".untorn/tx");
    let left = fs::read_dir(transactions).map_or(0, Iterator::count);
    assert_eq!(left, 0, "a stage is left");
}

#[test]
fn of_an_apply() {
    let place = place();
    let patch = place.patch("old", "new");
    let (old, new) = (scanned(&place.path("old")), scanned(&place.path("new")));
    let game = place.dir("game", &[]);
    for entry in old.entries() {
        let from = place.path("old").join(entry.path.as_str());
        if from.is_file() {
            crate::util::write(&game, entry.path.as_str(), &fs::read(from).unwrap());
        }
    }
    let mut stops = 0;
    for stop_at in 0.. {
        let mut options = crate::util::unsigned();
        (options.observer, options.jobs, options.keep_undo) = (Some(AfterQuestions::observer(stop_at)), 1, false);
        match apply(&patch[..], &game, &options) {
            Ok(report) => {
                assert_eq!(report.outcome, Outcome::Applied);
                break;
            }
            Err(error) => {
                assert!(matches!(&error, Error::Stopped), "{stop_at}: {error}");
                assert_eq!((error.state(), error.code()), (TreeState::Unchanged, "UNT-STOPPED"));
                assert_eq!(scanned(&game), old, "{stop_at}");
                assert_nothing_left(&game);
                stops += 1;
            }
        }
    }
    assert!(stops > 10, "{stops}: the test needs safe points");
    assert_eq!(scanned(&game), new);
}

#[test]
fn of_a_roll_back() {
    let place = place();
    let game =
        place.dir("game", &[("pak", &noise(300_000, 1)), ("a/x", b"old x"), ("gone", b"gone"), ("big", &noise(100_000, 2))]);
    apply_to(&game, &place.patch("old", "new")).unwrap();
    let mut stops = 0;
    for stop_at in 0.. {
        let mut options = Options::default();
        (options.observer, options.jobs) = (Some(AfterQuestions::observer(stop_at)), 1);
        let mut tree = Tree::open(&game).unwrap();
        match tree.rollback(options, false) {
            Ok(_) => break,
            Err(error) => {
                assert_eq!((error.state(), error.code()), (TreeState::Unchanged, "UNT-STOPPED"), "{error}");
                drop(tree);
                assert_eq!(scanned(&game), scanned(&place.path("new")), "{stop_at}");
                assert!(Status::of(&game).unwrap().can_roll_back);
                stops += 1;
            }
        }
    }
    assert!(stops > 3, "{stops}: the test needs safe points");
    assert_eq!(scanned(&game), scanned(&place.path("old")));
}

#[test]
fn of_making_a_patch() {
    let place = place();
    for stop_at in [0, 1, 5, 20] {
        let mut options = DiffOptions::default();
        (options.level, options.observer, options.jobs) = (1, Some(AfterQuestions::observer(stop_at)), 1);
        let out = place.path("out");
        let result = diff(&place.path("old"), &place.path("new"), &out, &options);
        assert!(matches!(result, Err(Error::Stopped)), "{stop_at}: {result:?}");
        assert!(!out.exists());
        let parts = fs::read_dir(out.parent().unwrap()).unwrap().filter(|entry| entry.as_ref().unwrap().path().is_file());
        assert_eq!(parts.count(), 0, "a part is left");
    }
}
