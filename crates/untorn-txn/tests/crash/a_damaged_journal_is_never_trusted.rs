//! Damage in the journal itself: every byte of every file of a pending transaction, every slot at rest, and journals that belong elsewhere. The answer is the right
//! tree, or an error that says what is wrong and has changed nothing; never a torn tree, never a panic.

use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::Ordering},
};

use untorn_crash::{Must, Oracle, Workload, World};
use untorn_fs::{Fs, OpenMode};
use untorn_sim::{Image, SimFs, Snapshot, read, write};
use untorn_txn::{Cause, Condition, Recovery, Status, Tree, TreeState};

use crate::no_failed_sync_is_tried_again::decided;

/// Every file below `dir`.
fn files_below(fs: &SimFs, dir: &str) -> Vec<String> {
    let mut files = Vec::new();
    for name in fs.read_dir(dir).unwrap().into_iter().map(|entry| entry.name.unwrap()) {
        let path = format!("{dir}/{name}");
        if fs.metadata(&path).unwrap().is_dir() { files.extend(files_below(fs, &path)) } else { files.push(path) }
    }
    files.sort();
    files
}

/// `image` with one bit of a file flipped.
fn flipped(image: &Image, path: &str, at: usize, bit: u8) -> SimFs {
    let fs = SimFs::from_image(image.clone());
    let byte = read(&fs, path).unwrap()[at] ^ 1 << bit;
    fs.open(path, OpenMode::Write).unwrap().write_all_at(&[byte], at as u64).unwrap();
    SimFs::from_image(fs.image())
}

/// Opens a damaged disk: the right tree, or a typed error that changed nothing. Says which.
#[track_caller]
fn open_damaged(fs: &SimFs, oracle: &Oracle, what: &str) -> &'static str {
    let before = fs.image();
    match Tree::open_on(Arc::new(fs.clone())) {
        Ok(tree) => {
            oracle.side(fs, Must::BeEither).unwrap_or_else(|found| panic!("{what}: {found}"));
            let recovery = tree.recovery().clone();
            drop(tree);
            let again = Tree::open_on(Arc::new(fs.clone())).unwrap_or_else(|error| panic!("{what}: after {recovery:?}: {error}"));
            assert_eq!(*again.recovery(), Recovery::Clean, "{what}");
            "right"
        }
        Err(error) => {
            let typed =
                matches!(error.cause(), Cause::JournalDamaged { .. } | Cause::JournalForeign | Cause::JournalNewer { .. });
            assert!(typed && error.state() == TreeState::NotUnderstood, "{what}: {error}");
            assert!(fs.same_tree(&before, ""), "{what}: something was changed, and then: {error}");
            assert!(Status::on(fs).is_ok(), "{what}: there is no status");
            "refused"
        }
    }
}

/// Flips a bit in every byte of the first 700 bytes of every file of the state directory, in the last ones, and in some between.
fn every_byte(workload: &Workload, image: &Image) -> BTreeMap<&'static str, u32> {
    let oracle = workload.run().unwrap().oracle;
    let fs = SimFs::from_image(image.clone());
    let mut found = BTreeMap::new();
    // Other names of the user's own files are not the journal's to vouch for.
    let ours = |path: &String| fs.metadata(path).unwrap().links == 1;
    for path in files_below(&fs, ".untorn").into_iter().filter(ours) {
        let len = read(&fs, &path).unwrap().len();
        for at in (0..len).filter(|at| *at < 700 || at % 1021 == 0 || at + 40 > len) {
            let bit = u8::try_from(at % 8).unwrap();
            let what = format!("{workload}: {path}, byte {at}, bit {bit}");
            *found.entry(open_damaged(&flipped(image, &path, at, bit), &oracle, &what)).or_default() += 1;
        }
    }
    found
}

#[test]
fn every_byte_of_a_decided_transaction() {
    let mut found = BTreeMap::<_, u32>::new();
    for disk in ["strict", "bare"] {
        for ops in [&["write-a", "large-b", "move-x-x", "head-2"][..], &["replace-x", "remove-b", "exec-a"]] {
            let workload = Workload::new(World { disk, keep_undo: true, ..World::strict() }, ops);
            let some = every_byte(&workload, &decided(&workload).image());
            some.into_iter().for_each(|(answer, count)| *found.entry(answer).or_default() += count);
        }
    }
    println!("a bit flipped in a decided transaction: {found:?}");
    assert!(found["right"] > 1_000 && found["refused"] > 1_000);
}

