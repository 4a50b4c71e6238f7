//! Promoting and rolling back move a pointer to what is there, forward in number, never below the floor; keys may change in between.

use std::path::PathBuf;

use crate::util::studio::{Keys, NOON, Studio, key, keys, noise, options, publish_to, root, write};
use untorn_format::release::{Channel, Release, Signed};
use untorn_keys::{SecretKey, Successor};
use untorn_publish::{
    Backend, CollectOptions, DirBackend, Error, PointerOptions, PublishOptions, check, collect, promote, publish, refresh,
    roll_back,
};
use untorn_trust::TrustedRoot;

struct Scene {
    studio: Studio,
    store: DirBackend,
    build: PathBuf,
}

impl Scene {
    /// A store with so many builds in the channel `stable`.
    fn new(builds: u64) -> Self {
        let studio = Studio::new();
        let (store, build) = (studio.store("store"), studio.build("build", 6, &[]));
        let scene = Self { studio, store, build };
        (1..=builds).for_each(|number| scene.publish(number, |_| {}));
        scene
    }

    fn publish(&self, number: u64, change: impl FnOnce(&mut PublishOptions)) {
        write(&self.build.join("version"), &noise(number, 5000));
        assert_eq!(publish_to(&self.store, &self.build, change).unwrap().build, number);
    }

    fn channel(&self, name: &str) -> Channel {
        let bytes = self.store.get(&format!("channel/{name}"), 1 << 20).unwrap().unwrap().bytes;
        Channel::decode(&Signed::decode(&bytes).unwrap().document).unwrap()
    }

    fn builds(&self, name: &str) -> Vec<(String, u64)> {
        self.channel(name).platforms.into_iter().map(|pointer| (pointer.platform, pointer.build)).collect()
    }

    fn back(&self, to: Option<u64>) -> untorn_publish::Result<untorn_publish::MoveReport> {
        roll_back(&self.store, "stable", None, to, &keys(), &at(NOON + 9))
    }

    fn assert_sound(&self) {
        let report = check(&self.store, &[root()], None).unwrap();
        assert!(report.is_sound(), "{report:?}");
    }
}

fn at(now: u64) -> PointerOptions {
    let mut options = PointerOptions::default();
    options.now = now;
    options
}

fn linux(build: u64) -> Vec<(String, u64)> {
    vec![("linux".into(), build)]
}

#[test]
fn going_back_is_a_newer_document_that_names_an_older_build() {
    let scene = Scene::new(3);
    let report = scene.back(None).unwrap();
    assert_eq!((report.seq, report.moved), (4, vec![("linux".into(), 3, 2)]));
    assert_eq!((scene.builds("stable"), scene.channel("stable").issued), (linux(2), NOON + 9));
    // Further back, not forth again.
    assert_eq!(scene.back(None).unwrap().moved, [("linux".into(), 2, 1)]);
    assert!(matches!(scene.back(None).unwrap_err(), Error::NotFound(_)));
    // To one that is named, also a newer one that was there before.
    assert_eq!(scene.back(Some(3)).unwrap().moved, [("linux".into(), 1, 3)]);
    assert!(matches!(scene.back(Some(9)).unwrap_err(), Error::NotFound(_)));
    scene.back(None).unwrap();
    // The number of a build that was taken back is not used again.
    scene.publish(4, |_| {});
    scene.assert_sound();
}

#[test]
fn nobody_goes_below_the_floor() {
    let scene = Scene::new(2);
    scene.publish(3, |options| options.pointer.floor = Some(2));
    assert_eq!(scene.back(None).unwrap().moved, [("linux".into(), 3, 2)]);
    assert!(matches!(scene.back(None).unwrap_err(), Error::Choice(_)));
    // It never falls.
    scene.publish(4, |options| options.pointer.floor = Some(1));
    assert_eq!(scene.channel("stable").floor, 2);
    let mut options = at(NOON);
    options.floor = Some(4);
    let error = roll_back(&scene.store, "stable", None, Some(3), &keys(), &options).unwrap_err();
    assert!(error.to_string().contains("build 3 is below"), "{error}");
}

