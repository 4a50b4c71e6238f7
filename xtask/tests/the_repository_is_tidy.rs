//! The chores that check something, as an ordinary test.

use xtask::{bindings, dependencies, repository, tidy};

#[test]
fn the_rules_of_the_house_hold() {
    let findings = tidy::check(&repository());
    assert!(findings.is_empty(), "\n{}", findings.join("\n"));
}

#[test]
fn every_dependency_is_one_that_deny_toml_allows() {
    let findings = dependencies::check(&repository());
    assert!(findings.is_empty(), "\n{}", findings.join("\n"));
}

#[test]
fn the_header_and_the_declarations_for_c_sharp_are_what_the_interface_says() {
    let findings = bindings::check(&repository());
    assert!(findings.is_empty(), "\n{}", findings.join("\n"));
}
