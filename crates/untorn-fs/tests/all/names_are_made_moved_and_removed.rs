//! The operations on names, each with the errors it is bound to give.

use std::io::ErrorKind::{AlreadyExists, DirectoryNotEmpty, InvalidInput, IsADirectory, NotADirectory, NotFound, Unsupported};

use crate::util::{both, get, kind, list, put};
use untorn_fs::{Fs, OpenMode};

#[test]
fn a_new_file_never_takes_a_taken_name() {
    both(|fs, _| {
        put(fs, "f", b"first");
        assert_eq!(kind(fs.open("f", OpenMode::CreateNew { executable: false })), AlreadyExists);
        assert_eq!(get(fs, "f"), b"first");
        assert_eq!(kind(fs.open("none", OpenMode::Read)), NotFound);
        assert_eq!(kind(fs.open("none", OpenMode::Write)), NotFound);
    });
}

#[test]
fn a_directory_lists_what_is_in_it() {
    both(|fs, _| {
        fs.create_dir("dir", None).unwrap();
        assert!(list(fs, "dir").is_empty());
        for name in ["dir/b", "dir/ä", "dir/.hidden"] {
            put(fs, name, b"");
        }
        fs.create_dir("dir/sub", None).unwrap();
        let names: Vec<_> = list(fs, "dir").into_iter().map(Result::unwrap).collect();
        assert_eq!(names, [".hidden", "b", "sub", "ä"]);
        assert_eq!(kind(fs.read_dir("dir/b")), NotADirectory);
        assert_eq!(kind(fs.read_dir("none")), NotFound);
    });
}

/// Whoever lists many names with one resolution learns of each what asking for it would tell: times, links, numbers and all.
#[test]
fn a_directory_lists_with_each_name_what_it_is() {
    both(|fs, _| {
        fs.create_dir("dir", None).unwrap();
        fs.create_dir("dir/sub", None).unwrap();
        put(fs, "dir/file", b"four");
        fs.open("dir/program", OpenMode::CreateNew { executable: true }).unwrap();
        // A new name changes a file, but not what was written to it: the two times differ where clocks of files tick slowly, too.
        std::thread::sleep(std::time::Duration::from_millis(30));
        for (made, what) in [(fs.hard_link("dir/file", "dir/again"), "hard link"), (fs.symlink("file", "dir/link"), "symlink")] {
            if let Err(error) = made {
                eprintln!("skipped: no {what} here: {error}");
            }
        }
        let listed = fs.read_dir_metadata("dir").unwrap();
        assert_eq!(listed.len(), list(fs, "dir").len());
        for (entry, metadata) in listed {
            let path = format!("dir/{}", entry.name.unwrap());
            assert_eq!(metadata.unwrap(), fs.metadata(&path).unwrap(), "{path}");
        }
        assert_eq!(fs.read_dir_metadata("").unwrap()[0].1.as_ref().unwrap(), &fs.metadata("dir").unwrap());
        assert_eq!(kind(fs.read_dir_metadata("dir/file")), NotADirectory);
        assert_eq!(kind(fs.read_dir_metadata("none")), NotFound);
    });
}

#[test]
fn a_large_directory_is_listed_whole() {
    both(|fs, _| {
        let names: Vec<_> = (0..3000).map(|n| format!("{n:0>100}")).collect();
        for name in &names {
            put(fs, name, b"");
        }
        assert_eq!(list(fs, "").into_iter().map(Result::unwrap).collect::<Vec<_>>(), names);
    });
}

#[test]
fn a_directory_is_made_once_and_removed_when_empty() {
    both(|fs, _| {
        fs.create_dir("dir", None).unwrap();
        assert_eq!(kind(fs.create_dir("dir", None)), AlreadyExists);
        assert_eq!(kind(fs.create_dir("none/dir", None)), NotFound);
        put(fs, "dir/f", b"");
        assert_eq!(kind(fs.create_dir("dir/f", None)), AlreadyExists);
        assert_eq!(kind(fs.remove_dir("dir")), DirectoryNotEmpty);
        assert_eq!(kind(fs.remove_dir("dir/f")), NotADirectory);
        assert_eq!(kind(fs.remove_file("dir")), IsADirectory);
        fs.remove_file("dir/f").unwrap();
        fs.remove_dir("dir").unwrap();
        assert_eq!(kind(fs.remove_dir("dir")), NotFound);
        assert_eq!(kind(fs.remove_file("dir")), NotFound);
    });
}

