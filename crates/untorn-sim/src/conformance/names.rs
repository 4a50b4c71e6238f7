//! Making, listing and removing names.

use std::io::ErrorKind::{AlreadyExists, DirectoryNotEmpty, IsADirectory, NotADirectory, NotFound};

use untorn_fs::{FileKind, Fs, Permissions, Right};

use super::{gone, kind, named_checks, names_in, put, same};

named_checks![
    the_root_is_a_directory,
    a_directory_is_made_once,
    a_directory_has_the_permissions_that_were_asked_for,
    a_directory_lists_its_names,
    only_a_directory_is_listed,
    a_removed_file_is_gone,
    a_removed_name_can_be_used_again,
    only_an_empty_directory_is_removed,
    a_directory_is_not_removed_as_a_file_nor_the_other_way_round,
    what_is_not_there_cannot_be_removed,
    objects_have_identities_or_none_has,
    what_may_be_done_is_known_beforehand,
];

fn the_root_is_a_directory(fs: &dyn Fs) {
    same(fs.metadata("").unwrap().kind, FileKind::Dir);
    same(names_in(fs, ""), Vec::<String>::new());
}

fn a_directory_is_made_once(fs: &dyn Fs) {
    fs.create_dir("dir", None).unwrap();
    put(fs, "file", b"");
    let metadata = fs.metadata("dir").unwrap();
    same((metadata.kind, metadata.len), (FileKind::Dir, 0));
    same(kind(fs.create_dir("dir", None)), AlreadyExists);
    same(kind(fs.create_dir("file", None)), AlreadyExists);
    same(kind(fs.create_dir("none/dir", None)), NotFound);
    same(kind(fs.create_dir("file/dir", None)), NotADirectory);
}

fn a_directory_has_the_permissions_that_were_asked_for(fs: &dyn Fs) {
    fs.create_dir("private", Some(Permissions::from_bits(0o700))).unwrap();
    if cfg!(unix) {
        same(fs.metadata("private").unwrap().permissions.bits(), 0o700);
    }
}

fn a_directory_lists_its_names(fs: &dyn Fs) {
    fs.create_dir("dir", None).unwrap();
    for path in ["dir/b", "dir/ä", "dir/.hidden"] {
        put(fs, path, b"");
    }
    fs.create_dir("dir/sub", None).unwrap();
    put(fs, "dir/sub/deep", b"");
    same(names_in(fs, "dir"), [".hidden", "b", "sub", "ä"].map(str::to_owned).to_vec());
}

fn only_a_directory_is_listed(fs: &dyn Fs) {
    put(fs, "file", b"");
    same(kind(fs.read_dir("file")), NotADirectory);
    same(kind(fs.read_dir("none")), NotFound);
}

fn a_removed_file_is_gone(fs: &dyn Fs) {
    put(fs, "file", b"");
    fs.remove_file("file").unwrap();
    assert!(gone(fs, "file"));
    same(names_in(fs, ""), Vec::<String>::new());
}

fn a_removed_name_can_be_used_again(fs: &dyn Fs) {
    put(fs, "name", b"old");
    fs.remove_file("name").unwrap();
    fs.create_dir("name", None).unwrap();
    fs.remove_dir("name").unwrap();
    put(fs, "name", b"new");
    same(super::get(fs, "name"), b"new".to_vec());
}

fn only_an_empty_directory_is_removed(fs: &dyn Fs) {
    fs.create_dir("dir", None).unwrap();
    put(fs, "dir/file", b"");
    same(kind(fs.remove_dir("dir")), DirectoryNotEmpty);
    fs.remove_file("dir/file").unwrap();
    fs.remove_dir("dir").unwrap();
    assert!(gone(fs, "dir") && gone(fs, "dir/file"));
}

fn a_directory_is_not_removed_as_a_file_nor_the_other_way_round(fs: &dyn Fs) {
    fs.create_dir("dir", None).unwrap();
    put(fs, "file", b"");
    same(kind(fs.remove_file("dir")), IsADirectory);
    same(kind(fs.remove_dir("file")), NotADirectory);
}

fn what_is_not_there_cannot_be_removed(fs: &dyn Fs) {
    same(kind(fs.remove_file("none")), NotFound);
    same(kind(fs.remove_dir("none")), NotFound);
    same(kind(fs.remove_file("none/none")), NotFound);
}

fn objects_have_identities_or_none_has(fs: &dyn Fs) {
    let a = put(fs, "a", b"").metadata().unwrap().id;
    let b = put(fs, "b", b"").metadata().unwrap().id;
    same(a.is_some(), b.is_some());
    assert!(a.is_none() || a != b);
    fs.rename("a", "c").unwrap();
    same(fs.metadata("c").unwrap().id, a);
}

/// Whoever runs this may be somebody whom no permissions hold back.
fn what_may_be_done_is_known_beforehand(fs: &dyn Fs) {
    fs.create_dir("open", None).unwrap();
    fs.create_dir("closed", Some(Permissions::from_bits(0o555))).unwrap();
    put(fs, "open/old", b"");
    for path in ["open/old", "open/new", "top"] {
        fs.may(Right::Name, path).unwrap();
    }
    fs.may(Right::Permissions, "open/old").unwrap();
    same(kind(fs.may(Right::Name, "none/new")), NotFound);
    same(kind(fs.may(Right::Permissions, "none")), NotFound);
    let told = fs.may(Right::Name, "closed/new").map_err(|error| error.kind());
    same(told, fs.create_dir("closed/new", None).map_err(|error| error.kind()));
}