#[test]
fn every_byte_of_a_journal_at_rest() {
    let mut found = BTreeMap::<_, u32>::new();
    for keep_undo in [false, true] {
        let workload = Workload::new(World { keep_undo, ..World::strict() }, &["write-a", "remove-b"]);
        let fs = workload.before().unwrap();
        workload.perform(Arc::new(fs.clone())).unwrap();
        let some = every_byte(&workload, &fs.image());
        some.into_iter().for_each(|(answer, count)| *found.entry(answer).or_default() += count);
    }
    println!("a bit flipped in a journal at rest: {found:?}");
    assert!(!found.contains_key("refused"), "one rotten slot of three costs nothing");
}

#[test]
fn every_byte_while_a_transaction_is_staged() {
    let workload = Workload::new(World::strict(), &["write-a", "replace-b"]);
    let fs = workload.before().unwrap();
    let mut tree = Tree::open_on(Arc::new(fs.clone())).unwrap();
    let mut tx = tree.begin().unwrap();
    tx.write_at("a", 0, b"never committed").unwrap();
    tx.replace("large", &mut vec![7; 70_000].as_slice()).unwrap();
    let found = every_byte(&workload, &fs.image());
    drop(tx);
    println!("a bit flipped while staging: {found:?}");
    assert!(!found.contains_key("refused"));
}

/// Two of three slots rotten, at every pair, in every state.
#[test]
fn two_slots_of_three() {
    let workload = Workload::new(World::strict(), &["write-a", "remove-b", "move-x-x"]);
    let oracle = workload.run().unwrap().oracle;
    let done = workload.before().unwrap();
    workload.perform(Arc::new(done.clone())).unwrap();
    for image in [workload.before().unwrap().image(), decided(&workload).image(), done.image()] {
        for spared in 0..4 {
            let fs = SimFs::from_image(image.clone());
            for slot in (0..3).filter(|slot| *slot != spared) {
                fs.open(&format!(".untorn/slot.{slot}"), OpenMode::Write).unwrap().write_all_at(&[0x5a; 512], 0).unwrap();
            }
            let answer = open_damaged(&SimFs::from_image(fs.image()), &oracle, &format!("all slots but {spared}"));
            println!("all slots but {spared} rotten: {answer}");
        }
    }
}

/// Slots that are missing, empty, short or too long.
#[test]
fn slots_of_the_wrong_length() {
    let workload = Workload::new(World::strict(), &["write-a", "remove-b"]);
    let oracle = workload.run().unwrap().oracle;
    for image in [workload.before().unwrap().image(), decided(&workload).image()] {
        for slot in 0..3 {
            for len in [None, Some(0), Some(1), Some(511), Some(512), Some(5000)] {
                let fs = SimFs::from_image(image.clone());
                let path = format!(".untorn/slot.{slot}");
                match len {
                    None => fs.remove_file(&path).unwrap(),
                    Some(len) => fs.open(&path, OpenMode::Write).unwrap().set_len(len).unwrap(),
                }
                open_damaged(&SimFs::from_image(fs.image()), &oracle, &format!("{path} of length {len:?}"));
            }
        }
    }
}

/// Everything in the state directory missing in turn.
#[test]
fn every_file_missing() {
    let workload = Workload::new(World { keep_undo: true, ..World::strict() }, &["write-a", "large-b", "move-x-x", "head-2"]);
    let oracle = workload.run().unwrap().oracle;
    let image = decided(&workload).image();
    for path in files_below(&SimFs::from_image(image.clone()), ".untorn") {
        let fs = SimFs::from_image(image.clone());
        fs.remove_file(&path).unwrap();
        let answer = open_damaged(&SimFs::from_image(fs.image()), &oracle, &format!("{path} missing"));
        println!("{path} missing: {answer}");
    }
}

