//! A clone is a whole file with the old bytes and permissions, or it is nothing.

use std::io;

use crate::util::{both, get, kind, put};
use untorn_fs::{Fs, Permissions};

#[test]
fn a_clone_has_the_bytes_and_permissions_and_a_life_of_its_own() {
    both(|fs, _| {
        let file = put(fs, "a", &[7; 100_000]);
        file.set_permissions(Permissions::from_bits(0o711)).unwrap();
        match fs.clone_file("a", "b") {
            Ok(()) => {}
            Err(e) if e.kind() == io::ErrorKind::Unsupported => return eprintln!("skipped: no clones here"),
            Err(e) => panic!("{e}"),
        }
        file.write_all_at(b"changed", 0).unwrap();
        assert_eq!(get(fs, "b"), [7; 100_000]);
        let (a, b) = (fs.metadata("a").unwrap(), fs.metadata("b").unwrap());
        assert_eq!(a.permissions, b.permissions);
        assert_ne!(a.id, b.id);
    });
}

#[test]
fn where_it_cannot_be_nothing_is_left() {
    both(|fs, _| {
        put(fs, "a", b"a");
        let Err(error) = fs.clone_file("a", "b") else { return eprintln!("skipped: clones work here") };
        assert_eq!(error.kind(), io::ErrorKind::Unsupported);
        assert_eq!(kind(fs.metadata("b")), io::ErrorKind::NotFound);
    });
}

#[test]
fn a_clone_never_replaces_and_needs_a_file() {
    both(|fs, _| {
        put(fs, "a", b"a");
        put(fs, "b", b"b");
        fs.create_dir("dir", None).unwrap();
        if !fs.capabilities().reflink {
            return eprintln!("skipped: no clones here");
        }
        assert_eq!(kind(fs.clone_file("a", "b")), io::ErrorKind::AlreadyExists);
        assert_eq!(kind(fs.clone_file("none", "c")), io::ErrorKind::NotFound);
        assert_eq!(kind(fs.clone_file("dir", "c")), io::ErrorKind::IsADirectory);
        assert_eq!(get(fs, "b"), b"b");
        assert_eq!(kind(fs.metadata("c")), io::ErrorKind::NotFound);
    });
}
