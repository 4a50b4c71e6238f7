//! An update in steps, for a disk that has no room for all of it at once: the trees that there may be between them.

use std::{collections::BTreeMap, path::Path, process::Command};

use serde_json::Value;
use untorn_sim::{Entry, Snapshot};
use untorn_strace::{self as strace, Injection};

use super::{builds::noise, family::untorn_in};
use crate::lab::look;

/// The workloads: on a disk with room, and on one without.
pub(in crate::lab) const NAMES: [&str; 2] = ["low-disk", "low-disk-full"];

/// What updates the tree, and what goes on wherever that was cut off.
pub(super) const STEP: &[&str] = &["apply", "low-patch", "{tree}", "--unsigned", "--low-disk", "--step", "1"];

/// So much room has an update that needs two thirds of it in steps, and twice as much otherwise.
pub(super) const LEAVE: u64 = 2 << 20;

/// After so many calls that write it is done.
const WRITES_MAX: usize = 2000;

/// The old tree, what whole steps make of it, and the new one; with a patch between the two in `dir`.
///
/// What is between follows from the patch and the length of a step. So it can be had by cutting the update off at call after call, the page cache kept.
///
/// # Errors
/// What keeps it from being made; there is no `strace`.
pub(super) fn trees(dir: &Path, program: &Path) -> Result<Vec<Snapshot>, String> {
    if !strace::is_at_hand() {
        return Err("low-disk: there is no strace".into());
    }
    let failed = |error: std::io::Error| format!("low-disk: {error}");
    let (old, new) = builds();
    for (name, tree) in [("low-old", &old), ("low-new", &new)] {
        look::make(&dir.join(name), tree).map_err(failed)?;
    }
    untorn_in(dir, program, &["diff", "low-old", "low-new", "-o", "low-patch"])?;
    let tree = dir.join("low-tree");
    let words: Vec<&str> = STEP.iter().map(|&word| if word == "{tree}" { "low-tree" } else { word }).collect();
    let mut found = BTreeMap::new();
    let mut steps = None;
    for number in 1..WRITES_MAX {
        if tree.exists() {
            std::fs::remove_dir_all(&tree).map_err(failed)?;
        }
        look::make(&tree, &old).map_err(failed)?;
        untorn_in(dir, program, &["recover", "low-tree"])?;
        let injection = Injection { call: "pwrite64".into(), number, what: "signal=KILL".into(), sticky: false };
        let ended = strace::inject(program, &words, dir, &injection)?;
        if ended.status.success() {
            break;
        }
        untorn_in(dir, program, &["recover", "low-tree"])?;
        let status = Command::new(program).args(["status", "low-tree", "--json"]).current_dir(dir).output().map_err(failed)?;
        let document: Value = serde_json::from_slice(&status.stdout).unwrap_or_default();
        let half_way = &document["result"]["half_way"];
        if let (Some(done), Some(all)) = (half_way["done"].as_u64(), half_way["steps"].as_u64()) {
            steps = Some(all);
            let now = look::snapshot(&tree).map_err(failed)?;
            if found.insert(done, now.clone()).is_some_and(|before| before != now) {
                return Err(format!("low-disk: {done} steps made two different trees"));
            }
        }
    }
    let steps = steps.ok_or("low-disk: the update was done in one step")?;
    if !found.keys().copied().eq(1..steps) {
        return Err(format!("low-disk: of {steps} steps these were seen: {:?}", found.keys()));
    }
    Ok([old].into_iter().chain(found.into_values()).chain([new]).collect())
}

/// Content that moves by some bytes, two files that exchange theirs, and all else that a step can do.
fn builds() -> (Snapshot, Snapshot) {
    let (pak, left, right) = (noise(21, 2_500_000), noise(22, 300_000), noise(23, 300_000));
    let file = |bytes: &[u8]| Entry::File { bytes: bytes.to_vec(), executable: false };
    let tree = |entries: Vec<(&str, Entry)>| Snapshot(entries.into_iter().map(|(path, entry)| (path.into(), entry)).collect());
    let old = tree(vec![
        ("gone", Entry::Dir),
        ("gone/x", file(&noise(24, 200_000))),
        ("left", file(&left)),
        ("pak", file(&pak)),
        ("right", file(&right)),
        ("same", file(b"same")),
        ("tool", file(b"#!/bin/sh\n")),
    ]);
    let new = tree(vec![
        ("fresh", Entry::Dir),
        ("fresh/y", file(&noise(25, 250_000))),
        ("left", file(&[&right[..150_000], &left[150_000..]].concat())),
        ("link", Entry::Symlink { target: "pak".into() }),
        ("pak", file(&[b"shifted", &pak[..]].concat())),
        ("right", file(&[&left[..150_000], &right[150_000..]].concat())),
        ("same", file(b"same")),
        ("tool", Entry::File { bytes: b"#!/bin/sh\n".to_vec(), executable: true }),
    ]);
    (old, new)
}
