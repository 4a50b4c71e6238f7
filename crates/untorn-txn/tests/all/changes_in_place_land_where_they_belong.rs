//! Files of many blocks, changed in place: ranges apart, side by side, across the buffer's end and longer than the buffer.

use std::sync::Arc;

use untorn_sim::{HookFs, Method, SimFs, SimOptions, Verdict, read, write};
use untorn_txn::{Options, Recovery, Tree, TreeState, WayChoice};

/// What is copied at once, at most.
const BUFFER_LEN: usize = 1 << 20;

const FILE_LEN: usize = 4 * BUFFER_LEN + 777;

/// Where is written, and how much: at the beginning, in a block of its own, two that touch, one across the buffer's end, one longer than the buffer, one that makes
/// the file longer.
const WRITES: [(usize, usize); 7] = [
    (0, 10),
    (9_000, 5),
    (20_000, 300),
    (20_300, 4_096),
    (BUFFER_LEN - 7, 9_000),
    (2 * BUFFER_LEN + 13, BUFFER_LEN + 5_000),
    (FILE_LEN - 3, 70_000),
];

fn bytes(seed: usize, len: usize) -> Vec<u8> {
    (0..len).map(|at| u8::try_from((at * 31 + at / 253 + seed) % 251).unwrap()).collect()
}

fn new() -> Vec<u8> {
    let mut file = bytes(1, FILE_LEN);
    for (seed, (at, len)) in WRITES.into_iter().enumerate() {
        file.resize(file.len().max(at + len), 0);
        file[at..at + len].copy_from_slice(&bytes(seed + 2, len));
    }
    file
}

fn options() -> Options {
    let mut options = Options::default();
    options.way = WayChoice::Patch;
    options.keep_undo = true;
    options
}

fn disk() -> SimFs {
    let fs = SimFs::new(SimOptions { len_max: 16 << 20, ..SimOptions::strict() });
    write(&fs, "pak", &bytes(1, FILE_LEN)).unwrap();
    drop(Tree::open_on(Arc::new(fs.clone())).unwrap());
    fs.settle();
    fs
}

fn update(tree: &mut Tree) -> untorn_txn::Result<()> {
    let mut tx = tree.begin_with(options())?;
    for (seed, (at, len)) in WRITES.into_iter().enumerate() {
        tx.write_at("pak", at as u64, &bytes(seed + 2, len))?;
    }
    tx.commit().map(drop)
}

/// Lets no call move more of the file than the buffer holds.
fn watched(fs: &SimFs) -> HookFs {
    HookFs::on_sim(fs, |call| {
        let is_copied = call.path == "pak" && matches!(call.method, Method::ReadAt | Method::WriteAt);
        assert!(!is_copied || call.len <= BUFFER_LEN as u64, "{:?} of {}", call.method, call.len);
        Verdict::Pass
    })
}

#[test]
fn there_and_back_and_there_again() {
    let fs = disk();
    let mut tree = Tree::open_on(Arc::new(watched(&fs))).unwrap();
    update(&mut tree).unwrap();
    assert!(read(&fs, "pak").unwrap() == new());
    tree.rollback(options(), false).unwrap();
    assert!(read(&fs, "pak").unwrap() == bytes(1, FILE_LEN));
    tree.rollback(options(), false).unwrap();
    assert!(read(&fs, "pak").unwrap() == new());
}

/// The report counts what is written to the copy, or to the clone, and the copy itself.
#[test]
fn the_same_ranges_in_a_file_that_is_made_anew_or_cloned() {
    let written: usize = WRITES.iter().map(|(_, len)| len).sum();
    for (way, staged) in [(WayChoice::Put, FILE_LEN + written), (WayChoice::Clone, written)] {
        let fs = disk();
        let mut tree = Tree::open_on(Arc::new(watched(&fs))).unwrap();
        let mut options = options();
        options.way = way;
        let mut tx = tree.begin_with(options.clone()).unwrap();
        for (seed, (at, len)) in WRITES.into_iter().enumerate() {
            tx.write_at("pak", at as u64, &bytes(seed + 2, len)).unwrap();
        }
        let report = tx.commit().unwrap();
        assert_eq!(report.bytes_staged, staged as u64, "{way:?}");
        assert!(read(&fs, "pak").unwrap() == new(), "{way:?}");
        tree.rollback(options, false).unwrap();
        assert!(read(&fs, "pak").unwrap() == bytes(1, FILE_LEN), "{way:?}");
    }
}

