//! A studio that publishes builds into a directory, and what its players need.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::LazyLock,
    time::Duration,
};

use untorn::{Signed, UpdateOptions};
use untorn_format::release::{PublicKey, Release};
use untorn_keys::{SecretKey, first_root, sign};
use untorn_publish::{DirBackend, PointerOptions, PublishOptions, PublishReport, Signer, publish, resume};
pub(crate) use untorn_testhost::noise;
use untorn_testhost::{Action, Host, HostOptions, Request};
use untorn_trust::Document;

/// The key of every test: making keys takes time.
static KEY: LazyLock<SecretKey> = LazyLock::new(|| SecretKey::generate(None).unwrap());
static ROOT: LazyLock<Signed> = LazyLock::new(|| sign(&Document::Root(first_root("game", KEY.public())), &[&KEY]).unwrap());

/// Any noon.
pub(crate) const NOON: u64 = 1_790_000_000;

struct Key;

impl Signer for Key {
    fn keys(&self) -> Vec<PublicKey> {
        vec![KEY.public()]
    }
    fn sign(&self, document: &[u8], comment: &str) -> Result<String, String> {
        KEY.sign_bytes(document, comment).map_err(|error| error.to_string())
    }
}

/// A place with builds, a store, and a game.
pub(crate) struct Studio {
    work: tempfile::TempDir,
}

impl Studio {
    pub(crate) fn new() -> Self {
        Self { work: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.work.path().join(name)
    }

    pub(crate) fn store(&self) -> PathBuf {
        self.path("store")
    }

    pub(crate) fn game(&self) -> PathBuf {
        self.path("game")
    }

    /// Build 1: a large file of noise, a hundred small ones, one that is empty.
    pub(crate) fn first_build(&self) -> PathBuf {
        let dir = self.path("1");
        fs::create_dir_all(dir.join("data/deep")).unwrap();
        fs::write(dir.join("data/large"), noise(1, 6 << 20)).unwrap();
        for number in 0..100 {
            fs::write(dir.join(format!("data/{number:03}")), noise(10 + number, 1000 + 500 * number as usize)).unwrap();
        }
        fs::write(dir.join("data/deep/gone"), "will go").unwrap();
        fs::write(dir.join("settings.cfg"), "volume = 1").unwrap();
        fs::write(dir.join("empty"), "").unwrap();
        dir
    }

    /// A build that differs from `from` by what `change` does to it.
    pub(crate) fn next_build(&self, from: &str, name: &str, change: impl Fn(&Path)) -> PathBuf {
        let dir = self.path(name);
        copy(&self.path(from), &dir);
        change(&dir);
        dir
    }

    /// Build 2: bytes in the middle of the large file are others, some are inserted, and small files come, go and change.
    pub(crate) fn second_build(&self) -> PathBuf {
        self.next_build("1", "2", |dir| {
            let mut large = noise(1, 6 << 20);
            large[2_000_000..2_000_100].copy_from_slice(&noise(99, 100));
            let inserted = noise(98, 333);
            large.splice(4_000_000..4_000_000, inserted);
            fs::write(dir.join("data/large"), large).unwrap();
            fs::write(dir.join("data/new"), noise(97, 50_000)).unwrap();
            fs::write(dir.join("data/007"), noise(96, 4500)).unwrap();
            fs::write(dir.join("settings.cfg"), "volume = 2").unwrap();
            fs::remove_dir_all(dir.join("data/deep")).unwrap();
        })
    }

    /// Signs the channel again, as a studio does before it expires.
    pub(crate) fn refresh(&self) {
        let (store, mut options) = (DirBackend::open(&self.store(), true).unwrap(), PointerOptions::default());
        options.now = NOON + 60;
        untorn_publish::refresh(&store, "stable", &Key, &options).unwrap();
    }

    pub(crate) fn publish(&self, build: &Path, patch_from: usize, change: impl Fn(&mut PublishOptions)) -> PublishReport {
        let mut options = PublishOptions::default();
        options.pointer.now = NOON;
        options.pointer.roots = vec![ROOT.clone()];
        options.patch_from = patch_from;
        options.level = 3;
        change(&mut options);
        let store = DirBackend::open(&self.store(), true).unwrap();
        publish(build, &store, "stable", &Key, &options).unwrap()
    }

    /// Signs a release in the place of the one that was left in `out`, and points to it.
    pub(crate) fn sign_and_resume(&self, out: &Path, release: &Release) {
        fs::write(out.join("release"), release.encode()).unwrap();
        fs::write(out.join("release.minisig"), KEY.sign_bytes(&release.encode(), "a release").unwrap()).unwrap();
        let store = DirBackend::open(&self.store(), true).unwrap();
        let mut pointer = PointerOptions::default();
        (pointer.now, pointer.roots) = (NOON, vec![ROOT.clone()]);
        resume(out, &store, "stable", &Key, &pointer).unwrap();
    }
}

/// As players begin, from these places.
pub(crate) fn options(sources: &[&str]) -> UpdateOptions {
    let mut options = UpdateOptions::default();
    options.sources = sources.iter().map(|&source| source.to_owned()).collect();
    options.trust = Some(ROOT.clone());
    options.clock = Some(NOON);
    options.source.remote.pause_first = Duration::from_millis(5);
    options.source.remote.patience = Duration::from_secs(2);
    options.source.http.patience = Duration::from_millis(700);
    options
}

pub(crate) fn host(studio: &Studio, decide: impl Fn(&Request) -> Action + Send + Sync + 'static) -> Host {
    Host::start_with(&studio.store(), HostOptions::default().deciding(decide)).unwrap()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// Every file below a directory and what is in it, leaving out what is untorn's.
pub(crate) fn content(dir: &Path) -> std::collections::BTreeMap<String, Vec<u8>> {
    let mut all = std::collections::BTreeMap::new();
    collect(dir, dir, &mut all);
    all
}

fn collect(root: &Path, dir: &Path, all: &mut std::collections::BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(dir).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if entry.file_name() == ".untorn" {
            continue;
        }
        if entry.file_type().unwrap().is_dir() {
            all.insert(format!("{}/", path.strip_prefix(root).unwrap().display()), Vec::new());
            collect(root, &path, all);
        } else {
            all.insert(path.strip_prefix(root).unwrap().display().to_string(), fs::read(&path).unwrap());
        }
    }
}
