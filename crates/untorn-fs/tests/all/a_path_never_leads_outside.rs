//! A path is refused when it leads through a symlink, over a mount point, or is not plain and relative.
#![cfg(unix)]

use std::{fs, io, os::unix::fs::symlink, path::Path};

use crate::util::{both, every_operation, get, kind, list, put, refused};
use untorn_fs::{Fs, OpenMode, OsFs, is_outside_tree};

#[test]
fn a_path_that_is_not_plain_and_relative_is_invalid_input() {
    both(|fs, _| {
        fs.create_dir("dir", None).unwrap();
        for bad in
            ["/", "/etc/passwd", "dir/", "dir//f", ".", "..", "../f", "dir/.", "dir/..", "dir/../dir/f", "dir/./f", "dir/f\0g"]
        {
            for (operation, said) in every_operation(fs, bad) {
                assert_eq!(kind(said), io::ErrorKind::InvalidInput, "{operation} {bad:?}");
            }
            assert_eq!(kind(fs.metadata(bad)), io::ErrorKind::InvalidInput, "{bad:?}");
            assert_eq!(kind(fs.read_dir(bad)), io::ErrorKind::InvalidInput, "{bad:?}");
            assert_eq!(kind(fs.sync_dir(bad)), io::ErrorKind::InvalidInput, "{bad:?}");
        }
    });
}

#[test]
fn the_root_can_be_looked_at_and_synced_but_not_changed() {
    both(|fs, _| {
        for (operation, said) in every_operation(fs, "") {
            assert_eq!(kind(said), io::ErrorKind::InvalidInput, "{operation}");
        }
        assert!(fs.metadata("").unwrap().is_dir());
        assert!(fs.read_dir("").unwrap().is_empty());
        fs.sync_dir("").unwrap();
    });
}

#[test]
fn a_symlink_on_the_way_is_refused_by_every_operation() {
    both(|fs, root| {
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("f"), "outside").unwrap();
        symlink(outside.path(), root.join("way")).unwrap();
        fs.create_dir("dir", None).unwrap();
        symlink(outside.path(), root.join("dir/way")).unwrap();
        for path in ["way/f", "dir/way/f", "way/new", "dir/way/none/new"] {
            for (operation, said) in every_operation(fs, path) {
                assert!(refused(said), "{operation} {path}");
            }
            assert!(refused(fs.metadata(path)) && refused(fs.read_dir(path)) && refused(fs.sync_dir(path)), "{path}");
        }
        assert_untouched(outside.path());
    });
}

#[test]
fn a_symlink_that_stays_inside_is_refused_like_any_other() {
    both(|fs, root| {
        fs.create_dir("dir", None).unwrap();
        put(fs, "dir/f", b"inside");
        symlink("dir", root.join("way")).unwrap();
        assert!(refused(fs.open("way/f", OpenMode::Read)));
        assert!(refused(fs.metadata("way/f")));
    });
}

#[test]
fn a_symlink_as_last_component_is_named_but_never_followed() {
    both(|fs, root| {
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("f"), "outside").unwrap();
        symlink(outside.path().join("f"), root.join("to_file")).unwrap();
        symlink(outside.path(), root.join("to_dir")).unwrap();
        symlink(outside.path().join("new"), root.join("dangling")).unwrap();

        assert!(refused(fs.open("to_file", OpenMode::Read)) && refused(fs.open("to_file", OpenMode::Write)));
        assert!(refused(fs.read_dir("to_dir")) && refused(fs.sync_dir("to_dir")));
        for name in ["to_file", "to_dir", "dangling"] {
            assert_eq!(kind(fs.open(name, OpenMode::CreateNew { executable: false })), io::ErrorKind::AlreadyExists, "{name}");
            assert_eq!(kind(fs.create_dir(name, None)), io::ErrorKind::AlreadyExists, "{name}");
            assert_eq!(kind(fs.remove_dir(name)), io::ErrorKind::NotADirectory, "{name}");
        }
        fs.hard_link("to_file", "second").unwrap();
        assert_eq!(fs.metadata("second").unwrap().kind, untorn_fs::FileKind::Symlink);
        fs.rename("to_file", "moved").unwrap();
        put(fs, "plain", b"inside");
        fs.rename("plain", "dangling").unwrap();
        for name in ["moved", "second", "to_dir"] {
            fs.remove_file(name).unwrap();
        }
        assert_eq!(get(fs, "dangling"), b"inside");
        assert_untouched(outside.path());
    });
}

