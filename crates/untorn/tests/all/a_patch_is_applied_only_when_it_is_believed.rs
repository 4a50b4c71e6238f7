//! U1, U2, U8, U12, U13, U15, P1: signed patches, whom a tree believes, and what it remembers in the same step.

use std::{fs, path::PathBuf};

use tempfile::TempDir;
use untorn::{
    ApplyOptions, ApplyReport, DiffOptions, Error, Hash, Outcome, Tree, Trusting, apply, diff, installed, patch_facts,
    release::{IndexObject, ManifestObject, Preface, Release, Root, Signed},
    roll_back, sign_patch,
    trust::{Document, Downgrade, TrustedRoot},
};
use untorn_keys::{SecretKey, Successor, first_root, sign};

/// A studio with one key, and a player.
struct Place {
    dir: TempDir,
    key: SecretKey,
    roots: Vec<Signed>,
}

impl Place {
    fn new() -> Self {
        let key = SecretKey::generate(None).unwrap();
        let root = sign(&Document::Root(first_root("game", key.public())), &[&key]).unwrap();
        let place = Self { dir: tempfile::tempdir().unwrap(), key, roots: vec![root] };
        for (name, text) in [("old", "one"), ("new", "two"), ("newer", "three"), ("tree", "one")] {
            fs::create_dir(place.path(name)).unwrap();
            fs::write(place.path(name).join("file"), text).unwrap();
        }
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn content(&self) -> String {
        fs::read_to_string(self.path("tree/file")).unwrap()
    }

    /// The patch between two builds, before it is signed, and what a release has to say of it.
    fn bare(&self, old: &str, new: &str) -> (PathBuf, Release) {
        let patch = self.path(&format!("{old}-{new}.patch"));
        let report = diff(&self.path(old), &self.path(new), &patch, &DiffOptions::default()).unwrap();
        let release = Release {
            product: "game".to_owned(),
            platform: "any".to_owned(),
            build: 2,
            label: "1.1".to_owned(),
            created: 0,
            manifest: ManifestObject { hash: report.to, len: report.manifest_len, stored: Hash::NONE, stored_len: 0 },
            manifest_deltas: vec![],
            index: IndexObject::NONE,
            packs: vec![],
            patches: vec![patch_facts(&patch).unwrap().object],
            bridges: Vec::new(),
        };
        (patch, release)
    }

    fn preface(&self, release: &Release) -> Preface {
        self.preface_by(&self.key, release)
    }

    fn preface_by(&self, key: &SecretKey, release: &Release) -> Preface {
        let release = sign(&Document::Release(release.clone()), &[key]).unwrap();
        Preface { first_root: 1, roots: self.roots.clone(), release }
    }

    /// A signed patch.
    fn patch(&self, old: &str, new: &str, change: impl FnOnce(&mut Release)) -> Vec<u8> {
        let (patch, mut release) = self.bare(old, new);
        change(&mut release);
        sign_patch(&patch, &self.preface(&release)).unwrap();
        fs::read(patch).unwrap()
    }

    fn apply(&self, patch: &[u8], trusting: Trusting) -> Result<ApplyReport, Error> {
        let mut options = ApplyOptions::default();
        options.trusting = trusting;
        apply(patch, &self.path("tree"), &options)
    }

    fn pinned(&self) -> Trusting {
        Trusting::Root(self.roots[0].clone())
    }

    /// Which build the tree has as a release, and the version of its root.
    fn remembers(&self) -> (Option<u64>, u64) {
        let following = installed(&self.path("tree")).unwrap().unwrap().following.unwrap();
        let release = following.release.map(|release| Release::decode(&release.document).unwrap().build);
        (release, Root::decode(&following.root.document).unwrap().version)
    }

    /// That it is refused, and nothing was changed: there is not even a state directory.
    fn refused(&self, patch: &[u8], trusting: Trusting, code: &str) {
        let error = self.apply(patch, trusting).unwrap_err();
        assert_eq!(error.code(), code, "{error}");
        assert_eq!(error.state(), untorn::TreeState::Unchanged);
        assert!(self.content() == "one" && !self.path("tree/.untorn").exists());
    }
}

#[test]
fn u1_a_patch_needs_a_signature_and_a_signature_somebody_who_is_believed() {
    let place = Place::new();
    let (bare, _) = place.bare("old", "new");
    let bare = fs::read(bare).unwrap();
    for trusting in [Trusting::Tree, place.pinned(), Trusting::FirstUse] {
        place.refused(&bare, trusting, "UNT-TRUST-UNSIGNED");
    }
    let signed = place.patch("old", "new", |_| {});
    place.refused(&signed, Trusting::Tree, "UNT-TRUST-NO-ROOT");
    let stranger = Place::new();
    place.refused(&signed, stranger.pinned(), "UNT-TRUST-FORK");
    let mut other = first_root("game", stranger.key.public());
    other.version = 7;
    let other = sign(&Document::Root(other), &[&stranger.key]).unwrap();
    place.refused(&signed, Trusting::Root(other), "UNT-TRUST-SIGNATURE");
    let report = place.apply(&signed, place.pinned()).unwrap();
    assert_eq!((report.outcome, place.content().as_str(), place.remembers()), (Outcome::Applied, "two", (Some(2), 1)));
    let provenance = report.provenance.unwrap();
    assert_eq!((provenance.release.build, provenance.signers, provenance.first_use), (2, vec![place.key.public().id], None));
}

#[test]
fn u1_on_first_use_the_root_of_the_patch_is_believed_and_named_and_from_then_on_no_other() {
    let place = Place::new();
    let report = place.apply(&place.patch("old", "new", |_| {}), Trusting::FirstUse).unwrap();
    let fingerprint = TrustedRoot::pin(place.roots[0].clone()).unwrap().fingerprint();
    assert_eq!(report.provenance.unwrap().first_use, Some(fingerprint));
    // Somebody else signs the next patch.
    let mut thief = Place::new();
    fs::write(thief.path("newer/file"), "evil").unwrap();
    let evil = thief.patch("new", "newer", |release| release.build = 3);
    for trusting in [Trusting::Tree, Trusting::FirstUse, thief.pinned()] {
        assert_eq!(place.apply(&evil, trusting).unwrap_err().code(), "UNT-TRUST-FORK");
    }
    thief.roots.clear();
    let evil = thief.patch("new", "newer", |release| release.build = 3);
    assert_eq!(place.apply(&evil, Trusting::Tree).unwrap_err().code(), "UNT-TRUST-SIGNATURE");
    assert_eq!((place.content().as_str(), place.remembers()), ("two", (Some(2), 1)));
    // The studio does, and nothing has to be said about trust any more.
    place.apply(&place.patch("new", "newer", |release| release.build = 3), Trusting::Tree).unwrap();
    assert_eq!((place.content().as_str(), place.remembers()), ("three", (Some(3), 1)));
}

#[test]
fn u1_a_patch_that_the_signed_release_does_not_list_is_refused() {
    let place = Place::new();
    let (_, release) = place.bare("old", "newer");
    let (patch, _) = place.bare("old", "new");
    // A right preface before another patch.
    sign_patch(&patch, &place.preface(&release)).unwrap();
    place.refused(&fs::read(&patch).unwrap(), place.pinned(), "UNT-TRUST-PATCH");
    // A release that lists the patch, but is another build.
    let (_, mut mixed) = place.bare("old", "new");
    mixed.manifest.hash = release.manifest.hash;
    let (patch, _) = place.bare("old", "new");
    sign_patch(&patch, &place.preface(&mixed)).unwrap();
    place.refused(&fs::read(&patch).unwrap(), place.pinned(), "UNT-TRUST-PATCH");
}

#[test]
fn u8_p8_another_product_or_platform_is_refused() {
    let place = Place::new();
    let wrong = place.patch("old", "new", |release| release.product = "editor".to_owned());
    place.refused(&wrong, place.pinned(), "UNT-TRUST-PRODUCT");
    place.apply(&place.patch("old", "new", |_| {}), place.pinned()).unwrap();
    let wrong = place.patch("new", "newer", |release| (release.build, release.platform) = (3, "mac".to_owned()));
    assert_eq!(place.apply(&wrong, Trusting::Tree).unwrap_err().code(), "UNT-TRUST-PLATFORM");
}

#[test]
fn u2_an_older_signed_release_is_refused_unless_the_caller_allows_it() {
    let place = Place::new();
    place.apply(&place.patch("old", "new", |release| release.build = 5), place.pinned()).unwrap();
    let older = place.patch("new", "newer", |release| release.build = 4);
    assert_eq!(place.apply(&older, Trusting::Tree).unwrap_err().code(), "UNT-TRUST-OLDER");
    assert_eq!((place.content().as_str(), place.remembers()), ("two", (Some(5), 1)));
    let mut options = ApplyOptions::default();
    options.downgrade = Downgrade::Allow;
    apply(&older[..], &place.path("tree"), &options).unwrap();
    assert_eq!((place.content().as_str(), place.remembers()), ("three", (Some(4), 1)));
}

#[test]
fn u10_a_new_root_comes_with_the_patch_and_is_stored_in_the_same_step() {
    let mut place = Place::new();
    place.apply(&place.patch("old", "new", |_| {}), place.pinned()).unwrap();
    let (pinned, fresh) = (TrustedRoot::pin(place.roots[0].clone()).unwrap(), SecretKey::generate(None).unwrap());
    let mut successor = Successor::of(&pinned).unwrap();
    successor.revoke(&place.key.public(), Some(&fresh.public())).unwrap();
    successor.raise_min_build(3);
    place.roots.push(successor.sign(&[&place.key, &fresh]).unwrap());
    // The old key is worth nothing any more, also where the root comes along only with its patch.
    let by_the_old = place.patch("new", "newer", |release| release.build = 9);
    assert_eq!(place.apply(&by_the_old, Trusting::Tree).unwrap_err().code(), "UNT-TRUST-SIGNATURE");
    assert_eq!(place.remembers(), (Some(2), 1), "a patch that is refused teaches nothing");
    let (patch, mut release) = place.bare("new", "newer");
    release.build = 3;
    sign_patch(&patch, &place.preface_by(&fresh, &release)).unwrap();
    place.apply(&fs::read(patch).unwrap(), Trusting::Tree).unwrap();
    assert_eq!((place.content().as_str(), place.remembers()), ("three", (Some(3), 2)));
    // And nobody goes back below the least build.
    let mut tree = Tree::open(&place.path("tree")).unwrap();
    let error = roll_back(&mut tree, &place.path("tree"), untorn::Options::default(), false).unwrap_err();
    assert_eq!((error.code(), place.content().as_str()), ("UNT-TRUST-FLOOR", "three"));
}

#[test]
fn unsigned_patches_need_to_be_asked_for_and_leave_a_build_that_is_no_release() {
    let place = Place::new();
    place.apply(&place.patch("old", "new", |_| {}), place.pinned()).unwrap();
    let (bare, _) = place.bare("new", "newer");
    let bare = fs::read(bare).unwrap();
    assert_eq!(place.apply(&bare, Trusting::Tree).unwrap_err().code(), "UNT-TRUST-UNSIGNED");
    let report = place.apply(&bare, Trusting::Unsigned).unwrap();
    assert_eq!((report.provenance, place.content().as_str(), place.remembers()), (None, "three", (None, 1)));
}

#[test]
fn a_dry_run_believes_no_more_than_a_real_one() {
    let place = Place::new();
    let signed = place.patch("old", "new", |_| {});
    let mut options = ApplyOptions::default();
    options.dry_run = true;
    assert_eq!(apply(&signed[..], &place.path("tree"), &options).unwrap_err().code(), "UNT-TRUST-NO-ROOT");
    options.trusting = place.pinned();
    assert_eq!(apply(&signed[..], &place.path("tree"), &options).unwrap().outcome, Outcome::DryRun);
    assert_eq!(place.content(), "one");
}

#[test]
fn p1_every_bit_and_every_truncation_of_a_signed_patch_is_refused_before_the_tree_is_touched() {
    let place = Place::new();
    let signed = place.patch("old", "new", |_| {});
    for at in 0..signed.len() {
        let mut damaged = signed.clone();
        damaged[at] ^= 1 << (at % 8);
        assert!(place.apply(&damaged, place.pinned()).is_err(), "byte {at}");
        assert!(place.apply(&signed[..at], place.pinned()).is_err(), "{at} bytes");
        assert_eq!(place.content(), "one");
    }
    let longer = [&signed[..], b"x"].concat();
    assert_eq!(place.apply(&longer, place.pinned()).unwrap_err().code(), "UNT-PATCH-TRAILING");
    assert_eq!(place.content(), "one");
}

#[test]
fn p3_a_preface_that_promises_much_costs_nothing() {
    let place = Place::new();
    for len in [0_u32, 39, 71, 1 << 20, 8 << 20, i32::MAX as u32, u32::MAX] {
        let mut patch = place.patch("old", "new", |_| {});
        patch[16..20].copy_from_slice(&len.to_le_bytes());
        assert!(place.apply(&patch, place.pinned()).is_err(), "{len}");
    }
}

#[test]
fn signing_again_replaces_the_preface_and_keeps_the_patch() {
    let place = Place::new();
    let (patch, release) = place.bare("old", "new");
    let bare = fs::read(&patch).unwrap();
    let facts = patch_facts(&patch).unwrap();
    for build in [2, 3] {
        let preface = place.preface(&Release { build, ..release.clone() });
        sign_patch(&patch, &preface).unwrap();
        assert!(fs::read(&patch).unwrap() == [&preface.encode()[..], &bare].concat());
        let again = patch_facts(&patch).unwrap();
        assert_eq!((again.object, again.preface), (facts.object, Some(preface)));
    }
    assert_eq!((facts.object.hash, facts.object.len), (Hash::of(&bare), bare.len() as u64));
}
