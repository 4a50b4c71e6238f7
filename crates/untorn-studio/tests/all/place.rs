//! Directories for tests, and files in them.

use std::{
    fs,
    path::{Path, PathBuf},
};

use untorn::DiffOptions;

/// A directory that is removed in the end.
pub(crate) struct Place {
    dir: tempfile::TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn write(&self, path: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }

    /// The patch from `old` to `new`.
    pub(crate) fn patch(&self) -> Vec<u8> {
        self.patch_as(true)
    }

    fn patch_as(&self, recompress: bool) -> Vec<u8> {
        let mut options = DiffOptions::default();
        (options.level, options.recompress) = (3, recompress);
        untorn::diff(&self.path("old"), &self.path("new"), &self.path("patch"), &options).unwrap();
        fs::read(self.path("patch")).unwrap()
    }

    /// The report of that patch, with both builds.
    pub(crate) fn report(&self) -> untorn_studio::Report {
        self.report_as(true)
    }

    /// The same, of a patch that compares members as they are stored.
    pub(crate) fn report_as_stored(&self) -> untorn_studio::Report {
        self.report_as(false)
    }

    fn report_as(&self, recompress: bool) -> untorn_studio::Report {
        let (old, new) = (self.path("old"), self.path("new"));
        untorn_studio::inspect_patch(&self.patch_as(recompress)[..], Some((&old, &new))).unwrap()
    }
}

/// Bytes that do not compress.
pub(crate) fn noise(len: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 24) as u8
    };
    (0..len).map(|_| next()).collect()
}

/// Text that compresses about as texts do.
pub(crate) fn words(len: usize, seed: u64) -> Vec<u8> {
    let words: Vec<Vec<u8>> = (0..500).map(|word| noise(3 + word % 7, seed + word as u64)).collect();
    let choice = noise(len, seed + 1);
    let mut text: Vec<u8> = choice.chunks(2).flat_map(|two| words[(two[0] as usize * 2 + two.len()) % 500].clone()).collect();
    text.truncate(len);
    text
}

/// Every path below a directory, as a build spells it, with what is in it.
pub(crate) fn files(dir: &Path) -> Vec<(String, Vec<u8>)> {
    let (mut found, mut dirs) = (Vec::new(), vec![dir.to_owned()]);
    while let Some(at) = dirs.pop() {
        for entry in fs::read_dir(at).unwrap().map(Result::unwrap) {
            if entry.path().is_dir() {
                dirs.push(entry.path());
            } else {
                let name = entry.path().strip_prefix(dir).unwrap().to_str().unwrap().replace(std::path::MAIN_SEPARATOR, "/");
                found.push((name, fs::read(entry.path()).unwrap()));
            }
        }
    }
    found.sort();
    found
}
