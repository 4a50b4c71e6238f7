//! A fresh directory for each test, seen through both ways of resolving a path.

use std::{io, path::Path};

use untorn_fs::{File, Fs, OpenMode, OsFs, is_outside_tree};

/// Runs `test` in a fresh directory with the best resolution the system has, and in another one walking step by step.
pub(crate) fn both(test: impl Fn(&OsFs, &Path)) {
    for stepwise in [false, true] {
        let dir = tempfile::tempdir().unwrap();
        let fs = OsFs::open(dir.path()).unwrap();
        test(&if stepwise { fs.resolving_stepwise() } else { fs }, dir.path());
    }
}

/// A new file with these bytes.
pub(crate) fn put(fs: &OsFs, path: &str, bytes: &[u8]) -> Box<dyn File> {
    let file = fs.open(path, OpenMode::CreateNew { executable: false }).unwrap();
    file.write_all_at(bytes, 0).unwrap();
    file
}

/// All bytes of a file.
pub(crate) fn get(fs: &OsFs, path: &str) -> Vec<u8> {
    let file = fs.open(path, OpenMode::Read).unwrap();
    let mut bytes = vec![0; usize::try_from(file.metadata().unwrap().len).unwrap()];
    file.read_exact_at(&mut bytes, 0).unwrap();
    bytes
}

/// The names in a directory, sorted.
pub(crate) fn list(fs: &OsFs, path: &str) -> Vec<Result<String, String>> {
    let mut names: Vec<_> = fs.read_dir(path).unwrap().into_iter().map(|entry| entry.name).collect();
    names.sort();
    names
}

/// The kind of the error.
#[track_caller]
pub(crate) fn kind<T>(result: io::Result<T>) -> io::ErrorKind {
    let error = result.err().expect("an error");
    assert!(!is_outside_tree(&error), "outside the tree: {error}");
    error.kind()
}

/// Whether the path was refused because it leads out.
pub(crate) fn refused<T>(result: io::Result<T>) -> bool {
    result.is_err_and(|error| is_outside_tree(&error))
}

/// What every operation on a name says to `path`, in each of its places. (A clone that the file system cannot make is left out.)
#[cfg(unix)]
pub(crate) fn every_operation(fs: &OsFs, path: &str) -> Vec<(&'static str, io::Result<()>)> {
    use untorn_fs::LockKind::{Exclusive, Shared};
    put(fs, "spare", b"");
    let mut said = vec![
        ("open to read", fs.open(path, OpenMode::Read).map(drop)),
        ("open to write", fs.open(path, OpenMode::Write).map(drop)),
        ("read a link", fs.read_link(path).map(drop)),
        ("lock shared", fs.lock(path, Shared, false).map(drop)),
        ("lock", fs.lock(path, Exclusive, false).map(drop)),
        ("exchange with", fs.exchange(path, "spare")),
        ("exchange", fs.exchange("spare", path)),
        ("rename from", fs.rename(path, "renamed")),
        ("rename to", fs.rename("spare", path)),
        ("link from", fs.hard_link(path, "linked")),
        ("link to", fs.hard_link("spare", path)),
        ("remove a file", fs.remove_file(path)),
        ("remove a directory", fs.remove_dir(path)),
        ("make a file", fs.open(path, OpenMode::CreateNew { executable: true }).map(drop)),
        ("make a directory", fs.create_dir(path, None)),
        ("make a symlink", fs.symlink("x", path)),
    ];
    if fs.capabilities().reflink {
        said.push(("clone from", fs.clone_file(path, "cloned")));
        said.push(("clone to", fs.clone_file("spare", path)));
    }
    if !fs.capabilities().exchange {
        said.retain(|(operation, _)| !operation.starts_with("exchange"));
    }
    fs.remove_file("spare").unwrap();
    said
}

/// Whether this runs under wine, which cannot answer what is asked next. What is skipped is listed in `docs/testing.md`, compared by `cargo xtask tidy`.
#[cfg(windows)]
pub(crate) fn skipped_under_wine(what: &str) -> bool {
    let is_wine = std::env::var_os("UNTORN_UNDER_WINE").is_some();
    if is_wine {
        eprintln!("skipped under wine: {what}");
    }
    is_wine
}
