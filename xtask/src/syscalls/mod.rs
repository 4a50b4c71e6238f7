//! `cargo xtask syscalls`: the program as it is shipped, killed at each of its calls into the kernel, and failed at each of them with every error that fits.
//!
//! What it says must be true: after a success the tree is new; after a refusal that calls the tree unchanged it is unchanged, and stays so; whatever
//! was cut off, the next opening makes the tree exactly the old or the new one, and the one after that finds nothing to do. `strace` does the injecting.
#![expect(clippy::print_stdout, reason = "a program for people at a terminal")]

mod arena;
mod campaign;
mod controls;
mod nested;

use std::path::Path;

use arena::{Arena, TASKS};
use campaign::Campaign;
use nested::Nested;

use crate::{cargo, interrupt};

/// What can be typed.
pub(crate) const OPTIONS: &[&str] = &["--every N", "--task NAME", "--seed S", "--only-nested", "--controls"];

/// Runs the campaign; the findings are what was not true.
pub(crate) fn run(root: &Path) -> Vec<String> {
    if !untorn_strace::is_at_hand() {
        println!("syscalls: SKIPPED: there is no strace, or it may not trace here");
        return Vec::new();
    }
    let args: Vec<String> = std::env::args().skip(2).collect();
    match attempt(root, &Wanted::from(&args)) {
        Ok(findings) => findings,
        Err(why) => vec![why],
    }
}

/// What is asked for: `--every N` takes every Nth call only, `--task NAME` only that task, `--seed S` other calls of recovery, `--only-nested`
/// nothing but recoveries that are interfered with, and `--controls` mistakes, which must be noticed.
struct Wanted {
    stride: usize,
    task: Option<String>,
    seed: u64,
    is_only_nested: bool,
    is_controls: bool,
}

impl From<&Vec<String>> for Wanted {
    fn from(args: &Vec<String>) -> Self {
        let value = |name: &str| crate::arguments::text(args, name);
        Self {
            stride: value("--every").and_then(|number| number.parse().ok()).unwrap_or(1).max(1),
            task: value("--task").map(str::to_owned),
            seed: value("--seed").and_then(|number| number.parse().ok()).unwrap_or(0),
            is_only_nested: args.iter().any(|arg| arg == "--only-nested"),
            is_controls: args.iter().any(|arg| arg == "--controls"),
        }
    }
}

fn attempt(root: &Path, wanted: &Wanted) -> Result<Vec<String>, String> {
    if wanted.task.as_ref().is_some_and(|name| TASKS.iter().all(|task| task.name != name)) {
        let names: Vec<&str> = TASKS.iter().map(|task| task.name).collect();
        return Err(format!("there is no such task; there are {}", names.join(", ")));
    }
    let program = cargo::program(root, "untorn-cli", "untorn")?;
    interrupt::listen();
    let mut findings = Vec::new();
    if wanted.is_controls {
        return controls::run(&program, &cargo::program(root, "untorn-powercut", "untorn-powercut")?, wanted.stride);
    }
    for task in TASKS.iter().filter(|task| wanted.task.as_ref().is_none_or(|name| name == task.name)) {
        let arena = Arena::new(&program, task)?;
        if !wanted.is_only_nested {
            let mut campaign = Campaign::new(&arena, wanted.stride)?;
            campaign.kill_each_call()?;
            campaign.fail_each_call()?;
            println!("{}", campaign.summary());
            findings.extend(campaign.findings);
        }
        let mut nested = Nested::new(&arena, wanted.seed)?;
        nested.run(wanted.stride)?;
        println!("{}", nested.summary());
        findings.extend(nested.findings);
    }
    Ok(findings)
}
