//! Downloads in the state directory: there after a crash, gone when asked for, never followed out of it.

use untorn_txn::{Fetched, Tree};

#[test]
fn what_was_fetched_is_there_again_until_it_is_removed() {
    let dir = tempfile::tempdir().unwrap();
    let tree = Tree::open(dir.path()).unwrap();
    let fetched = Fetched::of(&tree);
    assert!(fetched.is_empty() && fetched.open("objects").unwrap().is_none());
    fetched.make("objects").unwrap().write_all_at(b"part", 0).unwrap();
    fetched.make("patch-1").unwrap().write_all_at(b"x", 0).unwrap();
    drop((fetched, tree));

    let mut tree = Tree::open(dir.path()).unwrap();
    let mut tx = tree.begin().unwrap();
    tx.write_at("a", 0, b"a").unwrap();
    tx.commit().unwrap();
    let fetched = Fetched::of(&tree);
    assert_eq!((fetched.names(), fetched.len()), (vec!["objects".to_owned(), "patch-1".to_owned()], 5));
    let file = fetched.make("objects").unwrap();
    file.write_all_at(b"er", 4).unwrap();
    let mut bytes = [0; 6];
    file.read_exact_at(&mut bytes, 0).unwrap();
    assert_eq!(&bytes, b"parter");
    fetched.retain(|name| name == "objects");
    assert_eq!(fetched.names(), ["objects"]);
    fetched.retain(|_| false);
    assert!(!dir.path().join(".untorn/fetched").exists());
}

#[test]
fn names_lead_nowhere_else() {
    let dir = tempfile::tempdir().unwrap();
    let tree = Tree::open(dir.path()).unwrap();
    for name in ["", ".", "..", "../head", "a/b", "A", "a b", ".hidden"] {
        assert!(Fetched::of(&tree).make(name).is_err(), "{name}");
        assert!(Fetched::of(&tree).open(name).is_err(), "{name}");
    }
}

#[cfg(unix)]
#[test]
fn a_link_in_its_place_is_not_followed() {
    let (dir, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let tree = Tree::open(dir.path()).unwrap();
    std::fs::write(outside.path().join("objects"), "theirs").unwrap();
    std::os::unix::fs::symlink(outside.path(), dir.path().join(".untorn/fetched")).unwrap();
    let fetched = Fetched::of(&tree);
    assert!(fetched.open("objects").is_err());
    assert!(fetched.make("other").is_err());
    fetched.retain(|_| false);
    assert_eq!(std::fs::read_to_string(outside.path().join("objects")).unwrap(), "theirs");
    assert_eq!(std::fs::read_dir(outside.path()).unwrap().count(), 1);
}
