//! P1 to P6 and P11, by mutation: a few seconds of it in every run of the tests; `cargo xtask fuzz` goes on for as long as is wanted.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

#[test]
fn in_a_few_seconds() {
    let findings = xtask::fuzz::run(Duration::from_secs(3), 0);
    assert!(findings.is_empty(), "{findings:#?}");
}
