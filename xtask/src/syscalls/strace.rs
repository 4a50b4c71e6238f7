//! Running a program under `strace`.

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    process::{Command, Output, Stdio},
};

use super::calls::CALLS;

/// What is done to a call.
#[derive(Clone, Debug)]
pub(super) struct Injection {
    pub(super) call: String,
    /// Which of its calls, from 1 on.
    pub(super) number: usize,
    /// `signal=KILL`, `error=EIO`, ...
    pub(super) what: String,
    /// Whether all later ones, too.
    pub(super) sticky: bool,
}

impl Injection {
    fn argument(&self) -> String {
        let more = if self.sticky { "+" } else { "" };
        format!("--inject={}:{}:when={}{more}", self.call, self.what, self.number)
    }
}

/// Whether it can be used here.
pub(super) fn is_at_hand() -> bool {
    let trial = Command::new("strace").args(["-o", "/dev/null", "true"]).stderr(Stdio::null()).status();
    trial.is_ok_and(|status| status.success())
}

/// Runs `program` with one call interfered with.
pub(super) fn inject(program: &Path, args: &[&str], dir: &Path, injection: &Injection) -> Result<Output, String> {
    run(&["-f", "-qq", "-o", "/dev/null", &format!("--trace={}", injection.call), &injection.argument()], program, args, dir)
}

/// How often `program` makes each of the calls.
pub(super) fn count(program: &Path, args: &[&str], dir: &Path) -> Result<BTreeMap<String, usize>, String> {
    let log = dir.join("strace.log");
    let path = log.to_string_lossy().into_owned();
    run(&["-f", "-qq", "-o", &path, &format!("--trace={}", CALLS.join(","))], program, args, dir)?;
    let text = fs::read_to_string(&log).map_err(|error| format!("the log of strace: {error}"))?;
    fs::remove_file(&log).map_err(|error| format!("the log of strace: {error}"))?;
    let mut counts = BTreeMap::new();
    for line in text.lines().filter(|line| !line.contains(" resumed>")) {
        let call = line.split_whitespace().nth(1).and_then(|rest| rest.split('(').next());
        if let Some(call) = call.filter(|call| CALLS.contains(call)) {
            *counts.entry(call.to_owned()).or_insert(0) += 1;
        }
    }
    Ok(counts)
}

/// Each call of `counts`: its name, and its number among those of that name.
pub(super) fn each(counts: &BTreeMap<String, usize>) -> impl Iterator<Item = (String, usize)> + '_ {
    counts.iter().flat_map(|(call, count)| (1..=*count).map(move |number| (call.clone(), number)))
}

fn run(options: &[&str], program: &Path, args: &[&str], dir: &Path) -> Result<Output, String> {
    // A program that hangs is killed, and has then said nothing.
    let mut command = Command::new("timeout");
    command.args(["--signal=KILL", "30", "strace"]).args(options).arg(program).args(args).current_dir(dir).stdin(Stdio::null());
    command.output().map_err(|error| format!("cannot start strace: {error}"))
}
