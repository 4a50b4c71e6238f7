//! The way out of a damaged journal: the journal begins anew, the files stay as they are, and a crash meanwhile makes nobody believe a part of it.

use std::sync::Arc;

use untorn_fs::{Fs, OpenMode};
use untorn_sim::{HookFs, Method, Sampling, SimFs, SimOptions, Snapshot, Verdict, read, write};
use untorn_txn::{Cause, Condition, Options, Recovery, Status, Tree, TreeState, WayChoice};

/// A tree of two files whose update was cut after the first, and whose redo file has rotted since.
fn rotten() -> SimFs {
    let fs = SimFs::new(SimOptions::strict());
    write(&fs, "a", b"old a").unwrap();
    write(&fs, "b", b"old b").unwrap();
    drop(Tree::open_on(Arc::new(fs.clone())).unwrap());
    let dies = HookFs::on_sim(&fs, |call| match call.method {
        Method::WriteAt if call.path == "b" => Verdict::Refuse(std::io::ErrorKind::Other),
        _ => Verdict::Pass,
    });
    let mut tree = Tree::open_on(Arc::new(dies)).unwrap();
    let mut options = Options::default();
    options.way = WayChoice::Patch;
    let mut tx = tree.begin_with(options).unwrap();
    tx.write_at("a", 0, b"new").unwrap();
    tx.write_at("b", 0, b"new").unwrap();
    assert_eq!(tx.commit().unwrap_err().state(), TreeState::WillComplete);
    let fs = fs.restart();
    fs.open(".untorn/tx/1/redo", OpenMode::Write).unwrap().write_all_at(b"rot", 0).unwrap();
    fs.settle();
    fs
}

fn files(fs: &SimFs) -> Snapshot {
    Snapshot::of(fs, ".untorn").unwrap()
}

fn code_of(fs: &SimFs) -> String {
    Tree::open_on(Arc::new(fs.clone())).unwrap_err().code().to_owned()
}

#[test]
fn the_journal_begins_anew_and_no_file_is_touched() {
    let fs = rotten();
    let mixture = files(&fs);
    assert_eq!(code_of(&fs), "UNT-JOURNAL-DAMAGED");
    let (mut tree, reason) = Tree::start_over_on(Arc::new(fs.clone())).unwrap();
    assert_eq!(reason.unwrap().code(), "UNT-JOURNAL-DAMAGED");
    assert_eq!((files(&fs), tree.installed().is_none(), tree.can_roll_back()), (mixture, true, false));
    let mut tx = tree.begin().unwrap();
    tx.replace("b", &mut "new b".as_bytes()).unwrap();
    tx.commit().unwrap();
    drop(tree);
    assert_eq!(*Tree::open_on(Arc::new(fs.clone())).unwrap().recovery(), Recovery::Clean);
    assert_eq!(read(&fs, "b").unwrap(), b"new b");
}

#[test]
fn a_power_cut_meanwhile_leaves_the_damaged_journal_or_the_new_one() {
    let fs = rotten();
    let mixture = files(&fs);
    Tree::start_over_on(Arc::new(fs.clone())).unwrap();
    let sampling = Sampling { exhaustive_max: 10, samples: 256, samples_between: 12, torn: 8, seed: 5 };
    let mut seen = [0; 2];
    for state in fs.recording().crashes(&sampling) {
        let fs = state.fs();
        let anew = match Tree::open_on(Arc::new(fs.clone())) {
            Ok(tree) => {
                assert!(matches!(tree.recovery(), Recovery::Initialised | Recovery::Clean), "{:?}", state.id());
                assert!(tree.installed().is_none(), "{:?}", state.id());
                true
            }
            Err(error) => {
                assert_eq!(error.state(), TreeState::NotUnderstood, "{:?}: {error}", state.id());
                false
            }
        };
        seen[usize::from(anew)] += 1;
        let (tree, reason) =
            Tree::start_over_on(Arc::new(fs.clone())).unwrap_or_else(|error| panic!("{:?}: {error}", state.id()));
        assert_eq!(reason.is_none(), anew, "{:?}", state.id());
        drop(tree);
        assert_eq!(files(&fs).difference(&mixture), Vec::<String>::new(), "{:?}", state.id());
        assert_eq!(Status::on(&fs).unwrap().condition, Condition::Clean, "{:?}", state.id());
    }
    assert!(seen[0] > 20 && seen[1] > 20, "{seen:?}");
}

#[test]
fn a_failed_call_leaves_a_journal_that_can_be_given_up_later() {
    let calls = {
        let fs = rotten();
        let before = fs.event_count();
        Tree::start_over_on(Arc::new(fs.clone())).unwrap();
        fs.event_count() - before
    };
    for failing in 0..calls {
        let fs = rotten();
        let mixture = files(&fs);
        let count = std::sync::atomic::AtomicUsize::new(0);
        let hook = HookFs::on_sim(&fs, move |call| {
            let changes = matches!(call.method, Method::RemoveFile | Method::SyncDir | Method::Open);
            let number = if changes { count.fetch_add(1, std::sync::atomic::Ordering::Relaxed) } else { usize::MAX };
            if number == failing { Verdict::Refuse(std::io::ErrorKind::Other) } else { Verdict::Pass }
        });
        drop(Tree::start_over_on(Arc::new(hook)));
        let fs = fs.restart();
        Tree::start_over_on(Arc::new(fs.clone())).unwrap_or_else(|error| panic!("call {failing}: {error}"));
        assert_eq!(files(&fs).difference(&mixture), Vec::<String>::new(), "call {failing}");
    }
}

#[test]
fn a_journal_that_is_understood_is_not_given_up() {
    let fs = SimFs::new(SimOptions::strict());
    write(&fs, "a", b"old a").unwrap();
    let mut tree = Tree::open_on(Arc::new(fs.clone())).unwrap();
    let mut tx = tree.begin().unwrap();
    tx.set_head(Some(b"version 1".to_vec()));
    tx.write_at("a", 0, b"new").unwrap();
    tx.commit().unwrap();
    drop(tree);
    let (tree, reason) = Tree::start_over_on(Arc::new(fs)).unwrap();
    assert!(reason.is_none() && !tree.installed().is_none());
}

#[test]
fn f10_the_journal_of_a_newer_version_is_left_to_that_version() {
    let fs = rotten();
    let mut record = read(&fs, ".untorn/slot.0").unwrap();
    let checksum_at = 512 - 32;
    record[8..12].copy_from_slice(&99_u32.to_le_bytes());
    let sum = untorn_format::Hash::of(&record[..checksum_at]);
    record[checksum_at..512].copy_from_slice(&sum.0);
    fs.open(".untorn/slot.0", OpenMode::Write).unwrap().write_all_at(&record[..512], 0).unwrap();
    let before = fs.image();
    let error = Tree::start_over_on(Arc::new(fs.clone())).unwrap_err();
    assert!(matches!(error.cause(), Cause::JournalNewer { .. }), "{error}");
    assert!(fs.same_tree(&before, ""));
}

#[test]
fn a_tree_that_somebody_uses_keeps_its_journal() {
    let fs = rotten();
    let game = fs.lock(".untorn/readers", untorn_fs::LockKind::Shared, false).unwrap();
    let error = Tree::start_over_on(Arc::new(fs.clone())).unwrap_err();
    assert!(matches!(error.cause(), Cause::InUse), "{error}");
    drop(game);
    Tree::start_over_on(Arc::new(fs)).unwrap();
}