#[test]
fn things_nobody_of_us_has_put_there() {
    let workload = Workload::new(World::strict(), &["write-a", "remove-b"]);
    let oracle = workload.run().unwrap().oracle;
    for image in [workload.before().unwrap().image(), decided(&workload).image()] {
        for junk in
            ["0", "2", "3", "007", "+7", "18446744073709551615", "9223372036854775807", "junk", "-1", "99999999999999999999999"]
        {
            for is_dir in [false, true] {
                let fs = SimFs::from_image(image.clone());
                drop(fs.create_dir(".untorn/tx", None));
                let path = format!(".untorn/tx/{junk}");
                if fs.metadata(&path).is_ok() {
                    continue;
                }
                if is_dir {
                    fs.create_dir(&path, None).unwrap();
                    write(&fs, &format!("{path}/plan"), b"no plan of ours").unwrap();
                } else {
                    write(&fs, &path, b"a file").unwrap();
                }
                write(&fs, ".untorn/notes.txt", b"somebody's").unwrap();
                let fs = SimFs::from_image(fs.image());
                let answer = open_damaged(&fs, &oracle, &format!("tx/{junk}, directory: {is_dir}"));
                assert_eq!(answer, "right", "tx/{junk}, directory: {is_dir}");
                assert_eq!(read(&fs, ".untorn/notes.txt").unwrap(), b"somebody's");
                let mut tree = Tree::open_on(Arc::new(fs.clone())).unwrap();
                let mut tx = tree.begin().unwrap();
                tx.write_at("n", 0, b"works").unwrap();
                tx.commit().unwrap_or_else(|error| panic!("tx/{junk}, directory: {is_dir}: {error}"));
            }
        }
    }
}

/// Writes the same record with other fields and a right checksum into the slot that rules.
fn forged(image: &Image, change: impl Fn(&mut untorn_format::journal::Record)) -> SimFs {
    use untorn_format::journal::Record;
    let fs = SimFs::from_image(image.clone());
    let slots = [0, 1, 2].map(|slot| format!(".untorn/slot.{slot}"));
    let record = |path: &String| Record::decode(&read(&fs, path).unwrap()).unwrap();
    let path = slots.iter().max_by_key(|path| record(path).seq).unwrap();
    let mut record = record(path);
    change(&mut record);
    fs.open(path, OpenMode::Write).unwrap().write_all_at(&record.encode(), 0).unwrap();
    SimFs::from_image(fs.image())
}

#[test]
fn forged_records() {
    let workload = Workload::new(World { keep_undo: true, ..World::strict() }, &["write-a", "remove-b"]);
    let oracle = workload.run().unwrap().oracle;
    let done = workload.before().unwrap();
    workload.perform(Arc::new(done.clone())).unwrap();
    for image in [workload.before().unwrap().image(), decided(&workload).image(), done.image()] {
        for number in [0, 1, 2, 1 << 62, u64::MAX / 2 + 1, u64::MAX] {
            open_damaged(&forged(&image, |record| record.seq = number), &oracle, &format!("seq {number}"));
            open_damaged(&forged(&image, |record| record.txid = number), &oracle, &format!("txid {number}"));
            open_damaged(&forged(&image, |record| record.undo = number), &oracle, &format!("undo {number}"));
        }
        open_damaged(&forged(&image, |record| record.tree_id = [9; 16]), &oracle, "another tree");
        open_damaged(&forged(&image, |record| record.home = 77), &oracle, "another place");
    }
}

#[test]
fn f10_a_newer_format_is_left_alone() {
    let workload = Workload::new(World::strict(), &["write-a"]);
    let oracle = workload.run().unwrap().oracle;
    let fs = decided(&workload);
    let path = ".untorn/slot.1";
    let mut bytes = read(&fs, path).unwrap();
    bytes[8] = 2;
    let checksum = untorn_format::Hash::of(&bytes[..480]);
    bytes[480..512].copy_from_slice(&checksum.0);
    fs.open(path, OpenMode::Write).unwrap().write_all_at(&bytes, 0).unwrap();
    let fs = SimFs::from_image(fs.image());
    assert_eq!(open_damaged(&fs, &oracle, "newer"), "refused");
    assert_eq!(Status::on(&fs).unwrap().condition, Condition::Newer { format: 2 });
}

