//! The laboratory.

mod act;
mod args;
mod campaign;
mod child;
mod controls;
mod disk;
mod file_system;
mod finding;
mod ground;
mod house;
mod look;
mod media_errors;
mod oracle;
mod round;
mod soak;
mod state;
mod summary;
mod torture;
mod workload;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    time::{Duration, Instant},
};

use self::{
    args::{Args, USAGE},
    campaign::Campaign,
    file_system::{FILE_SYSTEMS, FileSystem},
    finding::Finding,
    ground::Ground,
    oracle::{Oracle, Verdict},
    round::Limits,
    workload::Workshop,
};

/// The program `untorn-powercut`: outside of the house, and in each of the processes within.
pub fn powercut() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let answer = match words.first().map(String::as_str) {
        Some("disk") => disk::main(&words[1..]).map(|()| ExitCode::SUCCESS),
        Some("act") => act::main(&words[1..]).map(|()| ExitCode::SUCCESS),
        Some("mistakes") => act::prepare(&words[1..]).map(|()| ExitCode::SUCCESS),
        Some("inside") => inside(&words[1..]),
        _ => outside(&words),
    };
    answer.unwrap_or_else(|why| {
        eprintln!("powercut: {why}");
        ExitCode::FAILURE
    })
}

/// The program `untorn-torture`: outside of the house, and in each of the processes within.
pub fn torture() -> ExitCode {
    torture::main()
}

/// The program `untorn-soak`.
pub fn soak() -> ExitCode {
    soak::main()
}

fn outside(words: &[String]) -> Result<ExitCode, String> {
    if args::ask_for_help(words) {
        print!("{USAGE}");
        return Ok(ExitCode::SUCCESS);
    }
    let args = Args::read(words).map_err(|why| format!("{why}\n{USAGE}"))?;
    if args.program.is_none() {
        return Err(format!("--program is missing: which untorn?\n{USAGE}"));
    }
    if let Some(why) = house::lacks() {
        println!("powercut: SKIPPED: {why}");
        return Ok(ExitCode::SUCCESS);
    }
    house::run("untorn-powercut", words)
}

fn inside(words: &[String]) -> Result<ExitCode, String> {
    house::end_with_standard_input();
    let (dir, words) = words.split_first().ok_or("a directory is missing")?;
    let (dir, args) = (PathBuf::from(dir), Args::read(words)?);
    let program = args.program.as_deref().ok_or("--program is missing")?;
    let workshop = Workshop::new(&dir.join("workshop"), program, args.game.as_ref())?;
    if args.list {
        list(&workshop);
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(image) = &args.replay {
        return replay(&workshop, program, &dir, image);
    }
    let (mut campaign, skipped) = campaign(&workshop, program, &dir, &args);
    if campaign.file_systems.is_empty() || campaign.workloads.is_empty() {
        println!("powercut: SKIPPED: {}", skipped.join("; "));
        return Ok(ExitCode::SUCCESS);
    }
    skipped.iter().for_each(|why| println!("skipped: {why}"));
    if args.controls {
        return Ok(controls::play(campaign));
    }
    if !args.time.is_zero() {
        campaign.limits.deadline = Instant::now().checked_add(args.time);
    }
    let outcome = campaign.play();
    print!("{}", summary::table(&outcome));
    print!("{}", outcome.tally);
    println!("what was not tried yet begins at --seed {}", args.seed.wrapping_add(outcome.rounds));
    if let Some(log) = &args.log {
        summary::log(log, &outcome, &args)?;
    }
    let is_good = outcome.findings.is_empty() && outcome.failures.is_empty();
    Ok(if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What was asked for, as far as it can be done, and what cannot.
fn campaign<'a>(workshop: &'a Workshop, program: &'a Path, dir: &'a Path, args: &'a Args) -> (Campaign<'a>, Vec<String>) {
    let lacks = |fs: &&'static FileSystem| match fs.lacks() {
        None if args.media && !fs.is_atomic => Some(format!("{}: nothing is promised there", fs.name)),
        other => other.map(|why| format!("{}: {why}", fs.name)),
    };
    let mut skipped: Vec<String> = args.file_systems.iter().filter_map(lacks).collect();
    let file_systems = args.file_systems.iter().copied().filter(|fs| lacks(fs).is_none()).collect();
    let mut workloads = match (args.workloads.is_empty(), args.media) {
        (true, true) => media_errors::WORKLOADS.iter().map(|&name| name.into()).collect(),
        (true, false) => workshop.names(),
        (false, _) => args.workloads.clone(),
    };
    if !untorn_strace::is_at_hand() {
        let count = workloads.len();
        workloads.retain(|name| !workload::NEEDS_STRACE.contains(&name.as_str()));
        skipped.extend((workloads.len() < count).then(|| format!("{}: there is no strace", workload::NEEDS_STRACE.join(", "))));
    }
    let limits = Limits { states_max: args.states_max, nested_max: args.nested_max, deadline: None };
    let (seed, jobs, keep) = (args.seed, args.jobs, Some(args.keep.as_path()));
    (Campaign { workshop, program, dir, keep, file_systems, workloads, seed, limits, jobs, is_media: args.media }, skipped)
}

fn list(workshop: &Workshop) {
    println!("file systems:");
    for fs in FILE_SYSTEMS {
        println!("  {:<16} {}", fs.name, fs.lacks().unwrap_or_else(|| "can be tried here".into()));
    }
    println!("workloads:");
    let mut names = workshop.names();
    names.extend(Workshop::controls());
    names.sort();
    names.dedup();
    names.iter().for_each(|name| println!("  {name}"));
}

/// Judges a kept disk again.
fn replay(workshop: &Workshop, program: &Path, dir: &Path, image: &Path) -> Result<ExitCode, String> {
    let finding = Finding::read(image)?;
    let file_system = FILE_SYSTEMS.iter().find(|fs| fs.name == finding.fs).ok_or("there is no such file system")?;
    let workload = workshop.workload(&finding.workload, finding.seed)?;
    let mut ground = Ground::new(file_system, &dir.join("replay"))?;
    ground.disk.load(image)?;
    let began = Instant::now();
    let oracle = Oracle { workload: &workload, program, used_max: u64::MAX, goes_on: true };
    let verdict = oracle.judge(&mut ground, workload.allowed(finding.done), |_| Ok(()))?;
    println!("then: {finding}\nnow: {verdict:?}, in {:.3} s", Duration::as_secs_f64(&began.elapsed()));
    Ok(if matches!(verdict, Verdict::Broken(_)) { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
