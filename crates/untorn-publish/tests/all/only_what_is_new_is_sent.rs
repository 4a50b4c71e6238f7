//! Publishing sends what the store does not have, and nothing else; and the same always gives the same bytes.

use crate::util::studio::{Studio, keys, noise, objects, options, publish_to, root, write};
use untorn_publish::{Backend, Outcome, check, publish};

#[test]
fn a_second_build_costs_what_it_changes() {
    let studio = Studio::new();
    let store = studio.store("store");
    let (old, new) = (studio.build("1.0", 60, &[]), studio.build("1.1", 60, &[0, 7]));
    let first = publish_to(&store, &old, |_| {}).unwrap();
    assert_eq!((first.outcome, first.build, first.seq), (Outcome::Published, 1, 1));
    assert!(first.packs_len > 4 << 20, "{first:?}");
    let before: u64 = store.list("").unwrap().iter().map(|listed| listed.len).sum();

    let second = publish_to(&store, &new, |_| {}).unwrap();
    assert_eq!((second.outcome, second.build, second.seq), (Outcome::Published, 2, 2));
    // A chunk or two of the large file, and a small file.
    assert!(second.new_len < 400 << 10, "{second:?}");
    assert!(second.packs_len * 10 < second.new_len * 11, "{second:?}");
    let after: u64 = store.list("").unwrap().iter().map(|listed| listed.len).sum();
    // The index, the manifest and the signed documents come on top.
    assert!(after - before < second.packs_len + (64 << 10), "{before} {after} {second:?}");
    assert!(check(&store, &[root()], None).unwrap().is_sound());
}

#[test]
fn the_same_build_again_is_there_already() {
    let studio = Studio::new();
    let store = studio.store("store");
    let build = studio.build("1.0", 10, &[]);
    publish_to(&store, &build, |_| {}).unwrap();
    let before = objects(&store);
    let again = publish_to(&store, &build, |options| options.pointer.now += 60).unwrap();
    assert_eq!((again.outcome, again.build, again.seq, again.sent_len), (Outcome::Present, 1, 1, 0));
    assert_eq!(objects(&store), before);
}

#[test]
fn a_dry_run_tells_and_changes_nothing() {
    let studio = Studio::new();
    let store = studio.store("store");
    let (old, new) = (studio.build("1.0", 20, &[]), studio.build("1.1", 20, &[3]));
    let dry = publish_to(&store, &old, |options| options.pointer.dry_run = true).unwrap();
    assert_eq!(dry.outcome, Outcome::DryRun);
    assert_eq!(objects(&store), []);
    let wet = publish_to(&store, &old, |_| {}).unwrap();
    assert_eq!((dry.packs_len, dry.new_len, dry.release), (wet.packs_len, wet.new_len, wet.release));
    let before = objects(&store);
    let dry = publish_to(&store, &new, |options| options.pointer.dry_run = true).unwrap();
    assert_eq!(objects(&store), before);
    assert!(dry.sent_len > 0 && dry.sent_len < wet.sent_len / 10, "{dry:?}");
}

#[test]
fn equal_input_gives_equal_stores() {
    let studio = Studio::new();
    let builds = [studio.build("1.0", 30, &[]), studio.build("1.1", 30, &[0, 4]), studio.build("1.2", 31, &[4])];
    let stores = ["a", "b"].map(|name| studio.store(name));
    for (number, store) in stores.iter().enumerate() {
        for build in &builds {
            publish_to(store, build, |options| {
                (options.patch_from, options.jobs) = (2, 1 + 3 * number);
            })
            .unwrap();
        }
    }
    let [one, other] = stores.map(|store| objects(&store));
    assert_eq!(one.len(), other.len());
    for (one, other) in one.iter().zip(&other) {
        assert!(one == other, "{} {}", one.0, other.0);
    }
}

#[test]
fn another_channel_and_another_platform_share_what_there_is() {
    let studio = Studio::new();
    let store = studio.store("store");
    let (old, new) = (studio.build("1.0", 40, &[]), studio.build("win", 40, &[1]));
    publish_to(&store, &old, |_| {}).unwrap();
    let mut other = options();
    other.platform = "windows".into();
    let report = publish(&new, &store, "beta", &keys(), &other).unwrap();
    assert!(report.new_len < 10 << 10, "{report:?}");
    assert_eq!((report.build, report.seq), (1, 1));
    // Numbers of builds count for each platform over all channels.
    let next = studio.build("1.1", 40, &[2]);
    let report = publish(&next, &store, "beta", &keys(), &options()).unwrap();
    assert_eq!((report.build, report.seq), (2, 2));
    assert!(check(&store, &[root()], None).unwrap().is_sound());
}

#[test]
fn damage_in_the_store_is_mended_by_what_is_sent_next() {
    let studio = Studio::new();
    let store = studio.store("store");
    let build = studio.build("1.0", 20, &[]);
    publish_to(&store, &build, |_| {}).unwrap();
    let pack = store.list("pack/").unwrap().remove(0).name;
    // Half of it is gone, as after a copy that was cut off.
    let bytes = store.get(&pack, u64::MAX).unwrap().unwrap().bytes;
    write(&studio.path("store").join(&pack), &bytes[..bytes.len() / 2]);
    assert!(!check(&store, &[root()], None).unwrap().is_sound());
    write(&build.join("new"), &noise(77, 100));
    let report = publish_to(&store, &build, |_| {}).unwrap();
    assert!(report.packs_len > bytes.len() as u64, "{report:?}");
    let report = check(&store, &[root()], None).unwrap();
    assert!(report.is_sound(), "{report:?}");
}
