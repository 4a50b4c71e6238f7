//! Other programs, with an end.

use std::{
    fs::File,
    io::Read,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    process::{Pid, PidfdFlags, pidfd_open},
};

/// Nothing here takes a second; a machine may be busy.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// How a program ended.
#[derive(Debug)]
pub(super) struct Ended {
    /// `None` when a signal ended it.
    pub(super) code: Option<i32>,
    /// Standard output and standard error.
    pub(super) said: String,
}

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Silence {
    /// It could not be started.
    Failed(String),
    /// It did not end in time, and was killed.
    Hung,
}

/// Runs it to its end; what it says goes through the file `log`.
pub(super) fn run(command: &mut Command, log: &Path) -> Result<Ended, Silence> {
    run_within(command, log, PATIENCE)
}

/// The same with another patience.
pub(super) fn run_within(command: &mut Command, log: &Path, patience: Duration) -> Result<Ended, Silence> {
    let name = command.get_program().to_string_lossy().into_owned();
    let failed = |error: std::io::Error| Silence::Failed(format!("{name}: {error}"));
    let output = File::create(log).map_err(failed)?;
    let errors = output.try_clone().map_err(failed)?;
    let mut child = command.stdin(Stdio::null()).stdout(output).stderr(errors).spawn().map_err(failed)?;
    let code = wait(&mut child, patience)?;
    let mut said = Vec::new();
    File::open(log).and_then(|mut file| file.read_to_end(&mut said)).map_err(failed)?;
    Ok(Ended { code, said: String::from_utf8_lossy(&said).into_owned() })
}

/// Waits for its end; after the patience it is killed.
fn wait(child: &mut Child, patience: Duration) -> Result<Option<i32>, Silence> {
    if !ends_within(child, patience) {
        drop(child.kill());
        // One that waits for the disk does not die; whoever owns the disk ends that.
        if ends_within(child, Duration::from_secs(2)) {
            drop(child.wait());
        }
        return Err(Silence::Hung);
    }
    child.wait().map(|status| status.code()).map_err(|error| Silence::Failed(error.to_string()))
}

pub(super) fn ends_within(child: &Child, patience: Duration) -> bool {
    let Ok(handle) = pidfd_open(Pid::from_child(child), PidfdFlags::empty()) else { return true };
    let deadline = Instant::now() + patience;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let timeout = Timespec { tv_sec: i64::try_from(left.as_secs()).unwrap_or(i64::MAX), tv_nsec: left.subsec_nanos().into() };
        match poll(&mut [PollFd::new(&handle, PollFlags::IN)], Some(&timeout)) {
            Ok(0) if left.is_zero() => return false,
            Ok(0) | Err(rustix::io::Errno::INTR) => {}
            _ => return true,
        }
    }
}

impl std::fmt::Display for Silence {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Failed(why) => f.write_str(why),
            Self::Hung => write!(f, "it did not end within {} s", PATIENCE.as_secs()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_does_not_end_is_ended() {
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        let began = Instant::now();
        assert!(matches!(wait(&mut child, Duration::from_millis(50)), Err(Silence::Hung)));
        assert!(began.elapsed() < Duration::from_secs(2));
        let mut child = Command::new("false").spawn().unwrap();
        assert!(matches!(wait(&mut child, Duration::from_secs(9)), Ok(Some(1))));
    }
}
