//! Between an update and going back others change files, in ways that are easily overlooked: going back is refused, and says which file it is.

use std::{
    io::ErrorKind,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use untorn_fs::{Fs, OpenMode};
use untorn_sim::{HookFs, Method, SimFs, SimOptions, Verdict, read, write};
use untorn_txn::{Cause, Options, Tree, TreeState, WayChoice};

/// An update that changes `pieces` in place, replaces `whole` and removes `gone`, and can be undone.
fn updated() -> SimFs {
    updated_on(SimFs::new(SimOptions::strict()))
}

fn updated_on(fs: SimFs) -> SimFs {
    write(&fs, "pieces", &[1; 30_000]).unwrap();
    write(&fs, "whole", b"old").unwrap();
    write(&fs, "gone", b"old").unwrap();
    let mut tree = Tree::open_on(Arc::new(fs.clone())).unwrap();
    let mut options = Options::default();
    (options.keep_undo, options.way) = (true, WayChoice::Patch);
    let mut tx = tree.begin_with(options).unwrap();
    tx.write_at("pieces", 9_000, b"new").unwrap();
    tx.replace("whole", &mut "new".as_bytes()).unwrap();
    tx.remove("gone").unwrap();
    tx.commit().unwrap();
    drop(tree);
    fs
}

fn roll_back(fs: Arc<dyn Fs>) -> untorn_txn::Result<()> {
    Tree::open_on(fs).unwrap().rollback(Options::default(), false).map(drop)
}

fn refused(fs: &SimFs, path: &str) {
    let before = fs.image();
    let error = roll_back(Arc::new(fs.clone())).unwrap_err();
    assert!(matches!(error.cause(), Cause::ChangedSince), "{error}");
    assert_eq!((error.path(), error.state()), (Some(path), TreeState::Unchanged), "{error}");
    assert!(fs.image().same_tree(&before, ""));
}

#[test]
fn undisturbed_it_goes_back() {
    let fs = updated();
    roll_back(Arc::new(fs.clone())).unwrap();
    assert_eq!(read(&fs, "pieces").unwrap(), [1; 30_000]);
    assert_eq!((read(&fs, "whole").unwrap(), read(&fs, "gone").unwrap()), (b"old".to_vec(), b"old".to_vec()));
}

#[test]
fn what_was_written_behind_the_end_of_a_file_is_not_lost() {
    for path in ["pieces", "whole"] {
        let fs = updated();
        let len = fs.metadata(path).unwrap().len;
        fs.open(path, OpenMode::Write).unwrap().write_all_at(b"theirs", len).unwrap();
        refused(&fs, path);
    }
}

#[test]
fn what_was_written_in_place_of_new_bytes_is_not_lost() {
    for (path, at) in [("pieces", 9_001), ("whole", 1)] {
        let fs = updated();
        fs.open(path, OpenMode::Write).unwrap().write_all_at(b"?", at).unwrap();
        refused(&fs, path);
    }
}

#[test]
fn a_file_that_was_made_executable_stays_so() {
    for path in ["pieces", "whole"] {
        let fs = updated();
        let file = fs.open(path, OpenMode::Write).unwrap();
        file.set_permissions(file.metadata().unwrap().permissions.with_executable(true)).unwrap();
        refused(&fs, path);
    }
}

#[test]
fn what_was_put_where_a_file_was_removed_is_not_lost() {
    let fs = updated();
    write(&fs, "gone", b"theirs").unwrap();
    refused(&fs, "gone");
}

#[test]
fn what_cannot_be_looked_at_is_not_taken_for_unchanged() {
    let fs = updated();
    let count = AtomicUsize::new(0);
    let hook = HookFs::on_sim(&fs, move |call| {
        let is_looked_at = call.method == Method::Metadata && call.path == "gone" && count.fetch_add(1, Relaxed) == 0;
        if is_looked_at { Verdict::Refuse(ErrorKind::Other) } else { Verdict::Pass }
    });
    let error = roll_back(Arc::new(hook)).unwrap_err();
    assert_eq!((error.code(), error.state()), ("UNT-IO", TreeState::Unchanged), "{error}");
}

#[test]
fn a_way_back_that_has_rotted_is_refused() {
    for (path, at) in [(".untorn/tx/1/undo", 0), (".untorn/tx/1/undo.plan", 150)] {
        let fs = updated();
        let mut bytes = read(&fs, path).unwrap();
        bytes[at] ^= 1;
        fs.open(path, OpenMode::Write).unwrap().write_all_at(&bytes, 0).unwrap();
        let before = fs.image();
        let error = roll_back(Arc::new(fs.clone())).unwrap_err();
        assert_eq!((error.code(), error.path()), ("UNT-JOURNAL-DAMAGED", Some(path)), "{error}");
        assert!(fs.image().same_tree(&before, ""));
    }
}

#[test]
fn the_document_that_going_back_brings_back_is_told() {
    let fs = SimFs::new(SimOptions::strict());
    write(&fs, "a", b"old").unwrap();
    let mut tree = Tree::open_on(Arc::new(fs.clone())).unwrap();
    let mut options = Options::default();
    options.keep_undo = true;
    for document in [Some(b"one".to_vec()), Some(b"two".to_vec()), None] {
        let before = tree.head().unwrap();
        let mut tx = tree.begin_with(options.clone()).unwrap();
        tx.write_at("a", 0, b"new").unwrap();
        if let Some(document) = &document {
            tx.set_head(Some(document.clone()));
        }
        tx.commit().unwrap();
        assert_eq!(tree.previous_head().unwrap(), before);
        assert_eq!(tree.head().unwrap(), document.or(before));
    }
}

/// As a careless backup leaves it: of the same number, and of another tree.
#[test]
fn the_way_back_of_another_tree_is_not_gone_here() {
    let (fs, other) = (updated(), updated_on(SimFs::new(SimOptions { seed: 2, ..SimOptions::strict() })));
    for path in [".untorn/tx/1/undo.plan", ".untorn/tx/1/undo"] {
        fs.open(path, OpenMode::Write).unwrap().write_all_at(&read(&other, path).unwrap(), 0).unwrap();
    }
    let before = fs.image();
    let error = roll_back(Arc::new(fs.clone())).unwrap_err();
    assert!(matches!(error.cause(), Cause::JournalForeign), "{error}");
    assert!(fs.image().same_tree(&before, ""));
}
