//! Every decoder of what comes from outside has a fuzz target, every target a corpus in the repository, and none of its inputs makes anything panic.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use xtask::{fuzz, repository};

#[test]
fn every_decoder_has_a_target() {
    let findings = fuzz::uncovered(&repository());
    assert!(findings.is_empty(), "{findings:#?}");
}

#[test]
fn p1_to_p6_every_corpus_is_tried_again() {
    let findings = fuzz::replay(&repository());
    assert!(findings.is_empty(), "{findings:#?}");
}
