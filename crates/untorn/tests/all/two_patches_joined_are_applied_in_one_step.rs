//! A patch joined from two, without the builds, makes of the first build the last one in one step; and it is used only where the build is known.

use std::{fs, path::Path};

use crate::builds::{Build, Rng};
use untorn::{
    ApplyOptions, BaseCheck, DiffOptions, Error, LowDiskOptions, MergeError, Options, Outcome, PatchError, ScanOptions, Tree,
    Trusting, VerifyOptions, WayChoice, apply, apply_low_disk, diff, merge, scan, verify,
};

/// How many triples are tried; more with the environment variable `UNTORN_PAIRS`.
const TRIPLES: u64 = 25;

struct Work {
    dir: tempfile::TempDir,
}

impl Work {
    fn at(&self, name: &str) -> std::path::PathBuf {
        self.dir.path().join(name)
    }

    /// Builds, the patches between them, and the joined one.
    fn new(builds: [&Build; 3]) -> Self {
        let work = Self { dir: tempfile::tempdir().unwrap() };
        for (build, name) in builds.into_iter().zip(["old", "mid", "new"]) {
            build.write(&work.at(name));
        }
        let mut options = DiffOptions::default();
        options.level = 1;
        diff(&work.at("old"), &work.at("mid"), &work.at("first"), &options).unwrap();
        diff(&work.at("mid"), &work.at("new"), &work.at("second"), &options).unwrap();
        merge(&work.at("first"), &work.at("second"), &work.at("joined"), None).unwrap();
        work
    }

    fn apply(&self, patch: &str, tree: &str, options: &ApplyOptions) -> untorn::Result<untorn::ApplyReport> {
        apply(fs::File::open(self.at(patch)).unwrap(), &self.at(tree), options)
    }
}

fn scanned(dir: &Path) -> untorn::Manifest {
    scan(dir, &ScanOptions::default()).unwrap()
}

fn unsigned() -> ApplyOptions {
    let mut options = ApplyOptions::default();
    options.trusting = Trusting::Unsigned;
    options
}

fn triple(seed: u64) -> [Build; 3] {
    let mut rng = Rng(seed);
    let (old, mid) = crate::builds::pair(&mut rng);
    let new = mid.changed(&mut rng);
    [old, mid, new]
}

#[test]
fn random_builds_become_what_one_patch_after_the_other_makes_of_them() {
    let triples = std::env::var("UNTORN_PAIRS").ok().and_then(|pairs| pairs.parse().ok()).unwrap_or(TRIPLES);
    for seed in 0..triples {
        let [old, mid, new] = triple(seed);
        let work = Work::new([&old, &mid, &new]);
        old.write(&work.at("tree"));
        let mut rng = Rng(seed + 1000);
        let mut options = unsigned();
        options.way = [WayChoice::Auto, WayChoice::Put, WayChoice::Patch, WayChoice::Clone][rng.index(4)];
        options.base = [BaseCheck::Auto, BaseCheck::Full, BaseCheck::Changed][rng.index(3)];
        options.jobs = rng.index(3);
        let report = work.apply("joined", "tree", &options).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        assert_eq!(scanned(&work.at("tree")), scanned(&work.at("new")), "seed {seed}: {options:?}");
        assert!(verify(&work.at("tree"), &VerifyOptions::default()).map_or(old == new, |report| report.is_intact()));
        if report.outcome == Outcome::Applied {
            Tree::open(&work.at("tree")).unwrap().rollback(Options::default(), false).unwrap();
            assert_eq!(scanned(&work.at("tree")), scanned(&work.at("old")), "seed {seed}: rolled back");
        }
    }
}

/// Of which every build differs from every other.
fn distinct() -> Work {
    let [old, mid, new] = (0..).map(triple).find(|[old, mid, new]| old != mid && mid != new && old != new).unwrap();
    let work = Work::new([&old, &mid, &new]);
    old.write(&work.at("tree"));
    work
}

#[test]
fn a_tree_that_does_not_say_what_it_is_stays_as_it_is() {
    let work = distinct();
    fs::write(work.at("tree").join("save.game"), "mine").unwrap();
    let before = scanned(&work.at("tree"));
    for base in [BaseCheck::Auto, BaseCheck::Changed] {
        let mut options = unsigned();
        options.base = base;
        let refused = work.apply("joined", "tree", &options).unwrap_err();
        assert!(matches!(refused, Error::Patch(PatchError::Joined)), "{refused}");
        assert_eq!(refused.code(), "UNT-PATCH-JOINED");
    }
    assert_eq!(scanned(&work.at("tree")), before);
}

