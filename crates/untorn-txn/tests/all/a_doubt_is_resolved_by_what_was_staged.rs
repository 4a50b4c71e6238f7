//! The record that decides may be torn as it is written, or rot later: what was staged tells whether all of it was durable, and then the transaction is completed. But
//! only one of this tree, and only when all of it can be looked at.

use std::{
    io::ErrorKind,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use untorn_format::{
    Hash,
    journal::{Plan, Record, SlotState},
};
use untorn_fs::{Fs, OpenMode};
use untorn_sim::{HookFs, Method, SimFs, SimOptions, Verdict, read, write};
use untorn_txn::{Cause, Options, Recovery, Tree, TreeState, WayChoice};

const SLOTS: [&str; 3] = [".untorn/slot.0", ".untorn/slot.1", ".untorn/slot.2"];

fn update(tree: &mut Tree, content: &str) -> untorn_txn::Result<()> {
    let mut options = Options::default();
    options.way = WayChoice::Put;
    let mut tx = tree.begin_with(options)?;
    tx.replace("a", &mut content.as_bytes())?;
    tx.set_head(Some(content.as_bytes().to_vec()));
    tx.commit().map(drop)
}

fn records(fs: &SimFs) -> Vec<(Record, &'static str)> {
    let record = |path: &'static str| Some((Record::decode(&read(fs, path).ok()?).ok()?, path));
    let mut records: Vec<_> = SLOTS.into_iter().filter_map(record).collect();
    records.sort_by_key(|(record, _)| record.seq);
    records
}

/// A machine that died as it wrote the record of a second update.
fn dies_deciding(options: SimOptions) -> SimFs {
    let fs = SimFs::new(options);
    write(&fs, "a", b"nothing").unwrap();
    update(&mut Tree::open_on(Arc::new(fs.clone())).unwrap(), "one").unwrap();
    fs.settle();
    let dead = AtomicBool::new(false);
    let hook = HookFs::on_sim(&fs, move |call| {
        let is_record = call.method == Method::WriteAt && SLOTS.contains(&call.path);
        if dead.fetch_or(is_record, Relaxed) || is_record { Verdict::Refuse(ErrorKind::Other) } else { Verdict::Pass }
    });
    let error = update(&mut Tree::open_on(Arc::new(hook)).unwrap(), "two").unwrap_err();
    assert_eq!(error.state(), TreeState::InDoubt, "{error}");
    fs.restart()
}

/// The same, and of the record a part was written.
fn in_doubt(options: SimOptions) -> SimFs {
    let fs = dies_deciding(options);
    let (_, oldest) = records(&fs)[0];
    fs.open(oldest, OpenMode::Write).unwrap().write_all_at(&[0x55; 512], 0).unwrap();
    fs
}

#[test]
fn where_every_record_can_be_read_nothing_was_decided() {
    let fs = dies_deciding(SimOptions::strict());
    let tree = Tree::open_on(Arc::new(fs.clone())).unwrap();
    assert_eq!(*tree.recovery(), Recovery::Discarded { txid: 2 });
    assert_eq!(read(&fs, "a").unwrap(), b"one");
}

#[test]
fn what_was_staged_whole_is_completed() {
    let fs = in_doubt(SimOptions::strict());
    let tree = Tree::open_on(Arc::new(fs.clone())).unwrap();
    assert_eq!(*tree.recovery(), Recovery::Completed { txid: 2 });
    assert_eq!((read(&fs, "a").unwrap(), tree.head().unwrap()), (b"two".to_vec(), Some(b"two".to_vec())));
}

/// The sector of the lost record may yet be read one day: no other record may have its number, and none may say anything else.
#[test]
fn the_record_written_for_a_lost_one_says_the_same_under_a_later_number() {
    let fs = in_doubt(SimOptions::strict());
    let (ruling, _) = records(&fs).pop().unwrap();
    let hook = HookFs::on_sim(&fs, |call| match call.method {
        Method::Rename if call.to == "a" => Verdict::Refuse(ErrorKind::Other),
        _ => Verdict::Pass,
    });
    assert_eq!(Tree::open_on(Arc::new(hook)).unwrap_err().state(), TreeState::WillComplete);
    let (again, _) = records(&fs).pop().unwrap();
    let plan = read(&fs, ".untorn/tx/2/plan").unwrap();
    assert_eq!((again.state, again.txid, again.plan_hash), (SlotState::Committed, 2, Hash::of(&plan)));
    assert_eq!((again.from, again.to), (Hash::of(b"one"), Hash::of(b"two")));
    assert!(again.seq > ruling.seq + 1, "{} after {}", again.seq, ruling.seq);
}

#[test]
fn all_that_was_staged_is_durable_before_a_record_decides_again() {
    let fs = in_doubt(SimOptions { sync_all: false, ..SimOptions::strict() });
    let synced = Arc::new(Mutex::new(Vec::new()));
    let told = synced.clone();
    let hook = HookFs::on_sim(&fs, move |call| {
        let is_record = call.method == Method::WriteAt && SLOTS.contains(&call.path);
        if call.method.is_sync() || is_record {
            told.lock().unwrap().push((is_record, call.path.to_owned()));
        }
        Verdict::Pass
    });
    drop(Tree::open_on(Arc::new(hook)).unwrap());
    let calls = synced.lock().unwrap();
    let before: Vec<&str> = calls.iter().take_while(|(is_record, _)| !is_record).map(|(_, path)| &**path).collect();
    for path in [".untorn/tx/2/plan", ".untorn/tx/2/head", ".untorn/tx/2/s/0000", ".untorn/tx/2/s", ".untorn/tx/2", ".untorn/tx"]
    {
        assert!(before.contains(&path), "{path}: {before:?}");
    }
}

#[test]
fn a_plan_that_cannot_be_looked_at_decides_nothing_and_is_kept() {
    let fs = in_doubt(SimOptions::strict());
    let hook = HookFs::on_sim(&fs, |call| match call.method {
        Method::Metadata if call.path == ".untorn/tx/2/plan" => Verdict::Refuse(ErrorKind::Other),
        _ => Verdict::Pass,
    });
    let error = Tree::open_on(Arc::new(hook)).unwrap_err();
    assert_eq!((error.code(), error.state()), ("UNT-IO", TreeState::InDoubt), "{error}");
    let fs = fs.restart();
    assert_eq!(*Tree::open_on(Arc::new(fs.clone())).unwrap().recovery(), Recovery::Completed { txid: 2 });
    assert_eq!(read(&fs, "a").unwrap(), b"two");
}

/// Opens a tree in doubt whose plan is not its own: nothing is changed.
fn refused(fs: &SimFs) -> untorn_txn::Error {
    let before = fs.image();
    let error = Tree::open_on(Arc::new(fs.clone())).unwrap_err();
    assert_eq!(error.state(), TreeState::NotUnderstood, "{error}");
    assert!(fs.image().same_tree(&before, ""));
    error
}

#[test]
fn the_transaction_of_another_tree_is_not_completed_here() {
    let (fs, other) = (in_doubt(SimOptions::strict()), in_doubt(SimOptions { seed: 2, ..SimOptions::strict() }));
    for path in [".untorn/tx/2/plan", ".untorn/tx/2/head", ".untorn/tx/2/s/0000"] {
        fs.remove_file(path).unwrap();
        write(&fs, path, &read(&other, path).unwrap()).unwrap();
    }
    let error = refused(&fs);
    assert!(matches!(error.cause(), Cause::JournalForeign), "{error}");
}

#[test]
fn the_plan_of_another_transaction_is_not_completed() {
    let fs = in_doubt(SimOptions::strict());
    fs.rename(".untorn/tx/2", ".untorn/tx/3").unwrap();
    assert_eq!(refused(&fs).code(), "UNT-JOURNAL-DAMAGED");
}

/// A plan that says something else than the one that was decided, in as many bytes.
#[test]
fn a_plan_that_does_not_fit_its_record_is_not_carried_out() {
    let fs = dies_deciding(SimOptions::strict());
    update(&mut Tree::open_on(Arc::new(fs.clone())).unwrap(), "two").unwrap();
    let hook = HookFs::on_sim(&fs, |call| match call.method {
        Method::Rename if call.to == "a" => Verdict::Refuse(ErrorKind::Other),
        _ => Verdict::Pass,
    });
    update(&mut Tree::open_on(Arc::new(hook)).unwrap(), "3").unwrap_err();
    let fs = fs.restart();
    let (record, _) = records(&fs).pop().unwrap();
    let path = format!(".untorn/tx/{}/plan", record.txid);
    let mut plan = Plan::decode(&read(&fs, &path).unwrap()).unwrap();
    let untorn_format::journal::Step::Put { path: place, .. } = &mut plan.steps[0] else { panic!("{plan:?}") };
    *place = untorn_format::TreePath::new("b").unwrap();
    let bytes = plan.encode();
    assert_eq!(bytes.len() as u64, record.plan_len);
    fs.open(&path, OpenMode::Write).unwrap().write_all_at(&bytes, 0).unwrap();
    assert_eq!(refused(&fs).path(), Some(&*path));
}