#[test]
fn a_symlink_planted_after_a_path_was_used_is_noticed() {
    both(|fs, root| {
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("f"), "outside").unwrap();
        fs.create_dir("dir", None).unwrap();
        put(fs, "dir/f", b"inside");
        assert_eq!(get(fs, "dir/f"), b"inside");

        fs::rename(root.join("dir"), root.join("aside")).unwrap();
        symlink(outside.path(), root.join("dir")).unwrap();
        for (operation, said) in every_operation(fs, "dir/f") {
            assert!(refused(said), "{operation}");
        }
        assert_untouched(outside.path());
    });
}

#[test]
fn another_mount_is_outside() {
    if !Path::new("/proc/self").exists() {
        eprintln!("skipped: no mount at /proc");
        return;
    }
    for fs in [OsFs::open(Path::new("/")).unwrap(), OsFs::open(Path::new("/")).unwrap().resolving_stepwise()] {
        for path in ["proc/version", "proc", "proc/self/cwd"] {
            assert!(refused(fs.metadata(path)), "{path}");
            assert!(refused(fs.read_dir(path)), "{path}");
        }
        assert!(refused(fs.open("proc/version", OpenMode::Read)));
        let listed = fs.read_dir_metadata("").unwrap();
        let (_, proc) = listed.into_iter().find(|(entry, _)| entry.name.as_deref() == Ok("proc")).unwrap();
        assert!(refused(proc), "a mount point that is listed");
        assert!(refused(fs.read_link("proc/self")));
    }
}

#[test]
fn a_missing_parent_and_a_file_as_parent_are_told_apart_from_a_way_out() {
    both(|fs, _| {
        put(fs, "f", b"");
        for (operation, said) in every_operation(fs, "none/f") {
            assert_eq!(kind(said), io::ErrorKind::NotFound, "{operation}");
        }
        for (operation, said) in every_operation(fs, "f/g") {
            assert_eq!(kind(said), io::ErrorKind::NotADirectory, "{operation}");
        }
    });
}

#[test]
fn a_name_that_is_too_long_is_an_invalid_name() {
    both(|fs, _| {
        let long = "n".repeat(256);
        assert_eq!(kind(fs.metadata(&long)), io::ErrorKind::InvalidFilename);
        assert_eq!(kind(fs.create_dir(&long, None)), io::ErrorKind::InvalidFilename);
    });
}

#[test]
fn the_root_may_be_reached_through_a_symlink_and_is_resolved_once() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("tree")).unwrap();
    fs::create_dir(dir.path().join("other")).unwrap();
    symlink("tree", dir.path().join("link")).unwrap();
    let fs = OsFs::open(&dir.path().join("link")).unwrap();

    fs::remove_file(dir.path().join("link")).unwrap();
    symlink("other", dir.path().join("link")).unwrap();
    fs::rename(dir.path().join("tree"), dir.path().join("moved")).unwrap();
    put(&fs, "f", b"here");

    assert_eq!(fs::read(dir.path().join("moved/f")).unwrap(), b"here");
    assert_eq!(fs::read_dir(dir.path().join("other")).unwrap().count(), 0);
}

#[test]
fn a_root_that_is_missing_or_not_a_directory_cannot_be_opened() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("f"), "").unwrap();
    assert_eq!(kind(OsFs::open(&dir.path().join("none"))), io::ErrorKind::NotFound);
    assert_eq!(kind(OsFs::open(&dir.path().join("f"))), io::ErrorKind::NotADirectory);
    assert_eq!(kind(OsFs::open(Path::new(""))), io::ErrorKind::NotFound);
}

#[test]
fn the_error_says_what_was_wrong() {
    both(|fs, root| {
        symlink("/", root.join("way")).unwrap();
        let error = fs.metadata("way/etc").unwrap_err();
        assert!(is_outside_tree(&error) && error.kind() == io::ErrorKind::NotADirectory);
        assert!(fs.metadata("a/../b").unwrap_err().to_string().contains("a/../b"));
    });
}

fn assert_untouched(outside: &Path) {
    assert_eq!(fs::read(outside.join("f")).unwrap(), b"outside");
    assert_eq!(list(&OsFs::open(outside).unwrap(), ""), [Ok("f".to_owned())]);
}
