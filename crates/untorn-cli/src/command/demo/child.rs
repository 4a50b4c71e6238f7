//! The program that gets killed: untorn itself, in a process of its own.

use std::{
    env,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::failure::Failure;

/// Lets it update the tree undisturbed. Gives how long that took, and its report.
pub(super) fn undisturbed(patch: &Path, root: &Path, tree: &Path) -> Result<(Duration, Value), Failure> {
    let started = Instant::now();
    let output = apply(patch, root, tree)?.output().map_err(start_error)?;
    let elapsed = started.elapsed();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    if !output.status.success() {
        let what = report.pointer("/error/message").and_then(Value::as_str).unwrap_or("it said nothing");
        return Err(Failure::io("update the copy with", patch, std::io::Error::other(what.to_owned())));
    }
    Ok((elapsed, report.get("result").cloned().unwrap_or_default()))
}

/// Lets it begin, and kills it after `delay` without a warning. Gives whether it had ended by itself before.
pub(super) fn killed((patch, root): (&Path, &Path), tree: &Path, delay: Duration) -> Result<bool, Failure> {
    let mut child = apply(patch, root, tree)?.stdout(Stdio::null()).spawn().map_err(start_error)?;
    thread::sleep(delay);
    let ended = child.try_wait().is_ok_and(|status| status.is_some());
    // SIGKILL on Unix, TerminateProcess on Windows: nothing the program could catch. One that has ended cannot be killed.
    drop(child.kill());
    child.wait().map_err(start_error)?;
    Ok(ended)
}

/// What is installed need not be known here, so only what changes is checked: the instants fall where something happens.
fn apply(patch: &Path, root: &Path, tree: &Path) -> Result<Command, Failure> {
    let mut command = Command::new(env::current_exe().map_err(start_error)?);
    command.args(["apply", "--json", "--progress", "none", "--verify", "changed"]).arg(patch).arg(tree);
    command.arg("--trust").arg(root);
    command.stdin(Stdio::null()).stderr(Stdio::null());
    Ok(command)
}

fn start_error(source: std::io::Error) -> Failure {
    Failure::io("start", Path::new("untorn"), source)
}
