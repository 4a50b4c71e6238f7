//! The two files that the golden descriptions are of; `tests/golden` was made of them by xdelta3 3.0.11, zsyncmake 0.6.2 and casync 2.

use std::{
    fs,
    path::{Path, PathBuf},
};

use untorn_import::{Error, ImportOptions, ImportReport, import};

pub(crate) fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

/// Text of 64 different bytes, always the same.
fn content(seed: u64, len: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(1);
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % 64).to_le_bytes()[0]
    };
    (0..len).map(|_| next()).collect()
}

pub(crate) fn old() -> Vec<u8> {
    content(1, 60_000)
}

/// Something replaced, something moved, something added, and zeros at the end.
pub(crate) fn new() -> Vec<u8> {
    let old = old();
    [&old[..10_000], b"something new", &old[20_000..50_000], &content(2, 3000), &old[10_000..20_000], &[0; 5000]].concat()
}

/// A tree in which `data/world.pak` is the old file, and the new one beside the tree.
pub(crate) struct Game {
    work: tempfile::TempDir,
}

pub(crate) const PATH: &str = "data/world.pak";

impl Game {
    pub(crate) fn new() -> Self {
        let game = Self { work: tempfile::tempdir().unwrap() };
        fs::create_dir_all(game.dir().join("data")).unwrap();
        fs::write(game.file(), old()).unwrap();
        fs::write(game.path("new"), new()).unwrap();
        game
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.work.path().join(name)
    }

    pub(crate) fn dir(&self) -> PathBuf {
        self.path("game")
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.dir().join(PATH)
    }

    pub(crate) fn import(&self, description: &Path, options: &ImportOptions) -> Result<ImportReport, Error> {
        import(description, &self.dir(), PATH, options)
    }

    pub(crate) fn is_new(&self) -> bool {
        fs::read(self.file()).unwrap() == new()
    }

    pub(crate) fn is_old(&self) -> bool {
        fs::read(self.file()).unwrap() == old()
    }
}

pub(crate) fn from(source: &Path) -> ImportOptions {
    let mut options = ImportOptions::default();
    options.from = Some(source.to_str().unwrap().to_owned());
    options
}
