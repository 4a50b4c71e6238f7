//! Calls that a system refuses although all is well: a file that a program has open, a file with too many names, a disk that is full. And errors that are errors: they
//! are told at once, and nothing is tried again.

use std::{
    io::ErrorKind,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use untorn_fs::Fs;
use untorn_sim::{Call, HookFs, Method, SimFs, SimOptions, Verdict, read, write};
use untorn_txn::{Options, Recovery, Tree, TreeState, WayChoice};

const OLD: [&str; 4] = ["a", "b", "gone", "too"];

fn disk(options: SimOptions) -> SimFs {
    let fs = SimFs::new(options);
    OLD.iter().for_each(|path| write(&fs, path, b"old").unwrap());
    drop(Tree::open_on(Arc::new(fs.clone())).unwrap());
    fs.settle();
    fs
}

/// Replaces two files, removes two, makes one in place.
fn update(tree: &mut Tree) -> untorn_txn::Result<()> {
    let mut options = Options::default();
    options.way = WayChoice::Put;
    let mut tx = tree.begin_with(options)?;
    tx.replace("a", &mut "new".as_bytes())?;
    tx.replace("b", &mut "new".as_bytes())?;
    tx.remove("gone")?;
    tx.remove("too")?;
    tx.commit().map(drop)
}

fn assert_new(fs: &SimFs) {
    assert_eq!((read(fs, "a").unwrap(), read(fs, "b").unwrap()), (b"new".to_vec(), b"new".to_vec()));
    assert!(fs.metadata("gone").is_err() && fs.metadata("too").is_err());
}

fn by_link() -> SimOptions {
    SimOptions { atomic_rename: false, ..SimOptions::strict() }
}

#[test]
fn files_that_programs_have_open_make_room() {
    for options in [SimOptions::strict(), by_link()] {
        let fs = disk(options);
        let disk = fs.clone();
        // They can be renamed, and neither replaced nor removed.
        let hook = HookFs::on_sim(&fs, move |call| match call.method {
            Method::RemoveFile if OLD.contains(&call.path) => Verdict::Refuse(ErrorKind::ResourceBusy),
            Method::Rename if OLD.contains(&call.to) && disk.metadata(call.to).is_ok() => {
                Verdict::Refuse(ErrorKind::ResourceBusy)
            }
            _ => Verdict::Pass,
        });
        let mut tree = Tree::open_on(Arc::new(hook)).unwrap();
        update(&mut tree).unwrap();
        assert_new(&fs);
        // What made room is not in the tree.
        assert_eq!(fs.read_dir("").unwrap().len(), 3);
        drop(tree);
        assert_eq!(*Tree::open_on(Arc::new(fs.clone())).unwrap().recovery(), Recovery::Clean);
        assert!(fs.read_dir(".untorn/tx").unwrap().is_empty());
    }
}

/// What becomes of the update when the first call that fits is refused.
fn refused_once(fs: &SimFs, kind: ErrorKind, fits: fn(&Call<'_>) -> bool) -> untorn_txn::Result<()> {
    let count = AtomicUsize::new(0);
    let hook =
        HookFs::on_sim(
            fs,
            move |call| {
                if fits(call) && count.fetch_add(1, Relaxed) == 0 { Verdict::Refuse(kind) } else { Verdict::Pass }
            },
        );
    update(&mut Tree::open_on(Arc::new(hook)).unwrap())
}

#[test]
fn a_file_that_can_get_no_further_name_is_copied() {
    for kind in [ErrorKind::TooManyLinks, ErrorKind::Unsupported] {
        let fs = disk(by_link());
        refused_once(&fs, kind, |call| call.method == Method::HardLink && call.to == "a").unwrap();
        assert_new(&fs);
    }
}

#[test]
fn space_set_aside_is_given_back_when_a_name_finds_none() {
    for fits in [(|call: &Call<'_>| call.method == Method::Rename && call.to == "a") as fn(&Call<'_>) -> bool, |call| {
        call.method == Method::RemoveFile && call.path == "gone"
    }] {
        let fs = disk(SimOptions::strict());
        refused_once(&fs, ErrorKind::StorageFull, fits).unwrap();
        assert_new(&fs);
    }
}

#[test]
fn space_set_aside_is_given_back_when_a_new_file_finds_none() {
    let fs = disk(SimOptions::strict());
    let count = AtomicUsize::new(0);
    let hook = HookFs::on_sim(&fs, move |call| {
        let is_made = call.method == Method::Open && call.path == "fresh" && count.fetch_add(1, Relaxed) == 0;
        if is_made { Verdict::Refuse(ErrorKind::StorageFull) } else { Verdict::Pass }
    });
    let mut tree = Tree::open_on(Arc::new(hook)).unwrap();
    let mut tx = tree.begin().unwrap();
    tx.write_at("fresh", 0, b"new").unwrap();
    tx.commit().unwrap();
    assert_eq!(read(&fs, "fresh").unwrap(), b"new");
}

#[test]
fn a_copied_file_is_executable_or_not_as_it_was_staged() {
    let fs = disk(SimOptions { hard_links: false, atomic_rename: false, ..SimOptions::strict() });
    let mut tree = Tree::open_on(Arc::new(fs.clone())).unwrap();
    let mut options = Options::default();
    options.way = WayChoice::Put;
    for (a, b) in [(true, false), (false, true)] {
        let mut tx = tree.begin_with(options.clone()).unwrap();
        for (path, executable) in [("a", a), ("b", b)] {
            tx.replace(path, &mut format!("{executable}").as_bytes()).unwrap();
            tx.set_executable(path, executable).unwrap();
        }
        tx.commit().unwrap();
        let is_executable = |path| fs.metadata(path).unwrap().permissions.executable();
        assert_eq!((is_executable("a"), is_executable("b")), (a, b));
        assert_eq!(read(&fs, "a").unwrap(), format!("{a}").as_bytes());
    }
}

#[test]
fn an_error_of_the_disk_is_told_at_once_and_completed_by_the_next_opening() {
    for options in [SimOptions::strict(), by_link()] {
        let fs = disk(options);
        let fits: fn(&Call<'_>) -> bool = |call| matches!(call.method, Method::Rename | Method::HardLink) && call.to == "a";
        let error = refused_once(&fs, ErrorKind::Other, fits).unwrap_err();
        assert_eq!(error.state(), TreeState::WillComplete, "{error}");
        assert_eq!(read(&fs, "a").unwrap(), b"old");
        let fs = fs.restart();
        assert!(matches!(Tree::open_on(Arc::new(fs.clone())).unwrap().recovery(), Recovery::Completed { .. }));
        assert_new(&fs);
    }
}

#[test]
fn a_handle_that_failed_once_it_had_decided_does_no_more() {
    let fs = disk(SimOptions::strict());
    let hook = HookFs::on_sim(&fs, |call| match call.method {
        Method::Rename if call.to == "a" => Verdict::Refuse(ErrorKind::Other),
        _ => Verdict::Pass,
    });
    let mut tree = Tree::open_on(Arc::new(hook)).unwrap();
    update(&mut tree).unwrap_err();
    let before = fs.image();
    for refused in [tree.begin().map(drop).unwrap_err(), tree.rollback(Options::default(), true).unwrap_err()] {
        assert_eq!(refused.state(), TreeState::InDoubt, "{refused}");
        assert!(matches!(refused.cause(), untorn_txn::Cause::Poisoned), "{refused}");
    }
    assert!(fs.image().same_tree(&before, ""));
}

/// What was to be taken away stays, and that is said; it is not passed over.
#[test]
fn what_cannot_be_removed_for_an_error_of_the_disk_is_told_and_removed_by_the_next_opening() {
    for (path, to) in [(".untorn/tx/2/s/passing", "a"), (".untorn/head", "b")] {
        let fs = disk(by_link());
        let mut tree = Tree::open_on(Arc::new(fs.clone())).unwrap();
        let mut tx = tree.begin().unwrap();
        tx.set_head(Some(b"one".to_vec()));
        tx.commit().unwrap();
        drop(tree);
        let hook = HookFs::on_sim(&fs, move |call| match call.method {
            Method::RemoveFile if call.path == path => Verdict::Refuse(ErrorKind::Other),
            _ => Verdict::Pass,
        });
        let mut tree = Tree::open_on(Arc::new(hook)).unwrap();
        let mut tx = tree.begin().unwrap();
        tx.replace(to, &mut [7; 100_000].as_slice()).unwrap();
        tx.set_head(None);
        let error = tx.commit().unwrap_err();
        assert_eq!((error.state(), error.path()), (TreeState::WillComplete, Some(path)), "{error}");
        drop(tree);
        let fs = fs.restart();
        assert!(matches!(Tree::open_on(Arc::new(fs.clone())).unwrap().recovery(), Recovery::Completed { .. }));
        assert_eq!(read(&fs, to).unwrap(), [7; 100_000]);
        assert!(fs.metadata(".untorn/head").is_err());
    }
}

/// Makes a directory, for which space is set aside, on a disk that answers so when it is asked for.
fn set_aside(kind: ErrorKind) -> (SimFs, untorn_txn::Result<()>) {
    let fs = disk(SimOptions::strict());
    let hook = HookFs::on_sim(&fs, move |call| match call.method {
        Method::Allocate => Verdict::Refuse(kind),
        _ => Verdict::Pass,
    });
    let mut tree = Tree::open_on(Arc::new(hook)).unwrap();
    let mut tx = tree.begin().unwrap();
    tx.create_dir("made").unwrap();
    let answer = tx.commit().map(drop);
    drop(tree);
    (fs, answer)
}

#[test]
fn where_no_space_can_be_set_aside_the_update_does_without() {
    let (fs, answer) = set_aside(ErrorKind::Unsupported);
    answer.unwrap();
    assert!(fs.metadata("made").unwrap().is_dir());
}

#[test]
fn where_too_little_is_left_to_be_set_aside_it_is_said_how_much_is_missing() {
    let (fs, answer) = set_aside(ErrorKind::StorageFull);
    let error = answer.unwrap_err();
    assert_eq!(error.state(), TreeState::Unchanged, "{error}");
    assert!(matches!(error.cause(), untorn_txn::Cause::NoSpace { missing: Some(_) }), "{error}");
    assert!(fs.metadata("made").is_err());
    let (_, answer) = set_aside(ErrorKind::Other);
    assert_eq!(answer.unwrap_err().code(), "UNT-IO");
}

#[test]
fn a_disk_that_is_full_when_a_directory_comes_under_care_is_called_full() {
    for path in [".untorn/lock", ".untorn/readers"] {
        let fs = SimFs::new(SimOptions::strict());
        let hook = HookFs::on_sim(&fs, move |call| match call.method {
            Method::Open if call.path == path => Verdict::Refuse(ErrorKind::StorageFull),
            _ => Verdict::Pass,
        });
        let error = Tree::open_on(Arc::new(hook)).unwrap_err();
        assert!(matches!(error.cause(), untorn_txn::Cause::NoSpace { .. }), "{error}");
        drop(Tree::open_on(Arc::new(fs)).unwrap());
    }
}
