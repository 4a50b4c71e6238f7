//! The picture of the house: who may know whom. A new edge deserves slow thought, and then a new line here.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;

use crate::cargo;

/// Each published crate and those of ours it depends on.
const PICTURE: &[(&str, &[&str])] = &[
    ("untorn-format", &[]),
    ("untorn-fs", &[]),
    ("untorn-sim", &["untorn-fs"]),
    ("untorn-strace", &[]),
    ("untorn-testhost", &[]),
    ("untorn-txn", &["untorn-format", "untorn-fs"]),
    ("untorn-crash", &["untorn-fs", "untorn-sim", "untorn-txn"]),
    ("untorn-powercut", &["untorn-crash", "untorn-format", "untorn-fs", "untorn-sim", "untorn-strace", "untorn-txn"]),
    ("untorn-archive", &[]),
    ("untorn-delta", &["untorn-archive", "untorn-format"]),
    ("untorn-store", &["untorn-format"]),
    ("untorn-remote", &["untorn-format"]),
    ("untorn-trust", &["untorn-format"]),
    ("untorn", &["untorn-delta", "untorn-format", "untorn-fs", "untorn-remote", "untorn-store", "untorn-trust", "untorn-txn"]),
    ("untorn-keys", &["untorn-format", "untorn-trust"]),
    ("untorn-publish", &["untorn", "untorn-format", "untorn-fs", "untorn-store", "untorn-trust"]),
    ("untorn-studio", &["untorn", "untorn-archive", "untorn-format", "untorn-fs"]),
    ("untorn-ffi", &["untorn"]),
    ("untorn-import", &["untorn", "untorn-fs"]),
    ("untorn-cli", &["untorn", "untorn-import", "untorn-keys", "untorn-publish", "untorn-studio"]),
];

/// The names of crates, and of those they depend on.
type Edges = BTreeMap<String, BTreeSet<String>>;

/// Compares the manifests with the picture. Dependencies of tests do not count.
pub(super) fn check(root: &Path) -> Vec<String> {
    match cargo::metadata(root, &["--no-deps"]) {
        Ok(metadata) => compare(&edges(&metadata)),
        Err(error) => vec![format!("edges: {error}")],
    }
}

fn edges(metadata: &Value) -> Edges {
    let packages = metadata["packages"].as_array().into_iter().flatten();
    let ours = packages.map(|package| (text(&package["name"]), dependencies(package)));
    ours.filter(|(name, _)| name.starts_with("untorn")).collect()
}

fn dependencies(package: &Value) -> BTreeSet<String> {
    let all = package["dependencies"].as_array().into_iter().flatten();
    let lasting = all.filter(|dependency| dependency["kind"].as_str() != Some("dev"));
    lasting.map(|dependency| text(&dependency["name"])).filter(|name| name.starts_with("untorn")).collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn compare(found: &Edges) -> Vec<String> {
    let picture: Edges = PICTURE.iter().map(|(name, to)| ((*name).into(), to.iter().map(|&to| to.into()).collect())).collect();
    let names: BTreeSet<&String> = picture.keys().chain(found.keys()).collect();
    let differing = names.into_iter().filter(|name| picture.get(*name) != found.get(*name));
    differing.map(|name| finding(name, picture.get(name), found.get(name))).collect()
}

fn finding(name: &str, wanted: Option<&BTreeSet<String>>, found: Option<&BTreeSet<String>>) -> String {
    match (wanted, found) {
        (None, _) => format!("crates/{name}: has no place in the picture of the house (xtask/src/tidy/edges.rs)"),
        (_, None) => format!("crates/{name}: is in the picture of the house, but not in the workspace"),
        (Some(wanted), Some(found)) => format!("crates/{name}: depends on {found:?}, the picture of the house says {wanted:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture() -> Edges {
        PICTURE.iter().map(|(name, to)| ((*name).into(), to.iter().map(|&to| to.into()).collect())).collect()
    }

    #[test]
    fn the_picture_agrees_with_itself() {
        assert_eq!(compare(&picture()), Vec::<String>::new());
    }

    #[test]
    fn an_edge_too_many_and_a_stranger_are_found() {
        let mut edges = picture();
        edges.entry("untorn-txn".into()).or_default().insert("untorn-delta".into());
        edges.insert("untorn-util".into(), BTreeSet::new());
        assert_eq!(compare(&edges).len(), 2);
    }

    #[test]
    fn dependencies_of_tests_do_not_count() {
        let package = serde_json::json!({ "dependencies": [
            { "name": "untorn-sim", "kind": "dev" }, { "name": "untorn-fs", "kind": null }, { "name": "blake3", "kind": null },
        ]});
        assert_eq!(dependencies(&package), BTreeSet::from(["untorn-fs".to_owned()]));
    }
}
