//! What the tests of this crate share.

use std::{
    fs,
    path::{Path, PathBuf},
};

use untorn::{
    ApplyOptions, ApplyReport, DiffOptions, Difference, Error, Manifest, ScanOptions, Search, Trusting, apply, diff, scan,
};

/// A place with directories to work in.
pub(crate) struct Place {
    work: tempfile::TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self { work: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.work.path().join(name)
    }

    pub(crate) fn dir(&self, name: &str, files: &[(&str, &[u8])]) -> PathBuf {
        let dir = self.path(name);
        fs::create_dir_all(&dir).unwrap();
        for (path, bytes) in files {
            write(&dir, path, bytes);
        }
        dir
    }

    /// The patch between two directories, with all old files searched.
    pub(crate) fn patch(&self, old: &str, new: &str) -> Vec<u8> {
        let mut options = DiffOptions::default();
        (options.level, options.search) = (1, Search::Everything);
        diff(&self.path(old), &self.path(new), &self.path("patch"), &options).unwrap();
        fs::read(self.path("patch")).unwrap()
    }
}

pub(crate) fn write(dir: &Path, path: &str, bytes: &[u8]) {
    let path = dir.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

/// A symlink; where an update makes none, nothing.
#[cfg(unix)]
pub(crate) fn symlink(target: &str, at: &Path) {
    std::os::unix::fs::symlink(target, at).unwrap();
}

#[cfg(not(unix))]
pub(crate) fn symlink(_: &str, _: &Path) {}

/// Sets the executable bit, where there is one.
#[cfg(unix)]
pub(crate) fn make_executable(path: &Path, executable: bool) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(if executable { 0o755 } else { 0o644 })).unwrap();
}

#[cfg(not(unix))]
pub(crate) fn make_executable(_: &Path, _: bool) {}

/// Copies a tree, and nothing that stood at `to` before stays.
pub(crate) fn copy(from: &Path, to: &Path) {
    drop(fs::remove_dir_all(to));
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let (kind, path, to) = (entry.file_type().unwrap(), entry.path(), to.join(entry.file_name()));
        if kind.is_dir() {
            copy(&path, &to);
        } else if kind.is_symlink() {
            symlink(fs::read_link(path).unwrap().to_str().unwrap(), &to);
        } else {
            fs::copy(path, to).unwrap();
        }
    }
}

pub(crate) fn apply_to(dir: &Path, patch: &[u8]) -> Result<ApplyReport, Error> {
    apply(patch, dir, &unsigned())
}

pub(crate) fn scanned(dir: &Path) -> Manifest {
    scan(dir, &ScanOptions::default()).unwrap()
}

/// The differences that a wrong base was refused with.
pub(crate) fn wrong_base(result: Result<ApplyReport, Error>) -> Vec<String> {
    match result {
        Err(Error::WrongBase(wrong)) => wrong.differences.iter().map(Difference::to_string).collect(),
        other => panic!("{other:?}"),
    }
}

/// Bytes that do not repeat.
pub(crate) fn noise(len: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(2).wrapping_add(1);
    let next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    std::iter::repeat_with(next).take(len).collect()
}

/// These tests are not about who made a patch.
pub(crate) fn unsigned() -> ApplyOptions {
    let mut options = ApplyOptions::default();
    options.trusting = Trusting::Unsigned;
    options
}
