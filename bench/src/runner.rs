//! The loop: for every case and file system, round after round, one contender after the other.

use std::path::Path;
use std::process::{Command, ExitStatus};

use anyhow::Context;
use serde::Serialize;

use crate::args::Args;
use crate::cache::{drop_page_cache, settle};
use crate::case::Case;
use crate::contenders::Name;
use crate::image::{Image, KINDS};
use crate::interrupt;
use crate::machine::{self, Machine};
use crate::sample::Sample;
use crate::series::{Entry, Series};
use crate::target::Target;
use crate::task::{Phase, Task, VARIABLE};

/// Everything measured by one call of this program.
#[derive(Debug, Serialize)]
pub struct Results {
    /// Where.
    pub machine: Machine,
    /// What.
    pub series: Vec<Series>,
}

/// Runs `cases` as `args` say. A contender that fails is reported as missing; only what makes all figures worthless is an error.
pub fn run(cases: &[Case], args: &Args) -> anyhow::Result<Results> {
    let load = machine::load();
    let targets = targets(cases, args)?;
    let cold = !args.warm && drop_page_cache();
    let machine = Machine::describe(&targets, load, cold);
    let mut series = Vec::new();
    for case in cases {
        for target in &targets {
            series.push(run_case(case, target, args.runs, cold)?);
        }
    }
    Ok(Results { machine, series })
}

fn targets(cases: &[Case], args: &Args) -> anyhow::Result<Vec<Target>> {
    if !args.images {
        return Ok(vec![Target::directory(&args.dir)?]);
    }
    let image_len = image_len(cases);
    KINDS.iter().map(|kind| Target::image(Image::create(kind, image_len, &args.dir)?)).collect()
}

/// Room for the old tree, a whole new one, a journal of all changes, and the file system's own needs.
fn image_len(cases: &[Case]) -> u64 {
    let needed = cases.iter().map(|case| case.workload.tree_bytes() * 2 + case.workload.change_bytes() * 2).max();
    needed.unwrap_or(0) / 8 * 9 + (1 << 30)
}

fn run_case(case: &Case, target: &Target, runs: u32, cold: bool) -> anyhow::Result<Series> {
    let mut entries: Vec<Entry> = case.contenders.iter().copied().map(Entry::new).collect();
    for round in 1..=runs {
        for entry in entries.iter_mut().filter(|entry| entry.missing.is_none()) {
            eprintln!("{} on {}, round {round} of {runs}: {}", case.name, target.label(), entry.contender);
            match run_once(case, target, entry.contender, cold) {
                Ok(sample) => entry.samples.push(sample),
                Err(error) => entry.missing = Some(format!("{error:#}")),
            }
            interrupt::check()?;
        }
    }
    Ok(Series {
        case: case.name.clone(),
        title: case.title.clone(),
        file_system: target.label(),
        change_bytes: case.workload.change_bytes(),
        entries,
    })
}

fn run_once(case: &Case, target: &Target, contender: Name, cold: bool) -> anyhow::Result<Sample> {
    let device = target.device.as_ref();
    let tree = tempfile::Builder::new().prefix("untorn-bench-tree-").tempdir_in(&target.dir)?;
    let sample = run_in(tree.path(), case, target, contender, cold);
    tree.close()?;
    settle(&target.dir, device)?;
    sample
}

fn run_in(tree: &Path, case: &Case, target: &Target, contender: Name, cold: bool) -> anyhow::Result<Sample> {
    let task = |phase| Task { phase, contender, workload: case.workload, dir: tree.into(), device: target.device.clone() };
    succeed(&task(Phase::Prepare))?;
    if contender.contender().starts_cut() {
        be_killed(&task(Phase::Cut))?;
    }
    settle(tree, target.device.as_ref())?;
    if cold {
        drop_page_cache();
    }
    let out = succeed(&task(Phase::Run))?;
    succeed(&task(Phase::Verify))?;
    serde_json::from_str(&out).context("a run must print its sample")
}

fn succeed(task: &Task) -> anyhow::Result<String> {
    let (status, out, error) = start(task)?;
    anyhow::ensure!(status.success(), "{:?}: {status}: {}", task.phase, error.trim());
    Ok(out)
}

fn be_killed(task: &Task) -> anyhow::Result<()> {
    use std::os::unix::process::ExitStatusExt;
    let (status, _, error) = start(task)?;
    anyhow::ensure!(status.signal() == Some(9), "{:?}: {status} instead of a kill: {}", task.phase, error.trim());
    Ok(())
}

fn start(task: &Task) -> anyhow::Result<(ExitStatus, String, String)> {
    let program = std::env::current_exe()?;
    interrupt::run(Command::new(program).env(VARIABLE, serde_json::to_string(task)?))
}
