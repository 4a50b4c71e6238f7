//! Trees, paths and file-system objects that untorn must not touch. The numbers are those of the list of threats in `SECURITY.md`.

#[cfg(unix)]
use std::os::unix::fs::symlink;
use std::{fs, path::Path};

use untorn_txn::{Cause, Condition, Expect, Options, Status, Tree, TreeState, Way, WayChoice, Why};

fn tree() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("d")).unwrap();
    fs::write(dir.path().join("a"), "old").unwrap();
    dir
}

fn read(dir: &Path, path: &str) -> Vec<u8> {
    fs::read(dir.join(path)).unwrap()
}

#[test]
fn n1_to_n12_no_operation_takes_a_path_that_is_not_allowed() {
    let dir = tree();
    let mut tree = Tree::open(dir.path()).unwrap();
    let mut tx = tree.begin().unwrap();
    let bad = [
        "/etc/passwd",
        "C:x",
        "..",
        "../a",
        "d//a",
        "d/",
        ".",
        "a|b",
        "a:b",
        "x.",
        "x ",
        " x",
        "CON",
        "d/com1.txt",
        "PROGRA~1",
        "a\u{202e}b",
        ".untorn/slot.0",
        ".UNTORN/x",
        &"x".repeat(256),
        &"d/".repeat(70),
    ];
    for path in bad {
        let errors = [
            tx.write_at(path, 0, b"x"),
            tx.replace(path, &mut "x".as_bytes()),
            tx.set_len(path, 1),
            tx.remove(path),
            tx.rename(path, "b"),
            tx.rename("a", path),
            tx.exchange("a", path),
            tx.create_dir(path),
            tx.create_dir_all(path),
            tx.remove_dir(path),
            tx.remove_dir_all(path),
            tx.symlink("a", path),
            tx.set_executable(path, true),
            tx.expect(path, Expect::Absent),
        ];
        for error in errors {
            let error = error.unwrap_err();
            assert!(matches!(error.cause(), Cause::Path(_)) && error.code().starts_with("UNT-PATH-N"), "{path:?}: {error}");
        }
    }
    assert_eq!(tx.commit().unwrap().txid, 0, "nothing was staged");
}

#[test]
fn n9_names_that_clash_are_refused_before_anything_is_staged_for_good() {
    let dir = tree();
    let mut tree = Tree::open(dir.path()).unwrap();
    let mut tx = tree.begin().unwrap();
    tx.write_at("new/Data.pak", 0, b"1").unwrap();
    tx.write_at("new/data.pak", 0, b"2").unwrap();
    let error = tx.commit().unwrap_err();
    assert_eq!((error.code(), error.state()), ("UNT-PATH-N9", TreeState::Unchanged));
    assert!(!dir.path().join("new").exists());
}

#[cfg(unix)]
#[test]
fn f1_no_parent_may_be_a_symlink() {
    let (dir, outside) = (tree(), tempfile::tempdir().unwrap());
    fs::write(outside.path().join("victim"), "mine").unwrap();
    symlink(outside.path(), dir.path().join("way")).unwrap();
    let mut tree = Tree::open(dir.path()).unwrap();
    let mut tx = tree.begin().unwrap();
    for error in [
        tx.write_at("way/victim", 0, b"x"),
        tx.remove("way/victim"),
        tx.rename("way/victim", "b"),
        tx.rename("a", "way/b"),
        tx.remove_dir_all("way"),
    ] {
        let error = error.unwrap_err();
        assert!(matches!(error.cause(), Cause::Foreign { .. } | Cause::WrongKind { .. }), "{error}");
    }
    drop(tx);
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 1);
    assert_eq!(read(outside.path(), "victim"), b"mine");
}

#[cfg(unix)]
#[test]
fn f1_a_symlink_planted_while_staging_is_found_before_the_commit_point() {
    let (dir, outside) = (tree(), tempfile::tempdir().unwrap());
    fs::write(dir.path().join("d/x"), "old").unwrap();
    fs::write(outside.path().join("x"), "mine").unwrap();
    for way in [WayChoice::Auto, WayChoice::Put] {
        let mut tree = Tree::open(dir.path()).unwrap();
        let mut options = Options::default();
        options.way = way;
        let mut tx = tree.begin_with(options).unwrap();
        tx.write_at("d/x", 0, b"new").unwrap();
        fs::rename(dir.path().join("d"), dir.path().join("hidden")).unwrap();
        symlink(outside.path(), dir.path().join("d")).unwrap();
        let error = tx.commit().unwrap_err();
        assert_eq!(error.state(), TreeState::Unchanged, "{error}");
        assert_eq!((read(outside.path(), "x"), read(dir.path(), "hidden/x")), (b"mine".to_vec(), b"old".to_vec()));
        fs::remove_file(dir.path().join("d")).unwrap();
        fs::rename(dir.path().join("hidden"), dir.path().join("d")).unwrap();
    }
}

