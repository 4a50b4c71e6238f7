//! What people, games and old disks do to a tree and its journal between a crash and the recovery.

use std::sync::Arc;

use untorn_fs::{Fs, LockKind, OpenMode};
use untorn_sim::{HookFs, Method, Sampling, SimFs, SimOptions, Verdict, read, write};
use untorn_txn::{Options, Recovery, Status, Tree, TreeState, Warning, WayChoice};

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
    dies_before_on(SimOptions::strict(), path, options)
}

fn dies_before_on(disk: SimOptions, path: &'static str, options: Options) -> SimFs {
    let fs = SimFs::new(disk);
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

/// What opening the tree on `fs` says, once nothing is left to do.
fn warnings_of(fs: &SimFs) -> Vec<Warning> {
    let tree = Tree::open_on(Arc::new(fs.clone())).unwrap();
    assert!(matches!(tree.recovery(), Recovery::Completed { .. }), "{:?}", tree.recovery());
    let warnings = tree.warnings().to_vec();
    drop(tree);
    let again = Tree::open_on(Arc::new(fs.clone())).unwrap();
    assert_eq!((again.recovery(), again.warnings()), (&Recovery::Clean, &[][..]));
    warnings
}

fn changed(path: &str) -> Warning {
    Warning::Changed { path: path.to_owned() }
}

fn missing(path: &str) -> Warning {
    Warning::Missing { path: path.to_owned() }
}

fn aside(path: &str, to: &str) -> Warning {
    Warning::MovedAside { path: path.to_owned(), to: to.to_owned() }
}

/// The kinds of disks on which staged files land by another name, one by one or all at once.
fn disks() -> [SimOptions; 3] {
    let strict = SimOptions::strict();
    [strict.clone(), SimOptions { sync_all: false, ..strict.clone() }, SimOptions { atomic_rename: false, ..strict }]
}

#[test]
fn a_file_in_its_place_that_a_game_changed_before_recovery_stays_as_the_game_left_it() {
    // What happened: a game that saved its settings between a crash and the next opening made every opening fail from then on.
    // Why: what it had written was not what had been staged, and was taken for damage.
    // What would have been lost: nothing on disk, but the tree stayed a mixture, and neither update nor game could start.
    for options in disks() {
        let fs = dies_before_on(options, "c", put());
        fs.open("a", OpenMode::Write).unwrap().write_all_at(b"saved", 0).unwrap();
        assert_eq!(warnings_of(&fs), [changed("a")]);
        assert_eq!(all(&fs), [b"saved".to_vec(), b"new".to_vec(), b"new".to_vec()]);
    }
}

#[test]
fn a_file_in_its_place_that_was_replaced_before_recovery_stays() {
    let fs = dies_before("c", put());
    write(&fs, "a.tmp", b"saved").unwrap();
    fs.rename("a.tmp", "a").unwrap();
    assert_eq!(warnings_of(&fs), [changed("a")]);
    assert_eq!(all(&fs), [b"saved".to_vec(), b"new".to_vec(), b"new".to_vec()]);
}

#[test]
fn a_file_in_its_place_that_was_removed_before_recovery_is_not_waited_for() {
    for options in disks() {
        let by_link = !options.atomic_rename;
        let fs = dies_before_on(options, "c", put());
        fs.remove_file("a").unwrap();
        // A staged file that keeps its name until the end is put there again.
        if by_link {
            assert_eq!(warnings_of(&fs), []);
            assert_eq!(all(&fs), [b"new"; 3]);
        } else {
            assert_eq!(warnings_of(&fs), [missing("a")]);
            assert!(fs.metadata("a").is_err());
            assert_eq!((read(&fs, "b").unwrap(), read(&fs, "c").unwrap()), (b"new".to_vec(), b"new".to_vec()));
        }
    }
}

#[test]
fn a_staged_file_that_somebody_removed_is_damage_as_long_as_the_old_file_stands() {
    // The plan is younger than the old file: nobody has put anything there.
    let fs = dies_before("a", put());
    fs.remove_file(".untorn/tx/1/s/0001").unwrap();
    let before = fs.image();
    let error = Tree::open_on(Arc::new(fs.clone())).unwrap_err();
    assert_eq!((error.code(), error.state()), ("UNT-JOURNAL-DAMAGED", TreeState::NotUnderstood), "{error}");
    assert!(fs.image().same_tree(&before, ""));
}

#[test]
fn rot_in_a_file_in_its_place_is_no_change_by_others() {
    let fs = dies_before("c", put());
    let rotten = HookFs::on_sim(&fs, |call| match call.method {
        Method::ReadAt if call.path == "a" && call.offset == 0 => Verdict::Answer(b"nEw".to_vec()),
        _ => Verdict::Pass,
    });
    let error = Tree::open_on(Arc::new(rotten)).unwrap_err();
    assert_eq!((error.code(), error.path()), ("UNT-JOURNAL-DAMAGED", Some("a")), "{error}");
}

#[test]
fn rot_in_the_stage_is_no_change_by_others_whatever_they_did_to_the_old_file() {
    let linked = SimOptions { atomic_rename: false, ..SimOptions::strict() };
    let fs = dies_before_on(linked, "a", put());
    fs.open("a", OpenMode::Write).unwrap().write_all_at(b"own", 0).unwrap();
    let rotten = HookFs::on_sim(&fs, |call| match call.method {
        Method::ReadAt if call.path.ends_with("/s/0000") && call.offset == 0 => Verdict::Answer(b"nEw".to_vec()),
        _ => Verdict::Pass,
    });
    let error = Tree::open_on(Arc::new(rotten)).unwrap_err();
    assert_eq!((error.code(), error.path()), ("UNT-JOURNAL-DAMAGED", Some(".untorn/tx/1/s/0000")), "{error}");
    assert_eq!(all(&fs), [b"own".to_vec(), b"old".to_vec(), b"old".to_vec()]);
}

#[test]
fn a_file_to_be_changed_in_place_that_is_gone_is_not_waited_for() {
    for options in disks() {
        let fs = dies_before_on(options, "b", Options::default());
        fs.remove_file("a").unwrap();
        fs.remove_file("c").unwrap();
        fs.create_dir("c", None).unwrap();
        write(&fs, "c/theirs", b"kept").unwrap();
        assert_eq!(warnings_of(&fs), [missing("a"), missing("c")]);
        assert_eq!((read(&fs, "b").unwrap(), read(&fs, "c/theirs").unwrap()), (b"new".to_vec(), b"kept".to_vec()));
    }
}

/// A directory becomes a file, a file becomes a directory, files and a symlink come into directories; it dies in the middle.
fn dies_reshaping(options: SimOptions) -> SimFs {
    let fs = SimFs::new(options);
    tree_on(&fs);
    for dir in ["d", "d/sub", "into", "kept", "kept/gone"] {
        fs.create_dir(dir, None).unwrap();
    }
    write(&fs, "d/sub/x", b"old").unwrap();
    write(&fs, "kept/x", b"old").unwrap();
    fs.settle();
    let hook = HookFs::on_sim(&fs, |call| match call.method {
        Method::RemoveFile if call.path == "a" => Verdict::Refuse(std::io::ErrorKind::Other),
        _ => Verdict::Pass,
    });
    let mut tree = Tree::open_on(Arc::new(hook)).unwrap();
    let mut tx = tree.begin_with(put()).unwrap();
    tx.remove_dir_all("d").unwrap();
    tx.replace("d", &mut "now a file".as_bytes()).unwrap();
    tx.remove("kept/x").unwrap();
    tx.remove_dir("kept/gone").unwrap();
    tx.remove("a").unwrap();
    tx.replace("a/deep", &mut "now a directory".as_bytes()).unwrap();
    tx.replace("into/file", &mut "new".as_bytes()).unwrap();
    tx.symlink("file", "into/link").unwrap();
    let error = tx.commit().unwrap_err();
    assert_eq!(error.state(), TreeState::WillComplete, "{error}");
    drop(tree);
    fs.restart()
}

fn assert_reshaped(fs: &SimFs) {
    assert_eq!(read(fs, "d").unwrap(), b"now a file");
    assert_eq!(read(fs, "a/deep").unwrap(), b"now a directory");
    assert_eq!(read(fs, "into/file").unwrap(), b"new");
    assert_eq!(fs.read_link("into/link").unwrap(), "file");
}

#[test]
fn what_others_put_into_a_directory_that_becomes_a_file_is_moved_aside() {
    // What happened: a file that was put into such a directory after a crash made every opening fail.
    // Why: the directory could not be removed, and so the file could not take its name.
    // What would have been lost: nothing, but the update could not be completed before somebody found and moved that file.
    for options in disks() {
        let fs = dies_reshaping(options);
        write(&fs, "d/sub/mod", b"theirs").unwrap();
        assert_eq!(warnings_of(&fs), [aside("d", "d.moved-by-untorn")]);
        assert_reshaped(&fs);
        assert_eq!(read(&fs, "d.moved-by-untorn/sub/mod").unwrap(), b"theirs");
        assert!(fs.metadata("d.moved-by-untorn/sub/x").is_err());
    }
}

#[test]
fn what_others_put_in_the_place_of_files_and_directories_is_moved_aside() {
    for options in disks() {
        let fs = dies_reshaping(options);
        fs.remove_file("a").unwrap();
        fs.symlink("b", "a").unwrap();
        fs.create_dir("into/link", None).unwrap();
        write(&fs, "into/link/theirs", b"1").unwrap();
        fs.create_dir("into/file", None).unwrap();
        write(&fs, "into/file/theirs", b"2").unwrap();
        fs.create_dir("into/file.moved-by-untorn", None).unwrap();
        // The symlink stands where an old file was to be removed, so it is.
        assert_eq!(
            warnings_of(&fs),
            [aside("into/file", "into/file.moved-by-untorn-2"), aside("into/link", "into/link.moved-by-untorn")]
        );
        assert_reshaped(&fs);
        assert_eq!(read(&fs, "into/link.moved-by-untorn/theirs").unwrap(), b"1");
        assert_eq!(read(&fs, "into/file.moved-by-untorn-2/theirs").unwrap(), b"2");
    }
}

#[test]
fn directories_that_others_removed_or_replaced_are_made_again() {
    for options in disks() {
        for symlink in [false, true] {
            let fs = dies_reshaping(options.clone());
            fs.remove_dir("into").unwrap();
            let expected = if symlink {
                fs.symlink("d", "into").unwrap();
                aside("into", "into.moved-by-untorn")
            } else {
                missing("into")
            };
            assert_eq!(warnings_of(&fs), [expected]);
            assert_reshaped(&fs);
        }
    }
}

#[test]
fn what_was_to_be_removed_may_be_gone_with_the_directory_above_it() {
    for options in disks() {
        let fs = dies_reshaping(options);
        fs.remove_file("kept/x").unwrap();
        fs.remove_dir("kept/gone").unwrap();
        fs.remove_dir("kept").unwrap();
        assert_eq!(warnings_of(&fs), []);
        assert_reshaped(&fs);
        assert!(fs.metadata("kept").is_err());
    }
}

/// Whatever crashes while things are moved aside: they are there in the end, and so is the new tree.
#[test]
fn a_crash_while_something_is_moved_aside_loses_nothing() {
    let mut count = 0;
    for options in [SimOptions::strict(), SimOptions { sync_all: false, ..SimOptions::strict() }] {
        let fs = dies_reshaping(options);
        write(&fs, "d/sub/mod", b"theirs").unwrap();
        fs.create_dir("into/file", None).unwrap();
        write(&fs, "into/file/theirs", b"2").unwrap();
        let fs = SimFs::from_image(fs.image());
        drop(Tree::open_on(Arc::new(fs.clone())).unwrap());
        for state in fs.recording().crashes(&Sampling::default()) {
            let fs = state.fs();
            let answer = Tree::open_on(Arc::new(fs.clone())).map(drop);
            answer.unwrap_or_else(|error| panic!("{}: {error}", state.id()));
            assert_reshaped(&fs);
            assert_eq!(read(&fs, "d.moved-by-untorn/sub/mod").unwrap(), b"theirs", "{}", state.id());
            assert_eq!(read(&fs, "into/file.moved-by-untorn/theirs").unwrap(), b"2", "{}", state.id());
            count += 1;
        }
    }
    assert!(count > 500, "{count}");
}

#[test]
fn a_journal_that_is_lost_whole_is_reported() {
    let fs = SimFs::new(SimOptions::strict());
    tree_on(&fs);
    let mut tree = Tree::open_on(Arc::new(fs.clone())).unwrap();
    let mut tx = tree.begin().unwrap();
    tx.set_head(Some(b"build 1".to_vec()));
    tx.commit().unwrap();
    drop(tree);
    assert_eq!(Status::on(&fs).unwrap().warnings, []);
    for slot in [".untorn/slot.0", ".untorn/slot.1", ".untorn/slot.2"] {
        fs.open(slot, OpenMode::Write).unwrap().write_all_at(b"rot", 100).unwrap();
    }
    let before = all(&fs);
    for _ in 0..2 {
        assert_eq!(Status::on(&fs).unwrap().warnings, [Warning::Forgotten]);
        let tree = Tree::open_on(Arc::new(fs.clone())).unwrap();
        assert_eq!(tree.warnings(), [Warning::Forgotten]);
        assert!(tree.installed().is_none());
    }
    assert_eq!(all(&fs), before);
    let mut tree = Tree::open_on(Arc::new(fs.clone())).unwrap();
    let mut tx = tree.begin().unwrap();
    tx.set_head(Some(b"build 2".to_vec()));
    tx.commit().unwrap();
    drop(tree);
    assert_eq!(Tree::open_on(Arc::new(fs.clone())).unwrap().warnings(), []);
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

#[test]
fn what_others_put_in_the_place_of_what_is_made_anew_is_moved_aside() {
    for options in disks() {
        let fs = SimFs::new(options);
        tree_on(&fs);
        let hook = HookFs::on_sim(&fs, |call| match call.method {
            Method::WriteAt if call.path == "fresh" => Verdict::Refuse(std::io::ErrorKind::Other),
            _ => Verdict::Pass,
        });
        let mut tree = Tree::open_on(Arc::new(hook)).unwrap();
        let mut tx = tree.begin().unwrap();
        tx.write_at("fresh", 2, b"new").unwrap();
        tx.create_dir("empty").unwrap();
        assert_eq!(tx.commit().unwrap_err().state(), TreeState::WillComplete);
        drop(tree);
        let fs = fs.restart();
        fs.remove_file("fresh").unwrap();
        fs.create_dir("fresh", None).unwrap();
        write(&fs, "fresh/theirs", b"1").unwrap();
        fs.remove_dir("empty").unwrap();
        write(&fs, "empty", b"2").unwrap();
        assert_eq!(warnings_of(&fs), [aside("empty", "empty.moved-by-untorn"), aside("fresh", "fresh.moved-by-untorn")]);
        assert_eq!(read(&fs, "fresh").unwrap(), b"\0\0new");
        assert!(fs.metadata("empty").unwrap().is_dir());
        assert_eq!(read(&fs, "fresh.moved-by-untorn/theirs").unwrap(), b"1");
        assert_eq!(read(&fs, "empty.moved-by-untorn").unwrap(), b"2");
    }
}

#[test]
fn a_symlink_in_the_place_of_a_file_that_is_copied_leads_nowhere() {
    let fs = dies_before_on(SimOptions { hard_links: false, atomic_rename: false, ..SimOptions::strict() }, "c", put());
    write(&fs, "theirs", b"kept").unwrap();
    fs.remove_file("a").unwrap();
    fs.symlink("theirs", "a").unwrap();
    assert_eq!(warnings_of(&fs), []);
    assert_eq!(all(&fs), [b"new"; 3]);
    assert_eq!(read(&fs, "theirs").unwrap(), b"kept");
}

#[test]
fn lock_files_that_somebody_deleted_hold_nobody() {
    let fs = SimFs::new(SimOptions::strict());
    tree_on(&fs);
    fs.remove_file(".untorn/lock").unwrap();
    fs.remove_file(".untorn/readers").unwrap();
    let status = Status::on(&fs).unwrap();
    assert_eq!((status.updater, status.in_use), (None, false));
    replace_all(&mut Tree::open_on(Arc::new(fs.clone())).unwrap(), put()).unwrap();
    // What cannot be looked at is no free lock.
    let hook = HookFs::on_sim(&fs, |call| match call.method {
        Method::Lock => Verdict::Refuse(std::io::ErrorKind::Other),
        _ => Verdict::Pass,
    });
    assert_eq!(Status::on(&hook).unwrap_err().code(), "UNT-IO");
}

/// A decided update in which `pak` is a changed clone that is not in its place yet.
fn dies_with_a_clone() -> SimFs {
    let fs = SimFs::new(SimOptions::strict());
    write(&fs, "pak", &[1; 90_000]).unwrap();
    drop(Tree::open_on(Arc::new(fs.clone())).unwrap());
    fs.settle();
    let hook = HookFs::on_sim(&fs, |call| match call.method {
        Method::Rename if call.to == "pak" => Verdict::Refuse(std::io::ErrorKind::Other),
        _ => Verdict::Pass,
    });
    let mut options = Options::default();
    options.way = WayChoice::Clone;
    let mut tree = Tree::open_on(Arc::new(hook)).unwrap();
    let mut tx = tree.begin_with(options).unwrap();
    tx.write_at("pak", 50_000, b"new").unwrap();
    assert_eq!(tx.commit().unwrap_err().state(), TreeState::WillComplete);
    drop(tree);
    fs.restart()
}

#[test]
fn a_clone_with_rot_in_what_was_written_or_of_another_length_is_not_put_in_place() {
    let damages: [fn(&dyn Fs); 3] = [
        |fs| fs.open(".untorn/tx/1/s/0000", OpenMode::Write).unwrap().write_all_at(b"nEw", 50_000).unwrap(),
        |fs| fs.open(".untorn/tx/1/s/0000", OpenMode::Write).unwrap().set_len(90_001).unwrap(),
        |fs| fs.open(".untorn/tx/1/s/0000", OpenMode::Write).unwrap().set_len(89_999).unwrap(),
    ];
    for damage in damages {
        let fs = dies_with_a_clone();
        damage(&fs);
        let error = Tree::open_on(Arc::new(fs.clone())).unwrap_err();
        assert_eq!((error.code(), error.path()), ("UNT-JOURNAL-DAMAGED", Some(".untorn/tx/1/s/0000")), "{error}");
        assert_eq!(read(&fs, "pak").unwrap(), [1; 90_000]);
    }
    let fs = dies_with_a_clone();
    assert_eq!(warnings_of(&fs), []);
    assert_eq!(read(&fs, "pak").unwrap()[50_000..50_003], *b"new");
}

/// The state directory is another directory now, as after a restored backup.
fn move_home(fs: &SimFs) {
    fs.rename(".untorn", "old-state").unwrap();
    fs.create_dir(".untorn", None).unwrap();
    for name in fs.read_dir("old-state").unwrap().into_iter().map(|entry| entry.name.unwrap()) {
        fs.rename(&format!("old-state/{name}"), &format!(".untorn/{name}")).unwrap();
    }
    fs.remove_dir("old-state").unwrap();
}

#[test]
fn a_tree_whose_state_directory_was_moved_at_rest_is_at_home_in_it_and_its_next_update_is_completed() {
    let fs = SimFs::new(SimOptions::strict());
    tree_on(&fs);
    move_home(&fs);
    drop(Tree::open_on(Arc::new(fs.clone())).unwrap());
    let hook = HookFs::on_sim(&fs, |call| match call.method {
        Method::Rename if call.to == "c" => Verdict::Refuse(std::io::ErrorKind::Other),
        _ => Verdict::Pass,
    });
    replace_all(&mut Tree::open_on(Arc::new(hook)).unwrap(), put()).unwrap_err();
    let fs = fs.restart();
    assert_eq!(warnings_of(&fs), []);
    assert_eq!(all(&fs), [b"new"; 3]);
}

/// What others write comes later than the plan. Rot has no time: a file that was last written in the instant of the plan is the one that was staged.
#[test]
fn rot_in_the_instant_of_the_plan_is_no_change_by_others() {
    let dir = tempfile::tempdir().unwrap();
    for path in ["a", "b", "c"] {
        std::fs::write(dir.path().join(path), "old").unwrap();
    }
    let disk = Arc::new(untorn_fs::OsFs::open(dir.path()).unwrap());
    if !disk.capabilities().atomic_rename {
        eprintln!("skipped: staged files keep their names here");
        return;
    }
    let hook = HookFs::new(disk.clone(), |call| match call.method {
        Method::Rename if call.to == "c" => Verdict::Refuse(std::io::ErrorKind::Other),
        _ => Verdict::Pass,
    });
    replace_all(&mut Tree::open_on(Arc::new(hook)).unwrap(), put()).unwrap_err();
    let plan = std::fs::metadata(dir.path().join(".untorn/tx/1/plan")).unwrap().modified().unwrap();
    let rotten = std::fs::File::options().write(true).open(dir.path().join("a")).unwrap();
    std::io::Write::write_all(&mut &rotten, b"nEw").unwrap();
    rotten.set_modified(plan).unwrap();
    let error = Tree::open_on(disk.clone()).unwrap_err();
    assert_eq!((error.code(), error.path()), ("UNT-JOURNAL-DAMAGED", Some("a")), "{error}");
    rotten.set_modified(plan + std::time::Duration::from_secs(1)).unwrap();
    assert_eq!(Tree::open_on(disk).unwrap().warnings(), [changed("a")]);
}
