//! Wherever publishing, moving a pointer or cleaning up is killed: players see the old release or the new one, whole; and doing the same again ends with
//! the same bytes as if nothing had happened.

use std::path::{Path, PathBuf};

use crate::util::{
    faulty::{Faulty, Kill},
    memory::Memory,
    studio::{Studio, objects, publish_to, root},
};
use untorn_publish::{Backend, CollectOptions, check, collect};

/// A store with one release, and a build to go on with.
struct Scene {
    _studio: Studio,
    start: Memory,
    next: PathBuf,
}

impl Scene {
    fn new() -> Self {
        let studio = Studio::new();
        let first = studio.build("1.0", 8, &[]);
        let next = studio.build("1.1", 9, &[3]);
        let start = Memory::default();
        publish_to(&start, &first, |_| {}).unwrap();
        Self { _studio: studio, start, next }
    }
}

fn pointer(store: &dyn Backend) -> Vec<u8> {
    store.get("channel/stable", 1 << 20).unwrap().unwrap().bytes
}

/// Everything but marks of the dead.
fn lasting(store: &dyn Backend) -> Vec<(String, Vec<u8>)> {
    objects(store).into_iter().filter(|(name, _)| !name.starts_with("publishing/") && !name.starts_with("collecting/")).collect()
}

fn publish_next(store: &dyn Backend, next: &Path, patches: usize) -> untorn_publish::Result<untorn_publish::PublishReport> {
    publish_to(store, next, |options| options.patch_from = patches)
}

#[test]
fn publishing() {
    publishing_with(0, 1);
}

/// Making patches takes its time: only some of the calls.
#[test]
fn publishing_with_patches() {
    publishing_with(1, 7);
}

fn publishing_with(patches: usize, step: usize) {
    let scene = Scene::new();
    let whole = scene.start.copy();
    let old = pointer(&whole);
    let counter = Faulty::new(&whole, usize::MAX, Kill::Before);
    publish_next(&counter, &scene.next, patches).unwrap();
    let (calls, new, wanted) = (counter.calls(), pointer(&whole), objects(&whole));
    assert!(calls > 30, "{calls}");

    for number in (0..calls).step_by(step) {
        for kill in [Kill::Before, Kill::After] {
            let store = scene.start.copy();
            drop(publish_next(&Faulty::new(&store, number, kill), &scene.next, patches));
            let seen = pointer(&store);
            assert!(seen == old || seen == new, "{number} {kill:?}");
            // What players see is whole; only the entry in the log may be missing yet.
            let problems = check(&store, &[root()], None).unwrap().problems;
            assert!(problems.iter().all(|problem| problem.name.starts_with("log/")), "{number} {kill:?}: {problems:?}");
            let again = publish_next(&store, &scene.next, patches).unwrap();
            assert_eq!((again.build, again.seq), (2, 2), "{number} {kill:?}");
            assert!(lasting(&store) == wanted, "{number} {kill:?}");
        }
    }
}

#[test]
fn cleaning_up() {
    let scene = Scene::new();
    let full = scene.start.copy();
    publish_next(&full, &scene.next, 0).unwrap();
    let mut options = CollectOptions::default();
    options.keep = 1;

    let whole = full.copy();
    let counter = Faulty::new(&whole, usize::MAX, Kill::Before);
    let report = collect(&counter, &options).unwrap();
    assert!(!report.removed.is_empty());
    let (calls, wanted) = (counter.calls(), objects(&whole));
    for number in 0..calls {
        for kill in [Kill::Before, Kill::After] {
            let store = full.copy();
            drop(collect(&Faulty::new(&store, number, kill), &options));
            let report = check(&store, &[root()], None).unwrap();
            assert!(report.is_sound(), "{number} {kill:?}: {report:?}");
            let mut again = options;
            again.forget = true;
            collect(&store, &again).unwrap();
            assert!(objects(&store) == wanted, "{number} {kill:?}");
        }
    }
}