#[cfg(unix)]
#[test]
fn f2_a_link_or_a_pipe_is_not_a_file() {
    let dir = tree();
    symlink("a", dir.path().join("link")).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(dir.path().join("pipe")).status().unwrap().success());
    let mut tree = Tree::open(dir.path()).unwrap();
    let mut tx = tree.begin().unwrap();
    for path in ["link", "pipe"] {
        assert!(matches!(tx.write_at(path, 0, b"x").unwrap_err().cause(), Cause::WrongKind { .. }));
        assert!(matches!(tx.replace(path, &mut "x".as_bytes()).unwrap_err().cause(), Cause::WrongKind { .. }));
    }
    assert!(matches!(tx.remove("pipe").unwrap_err().cause(), Cause::WrongKind { .. }));
    tx.remove("link").unwrap();
    tx.commit().unwrap();
    assert_eq!(read(dir.path(), "a"), b"old");
}

#[test]
fn f4_a_file_with_other_names_is_replaced_and_they_keep_the_old_bytes() {
    let (dir, outside) = (tree(), tempfile::tempdir().unwrap());
    fs::hard_link(dir.path().join("a"), outside.path().join("other")).unwrap();
    for way in [WayChoice::Auto, WayChoice::Patch] {
        let mut tree = Tree::open(dir.path()).unwrap();
        let mut options = Options::default();
        options.way = way;
        let mut tx = tree.begin_with(options).unwrap();
        tx.write_at("a", 0, b"N").unwrap();
        let report = tx.commit().unwrap();
        assert_eq!(report.bytes_in_place, 0);
        assert_eq!(report.files[0].way, Way::Put);
        assert!(matches!(report.files[0].why, Why::HardLinked | Why::Whole), "{:?}", report.files[0]);
        assert_eq!((read(dir.path(), "a"), read(outside.path(), "other")), (b"Nld".to_vec(), b"old".to_vec()));
        fs::remove_file(dir.path().join("a")).unwrap();
        fs::hard_link(outside.path().join("other"), dir.path().join("a")).unwrap();
    }
}

#[test]
fn f6_the_root_of_the_disk_and_the_home_directory_are_refused() {
    for dir in [Path::new("/"), &std::env::home_dir().unwrap()] {
        let error = Tree::open(dir).unwrap_err();
        assert!(matches!(error.cause(), Cause::DangerousRoot), "{error}");
    }
    assert!(!Path::new("/.untorn").exists());
}

#[cfg(unix)]
#[test]
fn f11_the_superuser_is_told_that_others_may_write_into_a_tree() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
    let dir = tree();
    let warnings = || Tree::open(dir.path()).unwrap().warnings().to_vec();
    assert_eq!(warnings(), []);
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o777)).unwrap();
    if fs::metadata(dir.path()).unwrap().uid() != 0 {
        assert_eq!(warnings(), [], "nobody but the superuser outranks anybody");
        eprintln!("skipped: the rest needs the superuser");
        return;
    }
    assert_eq!(warnings(), [untorn_txn::Warning::Outranks]);
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o700)).unwrap();
    assert_eq!(warnings(), []);
    chown(dir.path(), Some(12_345), None).unwrap();
    assert_eq!(warnings(), [untorn_txn::Warning::Outranks]);
}

#[test]
fn f6_files_that_no_transaction_named_are_never_deleted() {
    let dir = tree();
    let mut tree = Tree::open(dir.path()).unwrap();
    let mut tx = tree.begin().unwrap();
    tx.remove_dir_all("d").unwrap();
    fs::write(dir.path().join("d/save"), "progress").unwrap();
    let report = tx.commit().unwrap();
    assert_eq!(report.dirs_kept, ["d"]);
    assert_eq!(read(dir.path(), "d/save"), b"progress");
}

