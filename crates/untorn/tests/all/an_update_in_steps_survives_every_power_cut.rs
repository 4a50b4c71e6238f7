//! An update in steps on a simulated disk: the power fails at every effect, and again while it goes on; the disk is full in every step. What is found is always the tree after a number of whole
//! steps, the head document says how many, and going on with the same patch ends at the new build, exactly.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use untorn::{ApplyOptions, Cause, Error, LowDiskOptions, LowDiskReport, Outcome, Tree, TreeState, apply_low_disk_on};
use untorn_format::release::{HalfWay, Steps};
use untorn_fs::{Fs, OpenMode};
use untorn_sim::{HookFs, Method, Sampling, SimFs, SimOptions, Snapshot, Verdict, write};

use crate::util::{Place, noise, unsigned};

const STEP_LEN: u64 = 64 << 10;

/// The same shapes as in a large update: content that shifts, files that wait for each other in a circle, one that moves, one that is read before it goes, new ones.
struct Scene {
    _place: Place,
    patch: PathBuf,
    old: Vec<(&'static str, Vec<u8>)>,
    new: Vec<(&'static str, Vec<u8>)>,
}

impl Scene {
    fn new() -> Self {
        let (pak, one, two, gone) = (noise(120_000, 1), noise(30_000, 2), noise(34_000, 3), noise(20_000, 4));
        let shifted = [&b"seven b"[..], &pak].concat();
        let fresh = [&gone[..], b"more", &pak[5000..9000]].concat();
        let old = vec![("pak", pak), ("one", one.clone()), ("two", two.clone()), ("d/gone", gone), ("d/moves", noise(9000, 5))];
        let new = vec![
            ("pak", shifted),
            ("one", [b"x", &two[..]].concat()),
            ("two", [b"y", &one[..]].concat()),
            ("e/fresh", fresh),
            ("e/moved", noise(9000, 5)),
        ];
        let place = Place::new();
        let borrowed = |files: &[(&'static str, Vec<u8>)], name: &str| {
            let files: Vec<_> = files.iter().map(|(path, bytes)| (*path, bytes.as_slice())).collect();
            place.dir(name, &files);
        };
        borrowed(&old, "old");
        borrowed(&new, "new");
        place.patch("old", "new");
        Self { patch: place.path("patch"), _place: place, old, new }
    }

    fn on(&self, options: SimOptions) -> SimFs {
        let fs = SimFs::new(options);
        fill(&fs, &self.old);
        fs.settle();
        fs
    }

    fn go_on(&self, tree: &mut Tree) -> Result<LowDiskReport, Error> {
        let mut low = LowDiskOptions::default();
        low.step_len = STEP_LEN;
        apply_low_disk_on(&self.patch, tree, &alone(), &low)
    }

    /// That the tree is the new build, and that nothing of the steps is left.
    fn is_done(&self, fs: &SimFs) {
        let wanted = SimFs::new(SimOptions::strict());
        fill(&wanted, &self.new);
        let wanted = Snapshot::of(&wanted, "").unwrap();
        let found = Snapshot::of(fs, ".untorn").unwrap();
        assert_eq!(wanted.difference(&found), Vec::<String>::new());
    }
}

fn fill(fs: &SimFs, files: &[(&str, Vec<u8>)]) {
    for (path, bytes) in files {
        if let Some((dir, _)) = path.split_once('/') {
            // Made for the first of its files.
            drop(fs.create_dir(dir, None));
        }
        write(fs, path, bytes).unwrap();
    }
}

fn alone() -> ApplyOptions {
    let mut options = unsigned();
    options.jobs = 1;
    options
}

fn open(fs: &SimFs) -> Tree {
    Tree::open_on(Arc::new(fs.clone())).unwrap()
}

/// How many steps are done: none before the first, `u32::MAX` after the last.
fn steps(tree: &Tree) -> u32 {
    match tree.head().unwrap() {
        None => 0,
        Some(head) => HalfWay::decode(&head).unwrap().map_or(u32::MAX, |half_way| half_way.steps.done),
    }
}

/// Trees by the number of steps: any two with the same number are the same.
#[derive(Default)]
struct Known(BTreeMap<u32, Snapshot>);

impl Known {
    fn check(&mut self, done: u32, fs: &SimFs, what: &dyn std::fmt::Debug) {
        let found = Snapshot::of(fs, ".untorn").unwrap();
        let known = self.0.entry(done).or_insert_with(|| found.clone());
        assert_eq!(known.difference(&found), Vec::<String>::new(), "after {done} steps, {what:?}");
    }
}

#[test]
fn and_ends_at_the_new_build_exactly() {
    let scene = Scene::new();
    let sampling = Sampling { exhaustive_max: 2, samples: 1, samples_between: 0, torn: 1, seed: 1 };
    for (name, disk) in [("strict", SimOptions::strict()), ("ext4", SimOptions::ext4_like()), ("btrfs", SimOptions::btrfs_like())]
    {
        let fs = scene.on(disk);
        let (mut known, mut states, mut nested) = (Known::default(), 0_u32, 0_u32);
        known.check(0, &fs, &"at first");
        let report = scene.go_on(&mut open(&fs)).unwrap();
        fs.mark(1);
        assert!(report.outcome == Outcome::Applied && report.steps > 6 && report.bytes_stash > 0, "{report:?}");
        scene.is_done(&fs);
        known.check(u32::MAX, &fs, &"at the end");
        for state in fs.recording().crashes(&sampling) {
            let crashed = state.fs();
            let mut tree = open(&crashed);
            let done = steps(&tree);
            assert!(state.marks().is_empty() || done == u32::MAX, "{name} {:?}", state.id());
            known.check(done, &crashed, &(name, state.id()));
            states += 1;
            // Going on is as costly as all of it: for some.
            if states % 23 != 0 {
                continue;
            }
            scene.go_on(&mut tree).unwrap_or_else(|error| panic!("{name} {:?}: {error}", state.id()));
            scene.is_done(&crashed);
            if states % 460 == 0 {
                nested += crash_again(&scene, &crashed, &mut known);
            }
        }
        assert_eq!(known.0.len(), report.steps as usize + 1, "{name}: a crash in every step, {:?}", known.0.keys());
        assert!(states > 300 && nested > 30, "{name}: {states} {nested}");
        eprintln!("{name}: {} steps, {states} states, {nested} of them crashed again", report.steps);
    }
}

/// Crashes what was done to go on after a crash.
fn crash_again(scene: &Scene, crashed: &SimFs, known: &mut Known) -> u32 {
    let few = Sampling { exhaustive_max: 0, samples: 0, samples_between: 0, torn: 0, seed: 1 };
    let mut states = 0;
    for state in crashed.recording().crashes(&few).step_by(23) {
        let again = state.fs();
        let mut tree = open(&again);
        known.check(steps(&tree), &again, &state.id());
        scene.go_on(&mut tree).unwrap();
        scene.is_done(&again);
        states += 1;
    }
    states
}

/// A tree after every number of steps: that of a process that died when it opened the next transaction.
fn after_each_step(scene: &Scene, options: SimOptions) -> Vec<(u32, SimFs)> {
    let fs = scene.on(options);
    scene.go_on(&mut open(&fs)).unwrap();
    let all = Sampling { exhaustive_max: 0, samples: 0, samples_between: 0, torn: 0, seed: 1 };
    let mut found = BTreeMap::new();
    for state in fs.recording().crashes(&all) {
        let crashed = state.fs();
        let tree = open(&crashed);
        let done = steps(&tree);
        drop(tree);
        found.entry(done).or_insert(crashed);
    }
    found.into_iter().collect()
}

#[test]
fn a_full_disk_in_any_step_leaves_it_able_to_go_forward_and_tells_what_is_missing() {
    const CAPACITY: u64 = 4 << 20;
    let scene = Scene::new();
    let roomy = SimOptions { capacity: Some(CAPACITY), bytes_per_name: 64, ..SimOptions::ext4_like() };
    let (mut refused, mut in_steps) = (0, 0);
    for (done, fs) in after_each_step(&scene, roomy).into_iter().filter(|(done, _)| *done != u32::MAX) {
        let before = Snapshot::of(&fs, ".untorn").unwrap();
        for free in (0..400_000_u64).step_by(20_000) {
            let fs = fs.fork();
            let filler = fs.open(".untorn/filler", OpenMode::CreateNew { executable: false }).unwrap();
            filler.allocate(0, fs.space().unwrap().available - free).unwrap();
            drop(filler);
            let mut tree = open(&fs);
            let result = scene.go_on(&mut tree);
            let now = steps(&tree);
            drop(tree);
            let Err(error) = result else {
                scene.is_done(&fs);
                continue;
            };
            refused += 1;
            assert_eq!(error.code(), "UNT-SPACE", "after {done} steps, {free} bytes free: {error}");
            assert_eq!(error.state(), TreeState::Unchanged, "{error}");
            let missing = missing(&error).unwrap_or_else(|| panic!("{error}"));
            assert!(missing > 0 && error.to_string().contains(&missing.to_string()), "{error}");
            assert!(now >= done && (now > 0) == matches!(error, Error::Step { .. }), "{now} {done} {error}");
            if now == done {
                let found = Snapshot::of(&fs, ".untorn").unwrap();
                assert_eq!(before.difference(&found), Vec::<String>::new(), "after {done} steps, {free} bytes free");
            }
            in_steps += u32::from(now > 0);
            fs.remove_file(".untorn/filler").unwrap();
            scene.go_on(&mut open(&fs)).unwrap();
            scene.is_done(&fs);
        }
    }
    assert!(refused > 20 && in_steps > 10, "{refused} {in_steps}");
}

fn missing(error: &Error) -> Option<u64> {
    match error {
        Error::Tree(error) => match error.cause() {
            Cause::NoSpace { missing } => *missing,
            _ => None,
        },
        Error::Step { source, .. } => missing(source),
        _ => None,
    }
}

#[test]
fn every_call_that_fails_leaves_it_able_to_go_forward() {
    let scene = Scene::new();
    let fs = scene.on(SimOptions::ext4_like());
    let calls = Arc::new(Mutex::new(0_u64));
    let counting = hooked(&fs.fork(), calls.clone(), u64::MAX);
    scene.go_on(&mut Tree::open_on(counting).unwrap()).unwrap();
    let all = *calls.lock().unwrap_or_else(PoisonError::into_inner);
    let mut stopped = 0;
    for number in (1..all).step_by(17) {
        let fs = fs.fork();
        let tree = Tree::open_on(hooked(&fs, Arc::default(), number));
        if let Ok(mut tree) = tree
            && let Err(error) = scene.go_on(&mut tree)
        {
            stopped += 1;
            assert!(!matches!(error, Error::HalfWay { .. }), "{error}");
        }
        let next = fs.restart();
        scene.go_on(&mut open(&next)).unwrap_or_else(|error| panic!("call {number}: {error}"));
        scene.is_done(&next);
    }
    assert!(stopped > 20, "{stopped} of {all}");
}

/// Fails the call with that number; reads pass.
fn hooked(fs: &SimFs, calls: Arc<Mutex<u64>>, failing: u64) -> Arc<dyn Fs> {
    Arc::new(HookFs::on_sim(fs, move |call| {
        let mut calls = calls.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(call.method, Method::ReadAt | Method::Metadata) {
            return Verdict::Pass;
        }
        *calls += 1;
        if *calls == failing { Verdict::Fail(std::io::ErrorKind::Other) } else { Verdict::Pass }
    }))
}

/// What the head document says without being read as a whole is what it says.
#[test]
fn how_far_it_is_can_be_told_by_the_first_bytes() {
    let scene = Scene::new();
    for (done, fs) in after_each_step(&scene, SimOptions::ext4_like()) {
        let head = open(&fs).head().unwrap().unwrap_or_default();
        let told = Steps::peek(&head);
        assert_eq!(told, HalfWay::decode(&head).unwrap_or_default().map(|half_way| half_way.steps));
        assert_eq!(told.map_or(0, |steps| steps.done), if done == u32::MAX { 0 } else { done });
    }
}
