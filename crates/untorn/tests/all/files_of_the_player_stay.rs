//! What stands beside the build is neither changed nor removed, nor does it keep an update from happening.

use std::fs;

use crate::util::{Place, apply_to, scanned, write};
use untorn::{Outcome, VerifyOptions, verify_against};

#[test]
fn in_the_root_in_directories_that_stay_and_in_directories_that_go() {
    let place = Place::new();
    place.dir("old", &[("a", b"1"), ("dir/x", b"x"), ("going/deep/y", b"y")]);
    place.dir("new", &[("a", b"2"), ("dir/x", b"x")]);
    let tree = place.dir("tree", &[("a", b"1"), ("dir/x", b"x"), ("going/deep/y", b"y")]);
    for save in ["save", "dir/save", "going/deep/save"] {
        write(&tree, save, b"mine");
    }
    let patch = place.patch("old", "new");
    let report = apply_to(&tree, &patch).unwrap();
    assert_eq!(report.outcome, Outcome::Applied);
    assert_eq!(report.dirs_kept, ["going", "going/deep"]);
    for save in ["save", "dir/save", "going/deep/save"] {
        assert_eq!(fs::read(tree.join(save)).unwrap(), b"mine");
    }
    assert!(!tree.join("going/deep/y").exists());
    let verified = verify_against(&tree, &scanned(&place.path("new")), &VerifyOptions::default()).unwrap();
    assert!(verified.is_intact());
    let extra: Vec<_> = verified.extra.iter().map(|extra| extra.path.as_str()).collect();
    assert_eq!(extra, ["dir/save", "going", "save"]);
    // The whole cannot be recognised with these files in it, but what the patch changes can.
    assert!(!report.is_recorded);
    fs::remove_dir_all(tree.join("going")).unwrap();
    assert_eq!(apply_to(&tree, &patch).unwrap().outcome, Outcome::UpToDate);
}