#[test]
#[cfg(unix)]
fn a_directory_has_the_permissions_asked_for_and_no_special_bits() {
    both(|fs, _| {
        for (wanted, got) in [(0o700, 0o700), (0o755, 0o755), (0o777, 0o777), (0o7555, 0o555), (0o000, 0o000)] {
            fs.create_dir("dir", Some(untorn_fs::Permissions::from_bits(wanted))).unwrap();
            let metadata = fs.metadata("dir").unwrap();
            assert_eq!((metadata.kind, metadata.len), (untorn_fs::FileKind::Dir, 0));
            assert_eq!(metadata.permissions.bits(), got, "{wanted:o}");
            fs.remove_dir("dir").unwrap();
        }
    });
}

#[test]
fn a_rename_moves_and_replaces() {
    both(|fs, _| {
        fs.create_dir("dir", None).unwrap();
        put(fs, "a", b"a");
        put(fs, "dir/b", b"b");
        fs.rename("a", "dir/b").unwrap();
        assert_eq!(get(fs, "dir/b"), b"a");
        assert_eq!(kind(fs.metadata("a")), NotFound);
        fs.rename("dir", "moved").unwrap();
        assert_eq!(get(fs, "moved/b"), b"a");
    });
}

#[test]
#[cfg(unix)]
fn a_rename_that_cannot_be_says_why() {
    both(|fs, _| {
        fs.create_dir("dir", None).unwrap();
        fs.create_dir("full", None).unwrap();
        put(fs, "full/f", b"");
        put(fs, "f", b"");
        assert_eq!(kind(fs.rename("none", "f")), NotFound);
        assert_eq!(kind(fs.rename("f", "dir")), IsADirectory);
        assert_eq!(kind(fs.rename("dir", "f")), NotADirectory);
        assert_eq!(kind(fs.rename("dir", "full")), DirectoryNotEmpty);
        assert_eq!(kind(fs.rename("dir", "dir/sub")), InvalidInput);
        assert_eq!(kind(fs.rename("f", "none/f")), NotFound);
    });
}

#[test]
#[cfg(unix)]
fn a_rename_between_two_names_of_one_file_does_nothing() {
    both(|fs, _| {
        put(fs, "a", b"one");
        fs.hard_link("a", "b").unwrap();
        fs.rename("a", "b").unwrap();
        fs.rename("a", "a").unwrap();
        assert_eq!((get(fs, "a"), get(fs, "b")), (b"one".to_vec(), b"one".to_vec()));
    });
}

#[test]
fn a_hard_link_is_a_second_name_and_never_replaces() {
    both(|fs, _| {
        put(fs, "a", b"one");
        put(fs, "c", b"other");
        fs.hard_link("a", "b").unwrap();
        fs.open("b", OpenMode::Write).unwrap().write_all_at(b"two", 0).unwrap();
        assert_eq!(get(fs, "a"), b"two");
        assert_eq!(kind(fs.hard_link("a", "c")), AlreadyExists);
        assert_eq!(get(fs, "c"), b"other");
        assert_eq!(kind(fs.hard_link("none", "d")), NotFound);
    });
}

#[test]
#[cfg(unix)]
fn a_directory_gets_no_hard_link() {
    both(|fs, _| {
        fs.create_dir("dir", None).unwrap();
        assert_eq!(kind(fs.hard_link("dir", "second")), IsADirectory);
    });
}

