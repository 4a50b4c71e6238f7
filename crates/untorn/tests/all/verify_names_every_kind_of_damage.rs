//! Verifying: every kind of damage has its name, and what stands beside the build is none.

use std::fs;

use crate::util::{Place, make_executable, noise, scanned, symlink, write};
use untorn::{Difference, Error, VerifyOptions, verify, verify_against};

#[test]
fn in_one_report() {
    let place = Place::new();
    let long = noise(100_000, 3);
    let tree = place.dir(
        "tree",
        &[("bytes", &long), ("cut", b"whole"), ("gone", b""), ("program", b"x"), ("was/file", b""), ("fine", b"fine")],
    );
    symlink("fine", &tree.join("link"));
    fs::create_dir(tree.join("dir")).unwrap();
    let manifest = scanned(&tree);
    let mut rotten = long;
    rotten[77_777] ^= 0x10;
    write(&tree, "bytes", &rotten);
    write(&tree, "cut", b"who");
    fs::remove_file(tree.join("gone")).unwrap();
    make_executable(&tree.join("program"), true);
    fs::remove_dir_all(tree.join("was")).unwrap();
    write(&tree, "was", b"now a file");
    fs::remove_dir(tree.join("dir")).unwrap();
    if cfg!(unix) {
        fs::remove_file(tree.join("link")).unwrap();
        symlink("cut", &tree.join("link"));
        symlink("was", &tree.join("dir"));
        write(&tree, "aux", b"a name that no build may have");
    }
    write(&tree, "saves/one", b"mine");
    let report = verify_against(&tree, &manifest, &VerifyOptions::default()).unwrap();
    let lines = |differences: &[Difference]| differences.iter().map(Difference::to_string).collect::<Vec<_>>();
    let mut damage = vec!["bytes: other bytes", "cut: 3 bytes long instead of 5", "dir: missing", "gone: missing"];
    let mut extra = vec!["saves: not part of the build: a directory"];
    if cfg!(unix) {
        damage[2] = "dir: a symlink instead of a directory";
        damage.extend(["link: leads to \"cut\" instead of \"fine\"", "program: executable"]);
        extra.insert(0, "aux: not part of the build: a name that not every system can hold");
    }
    damage.extend(["was: a file instead of a directory", "was/file: missing"]);
    assert_eq!(lines(&report.damage), damage);
    assert_eq!(lines(&report.extra), extra);
    assert!(!tree.join(".untorn").exists(), "looking at a plain directory does not put it under care");
}

#[test]
fn without_a_record_of_what_is_installed_it_says_so() {
    let place = Place::new();
    let tree = place.dir("tree", &[("a", b"a")]);
    assert!(matches!(verify(&tree, &VerifyOptions::default()), Err(Error::NotRecorded { .. })));
}
