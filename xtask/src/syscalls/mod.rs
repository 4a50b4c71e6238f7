//! `cargo xtask syscalls`: the program as it is shipped, killed at each of its calls into the kernel, and failed at each of them with every error that fits.
//!
//! What it says must be true: after a success the tree is new; after a refusal that calls the tree unchanged it is unchanged, and stays so; whatever
//! was cut off, the next opening makes the tree exactly the old or the new one, and the one after that finds nothing to do. `strace` does the injecting.
#![expect(clippy::print_stdout, reason = "a program for people at a terminal")]

mod arena;
mod calls;
mod campaign;
mod strace;

use std::path::Path;

use arena::{Arena, TASKS};
use campaign::Campaign;

use crate::cargo;

/// Runs the campaign; the findings are what was not true.
pub(crate) fn run(root: &Path) -> Vec<String> {
    if !strace::is_at_hand() {
        println!("syscalls: SKIPPED: there is no strace, or it may not trace here");
        return Vec::new();
    }
    let args: Vec<String> = std::env::args().skip(2).collect();
    match attempt(root, stride(&args)) {
        Ok(findings) => findings,
        Err(why) => vec![why],
    }
}

/// `--every N` takes every Nth call only.
fn stride(args: &[String]) -> usize {
    let number = args.windows(2).find(|pair| pair[0] == "--every").and_then(|pair| pair[1].parse().ok());
    number.unwrap_or(1).max(1)
}

fn attempt(root: &Path, stride: usize) -> Result<Vec<String>, String> {
    let program = cargo::program(root, "untorn-cli", "untorn")?;
    let mut findings = Vec::new();
    for task in TASKS {
        let arena = Arena::new(&program, task)?;
        let mut campaign = Campaign::new(&arena, stride)?;
        campaign.kill_each_call()?;
        campaign.fail_each_call()?;
        println!("{}", campaign.summary());
        findings.extend(campaign.findings);
    }
    Ok(findings)
}
