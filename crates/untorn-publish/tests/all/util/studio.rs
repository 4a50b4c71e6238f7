//! A studio: keys, builds, and a store in a directory.

use std::{
    collections::{HashMap, hash_map::Entry},
    fs,
    path::{Path, PathBuf},
    sync::{LazyLock, Mutex},
};

use untorn_format::release::{PublicKey, Signed};
use untorn_keys::{SecretKey, first_root, sign};
use untorn_publish::{Backend, DirBackend, PublishOptions, PublishReport, Result, Signer, publish};
pub(crate) use untorn_testhost::noise;
use untorn_trust::Document;

/// The key of every test: making keys takes time.
static KEY: LazyLock<SecretKey> = LazyLock::new(|| SecretKey::generate(None).unwrap());

/// By key and document.
type Signatures = HashMap<([u8; 32], Vec<u8>), String>;

/// minisign signs a document twice with two signatures; here each has one, so that whole stores can be compared.
static SIGNED: LazyLock<Mutex<Signatures>> = LazyLock::new(Mutex::default);

/// Any noon.
pub(crate) const NOON: u64 = 1_790_000_000;

/// Signs with some keys.
pub(crate) struct Keys<'k>(pub(crate) Vec<&'k SecretKey>);

impl Signer for Keys<'_> {
    fn keys(&self) -> Vec<PublicKey> {
        self.0.iter().map(|key| key.public()).collect()
    }

    fn sign(&self, document: &[u8], comment: &str) -> Result<String, String> {
        let sign = |key: &&SecretKey| {
            let mut signed = SIGNED.lock().unwrap();
            let new = || key.sign_bytes(document, comment).map_err(|error| error.to_string());
            match signed.entry((key.public().key, document.to_vec())) {
                Entry::Occupied(old) => Ok(old.get().clone()),
                Entry::Vacant(free) => new().map(|text| free.insert(text).clone()),
            }
        };
        self.0.iter().map(sign).collect()
    }
}

pub(crate) fn key() -> &'static SecretKey {
    &KEY
}

pub(crate) fn keys() -> Keys<'static> {
    Keys(vec![key()])
}

/// The first root of the product `game`.
pub(crate) fn root() -> Signed {
    static ROOT: LazyLock<Signed> =
        LazyLock::new(|| sign(&Document::Root(first_root("game", key().public())), &[key()]).unwrap());
    ROOT.clone()
}

/// Directories to work in.
pub(crate) struct Studio {
    pub(crate) work: tempfile::TempDir,
}

impl Studio {
    pub(crate) fn new() -> Self {
        Self { work: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.work.path().join(name)
    }

    /// The directory store of that name.
    pub(crate) fn store(&self, name: &str) -> DirBackend {
        DirBackend::open(&self.path(name), true).unwrap()
    }

    /// A build of so many files of noise, of which those with a number in `changed` differ from those of other builds. One is large.
    pub(crate) fn build(&self, name: &str, files: u64, changed: &[u64]) -> PathBuf {
        let dir = self.path(name);
        fs::create_dir_all(dir.join("data/deep")).unwrap();
        for number in 0..files {
            let len = if number == 0 { 3 << 20 } else { 2000 + 700 * number as usize };
            let mut bytes = noise(number, len);
            if changed.contains(&number) {
                let middle = len / 2;
                bytes[middle..middle + 100].copy_from_slice(&noise(1000 + number + name.len() as u64, 100));
            }
            write(&dir.join(format!("data/{number:04}")), &bytes);
        }
        write(&dir.join("data/deep/readme"), b"read me");
        write(&dir.join("empty"), b"");
        dir
    }
}

pub(crate) fn write(path: &Path, bytes: &[u8]) {
    fs::write(path, bytes).unwrap();
}

/// As tests publish: at noon, with the first root.
pub(crate) fn options() -> PublishOptions {
    let mut options = PublishOptions::default();
    options.pointer.now = NOON;
    options.pointer.roots = vec![root()];
    options.platform = "linux".into();
    options.level = 3;
    options.patch_level = 1;
    options
}

/// Publishes to the channel `stable`.
pub(crate) fn publish_to(store: &dyn Backend, build: &Path, change: impl FnOnce(&mut PublishOptions)) -> Result<PublishReport> {
    let mut options = options();
    change(&mut options);
    publish(build, store, "stable", &keys(), &options)
}

/// Every object and its bytes, but not the marks.
pub(crate) fn objects(store: &dyn Backend) -> Vec<(String, Vec<u8>)> {
    let names = store.list("").unwrap().into_iter().map(|listed| listed.name);
    names.map(|name| (name.clone(), store.get(&name, u64::MAX).unwrap().unwrap().bytes)).collect()
}
