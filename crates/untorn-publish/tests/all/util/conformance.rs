//! What every store must do, whatever it lies in.

use untorn_fs::{Fs, OpenMode, OsFs};
use untorn_publish::{Backend, Body, Put, Trouble};

/// Tries every promise of [`Backend`] on an empty store.
pub(crate) fn check(store: &dyn Backend) {
    new_objects_are_made_once(store);
    pointers_are_replaced_by_one(store);
    ranges_are_exact(store);
    large_files_arrive_whole(store);
    lists_are_sorted_and_complete(store);
    what_is_removed_is_gone(store);
    names_are_checked(store);
}

fn new_objects_are_made_once(store: &dyn Backend) {
    assert_eq!(store.get("pack/aa", 10).unwrap(), None);
    assert_eq!(store.head("pack/aa").unwrap(), None);
    assert_eq!(store.put_new("pack/aa", Body::Bytes(b"first")).unwrap(), Put::Made);
    assert_eq!(store.put_new("pack/aa", Body::Bytes(b"first")).unwrap(), Put::Present);
    let error = store.put_new("pack/aa", Body::Bytes(b"other")).unwrap_err();
    assert!(matches!(error.trouble, Trouble::Differs), "{error}");
    let error = store.put_new("pack/aa", Body::Bytes(b"of another length")).unwrap_err();
    assert!(matches!(error.trouble, Trouble::Differs), "{error}");
    assert_eq!(store.get("pack/aa", 5).unwrap().unwrap().bytes, b"first");
    assert_eq!(store.head("pack/aa").unwrap(), Some(5));
    let error = store.get("pack/aa", 4).unwrap_err();
    assert!(matches!(error.trouble, Trouble::TooLong { len: 5 }), "{error}");
}

fn pointers_are_replaced_by_one(store: &dyn Backend) {
    let conflict = |error: untorn_publish::BackendError| assert!(matches!(error.trouble, Trouble::Conflict), "{error}");
    store.put_if("channel/stable", None, b"one").unwrap();
    conflict(store.put_if("channel/stable", None, b"two").unwrap_err());
    let one = store.get("channel/stable", 100).unwrap().unwrap();
    assert_eq!(one.bytes, b"one");
    store.put_if("channel/stable", Some(&one.version), b"two").unwrap();
    conflict(store.put_if("channel/stable", Some(&one.version), b"three").unwrap_err());
    conflict(store.put_if("channel/beta", Some(&one.version), b"three").unwrap_err());
    assert_eq!(store.get("channel/stable", 100).unwrap().unwrap().bytes, b"two");
    assert_eq!(store.get("channel/beta", 100).unwrap(), None);
}

fn ranges_are_exact(store: &dyn Backend) {
    store.put_new("pack/range", Body::Bytes(b"0123456789")).unwrap();
    assert_eq!(store.get_range("pack/range", 3, 4).unwrap(), b"3456");
    assert_eq!(store.get_range("pack/range", 0, 10).unwrap(), b"0123456789");
    assert_eq!(store.get_range("pack/range", 10, 0).unwrap(), b"");
    for (name, start, len) in [("pack/range", 3, 8), ("pack/range", 11, 1), ("pack/range", u64::MAX, 5), ("pack/none", 0, 1)] {
        assert!(store.get_range(name, start, len).is_err(), "{name} {start} {len}");
    }
}

fn large_files_arrive_whole(store: &dyn Backend) {
    const LEN: usize = (17 << 20) + 5;
    let dir = tempfile::tempdir().unwrap();
    let bytes: Vec<u8> = (0..LEN).map(|at| (at * 7 % 251) as u8).collect();
    let fs = OsFs::open(dir.path()).unwrap();
    let file = fs.open("large", OpenMode::CreateNew { executable: false }).unwrap();
    file.write_all_at(&bytes, 0).unwrap();
    let body = || Body::File(file.as_ref(), LEN as u64);
    assert_eq!(store.put_new("patch/large", body()).unwrap(), Put::Made);
    assert_eq!(store.put_new("patch/large", body()).unwrap(), Put::Present);
    assert_eq!(store.head("patch/large").unwrap(), Some(LEN as u64));
    assert!(store.get("patch/large", LEN as u64).unwrap().unwrap().bytes == bytes);
}

fn lists_are_sorted_and_complete(store: &dyn Backend) {
    for name in ["log/a/2", "log/a/1", "log/b/1", "logs"] {
        store.put_new(name, Body::Bytes(name.as_bytes())).unwrap();
    }
    let names = |prefix| store.list(prefix).unwrap().into_iter().map(|listed| (listed.name, listed.len)).collect::<Vec<_>>();
    let wanted = |list: &[&str]| list.iter().map(|name| ((*name).to_owned(), name.len() as u64)).collect::<Vec<_>>();
    assert_eq!(names("log/"), wanted(&["log/a/1", "log/a/2", "log/b/1"]));
    assert_eq!(names("log/a/"), wanted(&["log/a/1", "log/a/2"]));
    assert_eq!(names("nothing/"), []);
    let all = names("");
    assert!(all.is_sorted() && all.iter().any(|(name, _)| name == "channel/stable"), "{all:?}");
}

fn what_is_removed_is_gone(store: &dyn Backend) {
    store.delete("log/a/1").unwrap();
    store.delete("log/a/1").unwrap();
    assert_eq!(store.get("log/a/1", 10).unwrap(), None);
    assert_eq!(store.put_new("log/a/1", Body::Bytes(b"other now")).unwrap(), Put::Made);
}

fn names_are_checked(store: &dyn Backend) {
    for name in ["../outside", "/etc/passwd", "a//b", ".part/object", "", "a/./b"] {
        let error = store.put_new(name, Body::Bytes(b"x")).unwrap_err();
        assert!(matches!(error.trouble, Trouble::Name), "{name}: {error}");
        assert!(store.get(name, 10).is_err(), "{name}");
    }
}
