//! Repairing from a store of releases: damaged chunks are fetched and no others, what the tree still has is found first, and nothing the store gives is believed.

use std::{
    fs,
    path::PathBuf,
    sync::{Arc, Mutex},
};

use crate::stores::Store;
use crate::util::{Place, noise, scanned, write};
use untorn::{Error, RepairOptions, RepairOutcome, RepairReport, TreeState, VerifyOptions, repair, repair_from, verify};

const LONG: usize = 24 << 20;

struct Case {
    place: Place,
    store: Store,
}

/// A build, a store that has it, and a tree that is it.
fn case() -> Case {
    let place = Place::new();
    let (long, other, short) = (noise(LONG, 1), noise(1 << 20, 2), noise(50_000, 3));
    let files =
        [("long", &*long), ("other", &*other), ("short", &*short), ("same", &*short), ("dir/small", b"small"), ("empty", b"")];
    place.dir("build", &files);
    place.dir("tree", &files);
    let mut store = Store::new(&place.path("store"));
    store.publish(&place.path("build"));
    repair(&place.path("tree"), &place.path("build"), &RepairOptions::default()).unwrap();
    Case { place, store }
}

impl Case {
    fn tree(&self) -> PathBuf {
        self.place.path("tree")
    }

    fn repaired(&self) -> RepairReport {
        let report = repair_from(&self.tree(), &self.store.remote(), &RepairOptions::default()).unwrap();
        assert!(verify(&self.tree(), &VerifyOptions::default()).unwrap().is_intact());
        report
    }

    fn failed(&self, options: &RepairOptions) -> Error {
        let before = scanned(&self.tree());
        let error = repair_from(&self.tree(), &self.store.remote(), options).unwrap_err();
        assert_eq!((error.state(), scanned(&self.tree())), (TreeState::Unchanged, before), "{error}");
        error
    }
}

#[test]
fn one_flipped_bit_costs_one_frame_and_what_tells_where_it_is() {
    let case = case();
    let mut long = noise(LONG, 1);
    long[13_333_333] ^= 0x40;
    write(&case.tree(), "long", &long);
    let announced = Arc::new(Mutex::new(Vec::new()));
    let (mut options, heard) = (RepairOptions::default(), announced.clone());
    options.announce = Some(Arc::new(move |bytes| heard.lock().unwrap().push(bytes)));
    let report = repair_from(&case.tree(), &case.store.remote(), &options).unwrap();
    assert_eq!(report.outcome, RepairOutcome::Repaired);
    assert!(report.bytes_fetched <= 256 << 10, "{}", report.bytes_fetched);
    assert_eq!(*announced.lock().unwrap(), [report.bytes_fetched], "said before it started");
    // Once to the journal, once in place.
    assert!(report.transaction.bytes_written() <= 3 * 4096, "{:?}", report.transaction);
    assert_eq!(scanned(&case.tree()), scanned(&case.place.path("build")));

    // The index is at hand now: another bit costs its frame alone, and the documents of a tree that follows no releases.
    long[13_333_333 + (1 << 20)] ^= 0x40;
    long[13_333_333] ^= 0x40;
    write(&case.tree(), "long", &long);
    let found = verify(&case.tree(), &VerifyOptions::default()).unwrap();
    assert!(found.ranges.len() == 1 && found.ranges[0].path == "long", "verifying uses it, too: {:?}", found.ranges);
    assert!(found.ranges[0].ranges[0].contains(&(13_333_333 + (1 << 20))));
    let again = case.repaired();
    assert!(again.bytes_fetched <= 132 << 10, "{}", again.bytes_fetched);
}

#[test]
fn every_kind_of_damage_is_undone() {
    let case = case();
    let tree = case.tree();
    fs::remove_file(tree.join("other")).unwrap();
    fs::remove_dir_all(tree.join("dir")).unwrap();
    write(&tree, "short", b"cut");
    fs::remove_file(tree.join("same")).unwrap();
    write(&tree, "empty", b"no more");
    write(&tree, "long", &noise(LONG, 1)[..5 << 20]);
    write(&tree, "mods/mine", b"mine");
    let report = case.repaired();
    assert_eq!((report.outcome, report.extra.len()), (RepairOutcome::Repaired, 1));
    assert_eq!(fs::read(tree.join("mods/mine")).unwrap(), b"mine");
    assert_eq!(case.repaired().outcome, RepairOutcome::Intact);
}

