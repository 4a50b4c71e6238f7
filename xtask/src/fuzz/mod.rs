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

use crate::arguments;

/// What can be typed.
pub(crate) const OPTIONS: &[&str] = &["--seconds N", "--seed S", "--each", "--target NAME", "--corpus"];

/// How long, when nothing else is said.
const SECONDS: u64 = 60;

/// The most memory that any input may cost, in bytes: the caps of the format keep the index of a forged patch to some hundred MiB.
const MEMORY_MAX: u64 = 512 << 20;

/// After so many cases that panic, more tell nothing new.
const FINDINGS_MAX: usize = 10;

/// So many cases of one target, and one is read: of most targets one in ten is, of the rarest one in three hundred.
const CASES_ENOUGH: u64 = 4_000;

/// The chore, with what stands behind `cargo xtask fuzz`.
pub fn check(root: &Path) -> Vec<String> {
    let words: Vec<String> = std::env::args().skip(2).collect();
    let has = |word: &str| words.iter().any(|given| given == word);
    if has("--corpus") {
        return corpus::make(root).err().into_iter().collect();
    }
    let asked = || -> Result<Vec<String>, String> {
        let time = Duration::from_secs(arguments::number(&words, "--seconds", SECONDS, &(1..=u64::MAX))?);
        let seed = arguments::number(&words, "--seed", 0, &(0..=u64::MAX))?;
        let targets = chosen(ready()?, arguments::text(&words, "--target"))?;
        let found = |target: &str, input: &[u8]| corpus::keep(root, target, input);
        if !has("--each") {
            return Ok(try_for(time, seed, &targets, &found));
        }
        Ok(targets.into_iter().flat_map(|target| alone(time, seed, target, &found)).collect())
    };
    asked().unwrap_or_else(|error| vec![format!("fuzz: {error}")])
}

/// Tries cases from number `seed` on for so long. Gives those that panicked, and what took too much memory.
#[must_use]
pub fn run(time: Duration, seed: u64) -> Vec<String> {
    match ready() {
        Ok(targets) => try_for(time, seed, &targets, &|_, _| String::new()),
        Err(error) => vec![format!("fuzz: {error}")],
    }
}

/// Tries one target for so long, and says how it went.
#[expect(clippy::print_stdout, reason = "a campaign for people at a terminal")]
fn alone(time: Duration, seed: u64, target: Ready, found: &dyn Fn(&str, &[u8]) -> String) -> Vec<String> {
    let (name, targets) = (target.0.name, [target]);
    let outcome = attempts(time, seed, &targets, found);
    let count = outcome.counts.first().copied().unwrap_or_default();
    println!("{name}: {} cases in {} s, {} of them read", count.tried, time.as_secs(), count.read);
    concluded(&targets, outcome)
}

/// Tries cases of these targets for so long; hands on each input that made something panic, and takes what to say of that.
fn try_for(time: Duration, seed: u64, targets: &[Ready], found: &dyn Fn(&str, &[u8]) -> String) -> Vec<String> {
    concluded(targets, attempts(time, seed, targets, found))
}

/// What came of the cases of one target.
#[derive(Clone, Copy, Default)]
struct Count {
    tried: u64,
    /// How many of them were not refused.
    read: u64,
}

/// What came of all.
struct Outcome {
    /// One for each target, in their order.
    counts: Vec<Count>,
    findings: Vec<String>,
}

fn attempts(time: Duration, seed: u64, targets: &[Ready], found: &dyn Fn(&str, &[u8]) -> String) -> Outcome {
    let (started, mut number) = (Instant::now(), seed);
    let mut outcome = Outcome { counts: vec![Count::default(); targets.len()], findings: Vec::new() };
    while started.elapsed() < time && outcome.findings.len() < FINDINGS_MAX {
        let mut rng = Rng::new(number);
        let at = drawn(targets, &mut rng);
        let (Some((target, golden)), Some(count)) = (targets.get(at), outcome.counts.get_mut(at)) else { break };
        let input = target.case(golden, &mut rng);
        count.tried += 1;
        match catch_unwind(AssertUnwindSafe(|| (target.attempt)(&input).is_ok())) {
            Ok(was_read) => count.read += u64::from(was_read),
            Err(_) => {
                let only = if targets.len() == 1 { format!(" --target {}", target.name) } else { String::new() };
                let again = format!("`cargo xtask fuzz --seconds 1 --seed {number}{only}` shows it");
                let kept = found(target.name, &input);
                outcome.findings.push(format!("fuzz: case {number} of {} panics; {again}; {kept}", target.name));
            }
        }
        number += 1;
    }
    outcome
}

/// The findings, and what is wrong with all cases together.
fn concluded(targets: &[Ready], outcome: Outcome) -> Vec<String> {
    let unread = targets.iter().zip(&outcome.counts).filter(|(_, count)| count.read == 0 && count.tried > CASES_ENOUGH);
    let unread = unread.map(|((target, _), _)| format!("fuzz: no changed input of {} was read: they reach nothing", target.name));
    let memory = peak_bytes().filter(|peak| *peak > MEMORY_MAX).map(|peak| format!("fuzz: it took {peak} bytes of memory"));
    outcome.findings.into_iter().chain(unread).chain(memory).collect()
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

/// All of them, or the one that is called so.
fn chosen(targets: Vec<Ready>, name: Option<&str>) -> Result<Vec<Ready>, String> {
    let Some(name) = name else { return Ok(targets) };
    let names: Vec<_> = targets.iter().map(|(target, _)| target.name).collect();
    let unknown = format!("there is no target {name:?}; there are {}", names.join(", "));
    let target = targets.into_iter().find(|(target, _)| target.name == name).ok_or(unknown)?;
    Ok(vec![target])
}

/// One of them, each as often as its share says.
fn drawn(targets: &[Ready], rng: &mut Rng) -> usize {
    let mut left = rng.below(targets.iter().map(|(target, _)| target.share).sum());
    for (number, (target, _)) in targets.iter().enumerate() {
        match left.checked_sub(target.share) {
            Some(rest) => left = rest,
            None => return number,
        }
    }
    0
}
