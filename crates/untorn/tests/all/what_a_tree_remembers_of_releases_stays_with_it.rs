//! U2, U15: the head document of a tree that follows releases is more than a manifest, and everything that reads it knows that.

use std::{fs, path::Path};

use tempfile::TempDir;
use untorn::{
    Error, Hash, Manifest, Options, RepairOptions, ScanOptions, Tree, VerifyOptions, installed,
    release::{Following, IndexObject, Installed, ManifestObject, Release, Signed},
    repair, roll_back, scan,
    trust::{Document, Trust, TrustedRoot},
    verify,
};
use untorn_keys::{SecretKey, first_root, sign};

struct Place {
    dir: TempDir,
    key: SecretKey,
}

impl Place {
    fn new() -> Self {
        let place = Self { dir: tempfile::tempdir().unwrap(), key: SecretKey::generate(None).unwrap() };
        fs::create_dir(place.tree()).unwrap();
        place
    }

    fn tree(&self) -> std::path::PathBuf {
        self.dir.path().join("tree")
    }

    fn release(&self, build: u64, manifest: &Manifest) -> Signed {
        let release = Release {
            product: "game".to_owned(),
            platform: "any".to_owned(),
            build,
            label: String::new(),
            created: 0,
            manifest: ManifestObject {
                hash: manifest.hash(),
                len: manifest.encode().len() as u64,
                stored: Hash::NONE,
                stored_len: 0,
            },
            manifest_deltas: vec![],
            index: IndexObject::NONE,
            packs: vec![],
            patches: vec![],
            bridges: Vec::new(),
        };
        sign(&Document::Release(release), &[&self.key]).unwrap()
    }

    fn following(&self, floor: u64, build: u64, manifest: &Manifest) -> Following {
        let root = sign(&Document::Root(first_root("game", self.key.public())), &[&self.key]).unwrap();
        let trust = Trust::begin(TrustedRoot::pin(root).unwrap(), [1; 16]);
        Following { floor, release: Some(self.release(build, manifest)), ..trust.following().clone() }
    }

    /// Makes the tree hold `text`, as that build.
    fn update(&self, text: &str, floor: u64, build: u64) -> Manifest {
        let mut tree = Tree::open(&self.tree()).unwrap();
        let mut options = Options::default();
        options.keep_undo = true;
        let mut tx = tree.begin_with(options).unwrap();
        tx.replace("file", &mut text.as_bytes()).unwrap();
        let manifest = manifest_of(text);
        tx.set_head(Some(
            Installed { manifest: manifest.clone(), following: Some(self.following(floor, build, &manifest)) }.encode(),
        ));
        tx.commit().unwrap();
        manifest
    }
}

fn manifest_of(text: &str) -> Manifest {
    let build = tempfile::tempdir().unwrap();
    fs::write(build.path().join("file"), text).unwrap();
    scan(build.path(), &ScanOptions::default()).unwrap()
}

fn build_of(tree: &Path) -> (u64, u64, Hash) {
    let following = installed(tree).unwrap().unwrap().following.unwrap();
    let release = following.release.map(|release| Release::decode(&release.document).unwrap());
    (release.map_or(0, |release| release.build), following.floor, following.left)
}

#[test]
fn verifying_compares_with_the_manifest_in_it() {
    let place = Place::new();
    let manifest = place.update("one", 0, 1);
    let report = verify(&place.tree(), &VerifyOptions::default()).unwrap();
    assert!(report.is_intact() && report.build == manifest.hash());
}

#[test]
fn repairing_keeps_it() {
    let place = Place::new();
    let manifest = place.update("one", 5, 7);
    let good = tempfile::tempdir().unwrap();
    fs::write(good.path().join("file"), "one").unwrap();
    fs::write(place.tree().join("file"), "odd").unwrap();
    let before = installed(&place.tree()).unwrap();
    repair(&place.tree(), good.path(), &RepairOptions::default()).unwrap();
    assert_eq!(installed(&place.tree()).unwrap(), before);
    assert_eq!(before.unwrap().manifest, manifest);
    // Another build than the release's is no release, but nothing that was learned is lost.
    fs::write(good.path().join("file"), "another").unwrap();
    let mut options = RepairOptions::default();
    options.manifest = Some(manifest_of("another"));
    repair(&place.tree(), good.path(), &options).unwrap();
    assert_eq!(build_of(&place.tree()), (0, 5, Hash::NONE));
}

#[test]
fn u15_rolling_back_keeps_what_was_learned_since_and_says_what_was_left() {
    let place = Place::new();
    place.update("one", 0, 1);
    let two = place.update("two", 1, 2);
    let mut tree = Tree::open(&place.tree()).unwrap();
    roll_back(&mut tree, &place.tree(), Options::default(), false).unwrap();
    assert_eq!(fs::read_to_string(place.tree().join("file")).unwrap(), "one");
    assert_eq!(build_of(&place.tree()), (1, 1, Hash::of(&place.release(2, &two).document)));
}

#[test]
fn u15_rolling_back_below_the_floor_changes_nothing() {
    let place = Place::new();
    place.update("one", 0, 1);
    place.update("two", 2, 2);
    let mut tree = Tree::open(&place.tree()).unwrap();
    let forecast = untorn::roll_back_forecast(&tree, &place.tree(), &Options::default(), false);
    assert_eq!(forecast.unwrap_err().code(), "UNT-TRUST-FLOOR");
    let error = roll_back(&mut tree, &place.tree(), Options::default(), false).unwrap_err();
    assert!(matches!(error, Error::Trust { .. }) && error.code() == "UNT-TRUST-FLOOR", "{error}");
    drop(tree);
    assert_eq!(fs::read_to_string(place.tree().join("file")).unwrap(), "two");
    assert_eq!(build_of(&place.tree()).0, 2);
}