#[test]
#[cfg(unix)]
fn the_number_of_names_is_reported() {
    both(|fs, _| {
        let file = put(fs, "a", b"");
        assert_eq!(fs.metadata("a").unwrap().links, 1);
        fs.hard_link("a", "b").unwrap();
        assert_eq!((fs.metadata("a").unwrap().links, file.metadata().unwrap().links), (2, 2));
        fs.remove_file("a").unwrap();
        assert_eq!(fs.metadata("b").unwrap().links, 1);
    });
}

#[test]
#[cfg(unix)]
fn a_symlink_says_what_it_was_told_to_say() {
    both(|fs, _| {
        for target in ["x", "../../elsewhere", "/etc/passwd", "dir/ä b"] {
            fs.symlink(target, "link").unwrap();
            assert_eq!(fs.read_link("link").unwrap(), target);
            let metadata = fs.metadata("link").unwrap();
            assert_eq!((metadata.kind, metadata.len), (untorn_fs::FileKind::Symlink, 0));
            assert_eq!(kind(fs.symlink("y", "link")), AlreadyExists);
            fs.remove_file("link").unwrap();
        }
        put(fs, "f", b"");
        assert_eq!(kind(fs.read_link("f")), InvalidInput);
        assert_eq!(kind(fs.read_link("none")), NotFound);
    });
}

#[test]
fn two_names_are_exchanged_or_the_system_cannot() {
    both(|fs, _| {
        put(fs, "f", b"file");
        fs.create_dir("dir", None).unwrap();
        put(fs, "dir/g", b"inside");
        if !fs.capabilities().exchange {
            eprintln!("skipped: no exchange here");
            assert_eq!(kind(fs.exchange("f", "dir")), Unsupported);
            return;
        }
        fs.exchange("f", "dir").unwrap();
        assert_eq!((get(fs, "dir"), get(fs, "f/g")), (b"file".to_vec(), b"inside".to_vec()));
        assert_eq!(kind(fs.exchange("f", "f/g")), InvalidInput);
        assert_eq!(kind(fs.exchange("dir", "none")), NotFound);
        fs.exchange("dir", "dir").unwrap();
    });
}

#[test]
fn an_object_is_known_again_by_its_id() {
    both(|fs, _| {
        let a = put(fs, "a", b"").metadata().unwrap().id;
        let b = put(fs, "b", b"").metadata().unwrap().id;
        if a.is_none() {
            eprintln!("skipped: no lasting ids here");
            return;
        }
        fs.rename("a", "c").unwrap();
        assert_eq!(fs.metadata("c").unwrap().id, a);
        assert_ne!(a, b);
    });
}

#[test]
fn a_change_shows_in_the_time_of_the_last_change() {
    both(|fs, _| {
        let file = put(fs, "a", b"one");
        let before = fs.metadata("a").unwrap();
        assert_eq!(file.metadata().unwrap(), before);
        std::thread::sleep(std::time::Duration::from_millis(50));
        file.write_all_at(b"two", 0).unwrap();
        assert!(fs.metadata("a").unwrap().changed > before.changed);
    });
}

#[test]
fn a_directory_and_everything_can_be_synced() {
    both(|fs, _| {
        fs.create_dir("dir", None).unwrap();
        let handle = fs.capabilities().sync_all.then(|| fs.sync_handle().unwrap());
        put(fs, "dir/f", b"").sync_data().unwrap();
        fs.sync_dir("dir").unwrap();
        fs.sync_dir("").unwrap();
        assert_eq!(kind(fs.sync_dir("none")), NotFound);
        assert_eq!(kind(fs.sync_dir("dir/f")), NotADirectory);
        if let Some(handle) = handle {
            handle.sync_all().unwrap();
        }
    });
}

#[test]
#[cfg(unix)]
fn space_is_told_in_bytes() {
    both(|fs, _| {
        let space = fs.space().unwrap();
        assert!(space.available <= space.total && space.total > 1 << 20, "{space:?}");
    });
}

#[test]
fn a_random_id_is_new_each_time() {
    both(|fs, _| {
        let ids: std::collections::BTreeSet<_> = (0..100).map(|_| fs.random_id().unwrap()).collect();
        assert_eq!(ids.len(), 100);
    });
}