#[test]
fn what_the_tree_still_has_is_not_fetched() {
    let case = case();
    let tree = case.tree();
    // The same content under another name, and under a name that is not the build's.
    fs::remove_file(tree.join("short")).unwrap();
    fs::rename(tree.join("other"), tree.join("moved away")).unwrap();
    // Bytes that have moved.
    let mut long = noise(LONG, 1);
    long.splice(100..100, *b"inserted");
    write(&tree, "long", &long);
    let report = case.repaired();
    assert!(report.bytes_fetched < 300 << 10, "{} of 25 MiB", report.bytes_fetched);
    assert!(report.bytes_found > 24 << 20, "{}", report.bytes_found);
    assert!(tree.join("moved away").exists(), "what was taken from it stays there");
}

#[test]
fn a_repair_that_is_stopped_keeps_what_it_had() {
    let case = case();
    fs::write(case.tree().join("long"), noise(LONG, 9)).unwrap();
    let (remote, asked) = case.store.failing_remote(3);
    let error = repair_from(&case.tree(), &remote, &RepairOptions::default()).unwrap_err();
    assert!(matches!(error, Error::Net(_)) && error.state() == TreeState::Unchanged, "{error}");
    let had: Vec<_> = asked.parts.lock().unwrap().clone();
    let (remote, asked) = case.store.failing_remote(usize::MAX);
    let report = repair_from(&case.tree(), &remote, &RepairOptions::default()).unwrap();
    assert!(verify(&case.tree(), &VerifyOptions::default()).unwrap().is_intact());
    let second = asked.parts.lock().unwrap();
    let again: Vec<_> = second.iter().filter(|part| had.contains(part)).collect();
    assert!(again.is_empty() && had.iter().filter(|(name, _)| name.starts_with("pack/")).count() == 3, "{again:?}");
    assert!(report.bytes_fetched < (LONG as u64) - (2 << 20), "{}", report.bytes_fetched);
    let left = fs::read_dir(case.tree().join(".untorn/fetched")).unwrap().map(|entry| entry.unwrap().file_name());
    assert!(left.into_iter().all(|name| name.to_string_lossy().starts_with("index-")), "what was used is gone");
}

#[test]
fn what_was_kept_and_has_rotted_is_fetched_again() {
    let case = case();
    fs::write(case.tree().join("long"), noise(LONG, 9)).unwrap();
    let (remote, _) = case.store.failing_remote(3);
    repair_from(&case.tree(), &remote, &RepairOptions::default()).unwrap_err();
    let fetched = case.tree().join(".untorn/fetched");
    for (number, entry) in fs::read_dir(&fetched).unwrap().map(Result::unwrap).enumerate() {
        let mut bytes = fs::read(entry.path()).unwrap();
        bytes[number % 7 * 10] ^= 1;
        bytes.truncate(bytes.len() - number % 3);
        fs::write(entry.path(), bytes).unwrap();
    }
    assert_eq!(case.repaired().outcome, RepairOutcome::Repaired);
}

#[test]
fn asking_first_says_to_the_byte_what_it_takes() {
    let case = case();
    write(&case.tree(), "other", &noise(1 << 20, 7));
    let mut options = RepairOptions::default();
    options.dry_run = true;
    let before = scanned(&case.tree());
    let asked = repair_from(&case.tree(), &case.store.remote(), &options).unwrap();
    assert_eq!((asked.outcome, scanned(&case.tree())), (RepairOutcome::DryRun, before));
    fs::remove_dir_all(case.tree().join(".untorn/fetched")).unwrap();
    assert_eq!(case.repaired().bytes_fetched, asked.bytes_fetched);
}

