//! The everyday behaviour of a transaction, on the real file system.

use std::{fs, path::Path};

use untorn_txn::{Cause, Options, Recovery, Tree, TreeState, WayChoice};

fn tree_with(files: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (path, content) in files {
        let path = dir.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    dir
}

fn read(dir: &Path, path: &str) -> String {
    fs::read_to_string(dir.join(path)).unwrap_or_else(|error| format!("<{:?}>", error.kind()))
}

#[test]
fn every_operation_is_invisible_until_commit_and_there_after() {
    for way in [WayChoice::Auto, WayChoice::Put, WayChoice::Patch, WayChoice::Clone] {
        let dir = tree_with(&[("a", "old a"), ("b", "old b"), ("d/x", "old x"), ("gone", "bye"), ("dir/becomes/file", "1")]);
        let mut tree = Tree::open(dir.path()).unwrap();
        let options = {
            let mut options = Options::default();
            options.way = way;
            options
        };
        let mut tx = tree.begin_with(options).unwrap();
        tx.write_at("a", 4, b"AAA").unwrap();
        tx.rename("b", "d/b").unwrap();
        tx.remove("gone").unwrap();
        tx.replace("new/file", &mut "fresh".as_bytes()).unwrap();
        tx.write_at("sparse", 10, b"x").unwrap();
        tx.rename("d", "e").unwrap();
        tx.remove_dir_all("dir").unwrap();
        tx.write_at("dir", 0, b"a file now").unwrap();
        // Ordinary users of Windows have no right to make one.
        if cfg!(unix) {
            tx.symlink("a", "link").unwrap();
        }
        tx.set_executable("a", true).unwrap();
        tx.create_dir_all("empty/dir").unwrap();
        assert_eq!(read(dir.path(), "a"), "old a");
        assert!(!dir.path().join("e").exists());
        let report = tx.commit().unwrap();
        assert_eq!(report.barriers.len(), 4, "{report:?}");
        assert_eq!(read(dir.path(), "a"), "old AAA");
        assert_eq!(read(dir.path(), "e/b"), "old b");
        assert_eq!(read(dir.path(), "e/x"), "old x");
        assert!(!dir.path().join("d").exists());
        assert_eq!(read(dir.path(), "gone"), "<NotFound>");
        assert_eq!(read(dir.path(), "new/file"), "fresh");
        assert_eq!(read(dir.path(), "sparse"), "\0\0\0\0\0\0\0\0\0\0x");
        assert_eq!(read(dir.path(), "dir"), "a file now");
        if cfg!(unix) {
            assert_eq!(fs::read_link(dir.path().join("link")).unwrap().to_str(), Some("a"));
        }
        assert!(dir.path().join("empty/dir").is_dir());
        assert_eq!(fs::read_dir(dir.path().join(".untorn/tx")).unwrap().count(), 0);
        drop(tree);
        assert_eq!(*Tree::open(dir.path()).unwrap().recovery(), Recovery::Clean);
    }
}

#[test]
fn a_dropped_transaction_leaves_nothing() {
    let dir = tree_with(&[("a", "old")]);
    let mut tree = Tree::open(dir.path()).unwrap();
    let mut tx = tree.begin().unwrap();
    tx.write_at("a", 0, b"NEW").unwrap();
    drop(tx);
    assert_eq!(read(dir.path(), "a"), "old");
    assert_eq!(fs::read_dir(dir.path().join(".untorn/tx")).unwrap().count(), 0);
}

#[test]
fn names_are_swapped_and_rotated() {
    let dir = tree_with(&[("a", "1"), ("b", "2"), ("c", "3"), ("p/x", "4"), ("q/y", "5")]);
    let mut tree = Tree::open(dir.path()).unwrap();
    let mut tx = tree.begin().unwrap();
    tx.rename("a", "t").unwrap();
    tx.rename("b", "a").unwrap();
    tx.rename("c", "b").unwrap();
    tx.rename("t", "c").unwrap();
    tx.exchange("p", "q").unwrap();
    tx.commit().unwrap();
    assert_eq!(["a", "b", "c", "q/x", "p/y"].map(|path| read(dir.path(), path)), ["2", "3", "1", "4", "5"]);
}

#[test]
fn rolling_back_gives_the_old_tree_and_rolling_back_that_gives_the_new_one() {
    let dir = tree_with(&[("a", "old a, and long"), ("b", "old b"), ("d/x", "old x"), ("gone", "bye")]);
    let keep = {
        let mut options = Options::default();
        options.keep_undo = true;
        options
    };
    let mut tree = Tree::open(dir.path()).unwrap();
    let mut tx = tree.begin_with(keep.clone()).unwrap();
    tx.write_at("a", 0, b"NEW").unwrap();
    tx.set_len("a", 5).unwrap();
    tx.rename("b", "d/b").unwrap();
    tx.write_at("d/b", 1, b"XX").unwrap();
    tx.remove("gone").unwrap();
    tx.replace("d/x", &mut vec![b'z'; 100_000].as_slice()).unwrap();
    tx.write_at("n/new", 0, b"fresh").unwrap();
    tx.commit().unwrap();
    let new = ["a", "b", "d/b", "d/x", "gone", "n/new"].map(|path| read(dir.path(), path));
    assert_eq!(new[0], "NEW a");
    tree.rollback(keep.clone(), false).unwrap();
    let old = ["a", "b", "d/b", "d/x", "gone", "n/new"].map(|path| read(dir.path(), path));
    assert_eq!(old, ["old a, and long", "old b", "<NotFound>", "old x", "bye", "<NotFound>"]);
    assert!(!dir.path().join("n").exists());
    tree.rollback(keep, false).unwrap();
    assert_eq!(["a", "b", "d/b", "d/x", "gone", "n/new"].map(|path| read(dir.path(), path)), new);
    let error = tree.rollback(Options::default(), false).and_then(|_| tree.rollback(Options::default(), false)).unwrap_err();
    assert!(matches!(error.cause(), Cause::NoUndo));
    assert_eq!(error.state(), TreeState::Unchanged);
}

#[test]
fn a_later_change_by_somebody_else_is_not_rolled_back_over() {
    let dir = tree_with(&[("a", "old")]);
    let keep = {
        let mut options = Options::default();
        options.keep_undo = true;
        options
    };
    let mut tree = Tree::open(dir.path()).unwrap();
    let mut tx = tree.begin_with(keep).unwrap();
    tx.write_at("a", 0, b"NEW").unwrap();
    tx.commit().unwrap();
    fs::write(dir.path().join("a"), "MINE").unwrap();
    let error = tree.rollback(Options::default(), false).unwrap_err();
    assert!(matches!(error.cause(), Cause::ChangedSince), "{error}");
    assert_eq!(read(dir.path(), "a"), "MINE");
    tree.rollback(Options::default(), true).unwrap();
    assert_eq!(read(dir.path(), "a"), "old");
}

#[cfg(unix)]
#[test]
fn a_file_that_comes_whole_has_the_permissions_of_the_one_it_replaces() {
    use std::os::unix::fs::PermissionsExt;

    let dir = tree_with(&[("secret", "old"), ("tool", "old")]);
    let mode = |path: &str| fs::metadata(dir.path().join(path)).unwrap().permissions().mode() & 0o777;
    fs::set_permissions(dir.path().join("secret"), fs::Permissions::from_mode(0o600)).unwrap();
    fs::set_permissions(dir.path().join("tool"), fs::Permissions::from_mode(0o640)).unwrap();
    let mut tree = Tree::open(dir.path()).unwrap();
    let mut options = Options::default();
    options.way = WayChoice::Put;
    let mut tx = tree.begin_with(options).unwrap();
    tx.replace("secret", &mut "new".as_bytes()).unwrap();
    tx.replace("tool", &mut "new".as_bytes()).unwrap();
    tx.set_executable("tool", true).unwrap();
    tx.commit().unwrap();
    assert_eq!((read(dir.path(), "secret"), read(dir.path(), "tool")), ("new".into(), "new".into()));
    assert_eq!((mode("secret"), mode("tool") & 0o700), (0o600, 0o700));
    assert_eq!(mode("tool") & 0o007, 0);
}