/// Copies what is in one tree's state directory over another tree, as a careless backup does.
fn copied(from: &SimFs, to: &SimFs) -> SimFs {
    fn copy_dir(from: &SimFs, to: &SimFs, dir: &str) {
        drop(to.create_dir(dir, None));
        for name in from.read_dir(dir).unwrap().into_iter().map(|entry| entry.name.unwrap()) {
            let path = format!("{dir}/{name}");
            if from.metadata(&path).unwrap().is_dir() {
                copy_dir(from, to, &path);
            } else {
                write(to, &path, &read(from, &path).unwrap()).unwrap();
            }
        }
    }
    let to = to.fork();
    copy_dir(from, &to, ".untorn");
    SimFs::from_image(to.image())
}

#[test]
fn f10_a_journal_that_was_copied_with_a_transaction_open_is_foreign() {
    let workload = Workload::new(World::strict(), &["write-a", "remove-b"]);
    let from = decided(&workload);
    let elsewhere = SimFs::new(untorn_sim::SimOptions::strict());
    write(&elsewhere, "unrelated", b"another tree").unwrap();
    elsewhere.create_dir("shifts", None).unwrap();
    let to = copied(&from, &elsewhere);
    let before = to.image();
    let error = Tree::open_on(Arc::new(to.clone())).map(drop).unwrap_err();
    assert!(matches!(error.cause(), Cause::JournalForeign), "{error}");
    assert_eq!(error.state(), TreeState::NotUnderstood);
    assert!(to.same_tree(&before, ""));
    assert_eq!(Status::on(&to).unwrap().condition, Condition::Foreign);
}

#[test]
fn a_journal_that_was_copied_at_rest_is_at_home_with_its_tree() {
    let workload = Workload::new(World::strict(), &["write-a", "remove-b"]);
    let from = workload.before().unwrap();
    let elsewhere = SimFs::new(untorn_sim::SimOptions::strict());
    elsewhere.create_dir("shifts", None).unwrap();
    write(&elsewhere, "a", &[1; 700]).unwrap();
    write(&elsewhere, "b", &[2; 40]).unwrap();
    let to = copied(&from, &elsewhere);
    let tree = Snapshot::of_image(&to.image(), ".untorn");
    drop(Tree::open_on(Arc::new(to.clone())).unwrap());
    assert_eq!(Snapshot::of_image(&to.image(), ".untorn"), tree);
    workload.perform(Arc::new(to.clone())).unwrap();
    drop(Tree::open_on(Arc::new(to)).unwrap());
}

/// A backup that was taken while a transaction was being staged: restored elsewhere, the leftovers go and the journal becomes at home there, whatever crashes.
#[test]
fn a_journal_that_was_copied_with_a_transaction_staged_is_at_home_too() {
    let workload = Workload::new(World::strict(), &["write-a", "large-b"]);
    let from = workload.before().unwrap();
    let killed = std::sync::atomic::AtomicBool::new(false);
    let dies = move |call: &untorn_sim::Call<'_>| {
        let dead = killed.load(Ordering::Relaxed) || call.method == untorn_sim::Method::SyncAll;
        killed.store(dead, Ordering::Relaxed);
        if dead { untorn_sim::Verdict::Refuse(std::io::ErrorKind::Other) } else { untorn_sim::Verdict::Pass }
    };
    workload.perform(Arc::new(untorn_sim::HookFs::on_sim(&from, dies))).unwrap_err();
    assert!(from.metadata(".untorn/tx/2/plan").is_ok());
    let elsewhere = SimFs::new(untorn_sim::SimOptions::strict());
    elsewhere.create_dir("shifts", None).unwrap();
    write(&elsewhere, "a", &[1; 700]).unwrap();
    let to = copied(&from, &elsewhere);
    let tree = Snapshot::of_image(&to.image(), ".untorn");
    drop(Tree::open_on(Arc::new(to.clone())).unwrap());
    let sampling = untorn_sim::Sampling { torn: 200, ..untorn_sim::Sampling::default() };
    for state in to.recording().crashes(&sampling) {
        let fs = state.fs();
        drop(Tree::open_on(Arc::new(fs.clone())).unwrap_or_else(|error| panic!("{}: {error}", state.id())));
        assert_eq!(Snapshot::of_image(&fs.image(), ".untorn"), tree);
        let again = Tree::open_on(Arc::new(fs)).unwrap();
        assert_eq!(*again.recovery(), Recovery::Clean, "{}", state.id());
    }
}
