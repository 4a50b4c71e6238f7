//! What a campaign found, for people and for the log.

use std::{fs::OpenOptions, io::Write, path::Path, process::Command};

use serde_json::json;

use super::{args::Args, campaign::Outcome};

/// A table with a line for each file system.
pub(super) fn table(outcome: &Outcome) -> String {
    let head = ["file system", "recordings", "writes", "flushes", "states", "in recovery", "old", "new", "unmountable", "broken"];
    let rows = outcome.counts.iter().map(|(name, count)| {
        let numbers = [
            count.recordings,
            count.writes,
            count.flushes,
            count.states,
            count.nested,
            count.old,
            count.new,
            count.unmountable,
            count.broken,
        ];
        [*name].into_iter().map(str::to_owned).chain(numbers.map(|number| number.to_string())).collect::<Vec<_>>()
    });
    let mut text = line(&head.map(str::to_owned));
    rows.for_each(|row| text.push_str(&line(&row)));
    let states: u64 = outcome.counts.values().map(|count| count.states).sum();
    let seconds = outcome.elapsed.as_secs_f64();
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let (rate, each) = (states as f64 / seconds, states as f64 / seconds / cores as f64);
    text.push_str(&format!("{states} states in {seconds:.0} s: {rate:.0} a second, {each:.0} for each of {cores} cores\n"));
    text
}

fn line(words: &[String]) -> String {
    let cells = words.iter().enumerate().map(|(at, word)| if at == 0 { format!("{word:<16}") } else { format!("{word:>12}") });
    cells.collect::<String>() + "\n"
}

/// Adds a line for each file system to the log.
///
/// # Errors
/// What is wrong with the file.
pub(super) fn log(path: &Path, outcome: &Outcome, args: &Args) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("{}: {error}", path.display());
    let mut file = OpenOptions::new().create(true).append(true).open(path).map_err(failed)?;
    let (revision, kernel) = (said("git", &["rev-parse", "--short=12", "HEAD"]), said("uname", &["-r"]));
    for (name, count) in &outcome.counts {
        let document = json!({
            "revision": revision,
            "kernel": kernel,
            "seed": args.seed,
            "rounds": outcome.rounds,
            "seconds": outcome.elapsed.as_secs(),
            "file_system": name,
            "recordings": count.recordings,
            "writes": count.writes,
            "flushes": count.flushes,
            "states": count.states,
            "nested": count.nested,
            "old": count.old,
            "new": count.new,
            "unmountable": count.unmountable,
            "broken": count.broken,
        });
        writeln!(file, "{document}").map_err(failed)?;
    }
    Ok(())
}

/// What that program says; `None` where it fails.
pub(super) fn said(program: &str, args: &[&str]) -> Option<String> {
    let output = Command::new(program).args(args).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
