//! Random pairs of builds: the patch between them makes the one of the other, byte for byte, and rolling back makes it the first one again.

use std::{fs, path::Path};

use crate::builds::{Build, Rng};
use untorn::{
    ApplyOptions, BaseCheck, DiffOptions, Manifest, Options, Outcome, ScanOptions, Tree, Trusting, VerifyOptions, WayChoice,
    apply, diff, scan, verify, verify_against,
};

/// How many pairs are tried; more with the environment variable `UNTORN_PAIRS`.
const PAIRS: u64 = 40;

fn scanned(dir: &Path) -> Manifest {
    scan(dir, &ScanOptions::default()).unwrap()
}

fn apply_options(rng: &mut Rng) -> ApplyOptions {
    let mut options = ApplyOptions::default();
    options.trusting = Trusting::Unsigned;
    options.way = [WayChoice::Auto, WayChoice::Put, WayChoice::Patch, WayChoice::Clone][rng.index(4)];
    options.base = [BaseCheck::Auto, BaseCheck::Full, BaseCheck::Changed][rng.index(3)];
    options.jobs = rng.index(3);
    options
}

#[test]
fn random_builds_are_patched_verified_and_rolled_back() {
    let pairs = std::env::var("UNTORN_PAIRS").ok().and_then(|pairs| pairs.parse().ok()).unwrap_or(PAIRS);
    for seed in 0..pairs {
        let mut rng = Rng(seed);
        let (old, new) = crate::builds::pair(&mut rng);
        let work = tempfile::tempdir().unwrap();
        check(&mut rng, seed, work.path(), &old, &new);
    }
}

fn check(rng: &mut Rng, seed: u64, work: &Path, old: &Build, new: &Build) {
    let [old_dir, new_dir, tree, patch] = ["old", "new", "tree", "patch"].map(|name| work.join(name));
    old.write(&old_dir);
    new.write(&new_dir);
    old.write(&tree);
    let mut options = DiffOptions::default();
    options.level = 1;
    diff(&old_dir, &new_dir, &patch, &options).unwrap();
    let mut options = apply_options(rng);
    let opened = || fs::File::open(&patch).unwrap();

    options.dry_run = true;
    let dry = apply(opened(), &tree, &options).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
    assert_eq!(scanned(&tree), scanned(&old_dir), "seed {seed}: a dry run changed something");

    options.dry_run = false;
    let report = apply(opened(), &tree, &options).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
    assert_eq!(scanned(&tree), scanned(&new_dir), "seed {seed}: {options:?}");
    if old == new {
        assert_eq!(report.outcome, Outcome::UpToDate, "seed {seed}");
        return;
    }
    assert_eq!(report.outcome, Outcome::Applied);
    let (forecast, done) = (report.forecast, &report.transaction);
    assert_eq!(dry.forecast, forecast);
    assert_eq!(
        (forecast.bytes_redo, forecast.bytes_staged, forecast.bytes_in_place, forecast.bytes_undo),
        (done.bytes_redo, done.bytes_staged, done.bytes_in_place, done.bytes_undo),
        "seed {seed}: {options:?} {done:#?}"
    );
    assert!(verify_against(&tree, &scanned(&new_dir), &VerifyOptions::default()).unwrap().damage.is_empty());
    assert_eq!(report.is_recorded, options.base != BaseCheck::Changed, "seed {seed}");
    if report.is_recorded {
        assert!(verify(&tree, &VerifyOptions::default()).unwrap().is_intact());
    }
    assert_eq!(apply(opened(), &tree, &options).unwrap().outcome, Outcome::UpToDate, "seed {seed}");

    let mut keep = Options::default();
    keep.keep_undo = rng.below(2) == 0;
    Tree::open(&tree).unwrap().rollback(keep.clone(), false).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
    assert_eq!(scanned(&tree), scanned(&old_dir), "seed {seed}: rolled back");
    if keep.keep_undo {
        Tree::open(&tree).unwrap().rollback(keep, false).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        assert_eq!(scanned(&tree), scanned(&new_dir), "seed {seed}: rolled forward again");
    }
}
