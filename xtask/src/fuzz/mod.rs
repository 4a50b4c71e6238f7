//! Inputs that were made to harm: whatever their bytes say, nothing panics, and memory stays bounded.
//!
//! A case is a number: it picks a target (a decoder, or an updater that applies a patch to a tree in memory), one of its golden inputs, and what is done to it. Most mutations put the
//! checksums right again, so that they reach what lies behind them. The same number is always the same case.
//!
//! Each target has a corpus, in the repository: its golden inputs, one input for each way of being refused that was found, and whatever made something panic once. Plain tests try it again.

mod corpus;
mod coverage;
mod documents;
mod memory;
mod mutate;
mod patches;
#[path = "../../../crates/untorn-delta/tests/all/programs/mod.rs"]
mod programs;
pub(crate) mod rng;
mod store;
mod target;
mod texts;
mod trees;

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    time::{Duration, Instant},
};

pub use corpus::replay;
pub use coverage::uncovered;
use memory::peak_bytes;
use rng::Rng;
use target::{Target, targets};

/// What can be typed.
pub(crate) const OPTIONS: &[&str] = &["--seconds N", "--seed S", "--corpus"];

/// How long, when nothing else is said.
const SECONDS: u64 = 60;

/// The most memory that any input may cost, in bytes: the caps of the format keep the index of a forged patch to some hundred MiB.
const MEMORY_MAX: u64 = 512 << 20;

/// After so many cases that panic, more tell nothing new.
const FINDINGS_MAX: usize = 10;

/// The chore: `cargo xtask fuzz [--seconds N] [--seed N]`, and `--corpus`, which makes the corpora anew.
pub fn check(root: &Path) -> Vec<String> {
    if std::env::args().any(|arg| arg == "--corpus") {
        return corpus::make(root).err().into_iter().collect();
    }
    match (argument("--seconds", SECONDS), argument("--seed", 0)) {
        (Ok(seconds), Ok(seed)) => {
            try_for(Duration::from_secs(seconds), seed, &|target, input| corpus::keep(root, target, input))
        }
        (Err(error), _) | (_, Err(error)) => vec![error],
    }
}

fn argument(name: &str, default: u64) -> Result<u64, String> {
    let mut args = std::env::args().skip_while(|arg| arg != name).skip(1);
    args.next().map_or(Ok(default), |text| text.parse().map_err(|_| format!("{name} wants a number, not {text:?}")))
}

/// Tries cases from number `seed` on for so long. Gives those that panicked, and what took too much memory.
#[must_use]
pub fn run(time: Duration, seed: u64) -> Vec<String> {
    try_for(time, seed, &|_, _| String::new())
}

/// As [`run`]; hands on each input that made something panic, and takes what to say of that.
fn try_for(time: Duration, seed: u64, found: &dyn Fn(&str, &[u8]) -> String) -> Vec<String> {
    let targets = match ready() {
        Ok(targets) => targets,
        Err(error) => return vec![format!("fuzz: {error}")],
    };
    let (started, mut findings, mut number) = (Instant::now(), Vec::new(), seed);
    let mut read = vec![0_u64; targets.len()];
    while started.elapsed() < time && findings.len() < FINDINGS_MAX {
        let mut rng = Rng::new(number);
        let chosen = chosen(&targets, &mut rng);
        let Some((target, golden)) = targets.get(chosen) else { break };
        let input = target.case(golden, &mut rng);
        match catch_unwind(AssertUnwindSafe(|| (target.attempt)(&input).is_ok())) {
            Ok(was_read) => read[chosen] += u64::from(was_read),
            Err(_) => {
                let again = format!("`cargo xtask fuzz --seconds 1 --seed {number}` shows it");
                findings.push(format!("fuzz: case {number} of {} panics; {again}; {}", target.name, found(target.name, &input)));
            }
        }
        number += 1;
    }
    let unread = targets.iter().zip(read).filter(|(_, read)| *read == 0).map(|((target, _), _)| target.name);
    // With few cases each, a rare one may be unlucky.
    let unread: Vec<_> = if number - seed > 20_000 { unread.collect() } else { Vec::new() };
    findings.extend(unread.iter().map(|name| format!("fuzz: no changed input of {name} was read at all: they reach nothing")));
    findings.extend(peak_bytes().filter(|peak| *peak > MEMORY_MAX).map(|peak| format!("fuzz: it took {peak} bytes of memory")));
    findings
}

/// A target with its golden inputs.
type Ready = (Target, Vec<Vec<u8>>);

/// The targets, each golden input of which is read.
fn ready() -> Result<Vec<Ready>, String> {
    let with_golden = |target: Target| {
        let golden = (target.golden)().map_err(|error| format!("{}: {error}", target.name))?;
        for input in &golden {
            (target.attempt)(input).map_err(|error| format!("a golden input of {} is refused: {error}", target.name))?;
        }
        Ok((target, golden))
    };
    targets().into_iter().map(with_golden).collect()
}

/// One of them, each as often as its share says.
fn chosen(targets: &[Ready], rng: &mut Rng) -> usize {
    let mut left = rng.below(targets.iter().map(|(target, _)| target.share).sum());
    for (number, (target, _)) in targets.iter().enumerate() {
        match left.checked_sub(target.share) {
            Some(rest) => left = rest,
            None => return number,
        }
    }
    0
}
