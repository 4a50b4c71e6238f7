//! A program that runs until it ends, or is ended.

use std::{
    fs::File,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Duration,
};

use super::trouble::Trouble;
use crate::lab::child::{PATIENCE, ends_within};

/// One at work. Dropped, it is killed.
pub(super) struct Running {
    child: Child,
    log: PathBuf,
}

/// What became of it.
#[derive(Debug)]
pub(super) struct Fate {
    /// `None` when it was killed.
    pub(super) code: Option<i32>,
    pub(super) said: String,
}

impl Running {
    /// Starts it; what it says goes to `log`.
    ///
    /// # Errors
    /// It cannot be started.
    pub(super) fn start(command: &mut Command, log: PathBuf) -> Result<Self, String> {
        let failed = |error: std::io::Error| format!("{}: {error}", log.display());
        let output = File::create(&log).map_err(failed)?;
        let errors = output.try_clone().map_err(failed)?;
        let child = command.stdin(Stdio::null()).stdout(output).stderr(errors).spawn();
        let name = command.get_program().to_string_lossy().into_owned();
        Ok(Self { child: child.map_err(|error| format!("{name}: {error}"))?, log })
    }

    /// `kill -9` after so long, if it is still there.
    ///
    /// # Errors
    /// It cannot be waited for.
    pub(super) fn kill_after(mut self, pause: Duration) -> Result<Fate, String> {
        if !ends_within(&self.child, pause) {
            drop(self.child.kill());
        }
        self.fate()
    }

    /// Waits for its end.
    ///
    /// # Errors
    /// It hangs.
    pub(super) fn wait(mut self) -> Result<Fate, Trouble> {
        if !ends_within(&self.child, PATIENCE) {
            drop(self.child.kill());
            drop(self.child.wait());
            return Err(Trouble::Lost(format!("it did not end within {} s; it said: {}", PATIENCE.as_secs(), self.said())));
        }
        Ok(self.fate()?)
    }

    /// What it said so far.
    pub(super) fn said(&self) -> String {
        std::fs::read(&self.log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
    }

    pub(super) fn is_running(&self) -> bool {
        !ends_within(&self.child, Duration::ZERO)
    }

    fn fate(&mut self) -> Result<Fate, String> {
        let status = self.child.wait().map_err(|error| format!("waiting: {error}"))?;
        Ok(Fate { code: status.code(), said: self.said() })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
