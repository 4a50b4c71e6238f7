//! Hard links, clones, symlinks.

use std::io::ErrorKind::{AlreadyExists, InvalidInput, IsADirectory, NotFound, Unsupported};

use untorn_fs::{FileKind, Fs, OpenMode};

use super::{get, gone, kind, named_checks, names_in, put, same};

named_checks![
    a_hard_link_is_a_second_name,
    a_hard_link_never_replaces,
    a_directory_has_one_name,
    links_are_counted,
    a_rename_between_two_names_of_one_file_does_nothing,
    a_clone_has_the_bytes_and_permissions_and_a_life_of_its_own,
    a_clone_never_replaces,
    a_symlink_says_what_it_was_told,
    a_symlink_is_removed_and_renamed_itself,
    a_symlink_never_replaces,
];

fn a_hard_link_is_a_second_name(fs: &dyn Fs) {
    put(fs, "a", b"one");
    fs.create_dir("d", None).unwrap();
    if can_link(fs) {
        fs.hard_link("a", "d/b").unwrap();
        fs.open("d/b", OpenMode::Write).unwrap().write_all_at(b"two", 0).unwrap();
        same(get(fs, "a"), b"two".to_vec());
        same(fs.metadata("a").unwrap().id, fs.metadata("d/b").unwrap().id);
        fs.remove_file("a").unwrap();
        same(get(fs, "d/b"), b"two".to_vec());
    }
}

fn a_hard_link_never_replaces(fs: &dyn Fs) {
    put(fs, "a", b"a");
    put(fs, "b", b"b");
    if can_link(fs) {
        same(kind(fs.hard_link("a", "b")), AlreadyExists);
        same(kind(fs.hard_link("a", "a")), AlreadyExists);
        same(kind(fs.hard_link("none", "c")), NotFound);
        same(kind(fs.hard_link("a", "none/c")), NotFound);
        same(get(fs, "b"), b"b".to_vec());
    }
}

fn a_directory_has_one_name(fs: &dyn Fs) {
    fs.create_dir("d", None).unwrap();
    if can_link(fs) {
        same(kind(fs.hard_link("d", "e")), IsADirectory);
    }
}

fn links_are_counted(fs: &dyn Fs) {
    let file = put(fs, "a", b"");
    if can_link(fs) {
        fs.hard_link("a", "b").unwrap();
        same((fs.metadata("a").unwrap().links, file.metadata().unwrap().links), (2, 2));
        // On older Windows, and under wine, nothing that is open can be replaced.
        drop(file);
        fs.rename("a", "c").unwrap();
        same(fs.metadata("b").unwrap().links, 2);
        put(fs, "d", b"");
        fs.rename("d", "c").unwrap();
        same(fs.metadata("b").unwrap().links, 1);
    }
}

fn a_rename_between_two_names_of_one_file_does_nothing(fs: &dyn Fs) {
    put(fs, "a", b"one");
    if can_link(fs) && cfg!(unix) {
        fs.hard_link("a", "b").unwrap();
        fs.rename("a", "b").unwrap();
        same((get(fs, "a"), get(fs, "b")), (b"one".to_vec(), b"one".to_vec()));
    }
}

fn a_clone_has_the_bytes_and_permissions_and_a_life_of_its_own(fs: &dyn Fs) {
    let file = put(fs, "a", &[7; 20_000]);
    file.set_permissions(file.metadata().unwrap().permissions.with_executable(true)).unwrap();
    if can_clone(fs) {
        fs.clone_file("a", "b").unwrap();
        file.write_all_at(b"changed", 0).unwrap();
        same(get(fs, "b"), vec![7; 20_000]);
        let (a, b) = (fs.metadata("a").unwrap(), fs.metadata("b").unwrap());
        same(a.permissions, b.permissions);
        assert!(a.id.is_none() || a.id != b.id);
    }
}

fn a_clone_never_replaces(fs: &dyn Fs) {
    put(fs, "a", b"a");
    put(fs, "b", b"b");
    if can_clone(fs) {
        same(kind(fs.clone_file("a", "b")), AlreadyExists);
        same(kind(fs.clone_file("none", "c")), NotFound);
        same(get(fs, "b"), b"b".to_vec());
        assert!(gone(fs, "c"));
    }
}

fn a_symlink_says_what_it_was_told(fs: &dyn Fs) {
    if !can_symlink(fs) {
        return;
    }
    for (path, target) in [("1", "x"), ("2", "../../elsewhere"), ("3", "/etc/passwd"), ("4", "dir/ä b")] {
        fs.symlink(target, path).unwrap();
        same(fs.read_link(path).unwrap(), target.to_owned());
        let metadata = fs.metadata(path).unwrap();
        same((metadata.kind, metadata.len), (FileKind::Symlink, 0));
    }
    put(fs, "f", b"");
    same(kind(fs.read_link("f")), InvalidInput);
    same(kind(fs.read_link("none")), NotFound);
}

fn a_symlink_is_removed_and_renamed_itself(fs: &dyn Fs) {
    if !can_symlink(fs) {
        return;
    }
    put(fs, "f", b"f");
    fs.symlink("f", "l").unwrap();
    fs.rename("l", "m").unwrap();
    same((fs.read_link("m").unwrap(), get(fs, "f")), ("f".to_owned(), b"f".to_vec()));
    fs.remove_file("m").unwrap();
    same(names_in(fs, ""), vec!["f".to_owned()]);
}

fn a_symlink_never_replaces(fs: &dyn Fs) {
    if !can_symlink(fs) {
        return;
    }
    put(fs, "f", b"f");
    same(kind(fs.symlink("x", "f")), AlreadyExists);
    same(get(fs, "f"), b"f".to_vec());
}

/// Windows keeps them from ordinary users.
pub(super) fn can_symlink(fs: &dyn Fs) -> bool {
    if !cfg!(windows) || fs.symlink("x", "probe").is_ok() {
        fs.remove_file("probe").unwrap_or_default();
        return true;
    }
    same(kind(fs.symlink("x", "probe")), Unsupported);
    assert!(gone(fs, "probe"), "a symlink that fails leaves nothing");
    false
}

fn can_link(fs: &dyn Fs) -> bool {
    let can = fs.capabilities().hard_links;
    if !can {
        same(kind(fs.hard_link(&names_in(fs, "")[0], "link")), Unsupported);
    }
    can
}

/// The capability is a promise about the file system; this file may still be refused.
fn can_clone(fs: &dyn Fs) -> bool {
    let probe = fs.clone_file("a", "probe");
    if probe.is_ok() {
        fs.remove_file("probe").unwrap();
        return true;
    }
    same(kind(probe), Unsupported);
    assert!(gone(fs, "probe"), "a clone that fails leaves nothing");
    assert!(!fs.capabilities().reflink);
    false
}