#[test]
fn when_recovery_has_to_do_it_again() {
    for dies_at in [0, BUFFER_LEN as u64, 3 * BUFFER_LEN as u64] {
        let fs = disk();
        let hook = HookFs::on_sim(&fs, move |call| match call.method {
            Method::WriteAt if call.path == "pak" && call.offset >= dies_at => Verdict::Refuse(std::io::ErrorKind::Other),
            _ => Verdict::Pass,
        });
        let mut tree = Tree::open_on(Arc::new(hook)).unwrap();
        assert_eq!(update(&mut tree).unwrap_err().state(), TreeState::WillComplete);
        drop(tree);
        let fs = fs.restart();
        let mut tree = Tree::open_on(Arc::new(watched(&fs))).unwrap();
        assert!(matches!(tree.recovery(), Recovery::Completed { .. }));
        assert!(read(&fs, "pak").unwrap() == new());
        tree.rollback(options(), false).unwrap();
        assert!(read(&fs, "pak").unwrap() == bytes(1, FILE_LEN));
    }
}

#[test]
fn what_was_cut_off_shows_nowhere_when_the_file_grows_again() {
    let mut wanted = bytes(1, 10_001);
    wanted.resize(50_000, 0);
    wanted.extend(b"new");
    for way in [WayChoice::Patch, WayChoice::Put, WayChoice::Auto] {
        let fs = disk();
        let mut tree = Tree::open_on(Arc::new(fs.clone())).unwrap();
        let mut options = options();
        options.way = way;
        let mut tx = tree.begin_with(options.clone()).unwrap();
        tx.set_len("pak", 10_001).unwrap();
        tx.write_at("pak", 50_000, b"new").unwrap();
        tx.commit().unwrap();
        assert!(read(&fs, "pak").unwrap() == wanted, "{way:?}");
        tree.rollback(options, false).unwrap();
        assert!(read(&fs, "pak").unwrap() == bytes(1, FILE_LEN), "{way:?}");
    }
}

/// How often a file of two blocks, whose length stays, is given a length: when it is written to at `at` for the first time, and again by recovery.
fn lengths_set(at: u64) -> (usize, usize) {
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
    let fs = SimFs::new(SimOptions::strict());
    write(&fs, "pak", &bytes(1, 8192)).unwrap();
    drop(Tree::open_on(Arc::new(fs.clone())).unwrap());
    fs.settle();
    let count = Arc::new(AtomicUsize::new(0));
    let counted = |fs: &SimFs, dies: bool| {
        let count = count.clone();
        HookFs::on_sim(fs, move |call| match call.method {
            Method::SetLen if call.path == "pak" => {
                count.fetch_add(1, Relaxed);
                Verdict::Pass
            }
            Method::WriteAt if dies && call.path == "pak" => Verdict::Refuse(std::io::ErrorKind::Other),
            _ => Verdict::Pass,
        })
    };
    let mut tree = Tree::open_on(Arc::new(counted(&fs, true))).unwrap();
    let mut tx = tree.begin_with(options()).unwrap();
    tx.write_at("pak", at, b"new").unwrap();
    tx.commit().unwrap_err();
    drop(tree);
    let first = count.swap(0, Relaxed);
    let fs = fs.restart();
    drop(Tree::open_on(Arc::new(counted(&fs, false))).unwrap());
    assert_eq!(read(&fs, "pak").unwrap()[usize::try_from(at).unwrap()..][..3], *b"new");
    (first, count.load(Relaxed))
}

/// A file is cut off only where it is changed again and what follows is written anew: everything else stays as it is on the disk.
#[test]
fn a_file_is_cut_off_only_when_it_is_changed_again_up_to_its_end() {
    assert_eq!(lengths_set(10), (0, 0));
    // Off, and on again.
    assert_eq!(lengths_set(5000), (0, 2));
}