#[test]
fn one_channel_gets_what_another_has_for_each_platform_or_one() {
    let scene = Scene::new(2);
    scene.publish(3, |_| {});
    let mut other = options();
    other.platform = "mac".into();
    publish(&scene.build, &scene.store, "beta", &keys(), &other).unwrap();
    write(&scene.build.join("version"), b"beta");
    publish(&scene.build, &scene.store, "beta", &keys(), &options()).unwrap();
    assert_eq!(scene.builds("beta"), [("linux".into(), 4), ("mac".into(), 1)]);

    let mut dry = at(NOON);
    dry.dry_run = true;
    let report = promote(&scene.store, "beta", "stable", None, &keys(), &dry).unwrap();
    assert_eq!(report.moved, [("linux".into(), 3, 4), ("mac".into(), 0, 1)]);
    assert_eq!(scene.builds("stable"), linux(3));
    promote(&scene.store, "beta", "stable", Some("mac"), &keys(), &at(NOON)).unwrap();
    assert_eq!(scene.builds("stable"), [("linux".into(), 3), ("mac".into(), 1)]);
    let report = promote(&scene.store, "beta", "stable", None, &keys(), &at(NOON)).unwrap();
    assert_eq!(report.moved, [("linux".into(), 3, 4)]);
    let seq = scene.channel("stable").seq;
    let report = promote(&scene.store, "beta", "stable", None, &keys(), &at(NOON)).unwrap();
    assert_eq!((report.moved, report.seq), (vec![], seq));
    // Back is another command.
    scene.publish(5, |_| {});
    assert!(matches!(promote(&scene.store, "beta", "stable", None, &keys(), &at(NOON)), Err(Error::Choice(_))));
    assert!(matches!(promote(&scene.store, "none", "stable", None, &keys(), &at(NOON)), Err(Error::NotFound(_))));
    scene.assert_sound();
}

#[test]
fn what_was_collected_is_not_pointed_to() {
    let scene = Scene::new(3);
    let mut options = CollectOptions::default();
    options.keep = 1;
    assert!(!collect(&scene.store, &options).unwrap().removed.is_empty());
    scene.assert_sound();
    let error = scene.back(None).unwrap_err();
    assert_eq!(error.code(), "UNT-STORE-DAMAGED", "{error}");
    assert_eq!(scene.builds("stable"), linux(3));
    // With the default, the last few stay.
    let scene = Scene::new(3);
    collect(&scene.store, &CollectOptions::default()).unwrap();
    scene.back(None).unwrap();
    scene.assert_sound();
}

#[test]
fn a_new_epoch_ends_whatever_number_a_thief_has_signed() {
    let scene = Scene::new(2);
    // The thief of the key points far ahead.
    let mut forged = scene.channel("stable");
    (forged.prev, forged.seq) = (untorn_format::Hash::of(&forged.encode()), u64::MAX);
    let forged = untorn_keys::sign(&untorn_trust::Document::Channel(forged), &[key()]).unwrap();
    let version = scene.store.get("channel/stable", 1 << 20).unwrap().unwrap().version;
    scene.store.put_if("channel/stable", Some(&version), &forged.encode()).unwrap();
    write(&scene.build.join("version"), b"3");
    assert!(matches!(publish_to(&scene.store, &scene.build, |_| {}).unwrap_err(), Error::Choice(_)));

    let fresh = SecretKey::generate(None).unwrap();
    let mut next = Successor::of(&TrustedRoot::pin(root()).unwrap()).unwrap();
    next.revoke(&key().public(), Some(&fresh.public())).unwrap();
    let second = next.sign(&[key(), &fresh]).unwrap();
    let mut options = options();
    options.pointer.roots.push(second.clone());
    // The old key is good for nothing any more.
    let error = publish(&scene.build, &scene.store, "stable", &keys(), &options).unwrap_err();
    assert!(matches!(error, Error::Trust { .. }), "{error}");
    let report = publish(&scene.build, &scene.store, "stable", &Keys(vec![&fresh]), &options).unwrap();
    assert_eq!((report.build, report.seq), (3, 3));
    assert_eq!((scene.channel("stable").epoch, scene.builds("stable")), (1, linux(3)));
    assert!(report.new_chunks == 1, "what the old key signed is still of use: {report:?}");
    let report = check(&scene.store, &[root(), second], None).unwrap();
    // The thief's document came into the log as what it was: the one before.
    assert!(report.is_sound(), "{report:?}");
}

