//! Patches and documents that were made to harm, patches applied to a tree in memory: whatever their bytes say, nothing panics, and memory stays bounded.
//!
//! A case is a number: it picks one of a few golden patches and what is done to it. Most mutations put the checksums right again, so that they reach what lies
//! behind them. The same number is always the same case.

mod documents;
mod memory;
mod mutate;
pub(crate) mod rng;
mod trees;

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    time::{Duration, Instant},
};

use memory::peak_bytes;
use rng::Rng;
use trees::Golden;

/// What can be typed.
pub(crate) const OPTIONS: &[&str] = &["--seconds N", "--seed S"];

/// How long, when nothing else is said.
const SECONDS: u64 = 60;

/// The most memory that any patch may cost, in bytes: the caps of the format keep the index of a forged patch to some hundred MiB.
const MEMORY_MAX: u64 = 512 << 20;

/// After so many cases that panic, more tell nothing new.
const FINDINGS_MAX: usize = 10;

/// The chore: `cargo xtask fuzz [--seconds N] [--seed N]`.
pub fn check(_: &Path) -> Vec<String> {
    match (argument("--seconds", SECONDS), argument("--seed", 0)) {
        (Ok(seconds), Ok(seed)) => run(Duration::from_secs(seconds), seed),
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
    let golden = match trees::golden() {
        Ok(golden) => golden,
        Err(error) => return vec![format!("fuzz: {error}")],
    };
    let (started, mut findings, mut number, mut accepted) = (Instant::now(), Vec::new(), seed, 0_u64);
    while started.elapsed() < time && findings.len() < FINDINGS_MAX {
        match catch_unwind(AssertUnwindSafe(|| case(&golden, number))) {
            Ok(was_read) => accepted += u64::from(was_read),
            Err(_) => {
                findings.push(format!("fuzz: case {number} panics; `cargo xtask fuzz --seconds 1 --seed {number}` shows it"));
            }
        }
        number += 1;
    }
    if accepted == 0 {
        findings.push("fuzz: no mutated patch was read at all: the mutations do not reach anything".to_owned());
    }
    findings.extend(peak_bytes().filter(|peak| *peak > MEMORY_MAX).map(|peak| format!("fuzz: it took {peak} bytes of memory")));
    findings
}

/// One case. Says whether the patch got past its index.
fn case(golden: &[Golden], number: u64) -> bool {
    let mut rng = Rng::new(number);
    // Documents are quickly read: most of the time is for patches all the same.
    if rng.below(2) == 0 {
        return documents::case(&mut rng);
    }
    let Some(golden) = golden.get(rng.below(golden.len())) else { return false };
    trees::try_patch(golden, &mutate::mutated(&golden.patch, &mut rng))
}
