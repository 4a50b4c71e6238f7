//! A bucket keeps every promise of a store. Needs the feature `cloud` and a server that speaks S3: `.ci/run` starts one and names an empty
//! bucket in `UNTORN_TEST_BUCKET`.
#![allow(clippy::unwrap_used, clippy::panic, clippy::cast_possible_truncation, reason = "a test fails by panicking, helpers too")]

mod util;

#[test]
#[cfg_attr(not(feature = "cloud"), ignore = "S3 was not run: it needs the feature `cloud` and a server, see .ci/run")]
fn it_keeps_every_promise() {
    let Some(bucket) = std::env::var_os("UNTORN_TEST_BUCKET") else {
        eprintln!("skipped: S3 was not run; no bucket in UNTORN_TEST_BUCKET; .ci/run starts a server");
        return;
    };
    let place = format!("{}/conformance", bucket.to_str().unwrap());
    util::conformance::check(untorn_publish::open_store(&place, false).unwrap().as_ref());
}