#[test]
fn a_channel_says_the_same_for_longer_and_for_more() {
    let scene = Scene::new(1);
    scene.publish(2, |options| (options.pointer.rollout_permille, options.pointer.valid_for) = (100, 1000));
    let before = scene.channel("stable");
    assert_eq!((before.rollout_permille, before.expires), (100, NOON + 1000));
    let mut options = at(NOON + 500);
    (options.rollout_permille, options.valid_for) = (500, 2000);
    let report = refresh(&scene.store, "stable", &keys(), &options).unwrap();
    let after = scene.channel("stable");
    assert_eq!((report.seq, after.rollout_permille, after.expires), (3, 500, NOON + 2500));
    // The first ones who got it are among those who get it now.
    assert_eq!((after.salt, after.platforms), (before.salt, before.platforms));
    assert!(matches!(refresh(&scene.store, "none", &keys(), &options), Err(Error::NotFound(_))));
    scene.assert_sound();
}

#[test]
fn a_root_reaches_players_no_earlier_than_what_its_keys_signed() {
    let scene = Scene::new(1);
    let fresh = SecretKey::generate(None).unwrap();
    let mut next = Successor::of(&TrustedRoot::pin(root()).unwrap()).unwrap();
    next.replace(&key().public(), &fresh.public()).unwrap();
    let second = next.sign(&[key(), &fresh]).unwrap();
    let mut options = options();
    options.pointer.roots.push(second.clone());
    // Whatever goes wrong before the pointer moves: players know the old root, and see what its keys signed.
    options.build = Some(1);
    write(&scene.build.join("version"), b"2");
    assert!(publish(&scene.build, &scene.store, "stable", &Keys(vec![&fresh]), &options).is_err());
    assert_eq!(scene.store.head("root/2.root").unwrap(), None);
    // The very build that is there is published again: nobody would believe who signed it.
    options.build = None;
    write(&scene.build.join("version"), &noise(1, 5000));
    let report = publish(&scene.build, &scene.store, "stable", &Keys(vec![key(), &fresh]), &options).unwrap();
    assert_eq!((report.build, report.seq, report.new_chunks), (2, 2, 0));
    // Keys that may not sign it, do not.
    let signatures = scene.store.get("log/stable/2.minisig", 1 << 20).unwrap().unwrap().bytes;
    assert_eq!(String::from_utf8(signatures).unwrap().lines().count(), 4);
    assert!(scene.store.head("root/2.root").unwrap().is_some());
    let report = check(&scene.store, &[root(), second], None).unwrap();
    assert!(report.is_sound(), "{report:?}");
}

#[test]
fn patches_lead_from_the_builds_before_over_each_other_too() {
    let scene = Scene::new(1);
    scene.publish(2, |options| options.patch_from = 1);
    scene.publish(3, |options| options.patch_from = 1);
    let id = scene.channel("stable").platforms[0].release;
    let release = Release::decode(&scene.store.get(&format!("release/{id}"), 1 << 20).unwrap().unwrap().bytes).unwrap();
    let manifests: Vec<_> = release.manifest_deltas.iter().map(|delta| delta.from).collect();
    assert_eq!(manifests.len(), 2);
    let direct = release.patches.iter().find(|patch| patch.to == release.manifest.hash).unwrap();
    let before = release.patches.iter().find(|patch| patch.to == direct.from).unwrap();
    assert!(release.patches.len() == 2 && manifests.contains(&before.from) && manifests.contains(&direct.from), "{release:?}");
    assert!(direct.memory > 0 && direct.memory < 256 << 20, "{direct:?}");
    // A build that is at hand need not be fetched: here it could not be.
    write(&scene.build.join("version"), &noise(3, 5000));
    let old = scene.studio.path("old");
    copy(&scene.build, &old);
    write(&scene.build.join("version"), &noise(4, 5000));
    let report = publish_to(&scene.store, &scene.build, |options| {
        options.patch_from = 1;
        options.old = vec![old];
    });
    assert_eq!(report.unwrap().patches.len(), 1);
    scene.assert_sound();
}

fn copy(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}
