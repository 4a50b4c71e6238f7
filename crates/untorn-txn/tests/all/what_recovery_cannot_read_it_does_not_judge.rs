//! A disk that does not answer for a while says nothing about what is on it: opening the tree fails, says that the system refused, and judges nothing. When the disk
//! answers again, all is completed.

use std::{
    io::ErrorKind,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use untorn_fs::{Fs, OpenMode};
use untorn_sim::{Call, HookFs, Method, SimFs, SimOptions, Verdict, read, write};
use untorn_txn::{ReadGuard, Recovery, Tree, TreeState, Warning};

/// An update that writes to `ranges` in place and replaces `a` and `z`, decided; it died when `a` was in its place and `z` was not.
fn decided() -> SimFs {
    let fs = SimFs::new(SimOptions::strict());
    write(&fs, "ranges", &[1; 30_000]).unwrap();
    write(&fs, "a", b"old").unwrap();
    write(&fs, "z", b"old").unwrap();
    drop(Tree::open_on(Arc::new(fs.clone())).unwrap());
    fs.settle();
    let hook = HookFs::on_sim(&fs, |call| match call.method {
        Method::Rename if call.to == "z" => Verdict::Refuse(ErrorKind::Other),
        _ => Verdict::Pass,
    });
    let mut tree = Tree::open_on(Arc::new(hook)).unwrap();
    let mut options = untorn_txn::Options::default();
    options.way = untorn_txn::WayChoice::Patch;
    let mut tx = tree.begin_with(options).unwrap();
    tx.write_at("ranges", 9000, b"new").unwrap();
    for path in ["a", "z"] {
        tx.remove(path).unwrap();
        tx.replace(path, &mut [2; 200_000].as_slice()).unwrap();
    }
    let error = tx.commit().unwrap_err();
    assert_eq!(error.state(), TreeState::WillComplete, "{error}");
    drop(tree);
    fs.restart()
}

/// What opening the tree answers on a disk that refuses the calls that fit.
fn opened(fs: &SimFs, fits: impl Fn(&Call<'_>) -> bool + Send + Sync + 'static) -> untorn_txn::Error {
    let hook = HookFs::on_sim(fs, move |call| if fits(call) { Verdict::Refuse(ErrorKind::Other) } else { Verdict::Pass });
    Tree::open_on(Arc::new(hook)).map(drop).unwrap_err()
}

fn completed(fs: &SimFs) -> Vec<Warning> {
    let tree = Tree::open_on(Arc::new(fs.clone())).unwrap();
    assert!(matches!(tree.recovery(), Recovery::Completed { .. }), "{:?}", tree.recovery());
    assert_eq!(read(fs, "z").unwrap(), [2; 200_000]);
    tree.warnings().to_vec()
}

#[test]
fn a_part_of_the_stage_that_cannot_be_read_is_not_called_damaged() {
    for path in [".untorn/tx/1/redo", ".untorn/tx/1/s/0001"] {
        let fs = decided();
        assert!(fs.metadata(path).is_ok(), "{path}");
        let error = opened(&fs, move |call| call.method == Method::Open && call.path == path);
        assert_eq!((error.code(), error.state()), ("UNT-IO", TreeState::WillComplete), "{path}: {error}");
        assert_eq!(completed(&fs), []);
    }
}

#[test]
fn a_file_in_its_place_that_cannot_be_read_is_not_called_changed_by_others() {
    let fs = decided();
    fs.open("a", OpenMode::Write).unwrap().write_all_at(b"saved", 0).unwrap();
    let error = opened(&fs, |call| call.method == Method::Open && call.path == "a");
    assert_eq!((error.code(), error.state()), ("UNT-IO", TreeState::WillComplete), "{error}");
    assert_eq!(read(&fs, "z").unwrap(), b"old");
    assert_eq!(completed(&fs), [Warning::Changed { path: "a".into() }]);
    assert_eq!(read(&fs, "a").unwrap()[..5], *b"saved");
}

#[test]
fn a_lock_that_the_system_refuses_is_not_asked_for_twice() {
    let fs = SimFs::new(SimOptions::strict());
    drop(Tree::open_on(Arc::new(fs.clone())).unwrap());
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    let hook = HookFs::on_sim(&fs, move |call| match call.method {
        Method::Lock if count.fetch_add(1, Relaxed) == 0 => Verdict::Refuse(ErrorKind::Other),
        _ => Verdict::Pass,
    });
    let hook: Arc<dyn Fs> = Arc::new(hook);
    assert_eq!(ReadGuard::acquire_on(&hook).unwrap_err().code(), "UNT-IO");
    assert_eq!(asked.load(Relaxed), 1);
    ReadGuard::acquire_on(&hook).unwrap();
}
