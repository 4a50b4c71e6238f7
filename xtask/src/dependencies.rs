//! Licences, bans and sources of everything we depend on, as `deny.toml` says. For machines without cargo-deny, which knows more; both
//! read the same lists.

use std::path::Path;

use serde_json::Value;

use crate::cargo;
use crate::licence::is_allowed;
use crate::lists::list;

const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// What `deny.toml` allows and bans.
struct Policy {
    licences: Vec<String>,
    banned: Vec<String>,
}

/// Checks every package that is built on this system, those of tests too.
#[must_use]
pub fn check(root: &Path) -> Vec<String> {
    let policy = std::fs::read_to_string(root.join("deny.toml")).map_err(|error| format!("deny.toml: {error}")).and_then(policy);
    let packages = cargo::metadata(root, &["--filter-platform", "x86_64-unknown-linux-gnu"]);
    match (policy, packages) {
        (Ok(policy), Ok(metadata)) => findings(&policy, &metadata),
        (Err(error), _) | (_, Err(error)) => vec![error],
    }
}

/// Lists that cannot be found would allow everything or nothing: that is an error.
fn policy(toml: String) -> Result<Policy, String> {
    let policy = Policy { licences: list(&toml, "licenses", "allow"), banned: list(&toml, "bans", "deny") };
    if policy.licences.is_empty() || policy.banned.is_empty() {
        return Err("deny.toml: no list of allowed licences, or none of banned crates".into());
    }
    Ok(policy)
}

fn findings(policy: &Policy, metadata: &Value) -> Vec<String> {
    metadata["packages"].as_array().into_iter().flatten().flat_map(|package| judge(policy, package)).collect()
}

fn judge(policy: &Policy, package: &Value) -> Vec<String> {
    let text = |key: &str| package[key].as_str().unwrap_or_default();
    let (name, licence, source) = (text("name"), text("license"), text("source"));
    let mut findings = Vec::new();
    if !is_allowed(licence, &policy.licences) {
        findings.push(format!("{name}: stands under {licence:?}, which deny.toml does not allow"));
    }
    if policy.banned.iter().any(|banned| banned == name) {
        findings.push(format!("{name}: is banned by deny.toml"));
    }
    // Our own have no source.
    if !package["source"].is_null() && source != REGISTRY {
        findings.push(format!("{name}: comes from {source}, not from crates.io"));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(name: &str, licence: &str, source: Option<&str>) -> usize {
        let policy = policy("[licenses]\nallow = [\"MIT\"]\n[bans]\ndeny = [{ crate = \"tokio\" }]\n".into()).unwrap();
        findings(&policy, &serde_json::json!({ "packages": [{ "name": name, "license": licence, "source": source }] })).len()
    }

    #[test]
    fn each_offence_is_found() {
        assert_eq!(found("blake3", "MIT", Some(REGISTRY)), 0);
        assert_eq!(found("ours", "MIT", None), 0);
        assert_eq!(found("blake3", "GPL-3.0", Some(REGISTRY)), 1);
        assert_eq!(found("tokio", "MIT", Some(REGISTRY)), 1);
        assert_eq!(found("blake3", "MIT", Some("git+https://example.org/a")), 1);
    }

    #[test]
    fn an_empty_policy_is_refused() {
        assert!(policy(String::new()).is_err());
    }
}