#[test]
fn f6_a_directory_cannot_become_a_file_over_foreign_files() {
    let dir = tree();
    let mut tree = Tree::open(dir.path()).unwrap();
    let mut tx = tree.begin().unwrap();
    tx.remove_dir_all("d").unwrap();
    tx.write_at("d", 0, b"a file").unwrap();
    fs::write(dir.path().join("d/save"), "progress").unwrap();
    let error = tx.commit().unwrap_err();
    assert!(matches!(error.cause(), Cause::Foreign { .. }), "{error}");
    assert_eq!((error.state(), read(dir.path(), "d/save")), (TreeState::Unchanged, b"progress".to_vec()));
}

#[test]
fn a_file_changed_by_somebody_between_staging_and_commit_is_not_overwritten() {
    for way in [WayChoice::Auto, WayChoice::Put] {
        let dir = tree();
        let mut tree = Tree::open(dir.path()).unwrap();
        let mut options = Options::default();
        options.way = way;
        let mut tx = tree.begin_with(options).unwrap();
        tx.write_at("a", 0, b"N").unwrap();
        fs::write(dir.path().join("a"), "mod").unwrap();
        let error = tx.commit().unwrap_err();
        assert!(matches!(error.cause(), Cause::ChangedMeanwhile), "{error}");
        assert_eq!((error.path(), error.state()), (Some("a"), TreeState::Unchanged));
        assert_eq!(read(dir.path(), "a"), b"mod");
    }
}

#[test]
fn a_precondition_that_does_not_hold_changes_nothing() {
    let dir = tree();
    let mut tree = Tree::open(dir.path()).unwrap();
    let hash = untorn_format::Hash::of(b"old");
    let cases = [
        (Expect::Absent, false),
        (Expect::Dir, false),
        (Expect::Len(3), true),
        (Expect::Len(4), false),
        (Expect::Content { len: 3, hash }, true),
        (Expect::Content { len: 3, hash: untorn_format::Hash::of(b"odd") }, false),
        (Expect::Pieces { len: 3, pieces: vec![(1, 2)], hash: untorn_format::Hash::of(b"ld") }, true),
        (Expect::Pieces { len: 3, pieces: vec![(1, 2)], hash }, false),
        (Expect::Symlink("x".to_owned()), false),
    ];
    for (expect, holds) in cases {
        let mut tx = tree.begin().unwrap();
        tx.expect("a", expect.clone()).unwrap();
        tx.set_executable("d2", true).unwrap_err();
        tx.create_dir(if holds { "fine" } else { "never" }).unwrap();
        match tx.commit() {
            Ok(_) => assert!(holds, "{expect:?}"),
            Err(error) => {
                assert!(!holds && matches!(error.cause(), Cause::Expected { .. }), "{error}");
                assert_eq!(error.state(), TreeState::Unchanged);
            }
        }
        fs::remove_dir(dir.path().join("fine")).ok();
    }
    assert!(!dir.path().join("never").exists());
}

#[test]
fn a_directory_that_is_not_there_or_is_a_file_is_refused() {
    let dir = tree();
    for path in ["missing", "a"] {
        let error = Tree::open(&dir.path().join(path)).unwrap_err();
        assert_eq!(error.code(), "UNT-IO", "{error}");
    }
}

#[test]
fn asking_for_the_status_changes_nothing() {
    let dir = tree();
    assert_eq!(Status::of(dir.path()).unwrap().condition, Condition::Unmanaged);
    assert!(!dir.path().join(".untorn").exists());
}

#[test]
fn a_path_inside_another_btrfs_subvolume_is_refused_when_it_is_named() {
    // What happened: an update of a file in a nested subvolume was decided, and then its staged file could not be renamed there.
    // Why: a subvolume is no mount, so the kernel resolves paths into it.
    // What would have been lost: nothing, but the tree stayed a mixture for good.
    let dir = tempfile::tempdir().unwrap();
    let made = std::process::Command::new("btrfs").args(["subvolume", "create"]).arg(dir.path().join("sub")).output();
    if !made.is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: no Btrfs here");
        return;
    }
    std::fs::write(dir.path().join("sub/x"), "old").unwrap();
    let mut tree = Tree::open(dir.path()).unwrap();
    let mut tx = tree.begin().unwrap();
    for (path, refused) in [("sub/x", "sub/x"), ("sub/new", "sub")] {
        let error = tx.replace(path, &mut "new".as_bytes()).unwrap_err();
        assert_eq!((error.path(), error.state()), (Some(refused), TreeState::Unchanged), "{error}");
    }
    drop(tx);
    drop(tree);
    assert!(std::process::Command::new("btrfs").args(["subvolume", "delete"]).arg(dir.path().join("sub")).output().is_ok());
}