#[test]
fn a_tree_that_says_it_keeps_what_the_player_put_there() {
    let work = distinct();
    // Once updated, it says what it is.
    work.apply("joined", "tree", &unsigned()).unwrap();
    diff(&work.at("new"), &work.at("old"), &work.at("back"), &DiffOptions::default()).unwrap();
    work.apply("back", "tree", &unsigned()).unwrap();
    fs::write(work.at("tree").join("save.game"), "mine").unwrap();
    work.apply("joined", "tree", &unsigned()).unwrap();
    assert_eq!(fs::read_to_string(work.at("tree").join("save.game")).unwrap(), "mine");
    fs::remove_file(work.at("tree").join("save.game")).unwrap();
    assert_eq!(scanned(&work.at("tree")), scanned(&work.at("new")));
    // And it is not applied to anything else.
    let other = work.apply("second", "tree", &unsigned()).unwrap();
    assert_eq!(other.outcome, Outcome::UpToDate);
    let wrong = work.apply("first", "tree", &unsigned()).unwrap_err();
    assert!(matches!(wrong, Error::WrongBase(_)), "{wrong}");
}

#[test]
fn files_that_somebody_modified_are_named_or_kept() {
    let [old, mid, new] = ["one", "two", "three"].map(|word| {
        let work = tempfile::tempdir().unwrap();
        for name in ["a", "b"] {
            fs::write(work.path().join(name), format!("{name} is {word}, {}", "and some more words ".repeat(100))).unwrap();
        }
        work
    });
    let work = tempfile::tempdir().unwrap();
    let at = |name: &str| work.path().join(name);
    diff(old.path(), mid.path(), &at("first"), &DiffOptions::default()).unwrap();
    diff(mid.path(), new.path(), &at("second"), &DiffOptions::default()).unwrap();
    merge(&at("first"), &at("second"), &at("joined"), None).unwrap();
    let opened = || fs::File::open(at("joined")).unwrap();
    diff(new.path(), old.path(), &at("back"), &DiffOptions::default()).unwrap();
    apply(opened(), old.path(), &unsigned()).unwrap();
    apply(fs::File::open(at("back")).unwrap(), old.path(), &unsigned()).unwrap();
    fs::write(old.path().join("a"), "mine").unwrap();
    let refused = apply(opened(), old.path(), &unsigned()).unwrap_err();
    assert!(matches!(&refused, Error::WrongBase(wrong) if wrong.differences.len() == 1), "{refused}");
    assert_eq!(fs::read_to_string(old.path().join("a")).unwrap(), "mine");
    let mut keeping = unsigned();
    keeping.keep_modified = true;
    let before = fs::read(old.path().join("b")).unwrap();
    let kept = apply(opened(), old.path(), &keeping);
    // b goes through what a is made of, for all that the patch says.
    kept.unwrap_err();
    assert_eq!(fs::read(old.path().join("b")).unwrap(), before);
}

#[test]
fn steps_are_refused_before_the_first() {
    let work = distinct();
    let before = scanned(&work.at("tree"));
    let refused = apply_low_disk(&work.at("joined"), &work.at("tree"), &unsigned(), &LowDiskOptions::default()).unwrap_err();
    assert!(matches!(refused, Error::Patch(PatchError::Joined)), "{refused}");
    assert_eq!(scanned(&work.at("tree")), before);
}

#[test]
fn nothing_is_written_where_the_two_do_not_fit() {
    let work = distinct();
    let wrong = merge(&work.at("second"), &work.at("first"), &work.at("joined2"), None).unwrap_err();
    assert!(matches!(wrong, Error::Merge(MergeError::Apart { .. })), "{wrong}");
    assert_eq!(wrong.code(), "UNT-MERGE-APART");
    let again = merge(&work.at("joined"), &work.at("second"), &work.at("joined2"), None).unwrap_err();
    assert!(matches!(again, Error::Merge(_)), "{again}");
    assert!(matches!(merge(&work.at("first"), &work.at("nothing"), &work.at("joined2"), None), Err(Error::Io { .. })));
    assert!(!work.at("joined2").exists());
}

#[test]
fn of_two_patches_the_one_that_cannot_be_used_is_named() {
    let work = distinct();
    fs::write(work.at("junk"), "no patch at all").unwrap();
    let refused = |first: &str, second: &str| merge(&work.at(first), &work.at(second), &work.at("never"), None).unwrap_err();
    let (first, second) = (refused("junk", "first"), refused("first", "junk"));
    assert!(matches!(first, Error::Merge(MergeError::First(_))), "{first}");
    assert!(matches!(second, Error::Merge(MergeError::Second(_))), "{second}");
    assert!(!work.at("never").exists());
}
