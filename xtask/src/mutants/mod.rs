//! `cargo xtask mutants`: mutation testing of a crate, hundreds of mutants in an hour.
//!
//! `cargo-mutants` lists the mistakes that could be made, one operator or one result at a time. It would build and test the crate once for each. Here all that
//! compile are built into one program, in a copy of the repository, where an environment variable chooses one; then only tests are run, and for each mutant only
//! those that come to it, the quick ones first, until one fails. What no test notices is a finding: a test is missing, or the mistake is none.
#![expect(clippy::print_stdout, reason = "a program for people at a terminal")]

mod listed;
mod program;
mod rewrite;
mod suite;
mod trial;

use std::{
    path::Path,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use listed::Mutant;
use suite::Suite;
use trial::Outcome;

use crate::interrupt;

/// What can be typed.
pub(crate) const OPTIONS: &[&str] = &["--package NAME", "--file A,B", "--only TEXT", "--again LOG", "--slowest N", "--jobs N"];

/// The chore; the findings are the mutants that no test noticed.
pub(crate) fn run(root: &Path) -> Vec<String> {
    let args: Vec<String> = std::env::args().skip(2).collect();
    Wanted::from_args(&args).and_then(|wanted| attempt(root, &wanted)).unwrap_or_else(|why| vec![why])
}

/// What is asked for.
struct Wanted {
    package: String,
    /// The sources whose mutants are tried, without folder and `.rs`; none: all of the package.
    files: Vec<String>,
    /// Only mutants whose name has this in it.
    only: String,
    /// Only those that an earlier run called missed, by what is changed and where, but for the line: it may have moved.
    again: Option<Vec<String>>,
    /// A test that takes longer is not run.
    slowest: Duration,
    jobs: usize,
}

impl Wanted {
    fn from_args(args: &[String]) -> Result<Self, String> {
        let mut wanted = Self {
            package: "untorn-txn".to_owned(),
            files: Vec::new(),
            only: String::new(),
            again: None,
            slowest: Duration::from_secs(20),
            jobs: 2,
        };
        let mut args = args.iter();
        while let Some(name) = args.next() {
            let value = args.next().ok_or_else(|| format!("{name} wants a value"))?;
            let number = || value.parse::<u64>().map_err(|_| format!("{name} wants a number, not {value:?}"));
            match name.as_str() {
                "--package" => wanted.package.clone_from(value),
                "--file" => wanted.files = value.split(',').map(str::to_owned).collect(),
                "--only" => wanted.only.clone_from(value),
                "--again" => wanted.again = Some(missed(value)?),
                "--slowest" => wanted.slowest = Duration::from_secs(number()?),
                "--jobs" => wanted.jobs = usize::try_from(number()?.max(1)).unwrap_or(1),
                _ => return Err(format!("there is no option {name:?}; `cargo xtask mutants --help` lists them")),
            }
        }
        Ok(wanted)
    }

    fn wants(&self, mutant: &Mutant) -> bool {
        (self.files.is_empty() || self.files.contains(&mutant.stem()))
            && mutant.name.contains(&self.only)
            && self.again.as_ref().is_none_or(|names| names.contains(&without_place(&mutant.name)))
    }
}

/// What a log of this chore calls missed.
fn missed(log: &str) -> Result<Vec<String>, String> {
    let text = std::fs::read_to_string(log).map_err(|error| format!("{log}: {error}"))?;
    let names = text.lines().filter_map(|line| line.strip_prefix("missed: ").or_else(|| line.strip_prefix("unreached: ")));
    Ok(names.map(without_place).collect())
}

/// A name without its line and column.
fn without_place(name: &str) -> String {
    let mut parts = name.splitn(4, ':');
    let (file, what) = (parts.next().unwrap_or_default(), parts.nth(2).unwrap_or_default());
    format!("{file}:{what}")
}

fn attempt(root: &Path, wanted: &Wanted) -> Result<Vec<String>, String> {
    interrupt::listen();
    let place = root.join("target/mutants");
    let mutants = listed::mutants(root, &wanted.package)?;
    println!("mutants: {} listed by cargo-mutants in {}", mutants.len(), wanted.package);
    let built = program::build(root, &place.join("tree"), &wanted.package, &mutants)?;
    let suite = Suite::measured(&built, &place, wanted.slowest)?;
    let chosen: Vec<&Mutant> = mutants.iter().filter(|mutant| wanted.wants(mutant)).collect();
    let outcomes = outcomes(&chosen, &built.not_built, &suite, wanted, &place);
    if interrupt::happened() {
        return Err("interrupted; nothing of it runs any more".to_owned());
    }
    Ok(report(&chosen, &outcomes))
}

/// Tries all of them, some at a time.
fn outcomes(chosen: &[&Mutant], not_built: &[u32], suite: &Suite, wanted: &Wanted, place: &Path) -> Vec<Outcome> {
    let (next, done) = (AtomicUsize::new(0), Mutex::new(vec![Outcome::NotBuilt; chosen.len()]));
    std::thread::scope(|scope| {
        for _ in 0..wanted.jobs {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(mutant) = chosen.get(at).filter(|_| !interrupt::happened()) else { return };
                    let outcome =
                        if not_built.contains(&mutant.number) { Outcome::NotBuilt } else { trial::outcome(mutant, suite, place) };
                    println!("{outcome}: {}", mutant.name);
                    if let Ok(mut done) = done.lock() {
                        done[at] = outcome;
                    }
                }
            });
        }
    });
    done.into_inner().unwrap_or_default()
}

/// A table for `docs/testing.md`, and the ones that no test noticed.
fn report(chosen: &[&Mutant], outcomes: &[Outcome]) -> Vec<String> {
    let mut stems: Vec<String> = chosen.iter().map(|mutant| mutant.stem()).collect();
    stems.sort();
    stems.dedup();
    let count = |stem: &str, is: &dyn Fn(&Outcome) -> bool| {
        chosen.iter().zip(outcomes).filter(|(mutant, outcome)| mutant.stem() == stem && is(outcome)).count()
    };
    println!("\n| file | mutants | caught | missed | not built |\n|---|---|---|---|---|");
    for stem in &stems {
        let caught = count(stem, &|outcome| matches!(outcome, Outcome::Caught(_)));
        let missed = count(stem, &|outcome| matches!(outcome, Outcome::Missed | Outcome::Unreached));
        let not_built = count(stem, &|outcome| matches!(outcome, Outcome::NotBuilt));
        println!("| `{stem}.rs` | {} | {caught} | {missed} | {not_built} |", caught + missed);
    }
    let missed = chosen.iter().zip(outcomes).filter(|(_, outcome)| matches!(outcome, Outcome::Missed | Outcome::Unreached));
    missed.map(|(mutant, outcome)| format!("{outcome}: {}", mutant.name)).collect()
}
