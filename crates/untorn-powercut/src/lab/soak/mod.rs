//! The shipped program on a real disk, killed at random moments: `untorn-soak`.

mod arena;
mod args;
mod full;
mod process;
mod site;
mod tally;
mod trouble;

use std::{
    path::{Path, PathBuf},
    process::{Command, ExitCode},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Instant,
};

use self::{
    arena::Arena,
    args::{Args, USAGE},
    full::Filler,
    site::Site,
    tally::Tally,
    trouble::Trouble,
};
use super::{
    args::ask_for_help,
    house::{self, WorkDir},
    workload,
};

/// The program: in a house of its own where that can be built, which is where a nearly full file system can be mounted; else as it is.
pub(crate) fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let answer = match words.split_first() {
        Some((first, rest)) if first == "inside" => inside(rest),
        _ => outside(&words),
    };
    answer.unwrap_or_else(|why| {
        eprintln!("soak: {why}");
        ExitCode::FAILURE
    })
}

fn outside(words: &[String]) -> Result<ExitCode, String> {
    if ask_for_help(words) {
        print!("{USAGE}");
        return Ok(ExitCode::SUCCESS);
    }
    let args = Args::read(words)?;
    std::fs::create_dir_all(&args.dir).map_err(|error| format!("{}: {error}", args.dir.display()))?;
    let dir = std::path::absolute(&args.dir).map_err(|error| format!("{}: {error}", args.dir.display()))?;
    match house::lacks_for_mounts() {
        None => house::run_in(&dir, "untorn-soak", words),
        Some(why) => {
            println!("skipped: a file system that is nearly full: {why}");
            let stop = Arc::new(AtomicBool::new(false));
            let flag = stop.clone();
            ctrlc::set_handler(move || flag.store(true, Ordering::Relaxed)).map_err(|error| format!("signals: {error}"))?;
            let dir = WorkDir::new(&dir, "untorn-soak")?;
            play(dir.path(), &args, false, &stop)
        }
    }
}

fn inside(words: &[String]) -> Result<ExitCode, String> {
    house::end_with_standard_input();
    let (dir, words) = words.split_first().ok_or("a directory is missing")?;
    play(Path::new(dir), &Args::read(words)?, true, &AtomicBool::new(false))
}

/// Rounds on all trees until the time is over, somebody stops it, or a promise is broken.
fn play(dir: &Path, args: &Args, may_mount: bool, stop: &AtomicBool) -> Result<ExitCode, String> {
    let arena = Arena::new(dir, args)?;
    let roots: Vec<PathBuf> = (0..args.jobs).map(|job| dir.join(format!("site-{job}"))).collect();
    let full = if may_mount { full(&arena, dir) } else { None };
    let began = Instant::now();
    let deadline = began + args.time;
    let is_over = || Instant::now() >= deadline || stop.load(Ordering::Relaxed);
    let mut total = Tally::default();
    let mut findings = Vec::new();
    thread::scope(|scope| {
        let sites = roots.iter().map(|root| (root.clone(), None)).chain(full);
        let workers: Vec<_> = (args.seed..)
            .zip(sites)
            .map(|(seed, (root, filler))| {
                let (arena, is_over) = (&arena, &is_over);
                let logs = dir.join(format!("logs-{seed}"));
                scope.spawn(move || work(arena, &root, logs, seed, filler, is_over, stop))
            })
            .collect();
        for worker in workers {
            match worker.join() {
                Ok((tally, finding)) => {
                    total.add(tally);
                    findings.extend(finding);
                }
                Err(_) => findings.push((Trouble::Laboratory("it broke".into()), String::new())),
            }
        }
    });
    let lost = findings.iter().filter(|(trouble, _)| matches!(trouble, Trouble::Lost(_))).count();
    print!("{}", total.text(lost, began.elapsed().as_secs_f64()));
    findings.iter().for_each(|(trouble, place)| println!("{place}: {trouble}"));
    let is_good = findings.is_empty() && total.rounds > 0;
    Ok(if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// A file system that is nearly full, where it can be mounted.
fn full(arena: &Arena, dir: &Path) -> Option<(PathBuf, Option<Filler>)> {
    let root = dir.join("full");
    let len = workload::len(&arena.old).max(workload::len(&arena.new));
    match Filler::new(dir, &root, len) {
        Ok(filler) => Some((root, Some(filler))),
        Err(why) => {
            println!("skipped: a file system that is nearly full: {why}");
            None
        }
    }
}

/// Rounds on one tree; the first trouble ends them all.
fn work(
    arena: &Arena,
    root: &Path,
    logs: PathBuf,
    seed: u64,
    filler: Option<Filler>,
    is_over: &(impl Fn() -> bool + Sync),
    stop: &AtomicBool,
) -> (Tally, Option<(Trouble, String)>) {
    let mut site = match Site::new(arena, root, logs, seed, filler) {
        Ok(site) => site,
        Err(why) => return (Tally::default(), Some((why.into(), format!("seed {seed}, at the beginning")))),
    };
    while !is_over() {
        if let Err(trouble) = site.round() {
            stop.store(true, Ordering::Relaxed);
            let mut place = format!("seed {seed}, round {}", site.tally.rounds);
            if matches!(trouble, Trouble::Lost(_)) {
                place.push_str(&kept(root, seed));
            }
            return (site.tally, Some((trouble, place)));
        }
    }
    (site.tally, None)
}

/// Keeps a lost tree where it will not be removed, and says where.
fn kept(root: &Path, seed: u64) -> String {
    let Some(base) = root.parent().and_then(Path::parent) else { return String::new() };
    let place = base.join(format!("lost-{seed}-{}", std::process::id()));
    let copied = Command::new("cp").arg("-a").arg(root).arg(&place).status();
    if copied.is_ok_and(|status| status.success()) { format!(", kept in {}", place.display()) } else { String::new() }
}
