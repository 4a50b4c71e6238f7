//! A directory keeps every promise of a store, also against a second writer and a dead one.

use std::{fs, thread};

use untorn_publish::{Backend, Body, DirBackend, Trouble, open_store};

#[test]
fn it_keeps_every_promise() {
    let dir = tempfile::tempdir().unwrap();
    crate::util::conformance::check(&DirBackend::open(dir.path(), false).unwrap());
    let beside = dir.path().parent().unwrap().join("outside");
    assert!(!beside.exists());
}

#[test]
fn it_is_made_only_where_asked() {
    let dir = tempfile::tempdir().unwrap();
    let place = dir.path().join("store");
    assert!(DirBackend::open(&place, false).is_err());
    assert!(!place.exists());
    DirBackend::open(&place, true).unwrap().put_new("pack/a", Body::Bytes(b"a")).unwrap();
    assert_eq!(fs::read(place.join("pack/a")).unwrap(), b"a");
}

#[test]
fn what_a_dead_writer_left_is_in_nobodys_way() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join(".part")).unwrap();
    fs::write(dir.path().join(".part/object"), "half an obj").unwrap();
    let store = DirBackend::open(dir.path(), false).unwrap();
    store.put_new("pack/a", Body::Bytes(b"whole")).unwrap();
    assert_eq!(store.list("").unwrap().len(), 1);
    assert_eq!(fs::read(dir.path().join("pack/a")).unwrap(), b"whole");
    assert!(!dir.path().join(".part/object").exists());
}

#[test]
fn of_many_that_replace_a_pointer_one_wins() {
    let dir = tempfile::tempdir().unwrap();
    let open = || DirBackend::open(dir.path(), false).unwrap();
    open().put_if("channel/stable", None, b"start").unwrap();
    let version = open().get("channel/stable", 100).unwrap().unwrap().version;
    let write = |number: u8| open().put_if("channel/stable", Some(&version), &[number]);
    let answers: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|number| scope.spawn(move || write(number))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let winners: Vec<usize> = (0..8).filter(|number| answers[*number].is_ok()).collect();
    assert_eq!(winners.len(), 1, "{answers:?}");
    assert!(answers.iter().filter_map(|answer| answer.as_ref().err()).all(|error| matches!(error.trouble, Trouble::Conflict)));
    assert_eq!(open().get("channel/stable", 100).unwrap().unwrap().bytes, [winners[0] as u8]);
}

#[test]
fn an_address_that_is_no_store_is_refused() {
    for place in ["ftp://host/store", "s3:///prefix", "https://host/store"] {
        let error = open_store(place, true).err().unwrap();
        assert!(matches!(error.trouble, Trouble::Unsupported(_)), "{error}");
    }
}
