//! Running a program under `strace`.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use crate::calls::CALLS;

/// What is done to a call.
#[derive(Clone, Debug)]
pub struct Injection {
    /// Its name.
    pub call: String,
    /// Which of its calls, from 1 on.
    pub number: usize,
    /// `signal=KILL`, `error=EIO`, ...
    pub what: String,
    /// Whether all later ones, too.
    pub sticky: bool,
}

impl Injection {
    /// What `strace` has to be told, and nothing that it would say.
    #[must_use]
    pub fn options(&self) -> Vec<String> {
        let more = if self.sticky { "+" } else { "" };
        let words = ["-f", "-qq", "-o", "/dev/null"].map(str::to_owned);
        let trace = format!("--trace={}", self.call);
        let inject = format!("--inject={}:{}:when={}{more}", self.call, self.what, self.number);
        words.into_iter().chain([trace, inject]).collect()
    }
}

/// Whether it can be used here.
#[must_use]
pub fn is_at_hand() -> bool {
    let trial = Command::new("strace").args(["-o", "/dev/null", "true"]).stderr(Stdio::null()).status();
    trial.is_ok_and(|status| status.success())
}

/// Runs `program` with one call interfered with.
///
/// # Errors
/// What keeps it from being run.
pub fn inject(program: &Path, args: &[&str], dir: &Path, injection: &Injection) -> Result<Output, String> {
    let options = injection.options();
    run(&options.iter().map(String::as_str).collect::<Vec<_>>(), program, args, dir)
}

/// How often `program` makes each of the calls in [`CALLS`]; whatever it started included.
///
/// # Errors
/// What keeps it from being run, or its log from being read.
pub fn count(program: &Path, args: &[&str], dir: &Path) -> Result<BTreeMap<String, usize>, String> {
    let mut counts = BTreeMap::new();
    for ((_, call), count) in traced(program, args, dir, CALLS)? {
        *counts.entry(call).or_insert(0) += count;
    }
    Ok(counts)
}

/// How often each of `calls` is made by that thread or process which makes most of it: the numbers that an [`Injection`] can have.
///
/// # Errors
/// As [`count`].
pub fn count_in_one(program: &Path, args: &[&str], dir: &Path, calls: &[&str]) -> Result<BTreeMap<String, usize>, String> {
    let mut counts = BTreeMap::new();
    for ((_, call), count) in traced(program, args, dir, calls)? {
        let most = counts.entry(call).or_insert(0);
        *most = count.max(*most);
    }
    Ok(counts)
}

/// By thread and call.
fn traced(program: &Path, args: &[&str], dir: &Path, calls: &[&str]) -> Result<BTreeMap<(String, String), usize>, String> {
    let log = log_in(dir);
    // What starts with a question mark need not exist on this machine.
    let wanted: Vec<String> = calls.iter().map(|call| format!("?{call}")).collect();
    run(&["-f", "-qq", "-o", &log.to_string_lossy(), &format!("--trace={}", wanted.join(","))], program, args, dir)?;
    let text = fs::read_to_string(&log).map_err(|error| format!("the log of strace: {error}"))?;
    fs::remove_file(&log).map_err(|error| format!("the log of strace: {error}"))?;
    let mut counts = BTreeMap::new();
    for line in text.lines().filter(|line| !line.contains(" resumed>")) {
        let mut words = line.split_whitespace();
        let (Some(thread), Some(call)) = (words.next(), words.next().and_then(|rest| rest.split('(').next())) else { continue };
        if calls.contains(&call) {
            *counts.entry((thread.to_owned(), call.to_owned())).or_insert(0) += 1;
        }
    }
    Ok(counts)
}

fn log_in(dir: &Path) -> PathBuf {
    dir.join("strace.log")
}

/// Each call of `counts`: its name, and its number among those of that name.
pub fn each(counts: &BTreeMap<String, usize>) -> impl Iterator<Item = (String, usize)> + '_ {
    counts.iter().flat_map(|(call, count)| (1..=*count).map(move |number| (call.clone(), number)))
}

fn run(options: &[&str], program: &Path, args: &[&str], dir: &Path) -> Result<Output, String> {
    // A program that hangs is killed, and has then said nothing.
    let mut command = Command::new("timeout");
    command.args(["--signal=KILL", "30", "strace"]).args(options).arg(program).args(args).current_dir(dir).stdin(Stdio::null());
    command.output().map_err(|error| format!("cannot start strace: {error}"))
}
