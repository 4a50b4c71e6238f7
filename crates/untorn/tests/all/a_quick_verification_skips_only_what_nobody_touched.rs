//! `--quick` skips files that an earlier verification read, and no file that somebody has touched since, whatever its size and time say.

use std::{
    fs,
    path::Path,
    thread,
    time::{Duration, SystemTime},
};

use crate::util::{Place, noise, write};
use untorn::{RepairOptions, Tree, VerifyOptions, VerifyReport, repair, verify};

fn verified(tree: &Path, quick: bool) -> VerifyReport {
    let mut options = VerifyOptions::default();
    options.quick = quick;
    verify(tree, &options).unwrap()
}

/// A tree whose files were verified when they were old enough to be noted.
fn noted() -> Place {
    let place = Place::new();
    for name in ["build", "tree"] {
        place.dir(name, &[("a", &noise(5000, 1)), ("dir/b", &noise(300_000, 2)), ("c", b"c"), ("empty", b"")]);
    }
    repair(&place.path("tree"), &place.path("build"), &RepairOptions::default()).unwrap();
    let fresh = verified(&place.path("tree"), false);
    assert!(fresh.is_intact());
    assert_eq!(verified(&place.path("tree"), true).skipped, 0, "files this young are not noted");
    thread::sleep(Duration::from_millis(2200));
    let first = verified(&place.path("tree"), true);
    assert_eq!((first.skipped, first.is_intact()), (0, true), "nothing was noted, so everything is read, and noted");
    place
}

#[test]
fn what_is_untouched_is_skipped_and_what_is_not_is_read() {
    let place = noted();
    let tree = place.path("tree");
    let second = verified(&tree, true);
    assert_eq!((second.skipped, second.skipped_bytes, second.is_intact()), (4, 305_001, true));
    assert_eq!(verified(&tree, false).skipped, 0, "only where it was asked for");

    // The same length and the same modification time, other bytes.
    let before = fs::metadata(tree.join("a")).unwrap().modified().unwrap();
    write(&tree, "a", &noise(5000, 9));
    fs::File::options().write(true).open(tree.join("a")).unwrap().set_modified(before).unwrap();
    let third = verified(&tree, true);
    assert_eq!(third.damage.iter().map(|damage| damage.path.as_str()).collect::<Vec<_>>(), ["a"]);
    assert_eq!(third.skipped, 3);

    // Another file with the right bytes and times: it was not this one that was read.
    let bytes = fs::read(tree.join("c")).unwrap();
    fs::write(tree.join("new"), bytes).unwrap();
    fs::File::options().write(true).open(tree.join("new")).unwrap().set_modified(SystemTime::UNIX_EPOCH).unwrap();
    fs::rename(tree.join("new"), tree.join("c")).unwrap();
    assert_eq!(verified(&tree, true).skipped, 2);

    fs::remove_file(tree.join("dir/b")).unwrap();
    let last = verified(&tree, true);
    assert_eq!((last.skipped, last.damage.len()), (1, 2), "what is missing is missed also without reading");
}

#[test]
fn a_note_that_rots_or_is_torn_is_as_if_it_were_not_there() {
    let place = noted();
    let tree = place.path("tree");
    let note = tree.join(".untorn/verified");
    let good = fs::read(&note).unwrap();
    let mut flipped = good.clone();
    flipped[30] ^= 1;
    for bad in [&good[..20], &flipped, &[], &[good.as_slice(), b"x"].concat()] {
        fs::write(&note, bad).unwrap();
        let report = verified(&tree, true);
        assert_eq!((report.skipped, report.is_intact()), (0, true));
    }
    assert_eq!(verified(&tree, true).skipped, 4);
    fs::remove_file(&note).unwrap();
    fs::create_dir(&note).unwrap();
    assert_eq!(verified(&tree, true).skipped, 0, "what cannot be noted is read each time");
    // And the tree itself does not care.
    drop(Tree::open(&tree).unwrap());
}