#[test]
fn a_tree_whose_journal_is_destroyed_becomes_the_build_it_was() {
    let case = case();
    let tree = case.tree();
    let mut long = noise(LONG, 1);
    long[..100_000].fill(7);
    write(&tree, "long", &long);
    for slot in 0..3 {
        fs::write(tree.join(format!(".untorn/slot.{slot}")), b"rot").unwrap();
    }
    // Meanwhile the studio has published another build.
    write(&case.place.path("build"), "other", b"newer");
    let mut case = case;
    let newer = case.store.publish(&case.place.path("build"));
    let report = case.repaired();
    assert!(report.bytes_fetched < 600 << 10, "{}", report.bytes_fetched);
    assert_ne!(report.build, newer.hash());

    // The same with an update under way, and it should become the new one: only what is new about it is fetched.
    fs::create_dir_all(tree.join(".untorn/tx/7")).unwrap();
    for slot in 0..3 {
        fs::write(tree.join(format!(".untorn/slot.{slot}")), b"rot").unwrap();
    }
    let mut options = RepairOptions::default();
    options.manifest = Some(newer.clone());
    let report = repair_from(&tree, &case.store.remote(), &options).unwrap();
    assert!(report.bytes_fetched < 100 << 10, "{}", report.bytes_fetched);
    assert!(report.journal.is_some());
    assert_eq!(scanned(&tree), newer);
}

#[test]
fn a_tree_that_says_nothing_is_not_told_by_the_store_what_it_should_be() {
    let case = case();
    let plain = case.place.dir("plain", &[("x", b"x")]);
    let error = repair_from(&plain, &case.store.remote(), &RepairOptions::default()).unwrap_err();
    assert!(matches!(error, Error::NotRecorded { .. }), "{error}");
    assert_eq!(fs::read(plain.join("x")).unwrap(), b"x");
    let other = case.place.dir("other", &[("x", b"y")]);
    write(&case.tree(), "other", b"damaged");
    let mut options = RepairOptions::default();
    options.manifest = Some(scanned(&other));
    let error = case.failed(&options);
    assert!(matches!(error, Error::Source { .. }), "no release of the store has it: {error}");
}

#[test]
fn nothing_a_host_forges_gets_into_the_tree() {
    let case = case();
    write(&case.tree(), "other", &noise(1 << 20, 7));
    let packs = case.store.packs();
    let good: Vec<_> = packs.iter().map(|pack| fs::read(pack).unwrap()).collect();
    let each = |change: &dyn Fn(&[u8]) -> Vec<u8>| {
        packs.iter().zip(&good).for_each(|(pack, bytes)| fs::write(pack, change(bytes)).unwrap());
    };
    each(&|bytes| bytes.iter().map(|byte| byte ^ 1).collect());
    assert_eq!(case.failed(&RepairOptions::default()).code(), "UNT-NET-CONTENT");
    each(&|bytes| bytes[..bytes.len() / 3].to_vec());
    case.failed(&RepairOptions::default());
    packs.iter().for_each(|pack| fs::remove_file(pack).unwrap());
    assert_eq!(case.failed(&RepairOptions::default()).code(), "UNT-NET-MISSING");
    each(&<[u8]>::to_vec);
    case.repaired();
}

#[test]
fn a_store_that_says_other_chunks_are_the_files_is_found_out_by_the_hash_of_the_file() {
    // A host can make up a release, an index and packs that fit each other, for a manifest that is not theirs.
    let case = case();
    let evil = case.place.dir("evil", &[("x", b"x")]);
    let mut files = std::collections::BTreeMap::new();
    for entry in fs::read_dir(case.place.path("build")).unwrap().map(Result::unwrap) {
        files.insert(entry.file_name(), entry.path());
    }
    assert!(files.len() > 3);
    fs::remove_dir_all(&evil).unwrap();
    fs::create_dir(&evil).unwrap();
    for (name, path) in files {
        if path.is_file() {
            fs::copy(path, evil.join(name)).unwrap();
        }
    }
    fs::create_dir(evil.join("dir")).unwrap();
    fs::write(evil.join("dir/small"), b"small").unwrap();
    let mut forged = noise(1 << 20, 2);
    forged[500_000] ^= 1;
    fs::write(evil.join("other"), &forged).unwrap();
    let mut store = Store::new(&case.place.path("evil store"));
    store.publish_as(&evil, &scanned(&case.place.path("build")));
    write(&case.tree(), "other", &noise(1 << 20, 7));
    let error = repair_from(&case.tree(), &store.remote(), &RepairOptions::default()).unwrap_err();
    assert!(matches!(error, Error::Source { .. }) && error.state() == TreeState::Unchanged, "{error}");
    assert_eq!(fs::read(case.tree().join("other")).unwrap(), noise(1 << 20, 7));
}
