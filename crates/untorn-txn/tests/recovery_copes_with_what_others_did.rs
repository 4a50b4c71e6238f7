//! What people, games and old disks do to a tree and its journal between a crash and the recovery.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::sync::Arc;

use untorn_fs::{Fs, LockKind, OpenMode};
use untorn_sim::{HookFs, Method, SimFs, SimOptions, Verdict, read, write};
use untorn_txn::{Options, Recovery, Tree, TreeState, WayChoice};

const OLD: [(&str, &[u8]); 3] = [("a", b"old"), ("b", b"old"), ("c", b"old")];

fn put() -> Options {
    let mut options = Options::default();
    options.way = WayChoice::Put;
    options
}

fn tree_on(fs: &SimFs) {
    OLD.iter().for_each(|(path, bytes)| write(fs, path, bytes).unwrap());
    drop(Tree::open_on(Arc::new(fs.clone())).unwrap());
    fs.settle();
}

fn replace_all(tree: &mut Tree, options: Options) -> untorn_txn::Result<()> {
    let mut tx = tree.begin_with(options)?;
    OLD.iter().try_for_each(|(path, _)| tx.replace(path, &mut "new".as_bytes()))?;
    tx.commit().map(drop)
}

/// A machine on which an update of all files dies when it is about to touch `path` in the tree.
fn dies_before(path: &'static str, options: Options) -> SimFs {
    let fs = SimFs::new(SimOptions::strict());
    tree_on(&fs);
    let hook = HookFs::on_sim(&fs, move |call| match call.method {
        Method::Rename | Method::HardLink if call.to == path => Verdict::Refuse(std::io::ErrorKind::Other),
        Method::WriteAt if call.path == path => Verdict::Refuse(std::io::ErrorKind::Other),
        _ => Verdict::Pass,
    });
    let error = replace_all(&mut Tree::open_on(Arc::new(hook)).unwrap(), options).unwrap_err();
    assert_eq!(error.state(), TreeState::WillComplete, "{error}");
    fs.restart()
}

fn all(fs: &SimFs) -> [Vec<u8>; 3] {
    OLD.map(|(path, _)| read(fs, path).unwrap())
}

#[test]
fn a_decided_slot_that_was_zeroed_is_not_forgotten() {
    // What happened: a slot full of zeros counted as never written, so the decided transaction in it counted as undecided.
    // Why: only a slot that could not be read counted as lost. Every slot holds a record from the beginning.
    // What would have been lost: the tree; it stayed half old and half new, and was called clean.
    for empty in [false, true] {
        for slot in [".untorn/slot.0", ".untorn/slot.1", ".untorn/slot.2"] {
            let fs = dies_before("c", Options::default());
            if empty {
                fs.remove_file(slot).unwrap();
            } else {
                fs.open(slot, OpenMode::Write).unwrap().write_all_at(&[0; 4096], 0).unwrap();
            }
            let tree = Tree::open_on(Arc::new(fs.clone())).unwrap();
            assert!(matches!(tree.recovery(), Recovery::Completed { .. }), "{slot}: {:?}", tree.recovery());
            assert_eq!(all(&fs), [b"new"; 3], "{slot}");
        }
    }
}

#[test]
fn a_file_in_its_place_that_a_game_changed_before_recovery_is_not_overwritten() {
    // Whether the staged file went into the tree and was changed there, or was deleted by somebody, cannot be told apart: nothing is changed.
    let fs = dies_before("c", put());
    write(&fs, "a", b"saved by the game").unwrap();
    let before = all(&fs);
    let error = Tree::open_on(Arc::new(fs.clone())).unwrap_err();
    assert_eq!((error.code(), error.state()), ("UNT-JOURNAL-DAMAGED", TreeState::NotUnderstood), "{error}");
    assert_eq!(all(&fs), before);
}

#[test]
fn the_record_that_clears_the_journal_may_rot_at_rest() {
    // What happened: with the last record unreadable, the one before it ruled, whose plan was gone: the whole tree was refused.
    // Why: nothing concluded from the missing plan that the journal had been cleared.
    // What would have been lost: nothing on disk, but no update and no start of the game was possible any more.
    for keep_undo in [false, true] {
        let fs = SimFs::new(SimOptions::strict());
        tree_on(&fs);
        let mut options = put();
        options.keep_undo = keep_undo;
        replace_all(&mut Tree::open_on(Arc::new(fs.clone())).unwrap(), options).unwrap();
        for slot in [".untorn/slot.0", ".untorn/slot.1", ".untorn/slot.2"] {
            let fs = fs.fork();
            fs.open(slot, OpenMode::Write).unwrap().write_all_at(b"rot", 100).unwrap();
            let mut tree = Tree::open_on(Arc::new(fs.clone())).unwrap();
            assert_eq!(all(&fs), [b"new"; 3], "{slot}: {:?}", tree.recovery());
            assert_eq!(tree.can_roll_back(), keep_undo, "{slot}");
            if keep_undo {
                tree.rollback(Options::default(), false).unwrap();
                assert_eq!(all(&fs), [b"old"; 3]);
            }
        }
    }
}

#[test]
fn files_move_and_are_kept_where_identities_do_not_last() {
    // What happened: every move, and every replacement with undo, was refused as changed by somebody.
    // Why: the staged second name changes the time of the last change, and files were told apart by identities only.
    // What would have been lost: nothing, but no update that moves a file was possible on such file systems.
    let fs = SimFs::new(SimOptions { stable_ids: false, ..SimOptions::strict() });
    tree_on(&fs);
    let mut tree = Tree::open_on(Arc::new(fs.clone())).unwrap();
    let mut options = put();
    options.keep_undo = true;
    let mut tx = tree.begin_with(options).unwrap();
    tx.rename("a", "moved").unwrap();
    tx.replace("b", &mut "new".as_bytes()).unwrap();
    tx.remove("c").unwrap();
    tx.commit().unwrap();
    assert_eq!((read(&fs, "moved").unwrap(), read(&fs, "b").unwrap()), (b"old".to_vec(), b"new".to_vec()));
    tree.rollback(Options::default(), false).unwrap();
    assert_eq!(all(&fs), [b"old"; 3]);
}

#[test]
fn a_file_that_cannot_be_written_is_found_out_before_the_commit_point() {
    // What happened: a read-only file that was to be changed in place stopped the update after it was decided.
    // Why: nothing opened it for writing before.
    // What would have been lost: nothing, but neither update nor game could start until somebody changed the permissions.
    let fs = SimFs::new(SimOptions::strict());
    tree_on(&fs);
    let hook = HookFs::on_sim(&fs, |call| match call.method {
        Method::Open if call.path == "b" => Verdict::Refuse(std::io::ErrorKind::PermissionDenied),
        _ => Verdict::Pass,
    });
    let error = replace_all(&mut Tree::open_on(Arc::new(hook)).unwrap(), Options::default()).unwrap_err();
    assert_eq!((error.path(), error.state()), (Some("b"), TreeState::Unchanged), "{error}");
    assert_eq!(all(&fs), [b"old"; 3]);
    assert!(fs.lock(".untorn/readers", LockKind::Exclusive, false).unwrap().is_some());
}
