//! The licences of what is linked in.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use serde_json::Value;

use super::build::Build;
use crate::cargo;

/// Every crate that is linked into what is handed out, its licence, and each text of a licence once.
pub(super) fn text(build: &Build) -> Result<String, String> {
    let tree = ["tree", "--locked", "--edges", "normal", "--prefix", "none", "--format", "{p}", "--target", "all"];
    let tree = cargo::output(&build.source, &[&tree[..], &["--package", "untorn-cli", "--package", "untorn-ffi"]].concat())?;
    let linked: BTreeSet<&str> = tree.lines().filter_map(|line| line.split_once(" v")).map(|(name, _)| name).collect();
    let mut crates = BTreeMap::new();
    let mut texts: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for package in build.packages().filter(|package| !package["source"].is_null()) {
        let field = |name: &str| package[name].as_str().unwrap_or_default();
        if !linked.contains(field("name")) {
            continue;
        }
        let name = format!("{} {}", field("name"), field("version"));
        for text in licences(package) {
            texts.entry(text).or_default().insert(name.clone());
        }
        crates.insert(name, field("license").to_owned());
    }
    let list: String = crates.iter().map(|(name, licence)| format!("{name}: {licence}\n")).collect();
    let texts: String = texts.iter().map(|(text, of)| of_all(of, text)).collect();
    Ok(format!("What others wrote, and is part of this, with the licences it is under.\n\n{list}{texts}"))
}

fn of_all(crates: &BTreeSet<String>, text: &str) -> String {
    let of = crates.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
    format!("\n{}\n{of}\n\n{}\n", "=".repeat(80), text.trim_end())
}

/// The texts of licences that lie beside a crate's manifest.
fn licences(package: &Value) -> Vec<String> {
    let dir = package["manifest_path"].as_str().and_then(|path| Path::new(path).parent());
    let entries = dir.and_then(|dir| fs::read_dir(dir).ok()).into_iter().flatten().filter_map(Result::ok);
    let is_licence =
        |name: &str| ["LICEN", "COPYING", "COPYRIGHT", "NOTICE", "UNLICENSE"].iter().any(|start| name.starts_with(start));
    let named = entries.filter(|entry| is_licence(&entry.file_name().to_string_lossy().to_uppercase()));
    named.filter_map(|entry| fs::read_to_string(entry.path()).ok()).collect()
}
