//! Paths: what is refused before anything is touched, and what would lead outside.

use std::io::{self, ErrorKind};

use untorn_fs::{Fs, LockKind, OpenMode, is_outside_tree};

use super::{gone, kind, links::can_symlink, named_checks, names_in, put, same};

named_checks![
    a_path_that_is_not_plain_is_refused,
    the_root_has_no_name,
    a_symlink_in_the_middle_leads_outside,
    a_symlink_at_the_end_is_not_followed,
    a_file_in_the_middle_is_not_a_directory,
    a_name_may_be_anything_else,
    a_name_that_is_too_long_is_an_error,
];

fn a_path_that_is_not_plain_is_refused(fs: &dyn Fs) {
    fs.create_dir("a", None).unwrap();
    put(fs, "a/f", b"");
    for path in ["/", "/a", "a/", "a//f", ".", "..", "a/./f", "a/../a/f", "../a", "a\0f", "./a"] {
        same(kind(fs.metadata(path)), ErrorKind::InvalidInput);
        same(kind(fs.read_dir(path)), ErrorKind::InvalidInput);
        same(kind(fs.sync_dir(path)), ErrorKind::InvalidInput);
        for (method, result) in calls_on(fs, path) {
            assert!(result.is_err_and(|error| error.kind() == ErrorKind::InvalidInput), "{method} of {path:?}");
        }
    }
    same(names_in(fs, "a"), vec!["f".to_owned()]);
}

fn the_root_has_no_name(fs: &dyn Fs) {
    for (method, result) in calls_on(fs, "") {
        assert!(result.is_err_and(|error| error.kind() == ErrorKind::InvalidInput), "{method} of the root");
    }
}

fn a_symlink_in_the_middle_leads_outside(fs: &dyn Fs) {
    if !can_symlink(fs) {
        return;
    }
    fs.create_dir("dir", None).unwrap();
    put(fs, "dir/f", b"");
    fs.symlink("dir", "link").unwrap();
    assert!(fs.metadata("link/f").is_err_and(|error| is_outside_tree(&error)));
    for (method, result) in calls_on(fs, "link/f") {
        assert!(result.is_err_and(|error| is_outside_tree(&error)), "{method} through a symlink");
    }
    same(names_in(fs, "dir"), vec!["f".to_owned()]);
}

fn a_symlink_at_the_end_is_not_followed(fs: &dyn Fs) {
    if !can_symlink(fs) {
        return;
    }
    fs.create_dir("dir", None).unwrap();
    put(fs, "f", b"");
    fs.symlink("f", "to_file").unwrap();
    fs.symlink("dir", "to_dir").unwrap();
    let refused = |error: io::Error| is_outside_tree(&error) || error.kind() == ErrorKind::InvalidInput;
    assert!(fs.open("to_file", OpenMode::Read).is_err_and(refused));
    assert!(fs.open("to_file", OpenMode::Write).is_err_and(refused));
    assert!(fs.lock("to_file", LockKind::Shared, false).is_err_and(refused));
    same(kind(fs.open("to_file", OpenMode::CreateNew { executable: false })), ErrorKind::AlreadyExists);
    assert!(fs.read_dir("to_dir").is_err_and(|error| error.kind() == ErrorKind::NotADirectory));
    assert!(fs.sync_dir("to_dir").is_err_and(|error| error.kind() == ErrorKind::NotADirectory));
}

fn a_file_in_the_middle_is_not_a_directory(fs: &dyn Fs) {
    put(fs, "f", b"");
    same(kind(fs.metadata("f/x")), ErrorKind::NotADirectory);
    for (method, result) in calls_on(fs, "f/x") {
        let not_outside = |error: io::Error| error.kind() == ErrorKind::NotADirectory && !is_outside_tree(&error);
        assert!(result.is_err_and(not_outside), "{method} through a file");
    }
}

fn a_name_may_be_anything_else(fs: &dyn Fs) {
    let names = ["..a", "a b", "ä", ".hidden", "-n"];
    for name in names {
        put(fs, name, b"");
        same(fs.metadata(name).unwrap().len, 0);
    }
    same(names_in(fs, "").len(), names.len());
    // Other programs of Windows would lose the dots.
    same(
        fs.open("...", OpenMode::CreateNew { executable: false }).is_ok(),
        !cfg!(windows) || names_in(fs, "").len() > names.len(),
    );
}

fn a_name_that_is_too_long_is_an_error(fs: &dyn Fs) {
    let name = "n".repeat(300);
    assert!(fs.open(&name, OpenMode::CreateNew { executable: false }).is_err());
    assert!(fs.metadata(&name).is_err());
    same(names_in(fs, ""), Vec::<String>::new());
}

/// All methods that take the path of an entry; none of them must get through.
fn calls_on(fs: &dyn Fs, path: &str) -> Vec<(&'static str, io::Result<()>)> {
    let capabilities = fs.capabilities();
    let mut calls = vec![
        ("open to read", fs.open(path, OpenMode::Read).map(drop)),
        ("open to write", fs.open(path, OpenMode::Write).map(drop)),
        ("open to create", fs.open(path, OpenMode::CreateNew { executable: false }).map(drop)),
        ("read_link", fs.read_link(path).map(drop)),
        ("create_dir", fs.create_dir(path, None)),
        ("symlink", fs.symlink("target", path)),
        ("rename from", fs.rename(path, "other")),
        ("remove_file", fs.remove_file(path)),
        ("remove_dir", fs.remove_dir(path)),
        ("lock", fs.lock(path, LockKind::Exclusive, false).map(drop)),
    ];
    if capabilities.hard_links {
        calls.push(("hard_link from", fs.hard_link(path, "other")));
    }
    if capabilities.exchange {
        calls.push(("exchange", fs.exchange(path, "other")));
    }
    assert!(gone(fs, "other"));
    calls
}
