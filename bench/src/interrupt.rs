//! Ctrl-C ends the running child; the parent then leaves by its usual way out, which cleans up.

use std::process::{Command, ExitStatus, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context;
use rustix::process::{Pid, Signal, kill_process};

static INTERRUPTED: AtomicBool = AtomicBool::new(false);
static CHILD: Mutex<Option<Pid>> = Mutex::new(None);

/// From now on, SIGINT, SIGTERM and SIGHUP end the run instead of the program.
pub fn install() -> anyhow::Result<()> {
    ctrlc::set_handler(|| {
        INTERRUPTED.store(true, Ordering::Release);
        kill_child();
    })
    .context("cannot catch signals")
}

/// Fails once the user wants to stop.
pub fn check() -> anyhow::Result<()> {
    anyhow::ensure!(!INTERRUPTED.load(Ordering::Acquire), "interrupted; everything made here was removed");
    Ok(())
}

/// Runs `command` to its end, killed when the user wants to stop. Answers with its status, standard output and standard error.
pub fn run(command: &mut Command) -> anyhow::Result<(ExitStatus, String, String)> {
    check()?;
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let child = child.with_context(|| format!("cannot start {}", command.get_program().display()))?;
    set_child(i32::try_from(child.id()).ok().and_then(Pid::from_raw));
    // A signal that came between the check and here found no child to kill.
    if INTERRUPTED.load(Ordering::Acquire) {
        kill_child();
    }
    let output = child.wait_with_output();
    set_child(None);
    check()?;
    let output = output?;
    Ok((
        output.status,
        String::from_utf8_lossy(&output.stdout).into_owned(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    ))
}

fn set_child(pid: Option<Pid>) {
    if let Ok(mut child) = CHILD.lock() {
        *child = pid;
    }
}

fn kill_child() {
    if let Ok(child) = CHILD.lock()
        && let Some(pid) = *child
    {
        kill_process(pid, Signal::KILL).ok();
    }
}
