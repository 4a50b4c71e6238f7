//! The tests: how long each takes, and which mutants it comes to.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use crate::interrupt;

use super::{
    program::Built,
    trial::{self, Run},
};

/// A test.
#[derive(Clone, Debug)]
pub(super) struct Test {
    pub program: PathBuf,
    pub name: String,
    pub time: Duration,
    pub reached: BTreeSet<u32>,
}

/// All tests, the quickest first.
pub(super) struct Suite {
    pub tests: Vec<Test>,
    pub dir: PathBuf,
}

impl Suite {
    /// Runs each test by itself, without a mistake; one that takes longer than `slowest` is left out.
    pub(super) fn measured(built: &Built, place: &Path, slowest: Duration) -> Result<Self, String> {
        let mut names = Vec::new();
        for program in &built.programs {
            let listed = Command::new(program).args(["--list", "--format", "terse"]).current_dir(&built.dir).output();
            let listed = listed.map_err(|error| format!("{}: {error}", program.display()))?;
            let text = String::from_utf8_lossy(&listed.stdout).into_owned();
            names.extend(
                text.lines().filter_map(|line| line.strip_suffix(": test")).map(|name| (program.clone(), name.to_owned())),
            );
        }
        let (next, tests) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    while let Some((program, name)) = names.get(next.fetch_add(1, Ordering::Relaxed)) {
                        let test = measured(program, name, built, place, slowest);
                        if let (Some(test), Ok(mut tests)) = (test, tests.lock()) {
                            tests.push(test);
                        }
                    }
                });
            }
        });
        let mut tests = tests.into_inner().map_err(|_| "a test could not be measured")?;
        tests.sort_by_key(|test| test.time);
        println!("mutants: {} tests of {}", tests.len(), names.len());
        Ok(Self { tests, dir: built.dir.clone() })
    }
}

fn measured(program: &Path, name: &str, built: &Built, place: &Path, slowest: Duration) -> Option<Test> {
    let trace = place.join(format!("reached-{}", name.replace(':', "_")));
    drop(fs::remove_file(&trace));
    if interrupt::happened() {
        return None;
    }
    let started = Instant::now();
    let run = Run { program, names: &[name], dir: &built.dir, place, time: slowest };
    let passed = trial::passes(&run, &[("UNTORN_MUTANTS_REACHED", &trace.to_string_lossy())]);
    let time = started.elapsed();
    let reached = fs::read_to_string(&trace).unwrap_or_default().lines().filter_map(|line| line.parse().ok()).collect();
    drop(fs::remove_file(&trace));
    println!(
        "mutants: {:6.2} s {name}{}",
        time.as_secs_f64(),
        if passed { "" } else { ": left out, fails by itself, or takes too long" }
    );
    passed.then(|| Test { program: program.to_owned(), name: name.to_owned(), time, reached })
}
