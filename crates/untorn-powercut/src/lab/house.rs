//! A house of its own for the laboratory: whatever ends it, nothing of it is left.
//!
//! This program starts itself once more as the first process of a process namespace, in a mount namespace. What is mounted there is seen nowhere else; when the first process
//! ends, the kernel ends all others of the house, and with the last of them go the mounts, and with these the loop devices. It ends when its standard input
//! does, which this program holds: so it ends with this program, whatever that died of.

use std::{
    io::Read,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Command, ExitCode, Stdio},
    sync::{Arc, Mutex, PoisonError},
    thread,
};

/// The exit code of who was interrupted.
const INTERRUPTED: u8 = 130;

/// Why it cannot be built here; `None` when it can.
pub(super) fn lacks() -> Option<String> {
    lacks_for_mounts().or_else(|| (!Path::new("/dev/fuse").exists()).then(|| "there is no /dev/fuse".into()))
}

/// Why nothing can be mounted in it; `None` when it can.
pub(super) fn lacks_for_mounts() -> Option<String> {
    if !rustix::process::geteuid().is_root() {
        return Some("it needs root, to mount".into());
    }
    if !Path::new("/dev/loop-control").exists() {
        return Some("there are no loop devices".into());
    }
    let trial = Command::new("unshare").args(["--mount", "--propagation", "private", "--pid", "--fork", "true"]).output();
    match trial {
        Ok(output) if output.status.success() => None,
        Ok(output) => Some(format!("namespaces: {}", String::from_utf8_lossy(&output.stderr).trim())),
        Err(error) => Some(format!("unshare: {error}")),
    }
}

/// Runs this program in it with these words, and a directory for its things, which bears this name and is removed at the end.
///
/// # Errors
/// What keeps it from being built.
pub(super) fn run(name: &str, words: &[String]) -> Result<ExitCode, String> {
    run_in(&std::env::temp_dir(), name, words)
}

/// The same with its directory in `base`.
///
/// # Errors
/// As [`run`].
pub(super) fn run_in(base: &Path, name: &str, words: &[String]) -> Result<ExitCode, String> {
    let dir = WorkDir::new(base, name)?;
    let program = std::env::current_exe().map_err(|error| format!("this program: {error}"))?;
    let mut command = Command::new("unshare");
    command.args(["--mount", "--propagation", "private", "--pid", "--fork", "--kill-child=KILL"]);
    command.arg(program).arg("inside").arg(&dir.0).args(words);
    // The terminal's Ctrl-C is for this program alone.
    command.stdin(Stdio::piped()).process_group(0);
    let mut house = command.spawn().map_err(|error| format!("unshare: {error}"))?;
    let life = Arc::new(Mutex::new(house.stdin.take()));
    let held = life.clone();
    let handler = ctrlc::set_handler(move || drop(held.lock().unwrap_or_else(PoisonError::into_inner).take()));
    handler.map_err(|error| format!("signals: {error}"))?;
    // `wait` would close the pipe that was taken: it is not there any more.
    let status = house.wait().map_err(|error| format!("unshare: {error}"))?;
    let was_interrupted = life.lock().unwrap_or_else(PoisonError::into_inner).is_none();
    if was_interrupted {
        return Ok(ExitCode::from(INTERRUPTED));
    }
    Ok(ExitCode::from(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1)))
}

/// Ends the house as soon as standard input ends. To be called inside, first of all.
pub(super) fn end_with_standard_input() {
    thread::spawn(|| {
        let mut byte = [0; 1];
        while std::io::stdin().read(&mut byte).is_ok_and(|len| len > 0) {}
        std::process::exit(INTERRUPTED.into());
    });
}

/// A directory that goes when this is dropped. What is mounted in it is mounted elsewhere.
pub(super) struct WorkDir(PathBuf);

impl WorkDir {
    pub(super) fn new(base: &Path, name: &str) -> Result<Self, String> {
        let dir = base.join(format!("{name}-{}", std::process::id()));
        std::fs::create_dir(&dir).map_err(|error| format!("{}: {error}", dir.display()))?;
        Ok(Self(dir))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for WorkDir {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}
