//! A bucket keeps every promise of a store. Needs the feature `cloud` and a server that speaks S3: `.ci/run` starts one and names an empty
//! bucket in `UNTORN_TEST_BUCKET`.

use crate::util::studio::{Studio, noise, publish_to, root, write};
use untorn_publish::{CollectOptions, Outcome, check, collect};

#[test]
#[cfg_attr(not(feature = "cloud"), ignore = "S3 was not run: it needs the feature `cloud` and a server, see .ci/run")]
fn it_keeps_every_promise() {
    let Some(bucket) = std::env::var_os("UNTORN_TEST_BUCKET") else {
        eprintln!("skipped: S3 was not run; no bucket in UNTORN_TEST_BUCKET; .ci/run starts a server");
        return;
    };
    let place = format!("{}/conformance", bucket.to_str().unwrap());
    crate::util::conformance::check(untorn_publish::open_store(&place, false).unwrap().as_ref());
}

#[test]
#[cfg_attr(not(feature = "cloud"), ignore = "S3 was not run: it needs the feature `cloud` and a server, see .ci/run")]
fn a_studio_publishes_to_it() {
    let Some(bucket) = std::env::var_os("UNTORN_TEST_BUCKET") else {
        eprintln!("skipped: S3 was not run; no bucket in UNTORN_TEST_BUCKET; .ci/run starts a server");
        return;
    };
    let studio = Studio::new();
    let store = untorn_publish::open_store(&format!("{}/game", bucket.to_str().unwrap()), false).unwrap();
    let store = store.as_ref();
    // More than one pack, so that one is sent in parts.
    let (old, new) = (studio.build("1.0", 300, &[]), studio.build("1.1", 300, &[0, 7]));
    write(&old.join("large"), &noise(9, 20 << 20));
    publish_to(store, &old, |_| {}).unwrap();
    let report = publish_to(store, &new, |options| options.patch_from = 1).unwrap();
    assert!(report.new_len < 400 << 10 && report.patches.len() == 1, "{report:?}");
    assert_eq!(publish_to(store, &new, |_| {}).unwrap().outcome, Outcome::Present);
    let report = check(store, &[root()], None).unwrap();
    assert!(report.is_sound() && report.releases == 1, "{report:?}");
    let mut options = CollectOptions::default();
    options.keep = 1;
    assert!(!collect(store, &options).unwrap().removed.is_empty());
    let report = check(store, &[root()], None).unwrap();
    assert!(report.is_sound(), "{report:?}");
}
